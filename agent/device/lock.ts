import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { closeSync, ftruncateSync, openSync, writeSync } from 'node:fs';
import { runChild, type Spawn, spawnSafely } from '../lib/child.ts';
import { readOrUndefined } from '../lib/files.ts';

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

/** The same without waiting. */
export async function tryLock(spawnWith: (file: number) => Spawn, path: string): Promise<Lock | HeldLock> {
  const { lock, code, heldBy } = await flock(spawnWith, path, ['-n', '-x'], tryLimit_ms);
  if (code !== 1) return lock;
  lock.release();
  return { heldBy };
}

/** A busy machine may take seconds to start a program. */
const tryLimit_ms = 20_000;

async function flock(
  spawnWith: (file: number) => Spawn,
  path: string,
  flags: readonly string[],
  limitMs: number,
) {
  const file = openSync(path, 'a', 0o600);
  const { code, failed, stderr } = await runChild(spawnWith(file), 'flock', [...flags, '3'], limitMs);
  const release = (): void => closeSync(file);
  if (code === 0) {
    ftruncateSync(file);
    writeSync(file, `${process.pid}\n`);
    return { lock: { release }, code };
  }
  const why = failed === 'ENOENT' ? "there is no program 'flock'" : (failed ?? stderr.trim());
  const lacking = `${path} cannot be locked (${why}): two runs at once are not kept apart`;
  return { lock: { release, lacking }, code, failed, heldBy: readOrUndefined(path)?.trim() };
}

/** Starts the programs of this machine; a child has the open file as number 3. */
export const spawnWith = (file: number): Spawn =>
  spawnSafely(
    (command, args) =>
      spawn(command, [...args], {
        stdio: ['pipe', 'pipe', 'pipe', file],
      }) as unknown as ChildProcessWithoutNullStreams,
  );
