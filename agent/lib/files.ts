import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { codeOf } from './errors.ts';

/** The text of a file; undefined when there is none. Throws when there is one that cannot be read. */
export function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** The text of a file; undefined when it cannot be read, for whatever reason. */
export function readOrUndefined(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

/** Of a file of ours that somebody else may have replaced; for `openSync`: waits for no pipe, follows no link. */
export const foreign = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW;

/**
 * The first bytes of a file that somebody else may have put there; undefined of what is no file, such as a pipe. `isFit` is
 * asked of what is open: nobody can put another in its place after that.
 */
export function readForeign(
  path: string,
  isFit: (fd: number) => boolean = () => true,
  longest = 64 * 1024,
  flags = foreign,
): Buffer | undefined {
  let fd: number | undefined;
  try {
    fd = openSync(path, flags);
    const stats = fstatSync(fd);
    if (!stats.isFile() || !isFit(fd)) return undefined;
    const buffer = Buffer.alloc(stats.size > 0 ? Math.min(longest, stats.size) : longest); // of /proc the size is 0
    return buffer.subarray(0, readSync(fd, buffer, 0, buffer.length, 0));
  } catch {
    return undefined;
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

/** The names in a folder, sorted; none when it cannot be listed, for whatever reason. */
export function namesIn(path: string): string[] {
  try {
    return readdirSync(path).sort();
  } catch {
    return [];
  }
}

export interface WriteOptions {
  /** Default 0600, whatever the umask. */
  readonly mode?: number;
  /**
   * The file survives a power cut once this returns, and so does its folder, which is made if need be: for flash, where it
   * costs an erase cycle. Default false.
   */
  readonly durable?: boolean;
}

/**
 * Replaces a file at once or not at all: a reader sees the old text or the new one, never half of it. Throws when it
 * cannot be written; the old file is left as it was.
 */
export function writeAtomic(path: string, text: string, options: WriteOptions = {}): void {
  const draft = `${path}.new`;
  if (options.durable === true) makeFolder(dirname(path));
  rmSync(draft, { force: true }); // one of a broken run may have other rights
  try {
    writeDraft(draft, text, options);
    renameSync(draft, path);
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  }
  if (options.durable === true) syncDirectory(dirname(path));
}

function writeDraft(draft: string, text: string, { mode = 0o600, durable }: WriteOptions): void {
  const file = openSync(draft, 'wx', 0o600);
  try {
    writeFileSync(file, text);
    fchmodSync(file, mode);
    if (durable === true) fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** Makes a folder with those above it, so that a power cut leaves them there; `mode` is as open as they may be. */
export function makeFolder(path: string, mode = 0o777): void {
  const first = mkdirSync(path, { recursive: true, mode });
  if (first === undefined) return;
  for (let above = dirname(path); above.length >= dirname(first).length; above = dirname(above)) {
    syncDirectory(above);
    if (above === dirname(above)) return;
  }
}

/**
 * Writes a text over what is in a file, so that it survives a power cut: for a file in a folder that this user may not
 * write to. No link is followed. Throws when it cannot be written; a text may be cut off then.
 */
export function overwrite(path: string, text: string): void {
  const file = openSync(path, constants.O_WRONLY | constants.O_NOFOLLOW);
  try {
    ftruncateSync(file, writeSync(file, text, 0));
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** Removes a file, if it is there, so that no power cut brings it back. */
export function removeDurably(path: string): void {
  rmSync(path, { force: true });
  syncDirectory(dirname(path));
}

/** Without this a power cut may bring the old file back. Not every file system can do it. */
function syncDirectory(dir: string): void {
  try {
    const handle = openSync(dir, 'r');
    try {
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
  } catch {
    // the file itself is synced
  }
}
