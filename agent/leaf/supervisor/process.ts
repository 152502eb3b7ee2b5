import { rmSync } from 'node:fs';
import { overwrite, readForeign, writeAtomic } from '../../lib/files.ts';
import type { Ticker } from '../../lib/ticker.ts';
import { type StateFile, statePath } from '../statefiles.ts';

/** The server process that runs one of the configs of this unit. */
export interface LeafProcess {
  readonly pid: number;
  /** Name of the hub part that it was started with, where that is known. */
  readonly hub?: string;
  /** What it was started without. */
  readonly without: readonly string[];
  /** It was started with the last good hub settings in place of those asked for. */
  readonly onFallback: boolean;
}

/** The server process of a run directory, and the state files by which the supervisor steers its next start. */
export interface LeafControl {
  /** The server as it runs now; undefined when there is none, or when it is not ours. */
  process(): LeafProcess | undefined;
  /** Has it read its config and certificates again; false when it does not run. */
  reload(): boolean;
  /** Ends it, so that whoever started it starts it again: by TERM, and by KILL when that is not heeded in 10 s. */
  end(): boolean;
  /** The text of a state file, without its line feed. */
  read(file: SupervisorFile): string | undefined;
  /** Replaces a state file; undefined removes it. Failures are left to the next try. */
  write(file: SupervisorFile, text: string | undefined): void;
  /** Writes the name of the hub part that has joined to where it outlives a reboot, if it is another than the last. */
  keepJoined(hub: string): void;
}

type SupervisorFile = 'joined' | 'fallback' | 'without';

const patienceMs = 10_000;

const trimmed = (path: string, longest?: number): string | undefined =>
  readForeign(path, undefined, longest)?.toString().trim();
/** Of a command line: more than the server is started with. */
const longestLine = 4096;

/** By leaf.pid, as long as that process was started with a config of this directory: an old pid may be anybody's. */
function findProcess(runDir: string): LeafProcess | undefined {
  const pid = Number(trimmed(statePath(runDir, 'pid')));
  if (!Number.isSafeInteger(pid) || pid < 2) return undefined;
  const words = trimmed(`/proc/${pid}/cmdline`, longestLine)?.split('\0') ?? [];
  const runs = (...files: readonly StateFile[]): boolean =>
    files.some((file) => words.includes(statePath(runDir, file)));
  const onFallback = runs('fallbackConf', 'reducedFallbackConf');
  if (!onFallback && !runs('conf', 'reducedConf')) return undefined;
  const [starter, hub, ...without] = trimmed(statePath(runDir, 'running'))?.split(' ') ?? [];
  const isKnown = Number(starter) === pid && hub !== undefined;
  return { pid, onFallback, without: isKnown ? without : [], ...(isKnown ? { hub } : {}) };
}

function send(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false; // it is gone, or another user's
  }
}

function replace(path: string, text: string | undefined): void {
  try {
    if (text === undefined) rmSync(path, { force: true });
    else writeAtomic(path, `${text}\n`, { mode: 0o640 });
  } catch {
    // a full RAM disk: what would have been written is found out again
  }
}

function keepJoined(keepDir: string | undefined, hub: string): void {
  if (keepDir === undefined) return;
  const path = statePath(keepDir, 'joinedHub');
  if (trimmed(path) === hub) return; // flash wears
  try {
    overwrite(path, `${hub}\n`);
  } catch {
    // render has not made it, or flash takes nothing: render says so
  }
}

/** `runDir` is an absolute path, as the server was started with it; files in `keepDir` outlive a reboot. */
export function leafControl(ticker: Ticker, runDir: string, keepDir?: string): LeafControl {
  const find = (): LeafProcess | undefined => findProcess(runDir);
  return {
    process: find,
    reload() {
      const pid = find()?.pid;
      return pid !== undefined && send(pid, 'SIGHUP');
    },
    end() {
      const pid = find()?.pid;
      if (pid === undefined || !send(pid, 'SIGTERM')) return false;
      ticker.after(patienceMs, () => find()?.pid === pid && send(pid, 'SIGKILL'));
      return true;
    },
    read: (file) => trimmed(statePath(runDir, file)),
    write: (file, text) => replace(statePath(runDir, file), text),
    keepJoined: (hub) => keepJoined(keepDir, hub),
  };
}
