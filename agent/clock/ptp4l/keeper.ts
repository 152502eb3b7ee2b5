import { accessSync, constants, rmSync } from 'node:fs';
import type { Spawn } from '../../lib/child.ts';
import type { Ticker } from '../../lib/ticker.ts';
import type { ProbeFailure } from '../../lib/watch.ts';
import { type OnReply, type PmcChild, type PmcEnd, startPmc } from './child.ts';

/** What can be done with a socket file. */
export type SocketState = 'usable' | 'forbidden' | 'missing';

/** The socket files, as this probe needs them. */
export interface SocketFiles {
  state(path: string): SocketState;
  remove(path: string): void;
}

/** The socket files of the system, as the user that we run as may use them. */
export const systemSocketFiles: SocketFiles = {
  state(path) {
    try {
      accessSync(path, constants.W_OK);
      return 'usable';
    } catch (error) {
      return (error as NodeJS.ErrnoException).code === 'EACCES' ? 'forbidden' : 'missing';
    }
  },
  remove: (path) => rmSync(path, { force: true }),
};

/** How pmc is called. */
export interface PmcOptions {
  readonly pmc: string;
  /** Sockets of ptp4l in order of preference. */
  readonly sockets: readonly string[];
  readonly domain: number;
  readonly transportSpecific: number;
  /** pmc's own socket, in a directory that we may write to. */
  readonly clientSocket: string;
}

/** Keeps one pmc running: chooses the socket, starts it, starts it anew when it is deaf or dead. */
export interface PmcKeeper {
  /** A pmc that can be asked, or why there is none. */
  ready(): Promise<PmcChild | ProbeFailure>;
  /** It answered: all is well. */
  answered(): void;
  /** It did not. When that happens too often, pmc itself is suspected and ended. Returns what that means. */
  silent(): Promise<ProbeFailure>;
  /** The socket of ptp4l in use. */
  socket(): string;
  /** pmc processes started so far. */
  started(): number;
  stop(): Promise<void>;
}

/** In a row; one of the causes is pmc's own socket being deleted, which leaves it deaf for ever. */
const silencesToRespawn = 3;
const shortestPauseMs = 1000;
const longestPauseMs = 60_000;

function failureOf(program: string, { errno, stderr }: PmcEnd): ProbeFailure {
  if (errno === 'ENOENT') return { why: 'not_installed', detail: program };
  const detail = stderr || `${program} ended${errno === undefined ? '' : `: ${errno}`}`;
  const denied = errno === 'EACCES' || /permission denied/i.test(stderr);
  return { why: denied ? 'no_permission' : 'no_reply', detail };
}

interface KeeperDeps {
  readonly spawn: Spawn;
  readonly ticker: Ticker;
  readonly files: SocketFiles;
}

/** What the keeper remembers. */
interface Keeper extends KeeperDeps {
  readonly opts: PmcOptions;
  readonly onReply: OnReply;
  readonly onStart: () => void;
  child?: PmcChild | undefined;
  /** The socket in use. */
  socket: string;
  /** The socket that was silent: another one comes first. */
  avoid: string;
  silences: number;
  started: number;
  pauseMs: number;
  notBefore_ms: number;
  failure: ProbeFailure;
  stopped: boolean;
}

/** The socket to use next, or why there is none. */
function chooseSocket({ opts, files, avoid }: Keeper): string | ProbeFailure {
  const usable = opts.sockets.filter((path) => files.state(path) === 'usable');
  const best = usable.find((path) => path !== avoid) ?? usable[0];
  if (best !== undefined) return best;
  const forbidden = opts.sockets.find((path) => files.state(path) === 'forbidden');
  return forbidden === undefined
    ? { why: 'no_socket', detail: `tried ${opts.sockets.join(' ')}` }
    : { why: 'no_permission', detail: forbidden };
}

function start(keeper: Keeper, socket: string): PmcChild {
  const { ticker, opts } = keeper;
  keeper.socket = socket;
  keeper.silences = 0;
  keeper.started += 1;
  keeper.notBefore_ms = ticker.now_ms() + keeper.pauseMs;
  keeper.pauseMs = Math.min(keeper.pauseMs * 2, longestPauseMs);
  keeper.onStart();
  const { domain, transportSpecific, clientSocket } = opts;
  const args = ['-u', '-b', '0', '-d', String(domain), '-t', transportSpecific.toString(16)];
  const begun = startPmc(keeper, opts.pmc, [...args, '-s', socket, '-i', clientSocket], keeper.onReply);
  void begun.ended.then((end) => {
    if (keeper.child !== begun) return;
    keeper.child = undefined;
    keeper.failure = failureOf(opts.pmc, end);
    if (keeper.failure.why === 'not_installed') keeper.notBefore_ms = ticker.now_ms() + longestPauseMs;
  });
  return begun;
}

async function endChild(keeper: Keeper, how: 'kindly' | 'at once'): Promise<void> {
  const ending = keeper.child;
  keeper.child = undefined;
  await ending?.end(how);
}

async function ready(keeper: Keeper): Promise<PmcChild | ProbeFailure> {
  // A pmc outlives the restart of its ptp4l, so it is kept while the socket is away.
  if (keeper.child !== undefined && keeper.files.state(keeper.socket) === 'usable') return keeper.child;
  const chosen = chooseSocket(keeper);
  if (typeof chosen !== 'string') return chosen;
  if (keeper.child !== undefined) await endChild(keeper, 'at once');
  if (keeper.stopped || keeper.ticker.now_ms() < keeper.notBefore_ms) return keeper.failure;
  keeper.child = start(keeper, chosen);
  return keeper.child;
}

async function silent(keeper: Keeper): Promise<ProbeFailure> {
  const { socket } = keeper;
  keeper.silences += 1;
  keeper.failure = {
    why: 'no_reply',
    detail: `${socket}: nobody there, or another domain or transportSpecific`,
  };
  if (keeper.silences >= silencesToRespawn && keeper.ticker.now_ms() >= keeper.notBefore_ms) {
    keeper.avoid = socket;
    await endChild(keeper, 'at once');
  }
  return keeper.failure;
}

/** `onStart` is called before each start, since whatever the last pmc learned may be wrong now. */
export function keepPmc(
  deps: KeeperDeps,
  opts: PmcOptions,
  onReply: OnReply,
  onStart: () => void,
): PmcKeeper {
  const keeper: Keeper = {
    ...deps,
    opts,
    onReply,
    onStart,
    socket: '',
    avoid: '',
    silences: 0,
    started: 0,
    pauseMs: shortestPauseMs,
    notBefore_ms: -Infinity,
    failure: { why: 'not_yet' },
    stopped: false,
  };
  return {
    ready: () => ready(keeper),
    answered() {
      keeper.silences = 0;
      keeper.avoid = '';
      keeper.pauseMs = shortestPauseMs;
    },
    silent: () => silent(keeper),
    socket: () => keeper.socket,
    started: () => keeper.started,
    async stop() {
      keeper.stopped = true;
      await endChild(keeper, 'kindly');
      deps.files.remove(opts.clientSocket); // left behind by one that had to be killed
    },
  };
}
