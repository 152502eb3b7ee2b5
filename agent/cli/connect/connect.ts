import { readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { formatCreds, readCreds, readPassword, readSeed } from '../../config/formats/creds.ts';
import { savedText } from '../../config/formats/saved.ts';
import { defaultPorts } from '../../lib/defaults.ts';
import { messageOf } from '../../lib/errors.ts';
import { known } from '../../lib/known.ts';
import type { ParseResult } from '../../lib/parse.ts';
import type { Ticker } from '../../lib/ticker.ts';
import type { Link } from '../../nats/link.ts';
import type { LinkOptions } from '../../nats/session.ts';
import { UsageError } from '../io.ts';
import { readContext, selectedContext } from './context.ts';

/** The flags by which a command for operators finds its server and logs in. */
export const connectFlags = {
  context: { type: 'string' },
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
export const connectUsage = `  --context NAME      a context of the nats CLI (default $NATS_CONTEXT; without it and $NATS_URL the selected one)
  --server URL        NATS server, may be repeated (default $NATS_URL or nats://127.0.0.1:${defaultPorts.client});
                      tls:// demands TLS; it may contain USER:PASSWORD@ or TOKEN@
  --user, --password-file, --creds, --nkey FILE, --tls-ca, --tls-cert, --tls-key
                      credentials (default $NATS_USER, $NATS_PASSWORD, $NATS_CREDS, $NATS_NKEY, then the context)
`;

type Values = { readonly server?: readonly string[] | undefined } & {
  readonly [name in
    | 'context'
    | 'user'
    | 'password-file'
    | 'creds'
    | 'nkey'
    | 'tls-ca'
    | 'tls-cert'
    | 'tls-key']?: string | undefined;
};

/** What is in the file of a flag, by the reader of its kind. */
function readFrom<T>(path: string, reader: (text: string) => ParseResult<T>): T {
  let text: string;
  try {
    text = savedText(readFileSync(path));
  } catch (error) {
    throw new UsageError(`${path}: ${messageOf(error)}`, { cause: error });
  }
  const found = reader(text);
  if (!found.ok) throw new UsageError(`${path}: ${found.why}`);
  return found.value;
}

type Login = Pick<LinkOptions, 'user' | 'password' | 'token'>;

function readLogin(text: string, from: string): Login {
  const [name = '', ...password] = text.split(':');
  try {
    return password.length === 0
      ? { token: decodeURIComponent(name) }
      : { user: decodeURIComponent(name), password: decodeURIComponent(password.join(':')) };
  } catch (error) {
    throw new UsageError(`${from}: the credentials are not percent-encoded`, { cause: error });
  }
}

/** An address and the login before its @. No error repeats any of the text: a part of it may be a password. */
function readServer(text: string, from: string): { readonly url: string; readonly login?: Login } {
  const [, scheme = 'nats', login, address, port] =
    /^(?:([a-z+-]+):\/\/)?(?:(.*)@)?(\[[\da-f:.]+\]|[\w.-]+)(?::(\d{1,5}))?\/?$/is.exec(text.trim()) ?? [];
  const name = scheme.toLowerCase();
  if (address === undefined || Number(port ?? 0) > 65535 || !['nats', 'tls'].includes(name))
    throw new UsageError(`${from} must be such as nats://HOST:PORT or tls://USER:PASSWORD@HOST:PORT`);
  return {
    url: `${name}://${address}${port === undefined ? '' : `:${port}`}`,
    ...(login === undefined ? {} : { login: readLogin(login, from) }),
  };
}

/** All servers without a login, and the login that they have in common. */
function readServers({ server }: Values, env: NodeJS.ProcessEnv, source: string) {
  const from = server === undefined ? source : '--server';
  const texts = server ?? [env['NATS_URL'] ?? `nats://127.0.0.1:${defaultPorts.client}`];
  const found = texts.flatMap((text) => text.split(',')).map((text) => readServer(text, from));
  const [login, ...others] = found.map((one) => one.login);
  if (others.some((other) => !isDeepStrictEqual(other, login)))
    throw new UsageError(`${from}: all servers must have the same credentials`);
  return { servers: found.map(({ url }) => url), login };
}

/** Flags go before the URL, and the URL before the environment. */
function loginOf(values: Values, inUrl: Login | undefined, env: NodeJS.ProcessEnv): Login {
  const passwordFile = values['password-file'];
  const given = { user: values.user, password: passwordFile && readFrom(passwordFile, readPassword) };
  const preset = values.user === undefined ? inUrl : undefined;
  return {
    ...(preset ??
      known({ user: env['NATS_USER'], password: env['NATS_PASSWORD'], token: env['NATS_TOKEN'] })),
    ...known(given),
  };
}

const loginNames = ['NATS_USER', 'NATS_PASSWORD', 'NATS_TOKEN', 'NATS_CREDS', 'NATS_NKEY'] as const;

/**
 * The environment as a context has it, in place of that of the process; a login that the process has goes before that of
 * the context. That of the process, where no context is meant.
 */
function environmentOf(
  { context, server }: Values,
  env: NodeJS.ProcessEnv,
): {
  readonly env: NodeJS.ProcessEnv;
  readonly tls: LinkOptions['tls'] & object;
  readonly inboxPrefix: string | undefined;
  readonly source: string;
} {
  const isElsewhere = server !== undefined || env['NATS_URL'] !== undefined;
  const preset = env['NATS_CONTEXT'] || undefined; // an empty one is none, as for the nats CLI
  const name = context ?? preset ?? (isElsewhere ? undefined : selectedContext(env));
  if (name === undefined) return { env, tls: {}, inboxPrefix: undefined, source: '$NATS_URL' };
  const { url, user, password, token, creds, nkey, ca, cert, key, inbox_prefix } = readContext(name, env);
  const own = known(Object.fromEntries(loginNames.map((key) => [key, env[key]])));
  const login = {
    NATS_USER: user,
    NATS_PASSWORD: password,
    NATS_TOKEN: token,
    NATS_CREDS: creds,
    NATS_NKEY: nkey,
  };
  return {
    env: { NATS_URL: url, ...(Object.keys(own).length > 0 ? own : login) },
    tls: known({ caFile: ca, certFile: cert, keyFile: key }),
    inboxPrefix: inbox_prefix,
    source: `the URL of context '${name}'`,
  };
}

/** How to connect by those flags and, where they are silent, by the context or the environment of the `nats` CLI. */
export function linkOptions(
  values: Values,
  processEnv: NodeJS.ProcessEnv,
  own: Pick<LinkOptions, 'name' | 'inboxPrefix'>,
): LinkOptions {
  const { env, inboxPrefix, source, ...given } = environmentOf(values, processEnv);
  const creds = values.creds ?? env['NATS_CREDS'];
  const nkey = values.nkey ?? env['NATS_NKEY'];
  const tls = {
    ...given.tls,
    ...known({
      caFile: values['tls-ca'],
      certFile: values['tls-cert'],
      keyFile: values['tls-key'],
    }),
  };
  const { servers, login } = readServers(values, env, source);
  return {
    servers,
    ...own,
    ...known({ inboxPrefix }),
    ...loginOf(values, login, env),
    ...known({
      creds: creds && formatCreds(readFrom(creds, readCreds)),
      nkeySeed: nkey && readFrom(nkey, readSeed),
    }),
    ...(Object.keys(tls).length === 0 ? {} : { tls }),
  };
}

const connectLimit_ms = 5000;

/** Waits for the first connection; gives why there is none after the first attempt that failed, or 5 s. */
export const connected = (link: Link, ticker: Ticker, signal: AbortSignal): Promise<string | undefined> =>
  new Promise((resolve) => {
    const deadline = setTimeout(() => finish(link.state().lastError?.text ?? 'no answer'), connectLimit_ms);
    const interrupted = (): void => finish('interrupted');
    signal.addEventListener('abort', interrupted, { once: true });
    const end = link.onChange((state) => state.connected && finish(undefined));
    const cancel = ticker.every(50, () => {
      const { lastError } = link.state();
      if (lastError !== undefined) finish(lastError.text);
    });
    function finish(why: string | undefined): void {
      clearTimeout(deadline);
      signal.removeEventListener('abort', interrupted);
      end();
      cancel();
      resolve(why);
    }
  });

/** The servers for a person. */
export const shownServers = ({ servers }: LinkOptions): string => servers.join(', ');

/** How nats.js says that TLS is demanded of a server without it. */
const noTls = "server does not support 'tls'";

/** What is said when there is no connection. */
export function cannotConnect(options: LinkOptions, why: string): string {
  const words =
    why === noTls
      ? 'TLS is demanded, but the server does not offer it; nothing was sent'
      : `${why}${loginHint(why)}`;
  return `cannot connect to ${shownServers(options)}: ${words}`;
}

/** How to log in, where that is what the server wants. */
const loginHint = (why: string): string =>
  /authorization|authentication/i.test(why)
    ? '; log in with --user and --password-file, --creds, --context, or NATS_USER and NATS_PASSWORD'
    : '';
