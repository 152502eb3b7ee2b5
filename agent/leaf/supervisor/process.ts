import { rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { readOrUndefined, writeAtomic } from '../../lib/files.ts';
import type { Ticker } from '../../lib/ticker.ts';

/** The server process that runs one of the configs of this unit. */
export interface LeafProcess {
  readonly pid: number;
  /** Name of the hub part that it was started with, where that is known. */
  readonly hub?: string;
  /** It was started with the last good hub settings in place of those asked for. */
  readonly fallback: boolean;
}

export interface LeafRunner {
  /** The server as it runs now; undefined when there is none, or when it is not ours. */
  process(): LeafProcess | undefined;
  /** Has it read its config and certificates again. */
  reload(): boolean;
  /** Ends it, so that whoever started it starts it again: by TERM, and by KILL when that is not heeded in 10 s. */
  end(): boolean;
  /** A file of the state directory, without its line feed. */
  recall(name: 'joined' | 'fallback'): string | undefined;
  /** Writes such a file at once or not at all; undefined takes it away. Failures are left to the next try. */
  keep(name: 'joined' | 'fallback', text: string | undefined): void;
}

const patienceMs = 10_000;

const read = (path: string): string | undefined => readOrUndefined(path)?.trim();

/** `conf` is leaf.conf; the server's own files are in `stateDir`. */
export function leafRunner(ticker: Ticker, conf: string, stateDir: string): LeafRunner {
  const fallbackConf = join(dirname(conf), 'leaf.fallback.conf');
  const at = (name: string): string => join(stateDir, name);

  function find(): LeafProcess | undefined {
    const pid = Number(read(at('leaf.pid')));
    if (!Number.isSafeInteger(pid) || pid < 2) return undefined;
    const words = read(`/proc/${pid}/cmdline`)?.split('\0') ?? []; // a pid of old may be anybody's by now
    const fallback = words.includes(fallbackConf);
    if (!fallback && !words.includes(conf)) return undefined;
    const [starter, hub] = read(at('running'))?.split(' ') ?? [];
    return { pid, fallback, ...(Number(starter) === pid && hub !== undefined ? { hub } : {}) };
  }
  const send = (pid: number, signal: NodeJS.Signals): boolean => {
    try {
      return process.kill(pid, signal);
    } catch {
      return false; // it is gone, or another user's
    }
  };

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
    recall: (name) => read(at(name)),
    keep(name, text) {
      try {
        if (text === undefined) return rmSync(at(name), { force: true });
        writeAtomic(at(name), `${text}\n`, { mode: 0o640 });
      } catch {
        // a full RAM disk: what would have been kept is found out again
      }
    },
  };
}
