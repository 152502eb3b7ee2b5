import { accessSync, constants, rmSync } from 'node:fs';
import type { Spawn } from '../../lib/child.ts';
import type { Ticker } from '../../lib/ticker.ts';
import type { Trouble } from '../../lib/watch.ts';
import { type PmcChild, type PmcEnd, startPmc } from './child.ts';
import type { PmcReply } from './pmc.ts';

/** What can be done with a socket file. */
export type SocketState = 'usable' | 'forbidden' | 'missing';

/** The socket files, as this probe needs them. */
export interface SocketFiles {
  state(path: string): SocketState;
  remove(path: string): void;
}

/** The file system's own word on sockets, for the user that we are. */
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
  ready(): Promise<PmcChild | Trouble>;
  /** It answered: all is well. */
  answered(): void;
  /** It did not. When that happens too often, pmc itself is suspected and ended. Gives what that means. */
  silent(): Promise<Trouble>;
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

function troubleOf(program: string, { errno, said }: PmcEnd): Trouble {
  if (errno === 'ENOENT') return { why: 'not_installed', detail: program };
  const detail = said || `${program} ended${errno === undefined ? '' : `: ${errno}`}`;
  const denied = errno === 'EACCES' || /permission denied/i.test(said);
  return { why: denied ? 'no_permission' : 'no_reply', detail };
}

/** `onStart` is called before each start, since whatever the last pmc learned may be wrong now. */
export function keepPmc(
  deps: { readonly spawn: Spawn; readonly ticker: Ticker; readonly files: SocketFiles },
  opts: PmcOptions,
  onReply: (reply: PmcReply, asked: boolean) => void,
  onStart: () => void,
): PmcKeeper {
  const { ticker, files } = deps;
  let child: PmcChild | undefined;
  let socket = '';
  let avoid = ''; // the socket that was silent: another one comes first
  let silences = 0;
  let started = 0;
  let pauseMs = shortestPauseMs;
  let notBefore_ms = Number.NEGATIVE_INFINITY;
  let trouble: Trouble = { why: 'not_yet' };
  let stopped = false;

  function choose(): string | Trouble {
    const usable = opts.sockets.filter((path) => files.state(path) === 'usable');
    const best = usable.find((path) => path !== avoid) ?? usable[0];
    if (best !== undefined) return best;
    const forbidden = opts.sockets.find((path) => files.state(path) === 'forbidden');
    return forbidden === undefined
      ? { why: 'no_socket', detail: opts.sockets.join(' ') }
      : { why: 'no_permission', detail: forbidden };
  }

  function start(path: string): PmcChild {
    socket = path;
    silences = 0;
    started += 1;
    notBefore_ms = ticker.now_ms() + pauseMs;
    pauseMs = Math.min(pauseMs * 2, longestPauseMs);
    onStart();
    const { domain, transportSpecific, clientSocket } = opts;
    const args = ['-u', '-b', '0', '-d', String(domain), '-t', transportSpecific.toString(16)];
    const begun = startPmc(deps, opts.pmc, [...args, '-s', path, '-i', clientSocket], onReply);
    void begun.ended.then((end) => {
      if (child !== begun) return;
      child = undefined;
      trouble = troubleOf(opts.pmc, end);
      if (trouble.why === 'not_installed') notBefore_ms = ticker.now_ms() + longestPauseMs;
    });
    return begun;
  }

  async function end(how: 'kindly' | 'at once'): Promise<void> {
    const ending = child;
    child = undefined;
    await ending?.end(how);
  }

  return {
    async ready() {
      // A pmc outlives the restart of its ptp4l, so it is kept while the socket is away.
      if (child !== undefined && files.state(socket) === 'usable') return child;
      const chosen = choose();
      if (typeof chosen !== 'string') return chosen;
      if (child !== undefined) await end('at once');
      if (stopped || ticker.now_ms() < notBefore_ms) return trouble;
      child = start(chosen);
      return child;
    },
    answered() {
      silences = 0;
      avoid = '';
      pauseMs = shortestPauseMs;
    },
    async silent() {
      silences += 1;
      trouble = {
        why: 'no_reply',
        detail: `${socket}: nobody there, or another domain or transportSpecific`,
      };
      if (silences >= silencesToRespawn && ticker.now_ms() >= notBefore_ms) {
        avoid = socket;
        await end('at once');
      }
      return trouble;
    },
    socket: () => socket,
    started: () => started,
    async stop() {
      stopped = true;
      await end('kindly');
      files.remove(opts.clientSocket); // left behind by one that had to be killed
    },
  };
}
