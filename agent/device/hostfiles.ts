import { readFileSync, type StatsFs, statfsSync, statSync } from 'node:fs';
import { readFile, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { namesIn, readOrUndefined } from '../lib/files.ts';

/** The files in which the kernel and the system describe the device. One that cannot be read is empty. */
export interface HostFiles {
  /** A file that is answered from memory, read at once: nine times cheaper than a promise. */
  text(path: string): string;
  /** A file that may wait for a bus, a firmware or a lock: it must not hold up the echo. */
  slowText(path: string): Promise<string>;
  /** The same of one that is asked for again and again: once it was quick it is read at once, until it is not. */
  oftenText(path: string): Promise<string>;
  /** The file system of a path, and the number of its device; read as `oftenText` is. Rejects where there is none. */
  space(path: string): Promise<{ readonly fs: StatsFs; readonly dev: number }>;
  /** Names in a folder, sorted; none when it does not exist. */
  names(path: string): string[];
  /** The path as the system knows it. */
  at(path: string): string;
}

/** Nobody notices that the echo waits for so long. */
const quick_ms = 3;

/** One that was slow so often, done at once, is slow; less may be the fault of other processes. */
const timesToBeSlow = 3;

/**
 * Does things in the thread pool, which takes four wake-ups and more, or at once where that was quick the last time. What
 * is not quick is not done at once again.
 */
export function quickOnes(now_ms: () => number = () => performance.now()) {
  const known = new Map<string, { isQuick: boolean; slow: number }>();
  return async <T>(name: string, atOnce: () => T, inPool: () => Promise<T>): Promise<T> => {
    const one = known.get(name) ?? { isQuick: false, slow: 0 };
    known.set(name, one);
    const begun_ms = now_ms();
    const isAtOnce = one.isQuick && one.slow < timesToBeSlow;
    try {
      return isAtOnce ? atOnce() : await inPool();
    } finally {
      one.isQuick = now_ms() - begun_ms < quick_ms;
      if (isAtOnce && !one.isQuick) one.slow += 1;
    }
  };
}

/** Files under `root`, which is '/' but in tests. */
export function hostFiles(root: string): HostFiles {
  const at = (path: string): string => join(root, path);
  const quickly = quickOnes();
  return {
    at,
    text: (path) => readOrUndefined(at(path)) ?? '',
    slowText: (path) => readFile(at(path), 'utf8').catch(() => ''),
    oftenText: (path) =>
      quickly(
        `text ${path}`,
        () => readFileSync(at(path), 'utf8'),
        () => readFile(at(path), 'utf8'),
      ).catch(() => ''),
    space: (path) =>
      quickly(
        `space ${path}`,
        () => ({ fs: statfsSync(at(path)), dev: statSync(at(path)).dev }),
        async () => ({ fs: await statfs(at(path)), dev: (await stat(at(path))).dev }),
      ),
    names: (path) => namesIn(at(path)),
  };
}
