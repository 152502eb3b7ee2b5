import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, isIP, type Socket } from 'node:net';
import type { Log } from '../lib/log.ts';
import { formatMetrics } from './metrics.ts';
import { renderPage } from './page.ts';
import type { StatusSnapshot } from './snapshot.ts';
import { style } from './style.ts';

export interface StatusServerDeps {
  /** The state right now; asked once a request. */
  snapshot(): StatusSnapshot | Promise<StatusSnapshot>;
  /** What the flight recorder holds, made only when it is asked for. Without it there is no such page. */
  recorded?(): object;
  readonly log: Log;
}

export interface StatusServerOptions {
  readonly listen: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** Serve /metrics. */
  readonly metrics: boolean;
  /** Names of the device; besides them IP addresses and localhost are answered. */
  readonly hosts: readonly string[];
}

export interface StatusServer {
  readonly port: number;
  stop(): Promise<void>;
}

/** The address cannot be listened on; `code` is the errno, such as EADDRINUSE. The caller may try again. */
class StatusServerError extends Error {
  override readonly name = 'StatusServerError';
  readonly code: string;

  constructor(listen: string, port: number, cause: NodeJS.ErrnoException) {
    super(`status server: cannot listen on ${listen} port ${port}: ${cause.message}`, { cause });
    this.code = cause.code ?? 'UNKNOWN';
  }
}

interface Reply {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

const text = (status: number, body: string): Reply => ({
  status,
  type: 'text/plain; charset=utf-8',
  body: `${body}\n`,
});

/** Nothing is loaded, framed, sent or run; the one style sheet is known by its hash. */
const safety = {
  'Content-Security-Policy': `default-src 'none'; style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cache-Control': 'no-store',
} as const;

/** The name in a Host header, without its port: a foreign name that points here is DNS rebinding. */
const hostName = (header: string): string =>
  header
    .replace(/:\d{1,5}$/, '')
    .replace(/^\[(.*)\]$/, '$1')
    .toLowerCase();

/** Makes the reply to a request. */
type Route = () => Reply | Promise<Reply>;

const finite = (_key: string, value: unknown): unknown =>
  typeof value === 'number' && !Number.isFinite(value) ? undefined : value;

const json = (value: object): Reply => ({
  status: 200,
  type: 'application/json',
  body: `${JSON.stringify(value, finite)}\n`,
});
const page = (snapshot: StatusSnapshot): Reply => ({
  status: 200,
  type: 'text/html; charset=utf-8',
  body: renderPage(snapshot),
});
const health = ({ status }: StatusSnapshot): Reply => text(status === 'critical' ? 503 : 200, status);
const metrics = (snapshot: StatusSnapshot): Reply => ({
  status: 200,
  type: 'text/plain; version=0.0.4; charset=utf-8',
  body: formatMetrics(snapshot),
});

/** A viewer who has not read the answer by then is given up. */
const answerLimit_ms = 15_000;

const listening = (server: Server, listen: string, port: number): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', (error) => reject(new StatusServerError(listen, port, error)));
    server.listen(port, listen, resolve);
  });

/**
 * Serves `/`, `/status.json`, `/recorder.json`, `/healthz` and `/metrics` to GET and HEAD. Rejects with StatusServerError when the
 * address cannot be listened on.
 */
export async function serveStatus(
  deps: StatusServerDeps,
  opts: StatusServerOptions,
  signal: AbortSignal,
): Promise<StatusServer> {
  const { log } = deps;
  const { recorded } = deps;
  const shown =
    (show: (snapshot: StatusSnapshot) => Reply): Route =>
    async () =>
      show(await deps.snapshot());
  const routes = new Map<string, Route>([
    ['/', shown(page)],
    ['/status.json', shown(json)],
    ['/healthz', shown(health)],
  ]);
  if (opts.metrics) routes.set('/metrics', shown(metrics));
  if (recorded !== undefined) routes.set('/recorder.json', () => json(recorded()));
  const names = new Set(['localhost', ...opts.hosts.map((name) => name.toLowerCase())]);
  let failing = false;

  const produce = async (route: Route): Promise<Reply> => {
    try {
      const reply = await route();
      failing = false;
      return reply;
    } catch (error) {
      if (!failing) log.error('the status cannot be shown', { error: String(error) });
      failing = true;
      return text(500, 'the status cannot be shown');
    }
  };

  const answer = async (request: IncomingMessage): Promise<Reply> => {
    const host = hostName(request.headers.host ?? '');
    if (isIP(host) === 0 && !names.has(host)) return text(421, 'this is not the host you asked for');
    if (request.method !== 'GET' && request.method !== 'HEAD') return text(405, 'GET and HEAD only');
    const route = routes.get((request.url ?? '').split('?', 1)[0] ?? '');
    return route === undefined ? text(404, 'no such page') : produce(route);
  };

  const respond = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { status, type, body } = await answer(request);
    response.writeHead(status, {
      ...safety,
      'Content-Type': type,
      'Content-Length': Buffer.byteLength(body),
      ...(status === 405 ? { Allow: 'GET, HEAD' } : {}),
      // an unwanted body is not read: the connection ends with the answer
      ...(request.headers['content-length'] || request.headers['transfer-encoding']
        ? { Connection: 'close' }
        : {}),
    });
    response.end(request.method === 'HEAD' ? undefined : body);
  };

  /** Those that are being answered. Nobody needs to ask ahead, and thousands of answers at once need much memory. */
  const busy = new Set<Socket>();
  const serveOne = (request: IncomingMessage, response: ServerResponse): void => {
    const { socket } = request;
    if (busy.has(socket)) return void socket.destroy();
    busy.add(socket);
    const limit = setTimeout(() => socket.destroy(), answerLimit_ms).unref();
    response.once('close', () => {
      clearTimeout(limit);
      busy.delete(socket);
    });
    void respond(request, response);
  };

  const server = createServer(
    {
      maxHeaderSize: 8192,
      headersTimeout: 5000,
      requestTimeout: 10_000,
      keepAliveTimeout: 5000,
      connectionsCheckingInterval: 2000,
    },
    serveOne,
  );
  server.maxConnections = 64;
  await listening(server, opts.listen, opts.port);
  server.on('error', (error) => log.warn('status server', { error: error.message }));

  const stop = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  const { port } = server.address() as AddressInfo;
  if (signal.aborted) await stop();
  else signal.addEventListener('abort', () => void stop(), { once: true });
  return { port, stop };
}
