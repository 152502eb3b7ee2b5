import { addressOf, type Interfaces } from '../../device/address.ts';
import { messageOf } from '../../lib/errors.ts';
import type { Log } from '../../lib/log.ts';
import type { Ticker } from '../../lib/ticker.ts';
import type { Routes } from '../../web/reply.ts';
import { type ListenAddress, serveWeb, type WebServer } from '../../web/server.ts';
import { listenAddress } from './listen.ts';
import { type RouteDeps, statusRoutes } from './routes.ts';

export interface ServingOptions {
  /** Serve over HTTP; the socket is served in any case. */
  readonly enabled: boolean;
  /** Address that is listened on when no interface is given. */
  readonly listen: string;
  readonly port: number;
  /** Device, or OpenWrt network with a bridge of its name: its IPv4 address is listened on, also when it changes. */
  readonly interface?: string | undefined;
  /** Serve /metrics. */
  readonly metrics: boolean;
  /** Names of the device; besides them IP addresses and localhost are answered. */
  readonly hosts: readonly string[];
  /** Path of a socket on which programs of this device are served. */
  readonly socket: string;
}

export interface ServingDeps extends RouteDeps {
  readonly ticker: Ticker;
  readonly log: Log;
  readonly interfaces: Interfaces;
  /** Whether that many files more could be opened now. */
  canOpenFiles(count: number): boolean;
}

const look_ms = 10_000;
const filesEvery_ms = 1000;
/** So many must be free to listen again: two to listen, one for a connection and one for whatever comes. */
const filesToListen = 4;
const noFile = 'status server: out of file descriptors; not listening until some are available';

/** The status server while it runs. */
export interface Serving {
  /** Takes over other options; what is listened on stays open where it is to stay. */
  configure(opts: ServingOptions): void;
  stop(): Promise<void>;
}

interface State {
  opts: ServingOptions;
  routes: Routes;
  socket: WebServer | undefined;
  /** What HTTP is served on; `at` tells one from another. */
  http: { readonly server: WebServer; readonly address: string; readonly at: string } | undefined;
  /** No file is left for connections. */
  full: boolean;
  stopped: boolean;
  /** What is wrong with what, as it was logged. */
  readonly complaints: Map<string, string>;
  /** Ends when the look under way has ended: one at a time. */
  looking: Promise<void>;
}

interface Context {
  readonly deps: ServingDeps;
  readonly state: State;
  readonly signal: AbortSignal;
}

/** What is wrong with something is logged once. */
function complain({ deps, state }: Context, what: string, why: string): void {
  if (state.complaints.get(what) !== why) deps.log.error(why);
  state.complaints.set(what, why);
}

/** Listens; undefined, and a complaint, where it cannot. */
async function open(context: Context, name: string, at: ListenAddress): Promise<WebServer | undefined> {
  const { deps, state, signal } = context;
  try {
    const server = await serveWeb(
      { name: 'status server', routes: (request) => state.routes(request), log: deps.log },
      at,
      signal,
    );
    state.complaints.delete(name);
    if (!state.stopped) return server;
    await server.stop();
  } catch (error) {
    complain(context, name, messageOf(error));
  }
  return undefined;
}

/** The address of an interface; that of before when they cannot be listed, as when no file can be opened. */
function addressNow({ deps, state }: Context, name: string): string | undefined {
  try {
    return addressOf(name, deps.interfaces);
  } catch {
    return state.http?.address;
  }
}

const wantedAddress = (context: Context): string =>
  listenAddress(context.state.opts, (name) => {
    const found = addressNow(context, name);
    if (found !== undefined) context.state.complaints.delete('interface');
    else complain(context, 'interface', `status server: interface ${name} has no IPv4 address`);
    return found;
  });

async function closeHttp({ state }: Context): Promise<void> {
  const { http } = state;
  state.http = undefined;
  await http?.server.stop();
}

async function closeAll(context: Context): Promise<void> {
  const { state } = context;
  await closeHttp(context);
  const { socket } = state;
  state.socket = undefined;
  await socket?.stop();
}

/** Opens and closes until what is listened on is what is wanted. */
async function look(context: Context): Promise<void> {
  const { state } = context;
  if (state.full) await closeAll(context);
  if (state.stopped || state.full) return;
  state.socket ??= await open(context, 'socket', { socket: state.opts.socket });
  const { enabled, port, hosts } = state.opts;
  const wanted = enabled ? { listen: wantedAddress(context), port, hosts } : undefined;
  const at = JSON.stringify(wanted);
  if (state.stopped || at === state.http?.at) return;
  await closeHttp(context);
  if (wanted === undefined) return;
  const server = await open(context, 'http', wanted);
  if (server === undefined) return;
  state.http = { server, address: wanted.listen, at };
  context.deps.log.info('status page', { url: `http://${wanted.listen}:${server.port}/` });
}

function lookAgain(context: Context): void {
  context.state.looking = context.state.looking.then(() => look(context));
}

/**
 * Stops listening while no file is left: node would be offered the same connection again and again, with no error to
 * see, once libuv has lost the file that it reserves for refusing connections.
 */
function checkFiles(context: Context): void {
  const { deps, state } = context;
  const full = !deps.canOpenFiles(state.full ? filesToListen : 1);
  if (full === state.full) return;
  state.full = full;
  if (full) deps.log.error(noFile);
  else deps.log.info('status server: descriptors available again');
  lookAgain(context);
}

/**
 * Serves the status page; while its address cannot be had it is tried again, and nothing else suffers from it.
 * An interface is looked at every 10 s, and followed when its address changes; while it has none, loopback serves.
 */
export function keepServing(deps: ServingDeps, opts: ServingOptions, signal: AbortSignal): Serving {
  const state: State = {
    opts,
    routes: statusRoutes(deps, opts),
    socket: undefined,
    http: undefined,
    full: false,
    stopped: false,
    complaints: new Map(),
    looking: Promise.resolve(),
  };
  const context = { deps, state, signal };
  lookAgain(context);
  const cancels = [
    deps.ticker.every(look_ms, () => lookAgain(context)),
    deps.ticker.every(filesEvery_ms, () => checkFiles(context)),
  ];
  return {
    configure(next) {
      if (next.metrics !== state.opts.metrics) state.routes = statusRoutes(deps, next);
      state.opts = next;
      lookAgain(context);
    },
    async stop() {
      state.stopped = true;
      for (const cancel of cancels) cancel();
      await state.looking;
      await closeAll(context);
    },
  };
}
