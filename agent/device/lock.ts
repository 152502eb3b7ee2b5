import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { closeSync, constants, ftruncateSync, openSync, writeSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { runChild, type Spawn, spawnSafely } from '../lib/child.ts';
import { codeOf } from '../lib/errors.ts';
import { foreign, readForeign } from '../lib/files.ts';

/** What is held until `release`, or until the process ends, however that comes. */
export interface Lock {
  /** Why there is none, where this machine cannot lock. */
  readonly lacking?: string;
  release(): void;
}

/**
 * Locks a file that is made for it, and stays. Waits for another process that holds it, and throws after `limitMs`.
 * node has no flock(2), so the program of that name does it, on a file that it shares with us: the kernel ends such a lock
 * when the last process has closed the file, so one that was killed holds nothing up. `spawnWith` gives a spawn whose
 * child has the file as number 3.
 */
export async function lockFile(
  spawnWith: (file: number) => Spawn,
  path: string,
  limitMs: number,
): Promise<Lock> {
  const { lock, failed, heldBy } = await flock(spawnWith, path, ['-x'], limitMs);
  if (failed !== 'timeout') return lock;
  lock.release();
  throw new Error(
    `process ${heldBy} has held ${path} for ${limitMs / 1000} s: is it stopped, or does it hang?`,
  );
}

/** Another process holds the lock; its number, as far as it has written it. */
export interface HeldLock {
  readonly heldBy: string | undefined;
}

/** Whether somebody else has it. */
export const isHeld = (lock: Lock | HeldLock): lock is HeldLock => 'heldBy' in lock;

/** The same without waiting for another process to end, but for those that only look at the lock. */
export async function tryLock(spawnWith: (file: number) => Spawn, path: string): Promise<Lock | HeldLock> {
  for (let left = looks; ; left -= 1) {
    const { lock, code, heldBy } = await flock(spawnWith, path, ['-n', '-x'], tryLimit_ms);
    if (code !== 1) return lock;
    lock.release();
    if (left === 0) return { heldBy };
    await pause(look_ms);
  }
}

/** Who has the lock; undefined where nobody has. Writes nothing: who looks may be root, and the folder another user's. */
export async function lockHolder(
  spawnWith: (file: number) => Spawn,
  path: string,
): Promise<HeldLock | { readonly lacking: string } | undefined> {
  let file: number;
  try {
    file = openSync(path, foreign);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined; // nobody ever had
    throw error;
  }
  try {
    const tried = await runFlock(spawnWith(file), path, ['-n', '-s'], tryLimit_ms);
    if (tried.code === 0) return undefined;
    return tried.code === 1 ? { heldBy: tried.heldBy } : { lacking: tried.lacking };
  } finally {
    closeSync(file);
  }
}

/** A busy machine may take seconds to start a program. */
const tryLimit_ms = 20_000;
/** Who looks at a lock has it for moments. */
const looks = 10;
const look_ms = 100;

async function runFlock(spawn: Spawn, path: string, flags: readonly string[], limitMs: number) {
  const { code, failed, stderr } = await runChild(spawn, 'flock', [...flags, '3'], limitMs);
  const why = failed === 'ENOENT' ? "there is no program 'flock'" : (failed ?? stderr.trim());
  const lacking = `${path} cannot be locked (${why}): two runs at once are not kept apart`;
  return { code, failed, lacking, heldBy: readForeign(path)?.toString().trim() };
}

async function flock(
  spawnWith: (file: number) => Spawn,
  path: string,
  flags: readonly string[],
  limitMs: number,
) {
  const { O_APPEND, O_CREAT, O_NOFOLLOW, O_WRONLY } = constants;
  const file = openSync(path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW, 0o600);
  const tried = await runFlock(spawnWith(file), path, flags, limitMs);
  const release = (): void => closeSync(file);
  if (tried.code !== 0) return { ...tried, lock: { release, lacking: tried.lacking } };
  ftruncateSync(file);
  writeSync(file, `${process.pid}\n`);
  return { ...tried, lock: { release } };
}

/** Starts the programs of this machine; a child has the open file as number 3. */
export const spawnWith = (file: number): Spawn =>
  spawnSafely(
    (command, args) =>
      spawn(command, [...args], {
        stdio: ['pipe', 'pipe', 'pipe', file],
      }) as unknown as ChildProcessWithoutNullStreams,
  );
