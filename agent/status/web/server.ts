import { chmodSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, isIP, type Socket } from 'node:net';
import type { Log } from '../../lib/log.ts';
import { type Reply, type Routes, textReply } from './routes.ts';

export interface StatusServerDeps {
  readonly routes: Routes;
  readonly log: Log;
}

/** Where it listens: an address, or a socket that is there for its owner and its group alone. */
export type ListenAddress =
  | {
      readonly listen: string;
      /** 0 takes a free one. */
      readonly port: number;
      /** Names of the device; besides them IP addresses and localhost are answered. */
      readonly hosts: readonly string[];
    }
  | { readonly socket: string };

export interface StatusServer {
  /** 0 on a socket. */
  readonly port: number;
  stop(): Promise<void>;
}

/** The address cannot be listened on; `code` is the errno, such as EADDRINUSE. The caller may try again. */
class StatusServerError extends Error {
  override readonly name = 'StatusServerError';
  readonly code: string;

  constructor(at: ListenAddress, cause: NodeJS.ErrnoException) {
    const where = 'socket' in at ? at.socket : `${at.listen} port ${at.port}`;
    super(`status server: cannot listen on ${where}: ${cause.message}`, { cause });
    this.code = cause.code ?? 'UNKNOWN';
  }
}

/** Nothing is loaded, framed, sent elsewhere or run. */
const safety = {
  'Content-Security-Policy':
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cache-Control': 'no-store',
} as const;

/** The name in a Host header, without port and final dot: a foreign name that points here is DNS rebinding. */
const hostName = (header: string): string =>
  header
    .replace(/:\d{1,5}$/, '')
    .replace(/^\[(.*)\]$/, '$1')
    .replace(/\.$/, '')
    .toLowerCase();

/** Whether a Host header names this device. */
function hostCheck(hosts: readonly string[]): (header: string) => boolean {
  const names = new Set(['localhost', ...hosts.map(hostName)]);
  return (header) => {
    const host = hostName(header);
    return isIP(host) !== 0 || names.has(host);
  };
}

/** A viewer who has not read the answer by then is given up. */
const answerLimit_ms = 15_000;

/** Listens; a socket that an agent left behind is no obstacle. */
const listening = (server: Server, at: ListenAddress): Promise<void> =>
  new Promise((resolve, reject) => {
    const fail = (error: NodeJS.ErrnoException): void => reject(new StatusServerError(at, error));
    server.once('error', fail);
    if (!('socket' in at)) return void server.listen(at.port, at.listen, resolve);
    try {
      rmSync(at.socket, { force: true });
    } catch (error) {
      return fail(error as NodeJS.ErrnoException);
    }
    server.listen(at.socket, () => {
      try {
        chmodSync(at.socket, 0o660); // until now nobody but the owner could write to it
        resolve();
      } catch (error) {
        server.close();
        fail(error as NodeJS.ErrnoException);
      }
    });
  });

async function answer(
  { headers, method, url = '' }: IncomingMessage,
  routes: Routes,
  isOurs: (host: string) => boolean,
): Promise<Reply> {
  if (!isOurs(headers.host ?? '')) return textReply(421, 'this is not the host you asked for');
  if (method !== 'GET' && method !== 'HEAD') return textReply(405, 'GET and HEAD only');
  return (await routes(url.split('?', 1)[0] ?? '')) ?? textReply(404, 'no such page');
}

function send(
  request: IncomingMessage,
  response: ServerResponse,
  { status, type, body, policy }: Reply,
): void {
  const hasBody = request.headers['content-length'] || request.headers['transfer-encoding'];
  response.writeHead(status, {
    ...safety,
    ...(policy === undefined ? {} : { 'Content-Security-Policy': policy }),
    'Content-Type': type,
    'Content-Length': Buffer.byteLength(body),
    ...(status === 405 ? { Allow: 'GET, HEAD' } : {}),
    // an unwanted body is not read: the connection ends with the answer
    ...(hasBody ? { Connection: 'close' } : {}),
  });
  response.end(request.method === 'HEAD' ? undefined : body);
}

/**
 * Answers one request at a time on each connection: nobody needs to ask ahead, and thousands of answers at once need
 * much memory.
 */
function onePerConnection(
  respond: (request: IncomingMessage, response: ServerResponse) => void,
): (request: IncomingMessage, response: ServerResponse) => void {
  const busy = new Set<Socket>();
  return (request, response) => {
    const { socket } = request;
    if (busy.has(socket)) return void socket.destroy();
    busy.add(socket);
    const limit = setTimeout(() => socket.destroy(), answerLimit_ms).unref();
    response.once('close', () => {
      clearTimeout(limit);
      busy.delete(socket);
    });
    respond(request, response);
  };
}

/** What a client may cost. node would look every so often whether one is too slow, also where there is none. */
const limits = {
  maxHeaderSize: 8192,
  headersTimeout: 0,
  requestTimeout: 0,
  keepAliveTimeout: 5000,
  connectionsCheckingInterval: 2 ** 31 - 1,
};
/** So long a client may take for the headers of a request; a body is not read. */
const headersLimit_ms = 5000;
const tooSlow = 'HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n';

/** Ends connections on which no request has come for too long. */
function cutOffSlow(server: Server): void {
  const timers = new Map<Socket, NodeJS.Timeout>();
  const expect = (socket: Socket, limit_ms: number): void => {
    clearTimeout(timers.get(socket));
    const cutOff = (): void => {
      socket.end(tooSlow);
      socket.destroySoon();
    };
    timers.set(socket, setTimeout(cutOff, limit_ms).unref());
  };
  server.on('connection', (socket: Socket) => {
    expect(socket, headersLimit_ms);
    socket.once('close', () => {
      clearTimeout(timers.get(socket));
      timers.delete(socket);
    });
  });
  server.on('request', ({ socket }, response) => {
    clearTimeout(timers.get(socket));
    const next = (): void => expect(socket, limits.keepAliveTimeout + headersLimit_ms);
    response.once('close', () => socket.destroyed || next());
  });
}

/** Serves `routes` to GET and HEAD. Rejects with StatusServerError when it cannot listen. */
export async function serveStatus(
  { routes, log }: StatusServerDeps,
  at: ListenAddress,
  signal: AbortSignal,
): Promise<StatusServer> {
  const isOurs = 'socket' in at ? () => true : hostCheck(at.hosts);
  const respond = async (request: IncomingMessage, response: ServerResponse): Promise<void> =>
    send(request, response, await answer(request, routes, isOurs));
  const server = createServer(
    limits,
    onePerConnection((request, response) => void respond(request, response)),
  );
  server.maxConnections = 64;
  cutOffSlow(server);
  await listening(server, at);
  server.on('error', (error) => log.warn('status server', { error: error.message }));

  const stop = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  const address = server.address() as AddressInfo | string;
  if (signal.aborted) await stop();
  else signal.addEventListener('abort', () => void stop(), { once: true });
  return { port: typeof address === 'string' ? 0 : address.port, stop };
}
