// The folder of a hub: what `nunect-hub init` makes, and what every other command reads of it. Pure.
import { join } from 'node:path';
import { defaultPorts } from '../../lib/defaults.ts';
import { isObject, type ParseResult, parsed, parseObject, unparsed } from '../../lib/parse.ts';
import type { Kept } from './streams.ts';

/** Where all of a hub's files lie unless --dir says otherwise. */
export const defaultHubDir = '/var/lib/nunect-hub';

/** Ports of each server: for clients, leaf nodes, websockets (both kinds), the other servers, and what it tells of itself. */
export interface HubPorts {
  readonly client: number;
  readonly leaf: number;
  readonly websocket: number;
  readonly cluster: number;
  readonly monitor: number;
  /** That of the proxy in front, where there is one. */
  readonly proxy: number;
}

/** The same on every server. */
export const defaultHubPorts: HubPorts = {
  client: defaultPorts.client,
  leaf: defaultPorts.leafnode,
  websocket: 8443,
  cluster: 6222,
  monitor: defaultPorts.monitoring, // on 127.0.0.1
  proxy: 443,
};

/**
 * Where TLS comes from: our own CA; files of the operator; a proxy in front, which passes websockets on. `ca`: PEM of a CA
 * that no system knows; its certificate is in the chain that routers are sent.
 */
export type HubTls =
  | { readonly by: 'own' }
  | { readonly by: 'proxy'; readonly ca?: string }
  | { readonly by: 'given'; readonly cert: string; readonly key: string; readonly ca?: string };

/** What hub.json says: what init was asked, and the public keys. */
export interface HubFile {
  readonly v: 1;
  /** Hosts of the servers by which units reach them: one, or three of a cluster. */
  readonly servers: readonly string[];
  /** The one of them that this folder is for. */
  readonly server: string;
  readonly tls: HubTls;
  readonly ports: HubPorts;
  /** Folder of the seeds that only init needs, and what shuts units out; not absolute: below that of the hub. */
  readonly keysDir: string;
  /** Days that the JWT of a unit is valid. */
  readonly days: number;
  /** What stream NUNECT keeps. */
  readonly kept: Kept;
  /** Units are not told which others are there; nats-server can do it from 2.12 on. Absent where they are. */
  readonly isolated?: true;
  /** Of all keys. */
  readonly publicKeys: Readonly<Record<HubKey, string>>;
}

/** Paths of a hub's files. Nothing else spells them. */
export const hubPaths = (dir: string) => {
  const at = (name: string): string => join(dir, name);
  return {
    hub: at('hub.json'),
    conf: at('nats.conf'),
    /** Folder of the account JWTs, which the servers write to: `<public key>.jwt`. */
    jwt: at('jwt'),
    accountJwt: (publicKey: string): string => at(`jwt/${publicKey}.jwt`),
    /** Folder of the streams. */
    store: at('jetstream'),
    /** Creds of a person who may do everything in the account of the fleet. */
    operatorCreds: at('operator.creds'),
    ca: at('tls/ca.pem'),
    /** The server's certificate, followed by that of the CA. */
    cert: at('tls/server.pem'),
    certKey: at('tls/server-key.pem'),
    /** What signs accounts is named in it. */
    operatorJwt: at('operator.jwt'),
    /** Folder of what the running hub needs of the secrets. */
    issuer: at('issuer'),
    issuerSeed: (key: IssuerKey): string => at(`issuer/${key}`),
    issuerCreds: (user: HubUser): string => at(`issuer/${user}.creds`),
    /** What the operator wants of the hub's page and its alerts; need not be there. */
    page: at('page.json'),
    run: at('run'),
    lock: at('run/init.lock'),
    pid: at('run/nats.pid'),
    log: at('run/nats.log'),
  } as const;
};

/** Seeds in the folder of the keys, each in a file of that name; the kind of nkey that each is. */
export const hubKeys = {
  operator: 'operator',
  'operator-signing': 'operator',
  sys: 'account',
  fleet: 'account',
  enrol: 'account',
  book: 'account',
  users: 'account',
  unit: 'account',
  token: 'account',
  renew: 'account',
  answers: 'account',
} as const;
export type HubKey = keyof typeof hubKeys;

/** Where those are. */
export const hubKeysDir = ({ keysDir }: Pick<HubFile, 'keysDir'>, dir: string): string =>
  keysDir.startsWith('/') ? keysDir : join(dir, keysDir);

/** Names of the CA's private key and certificate beside them. */
export const caNames = { key: 'ca-key.pem', cert: 'ca.pem' } as const;

/**
 * Those that the running hub has a copy of: what signs units, tokens and renewals, each within its template, and what
 * signs the answers to routers.
 */
export const issuerKeys = ['unit', 'token', 'renew', 'answers'] as const satisfies readonly HubKey[];
export type IssuerKey = (typeof issuerKeys)[number];

/** Those that `init --new-issuer` makes anew: what the running hub has, and what signs its own users. */
export const renewedKeys = [...issuerKeys, 'users'] as const satisfies readonly HubKey[];

/** The hub's own users, each with all rights in one account. */
export const hubUsers = {
  'hub-sys': 'sys',
  'hub-fleet': 'fleet',
  'hub-enrol': 'enrol',
  'hub-book': 'book',
} as const;
export type HubUser = keyof typeof hubUsers;

/** A host as it stands in a URL. */
export const urlHost = (host: string): string => (host.includes(':') ? `[${host}]` : host);

const urls = ({ servers, tls, ports }: HubFile, port: number): string[] =>
  servers.map((host) =>
    tls.by === 'proxy' ? `wss://${urlHost(host)}:${ports.proxy}` : `tls://${urlHost(host)}:${port}`,
  );

/** Addresses for clients: routers that enrol, and operators. */
export const clientUrls = (hub: HubFile): string[] => urls(hub, hub.ports.client);

/** Addresses for the leafs of units. */
export const leafUrls = (hub: HubFile): string[] => urls(hub, hub.ports.leaf);

/** The file of the CA that units are to trust besides their system's; undefined where theirs will do. */
export const trustedCa = ({ tls }: HubFile, dir: string): string | undefined =>
  tls.by === 'own' ? hubPaths(dir).ca : tls.ca;

/** Whether a host name means this machine only. */
export const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || /^127(\.\d+){3}$/.test(host);

/** By which nats-server is reached on its own machine: the hub's own certificate has that name beside its own. */
export function localUrl({ server, ports, tls }: HubFile): string {
  const host = isLoopback(server) ? urlHost(server) : '127.0.0.1';
  return `${tls.by === 'proxy' ? 'nats' : 'tls'}://${host}:${ports.client}`;
}

const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';
const areTexts = (value: unknown, names: readonly string[]): boolean =>
  isObject(value) && names.every((name) => isText(value[name]));
const areNumbers = (value: unknown, names: readonly string[]): boolean =>
  isObject(value) && names.every((name) => Number.isSafeInteger(value[name]));

const isHubTls = (tls: unknown): boolean =>
  isObject(tls) &&
  (tls['by'] === 'given' ? areTexts(tls, ['cert', 'key']) : ['own', 'proxy'].includes(String(tls['by'])));

const hubChecks: Readonly<Record<string, (value: unknown) => boolean>> = {
  servers: (value) => Array.isArray(value) && [1, 3].includes(value.length) && value.every(isText),
  server: isText,
  tls: isHubTls,
  ports: (value) => areNumbers(value, Object.keys(defaultHubPorts)),
  keysDir: isText,
  days: Number.isSafeInteger,
  kept: (value) => areNumbers(value, ['days', 'bytes']),
  isolated: (value) => value === undefined || value === true,
  publicKeys: (value) => areTexts(value, Object.keys(hubKeys)),
};

/** Reads the text of hub.json. */
export function parseHubFile(text: string): ParseResult<HubFile> {
  const found = parseObject(text);
  if (!found.ok) return found;
  const { value } = found;
  if (value['v'] !== 1) return unparsed('it is of another version of nunect-hub');
  const wrong = Object.entries(hubChecks).find(([name, isRight]) => !isRight(value[name]))?.[0];
  return wrong === undefined ? parsed(value as unknown as HubFile) : unparsed(`it has no valid ${wrong}`);
}

/** The text of hub.json. */
export const hubFileText = (hub: HubFile): string => `${JSON.stringify(hub, null, 2)}\n`;
