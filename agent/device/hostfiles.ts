import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { namesIn, readOrUndefined } from '../lib/files.ts';

/** The files in which the kernel and the system describe the device. One that cannot be read is empty. */
export interface HostFiles {
  /** A file that is answered from memory, read at once: nine times cheaper than a promise. */
  text(path: string): string;
  /** A file that may wait for a bus, a firmware or a lock: it must not hold up the echo. */
  slowText(path: string): Promise<string>;
  /** Names in a folder, sorted; none when it does not exist. */
  names(path: string): string[];
  /** The path as the system knows it. */
  at(path: string): string;
}

/** Files under `root`, which is '/' but in tests. */
export function hostFiles(root: string): HostFiles {
  const at = (path: string): string => join(root, path);
  return {
    at,
    text: (path) => readOrUndefined(at(path)) ?? '',
    slowText: (path) => readFile(at(path), 'utf8').catch(() => ''),
    names: (path) => namesIn(at(path)),
  };
}
