import { constants, fstatSync, readlinkSync, realpathSync, statSync } from 'node:fs';
import { codeOf } from '../../lib/errors.ts';
import { readForeign } from '../../lib/files.ts';
import type { Config } from '../options.ts';
import type { UnplacedProblem } from '../problem.ts';
import type { Rights } from './access.ts';
import { usersOf } from './accounts.ts';
import { type FileState, filesOf, isUsed, unreadable } from './filecheck.ts';

/** Looks at a path of this machine, following links. */
export function stat(path: string): FileState {
  try {
    const stats = statSync(path);
    const { mode, uid, gid } = stats;
    const kind = stats.isFile() ? 'file' : stats.isDirectory() ? 'folder' : 'other';
    return kind === 'other' ? { kind } : { kind, mode, uid, gid, real: realpathSync(path) };
  } catch (error) {
    const code = codeOf(error);
    return { kind: code === 'ENOENT' || code === 'ENOTDIR' ? 'missing' : 'unknown' };
  }
}

/** More than any bundle of certificates. */
const largest_bytes = 2 ** 20;

/**
 * What a file holds that an option names; undefined when it cannot be read, or is no file of that kind. `isFit` is asked of
 * where the open file lies, and of its rights: a link may lead elsewhere in the next moment.
 */
export function readBytes(
  path: string,
  isFit?: (real: string, rights: Rights) => boolean,
): Uint8Array | undefined {
  const fits = (fd: number): boolean => isFit?.(readlinkSync(`/proc/self/fd/${fd}`), fstatSync(fd)) ?? true;
  if (stat(path).kind !== 'file') return undefined; // to open a device may already do something
  const found = readForeign(path, fits, largest_bytes + 1, constants.O_RDONLY | constants.O_NONBLOCK);
  return found && found.length <= largest_bytes ? found : undefined;
}

/** Files that the daemons need and may not read, and what is none; `nats-server -t` would read a device without end. */
export const unreadableFiles = (config: Config): UnplacedProblem[] => [
  ...unreadable(config, stat, usersOf()),
  ...filesOf(config)
    .filter(({ option, path }) => isUsed(option, config) && stat(path).kind === 'other')
    .map(({ option }) => ({ option, message: 'is not a file', severity: 'error' as const })),
];
