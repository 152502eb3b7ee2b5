import { Resolver } from 'node:dns/promises';
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createConnection, isIP, type Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from 'node:tls';
import { defaultPorts } from '../../lib/defaults.ts';

/** How far somebody who does not log in comes at an address of a hub. */
export interface Knock {
  readonly url: string;
  /** The IP address and port that were tried. */
  readonly address?: string;
  /** The step that failed, or `open`. */
  readonly step: 'dns' | 'tcp' | 'info' | 'tls' | 'open';
  /** Why it went no further, with the code of node or OpenSSL. */
  readonly why?: string;
}

/** How TLS is spoken with the hub; the names are those of the options. */
export interface DoorTls {
  readonly caFile?: string | undefined;
  readonly certFile?: string | undefined;
  readonly keyFile?: string | undefined;
  readonly handshakeFirst?: boolean;
  readonly insecure?: boolean;
}

/** Somebody accepted the connection. */
export const isReached = ({ step }: Knock): boolean => step !== 'dns' && step !== 'tcp';

const ports: Readonly<Record<string, number>> = { 'ws:': 80, 'wss:': 443 };
/** A hub of TLS 1.3 refuses a client certificate only after the handshake. */
const afterword_ms = 300;

const codeAnd = (error: NodeJS.ErrnoException): string =>
  [error.code, error.message].filter((text, at, all) => text && all.indexOf(text) === at).join(' ');

/** Addresses of a name from the hosts file, as the servers look there first too. */
function fromHosts(name: string): string[] {
  try {
    const lines = readFileSync('/etc/hosts', 'utf8').split('\n');
    const words = lines.map((line) => line.replace(/#.*/, '').trim().split(/\s+/));
    return words.flatMap(([address = '', ...names]) => (names.includes(name) ? [address] : []));
  } catch {
    return [];
  }
}

/** By its own resolver: getaddrinfo would hold a thread that files are read with, for as long as DNS hangs. */
async function resolve(name: string, limit_ms: number): Promise<string[]> {
  if (isIP(name) !== 0) return [name];
  const known = fromHosts(name);
  if (known.length > 0) return known;
  const resolver = new Resolver({ timeout: limit_ms / 2, tries: 2 });
  const both = await Promise.allSettled([resolver.resolve4(name), resolver.resolve6(name)]);
  const found = both.flatMap((one) => (one.status === 'fulfilled' ? one.value : []));
  const [first] = both;
  if (found.length === 0 && first.status === 'rejected') throw first.reason;
  return found;
}

/** Settles with the first of these events, or after `limit_ms` with the complaint. */
function when<T>(
  socket: Socket,
  limit_ms: number,
  complaint: string,
  listen: (done: (value: T) => void) => void,
): Promise<T> {
  return new Promise((done, fail) => {
    const timer = setTimeout(() => fail(new Error(complaint)), limit_ms);
    const settle =
      <V>(fn: (value: V) => void) =>
      (value: V): void => {
        clearTimeout(timer);
        fn(value);
      };
    socket.once('error', settle(fail));
    socket.once('close', () => settle(fail)(new Error('closed by the server')));
    listen(settle(done));
  });
}

async function tlsOptions(tls: DoorTls, host: string): Promise<ConnectionOptions> {
  const text = (path: string | undefined) => (path === undefined ? undefined : readFile(path));
  const [ca, cert, key] = await Promise.all([tls.caFile, tls.certFile, tls.keyFile].map(text));
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined || key === undefined ? {} : { cert, key }),
    ...(isIP(host) === 0 ? { servername: host } : { host }),
    rejectUnauthorized: tls.insecure !== true,
  };
}

/**
 * Looks whether a hub answers at `url`, without a login: its name, the TCP connection, the first line, the TLS
 * handshake; `tls` is undefined where none is configured. Each step may take `limit_ms`. Never rejects.
 */
export async function knockHub(url: string, tls: DoorTls | undefined, limit_ms: number): Promise<Knock> {
  const { protocol, hostname, port } = new URL(url);
  const host = hostname.replace(/^\[|\]$/g, '');
  const websocket = protocol in ports;
  let step: Knock['step'] = 'dns';
  let at = '';
  let socket: Socket | undefined;
  const here = (): Pick<Knock, 'url' | 'address'> => ({ url, ...(at === '' ? {} : { address: at }) });
  try {
    const [address] = await resolve(host, limit_ms);
    if (address === undefined) throw new Error('no address (ENODATA)');
    step = 'tcp';
    const number = Number(port || (ports[protocol] ?? defaultPorts.leafnode));
    at = address.includes(':') ? `[${address}]:${number}` : `${address}:${number}`;
    const plain = createConnection({ host: address, port: number });
    socket = plain;
    await when<void>(plain, limit_ms, 'no answer in time (ETIMEDOUT)', (done) => plain.once('connect', done));
    const early = websocket || tls?.handshakeFirst === true;
    let secure = protocol === 'wss:' || (!websocket && tls !== undefined);
    if (!early) {
      step = 'info';
      const first = await when<Buffer>(plain, limit_ms, 'no answer to the connection', (done) =>
        plain.once('data', done),
      );
      plain.pause();
      const line = first.toString('latin1');
      if (!line.startsWith('INFO ')) throw new Error('what answers is no NATS server');
      const demanded = /"tls_required":\s*true/.test(line);
      if (secure && !demanded && !/"tls_available":\s*true/.test(line)) {
        step = 'tls';
        throw new Error('no TLS is offered');
      }
      secure ||= demanded;
    }
    if (secure) {
      step = 'tls';
      const wrapped: TLSSocket = connectTls({ ...(await tlsOptions(tls ?? {}, host)), socket: plain });
      socket = wrapped;
      await when<void>(wrapped, limit_ms, 'no answer to the TLS handshake', (done) =>
        wrapped.once('secureConnect', done),
      );
      await when<void>(wrapped, limit_ms, '', (done) => void setTimeout(done, afterword_ms));
    }
    return { ...here(), step: 'open' };
  } catch (error) {
    return { ...here(), step, why: codeAnd(error as NodeJS.ErrnoException) };
  } finally {
    socket?.on('error', () => {}); // what it still says matters no more
    socket?.destroy();
  }
}
