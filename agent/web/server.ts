import { chmodSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, isIP, type Socket } from 'node:net';
import { messageOf } from '../lib/errors.ts';
import { type Reply, type Routes, textReply } from './reply.ts';
import { type Send, type SendingDeps, sendWhole } from './sending.ts';

export interface WebServerDeps extends SendingDeps {
  readonly routes: Routes;
  /** How replies are sent; in one piece by default. */
  readonly send?: Send;
  /** A viewer who has not read the answer by then is given up. */
  readonly answer_ms?: number;
  /** How many may look at once. */
  readonly mostConnections?: number;
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

export interface WebServer {
  /** 0 on a socket. */
  readonly port: number;
  stop(): Promise<void>;
}

/** The address cannot be listened on; `code` is the errno, such as EADDRINUSE. The caller may try again. */
class WebServerError extends Error {
  override readonly name = 'WebServerError';
  readonly code: string;

  constructor(name: string, at: ListenAddress, cause: NodeJS.ErrnoException) {
    const where = 'socket' in at ? at.socket : `${at.listen} port ${at.port}`;
    super(`${name}: cannot listen on ${where}: ${cause.message}`, { cause });
    this.code = cause.code ?? 'UNKNOWN';
  }
}

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
const usualAnswer_ms = 15_000;

/** Listens; a socket that an agent left behind is no obstacle. */
const listening = (name: string, server: Server, at: ListenAddress): Promise<void> =>
  new Promise((resolve, reject) => {
    const fail = (error: NodeJS.ErrnoException): void => reject(new WebServerError(name, at, error));
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

/**
 * Whether a form was sent by a page of this server: the browser says so; one that does not say is asked for the origin. A
 * page of others can send a form here in the name of whoever looks at it.
 */
const isOwnForm = ({ headers }: IncomingMessage): boolean => {
  const site = headers['sec-fetch-site'];
  if (site !== undefined) return site === 'same-origin';
  const { origin, host } = headers;
  return origin !== undefined && host !== undefined && origin.replace(/^https?:\/\//, '') === host;
};

/** What a form has sent; undefined where it is too much. */
async function formOf(request: IncomingMessage, most: number): Promise<string | undefined> {
  let body = '';
  for await (const part of request.setEncoding('utf8')) {
    body += part;
    if (body.length > most) return undefined;
  }
  return body;
}

async function answer(
  request: IncomingMessage,
  { routes, mostForm }: WebServerDeps,
  isOurs: (host: string) => boolean,
): Promise<Reply> {
  const { headers, method, url = '' } = request;
  if (!isOurs(headers.host ?? '')) return textReply(421, 'this is not the host you asked for');
  const [path = '', query = ''] = url.split(/\?(.*)/s);
  let body: string | undefined = '';
  if (method === 'POST' && mostForm !== undefined) {
    if (!isOwnForm(request)) return textReply(403, 'a form of this page only: not sent from another site');
    body = await formOf(request, mostForm);
    if (body === undefined) return textReply(413, 'too much');
  } else if (method !== 'GET' && method !== 'HEAD')
    return textReply(405, mostForm === undefined ? 'GET and HEAD only' : 'GET, HEAD and POST only');
  const asked = { method: method === 'POST' ? method : 'GET', path, query, body } as const;
  return (await routes(asked)) ?? textReply(404, 'no such page');
}

/**
 * Answers one request at a time on each connection: nobody needs to ask ahead, and thousands of answers at once need
 * much memory.
 */
function onePerConnection(
  respond: (request: IncomingMessage, response: ServerResponse) => void,
  answer_ms: number,
): (request: IncomingMessage, response: ServerResponse) => void {
  const busy = new Set<Socket>();
  return (request, response) => {
    const { socket } = request;
    if (busy.has(socket)) return void socket.destroy();
    busy.add(socket);
    const limit = setTimeout(() => socket.destroy(), answer_ms).unref();
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
/** So long a client may take for the headers of a request. */
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

/** Serves `routes` to GET and HEAD, and to forms of its own where they may be sent. Rejects with WebServerError when it cannot listen. */
export async function serveWeb(
  deps: WebServerDeps,
  at: ListenAddress,
  signal: AbortSignal,
): Promise<WebServer> {
  const { name, log, send = sendWhole, mostConnections = 64, answer_ms = usualAnswer_ms } = deps;
  const isOurs = 'socket' in at ? () => true : hostCheck(at.hosts);
  const respond = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    try {
      await send(request, response, await answer(request, deps, isOurs), deps);
    } catch (error) {
      response.destroy();
      if (!request.destroyed) log.warn(`${name}: no answer`, { error: messageOf(error) }); // else it went away while it sent its form
    }
  };
  const server = createServer(
    limits,
    onePerConnection((request, response) => void respond(request, response), answer_ms),
  );
  server.maxConnections = mostConnections;
  cutOffSlow(server);
  await listening(name, server, at);
  server.on('error', (error) => log.warn(name, { error: error.message }));

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
