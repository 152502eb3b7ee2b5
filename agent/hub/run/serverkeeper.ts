// The nats-server of a hub: started, started again when it ends, and ended in order.
import type { Spawn } from '../../lib/child.ts';
import { reasonOf } from '../../lib/errors.ts';
import { formatNs } from '../../lib/format.ts';
import type { Log } from '../../lib/log.ts';
import type { Ticker } from '../../lib/ticker.ts';
import type { ServerTalk } from './servertalk.ts';

/** An end of the server that nobody asked for. */
export interface ServerEnd {
  readonly why: string;
  readonly ran_ms: number;
}

interface ServerKeeperDeps {
  readonly ticker: Ticker;
  readonly spawn: Spawn;
  readonly log: Log;
  readonly talk: Pick<ServerTalk, 'begin' | 'listen' | 'last'>;
  started(): void;
  /** Says whether it is to be started again. */
  ended(end: ServerEnd, pause_ms: number): boolean;
}

/** A nats-server that is kept running. */
export interface ServerKeeper {
  /** Of the process that runs now. */
  pid(): number | undefined;
  /** How often it was started. */
  starts(): number;
  /** Ends it, by TERM, and by KILL when that is not heeded in 30 s; resolves once it is gone. */
  stop(): Promise<void>;
}

const pauses_ms = { first: 1000, longest: 30_000 } as const;
/** A server that ran so long was a good one: the pauses begin anew. */
const settled_ms = 60_000;
/** JetStream writes what it has in memory, and closes its files. */
const patience_ms = 30_000;

/** How long to wait before start number `failures` + 1 of a row of quick ends. */
export const pauseAfter_ms = (failures: number): number =>
  Math.min(pauses_ms.longest, pauses_ms.first * 2 ** Math.max(0, failures - 1));

/** How a process ended, in words. */
function endWords(code: number | null, signal: NodeJS.Signals | null, said: readonly string[]): string {
  const how = signal === null ? `ended with code ${code}` : `was killed by ${signal}`;
  return said.length === 0 ? how : `${how}: ${said.join('; ')}`;
}

/** The server over all its runs. */
interface Keeping {
  readonly deps: ServerKeeperDeps;
  readonly command: readonly [string, ...string[]];
  child: ReturnType<Spawn> | undefined;
  starts: number;
  failures: number;
  isStopping: boolean;
  cancelStart: () => void;
  gone: Promise<void>;
}

function start(keeping: Keeping): void {
  const { deps, command } = keeping;
  const [program, ...args] = command;
  const begun_ms = deps.ticker.now_ms();
  deps.talk.begin(); // before the start: it may have ended by the time that we are on the processor again
  const child = deps.spawn(program, args);
  deps.talk.listen([child.stdout, child.stderr]);
  keeping.child = child;
  keeping.starts += 1;
  keeping.gone = new Promise((resolve) => {
    const over = (why: string): void => {
      if (keeping.child !== child) return;
      keeping.child = undefined;
      resolve();
      if (!keeping.isStopping) ended(keeping, { why, ran_ms: deps.ticker.now_ms() - begun_ms });
    };
    child.on('error', (error) => child.pid === undefined && over(`cannot be started (${reasonOf(error)})`));
    child.on('close', (code, signal) => over(endWords(code, signal, deps.talk.last())));
  });
  deps.started();
}

function ended(keeping: Keeping, end: ServerEnd): void {
  const { deps } = keeping;
  keeping.failures = end.ran_ms >= settled_ms ? 1 : keeping.failures + 1;
  const pause_ms = pauseAfter_ms(keeping.failures);
  if (deps.ended(end, pause_ms)) keeping.cancelStart = deps.ticker.after(pause_ms, () => start(keeping));
}

async function stop(keeping: Keeping): Promise<void> {
  keeping.isStopping = true;
  keeping.cancelStart();
  const { child, deps } = keeping;
  if (child === undefined) return;
  child.kill('SIGTERM');
  const cancel = deps.ticker.after(patience_ms, () => {
    deps.log.warn(`has not ended within ${formatNs(patience_ms * 1e6)} and is killed`);
    child.kill('SIGKILL');
  });
  await keeping.gone;
  cancel();
}

/** Starts the server and keeps it running until it is stopped, or `ended` says so. */
export function keepServer(deps: ServerKeeperDeps, command: readonly [string, ...string[]]): ServerKeeper {
  const keeping: Keeping = {
    deps,
    command,
    child: undefined,
    starts: 0,
    failures: 0,
    isStopping: false,
    cancelStart: () => {},
    gone: Promise.resolve(),
  };
  start(keeping);
  return { pid: () => keeping.child?.pid, starts: () => keeping.starts, stop: () => stop(keeping) };
}
