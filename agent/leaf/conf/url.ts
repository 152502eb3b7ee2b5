import { defaultPorts } from '../../lib/defaults.ts';

const websocketPorts: Readonly<Record<string, number>> = { ws: 80, wss: 443 };

/** The port of a hub whose address names none. nats-server would take that of leaf nodes for websockets too. */
export const defaultPortOf = (scheme: string): number => websocketPorts[scheme] ?? defaultPorts.leafnode;

/** The parts of a server URL that passed the option table; no user, password, query or fragment. */
export interface ServerUrl {
  readonly scheme: string;
  /** An IPv6 address keeps its brackets. */
  readonly host: string;
  readonly port?: number;
  /** Empty or from the first slash on. */
  readonly path: string;
}

/** Takes a URL apart; undefined when it is none. */
export function splitUrl(url: string): ServerUrl | undefined {
  const found = /^([a-z-]+):\/\/(\[[^\]]*\]|[^:/?#@\s]+)(?::(\d{1,5}))?(\/[^\s?#]*)?$/.exec(url);
  const [, scheme, host, port, path = ''] = found ?? [];
  if (scheme === undefined || host === undefined) return undefined;
  return { scheme, host, path, ...(port === undefined ? {} : { port: Number(port) }) };
}

/** Whether addresses of that scheme are websockets. */
export const isWebsocket = (scheme: string): boolean => scheme === 'ws' || scheme === 'wss';

/** Whether addresses of that scheme demand TLS. */
export const isTls = (scheme: string): boolean => scheme === 'tls' || scheme === 'wss';

// encodeURIComponent leaves !'()* alone; Go takes them in userinfo, but nothing is lost by being strict.
const encodeUserinfo = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);

/** A token as it stands before the @ of a URL. */
export const tokenInfo = (token: string): string => `${encodeUserinfo(token)}@`;

/** A user and password as they stand before the @ of a URL, percent-encoded from UTF-8 (RFC 3986, 3.2.1). */
export const userinfo = (user: string, password: string): string =>
  `${encodeUserinfo(user)}:${encodeUserinfo(password)}@`;

/**
 * The address of a hub as a leaf remote wants it. The port is always spelled out. `login` comes from
 * `userinfo` or `tokenInfo`.
 */
export function remoteUrl(url: ServerUrl, login = ''): string {
  const port = url.port ?? defaultPortOf(url.scheme);
  const path = isWebsocket(url.scheme) && url.path !== '/' ? url.path : '';
  return `${url.scheme}://${login}${url.host}:${port}${path}`;
}
