// What `up`, `status` and `down` need to know of a hub's folder.
import { resolve } from 'node:path';
import { readOrUndefined } from '../../lib/files.ts';
import { shellWord } from '../../lib/format.ts';
import { known } from '../../lib/known.ts';
import type { LinkOptions } from '../../nats/session.ts';
import type { HubAccount } from '../kit/accounts.ts';
import { type HubFile, hubPaths, localUrl } from '../kit/hubdir.ts';
import { readHub } from '../kit/hubfiles.ts';
import { type HubStream, streamsOf } from '../kit/streams.ts';
import type { WantedStream } from './streams/plan.ts';

/** A hub, or one server of a cluster, on this machine. */
export interface HubHere {
  readonly dir: string;
  readonly file: HubFile;
  /** `server_name` in the config. */
  readonly server: string;
  /** The config of nats-server, and the files that it names for its pid and its log. */
  readonly conf: string;
  readonly pidFile: string;
  readonly logFile: string;
  /** Names of all servers of the cluster; empty where there is one server. */
  readonly cluster: readonly string[];
  /** How a user of this machine connects to that server, without its login. */
  readonly connect: Pick<LinkOptions, 'servers' | 'tls'>;
  /** Credentials files. */
  readonly creds: Readonly<Record<HubAccount, string>>;
  /** Those that `up` makes, each behind those that it sources. */
  readonly streams: readonly (WantedStream & Pick<HubStream, 'account'>)[];
  /** Certificate files that nats-server uses, each with that of a CA of the operator's or our own. */
  readonly tls: readonly { readonly ca?: string; readonly cert: string; readonly key: string }[];
  /** page.json as it is, and the files that it names; empty where there is none. */
  readonly page: string;
  /** Whether that of our own CA is among them. */
  readonly usesOwnCa: boolean;
}

/** By an address of this machine, which the hub's own certificate has beside its name. */
function connectOf(file: HubFile, dir: string): HubHere['connect'] {
  const servers = [localUrl(file)];
  const { by } = file.tls;
  if (by === 'proxy') return { servers };
  if (by === 'own') return { servers, tls: { caFile: hubPaths(dir).ca } };
  // its name is not that by which we reach it; only our server listens there, and a login gives its key to nobody
  return { servers, tls: { rejectUnauthorized: false } };
}

function tlsOf({ tls, servers }: HubFile, dir: string): Pick<HubHere, 'tls' | 'usesOwnCa'> {
  const { ca, cert, certKey: key } = hubPaths(dir);
  const given = tls.by === 'given' ? [{ cert: tls.cert, key: tls.key, ...known({ ca: tls.ca }) }] : [];
  const usesOwnCa = tls.by === 'own' || servers.length > 1; // servers of a cluster know each other by it
  return { tls: [...given, ...(usesOwnCa ? [{ ca, cert, key }] : [])], usesOwnCa };
}

/** The nats command with the address and the login of one of the hub's own users. */
export function natsCommand({ connect, creds }: HubHere, account: HubAccount): string {
  const words = ['nats', '--server', ...connect.servers];
  if (connect.tls?.caFile !== undefined) words.push('--tlsca', connect.tls.caFile);
  return [...words, '--creds', creds[account]].map(shellWord).join(' ');
}

/** All that page.json makes the page of: its text, and those of the files whose paths are in it. */
function pageInputs(path: string): string {
  const text = readOrUndefined(path) ?? '';
  const paths = [...text.matchAll(/"(?:url_file|ca_file)"\s*:\s*"([^"\\]+)"/g)];
  return [text, ...paths.map(([, named = '']) => readOrUndefined(named) ?? '')].join('\0');
}

/** The hub of a folder. Throws with what is wrong with it, and what to do. */
export function loadHub(folder: string): HubHere {
  const dir = resolve(folder);
  const file = readHub(dir);
  if (file === undefined) throw new Error(`there is no hub in ${dir}: 'nunect-hub init' makes one`);
  const paths = hubPaths(dir);
  return {
    dir,
    file,
    server: file.server,
    conf: paths.conf,
    page: pageInputs(paths.page),
    pidFile: paths.pid,
    logFile: paths.log,
    cluster: file.servers.length > 1 ? file.servers : [],
    connect: connectOf(file, dir),
    creds: {
      sys: paths.issuerCreds('hub-sys'),
      fleet: paths.issuerCreds('hub-fleet'),
      enrol: paths.issuerCreds('hub-enrol'),
      book: paths.issuerCreds('hub-book'),
    },
    streams: streamsOf(file.kept, file.servers.length).map(({ account, config }) => ({
      account,
      name: config.name,
      config,
    })),
    ...tlsOf(file, dir),
  };
}
