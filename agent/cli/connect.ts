import { readFileSync } from 'node:fs';
import { defaultPorts } from '../lib/defaults.ts';
import { messageOf } from '../lib/errors.ts';
import { known } from '../lib/known.ts';
import type { Ticker } from '../lib/ticker.ts';
import type { Link } from '../nats/link.ts';
import type { LinkOptions } from '../nats/session.ts';
import { UsageError } from './io.ts';

/** The flags by which a command for operators finds its server and logs in. */
export const connectFlags = {
  server: { type: 'string', multiple: true },
  user: { type: 'string' },
  'password-file': { type: 'string' },
  creds: { type: 'string' },
  nkey: { type: 'string' },
  'tls-ca': { type: 'string' },
  'tls-cert': { type: 'string' },
  'tls-key': { type: 'string' },
} as const;

/** Their lines in the usage of a command. */
export const connectUsage = `  --server URL        NATS server, may be repeated (default $NATS_URL or nats://127.0.0.1:${defaultPorts.client})
  --user, --password-file, --creds, --nkey FILE, --tls-ca, --tls-cert, --tls-key
                      credentials (default $NATS_USER, $NATS_PASSWORD, $NATS_CREDS, $NATS_NKEY)
`;

type Values = { readonly server?: readonly string[] | undefined } & {
  readonly [name in 'user' | 'password-file' | 'creds' | 'nkey' | 'tls-ca' | 'tls-cert' | 'tls-key']?:
    | string
    | undefined;
};

function readFile(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new UsageError(`${path}: ${messageOf(error)}`, { cause: error });
  }
}

/** How to connect by those flags and, where they are silent, by the environment of the `nats` CLI. */
export function linkOptions(
  values: Values,
  env: NodeJS.ProcessEnv,
  own: Pick<LinkOptions, 'name' | 'inboxPrefix'>,
): LinkOptions {
  const creds = values.creds ?? env['NATS_CREDS'];
  const nkey = values.nkey ?? env['NATS_NKEY'];
  const passwordFile = values['password-file'];
  const tls = known({
    caFile: values['tls-ca'],
    certFile: values['tls-cert'],
    keyFile: values['tls-key'],
  });
  return {
    servers: values.server ?? (env['NATS_URL'] ?? `nats://127.0.0.1:${defaultPorts.client}`).split(','),
    ...own,
    ...known({
      user: values.user ?? env['NATS_USER'],
      password: passwordFile ? readFile(passwordFile).split('\n', 1)[0] : env['NATS_PASSWORD'],
      creds: creds && readFile(creds),
      nkeySeed: nkey && readFile(nkey).trim(),
    }),
    ...(Object.keys(tls).length === 0 ? {} : { tls }),
  };
}

const connectLimit_ms = 5000;

/** Waits for the first connection; gives why there is none after the first attempt that failed, or 5 s. */
export const connected = (link: Link, ticker: Ticker, signal: AbortSignal): Promise<string | undefined> =>
  new Promise((resolve) => {
    const deadline = setTimeout(() => finish(link.state().lastError ?? 'no answer'), connectLimit_ms);
    const interrupted = (): void => finish('interrupted');
    signal.addEventListener('abort', interrupted, { once: true });
    const end = link.onChange((state) => state.connected && finish(undefined));
    const cancel = ticker.every(50, () => {
      const { lastError } = link.state();
      if (lastError !== undefined) finish(lastError);
    });
    function finish(why: string | undefined): void {
      clearTimeout(deadline);
      signal.removeEventListener('abort', interrupted);
      end();
      cancel();
      resolve(why);
    }
  });

/** The servers for a person: without the password that somebody may have put into a URL. */
export const shownServers = ({ servers }: LinkOptions): string =>
  servers.map((url) => url.replace(/^([a-z-]+:\/\/)?[^/]*@/i, '$1')).join(', ');

/** What is said when there is no connection. */
export const cannotConnect = (options: LinkOptions, why: string): string =>
  `cannot connect to ${shownServers(options)}: ${why}`;
