import { Resolver } from 'node:dns/promises';
import { readFile } from 'node:fs/promises';
import { createConnection, isIP, type Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from 'node:tls';
import { pemText } from '../../config/formats/pem.ts';
import { readOrUndefined } from '../../lib/files.ts';
import { known } from '../../lib/known.ts';
import type { CauseCode } from '../causes.ts';
import { defaultPortOf, isWebsocket } from '../conf/url.ts';
import type { HubProbe, ProbeTls } from './probed.ts';

/** A hub of TLS 1.3 refuses a client certificate only after the handshake. */
const afterword_ms = 300;

/** The probe itself found why it goes no further. */
class ProbeError extends Error {
  readonly found: CauseCode;
  constructor(message: string, found: CauseCode) {
    super(message);
    this.found = found;
  }
}

const codeAnd = (error: NodeJS.ErrnoException): string =>
  [error.code, error.message].filter((text, at, all) => text && all.indexOf(text) === at).join(' ');

/** Addresses of a name from the hosts file, as the servers look there first too. */
function fromHosts(name: string): string[] {
  const lines = readOrUndefined('/etc/hosts')?.split('\n') ?? [];
  const words = lines.map((line) => line.replace(/#.*/, '').trim().split(/\s+/));
  return words.flatMap(([address = '', ...names]) => (names.includes(name) ? [address] : []));
}

/** By its own resolver: getaddrinfo would hold a thread that files are read with, for as long as DNS hangs. */
async function resolve(name: string, limit_ms: number): Promise<string[]> {
  if (isIP(name) !== 0) return [name];
  const listed = fromHosts(name);
  if (listed.length > 0) return listed;
  const resolver = new Resolver({ timeout: limit_ms / 2, tries: 2 });
  const both = await Promise.allSettled([resolver.resolve4(name), resolver.resolve6(name)]);
  const found = both.flatMap((one) => (one.status === 'fulfilled' ? one.value : []));
  const [first] = both;
  if (found.length === 0 && first.status === 'rejected') throw first.reason;
  return found;
}

/** Settles with the first of these events, or fails with `late` after `limit_ms`. */
function when<T>(
  socket: Socket,
  limit_ms: number,
  late: ProbeError,
  listen: (done: (value: T) => void) => void,
): Promise<T> {
  return new Promise((done, fail) => {
    const timer = setTimeout(() => fail(late), limit_ms);
    const settle =
      <V>(fn: (value: V) => void) =>
      (value: V): void => {
        clearTimeout(timer);
        fn(value);
      };
    socket.once('error', settle(fail));
    socket.once('close', () => settle(fail)(new ProbeError('closed by the server', 'dropped')));
    listen(settle(done));
  });
}

async function tlsOptions(tls: ProbeTls, host: string): Promise<ConnectionOptions> {
  const text = async (path: string | undefined) =>
    path === undefined ? undefined : pemText(await readFile(path));
  const [ca, cert, key] = await Promise.all([tls.caFile, tls.certFile, tls.keyFile].map(text));
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined || key === undefined ? {} : { cert, key }),
    ...(isIP(host) === 0 ? { servername: host } : { host }),
    rejectUnauthorized: tls.insecure !== true,
  };
}

/** A probe under way. */
interface Attempt {
  readonly host: string;
  readonly limit_ms: number;
  step: HubProbe['step'];
  address?: string;
  socket?: Socket;
}

/** Opens the TCP connection. */
async function dial(attempt: Attempt, port: number): Promise<Socket> {
  const { host, limit_ms } = attempt;
  const [address] = await resolve(host, limit_ms);
  if (address === undefined) throw new ProbeError('no address (ENODATA)', 'dns');
  attempt.step = 'tcp';
  attempt.address = address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
  const socket = createConnection({ host: address, port });
  attempt.socket = socket;
  const late = new ProbeError('no answer in time (ETIMEDOUT)', 'timeout');
  await when<void>(socket, limit_ms, late, (done) => socket.once('connect', done));
  return socket;
}

/** Reads the first line. Gives whether TLS comes next, as asked for or as the server requires. */
async function greet(attempt: Attempt, socket: Socket, wantsTls: boolean): Promise<boolean> {
  attempt.step = 'info';
  const late = new ProbeError('no answer to the connection', 'timeout');
  const first = await when<Buffer>(socket, attempt.limit_ms, late, (done) => socket.once('data', done));
  socket.pause();
  const line = first.toString('latin1');
  if (!line.startsWith('INFO ')) throw new ProbeError('what answers is no NATS server', 'protocol');
  const demanded = /"tls_required":\s*true/.test(line);
  if (wantsTls && !demanded && !/"tls_available":\s*true/.test(line)) {
    attempt.step = 'tls';
    throw new ProbeError('no TLS is offered', 'tls_missing');
  }
  return wantsTls || demanded;
}

async function shakeHands(attempt: Attempt, plain: Socket, tls: ProbeTls): Promise<void> {
  attempt.step = 'tls';
  const { host, limit_ms } = attempt;
  const socket: TLSSocket = connectTls({ ...(await tlsOptions(tls, host)), socket: plain });
  attempt.socket = socket;
  const late = new ProbeError('no answer to the TLS handshake', 'tls');
  await when<void>(socket, limit_ms, late, (done) => socket.once('secureConnect', done));
  await when<void>(socket, limit_ms, late, (done) => void setTimeout(done, afterword_ms));
}

/**
 * Looks whether a hub answers at `url`, without a login: its name, the TCP connection, the first line, the TLS
 * handshake; `tls` is undefined where none is configured. Each step may take `limit_ms`. Never rejects.
 */
export async function probeHub(url: string, tls: ProbeTls | undefined, limit_ms: number): Promise<HubProbe> {
  const { protocol, hostname, port } = new URL(url);
  const scheme = protocol.slice(0, -1);
  const attempt: Attempt = { host: hostname.replace(/^\[|\]$/g, ''), limit_ms, step: 'dns' };
  const result = (): HubProbe => ({ url, ...known({ address: attempt.address }), step: attempt.step });
  try {
    const socket = await dial(attempt, Number(port || defaultPortOf(scheme)));
    const tlsFirst = isWebsocket(scheme) || tls?.handshakeFirst === true;
    const wantsTls = scheme === 'wss' || (!isWebsocket(scheme) && tls !== undefined);
    if (tlsFirst ? wantsTls : await greet(attempt, socket, wantsTls))
      await shakeHands(attempt, socket, tls ?? {});
    attempt.step = 'open';
    return result();
  } catch (error) {
    const why = codeAnd(error as NodeJS.ErrnoException);
    return { ...result(), why, ...(error instanceof ProbeError && { cause: error.found }) };
  } finally {
    attempt.socket?.on('error', () => {}); // its errors matter no more
    attempt.socket?.destroy();
  }
}
