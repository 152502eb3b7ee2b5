import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Cleanup, undoLater } from './cleanup.ts';

/** A program that runs until it is killed, with all it printed. */
export interface Daemon {
  readonly pid: number;
  output(): string;
  kill(signal: NodeJS.Signals): void;
  /** Kills it and waits until it is gone. */
  end(signal?: NodeJS.Signals): Promise<void>;
}

/** Starts a program that is killed at the latest when its owner ends. */
export function daemon(owner: Cleanup, command: string, args: readonly string[]): Daemon {
  const child: ChildProcess = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  const keep = (text: unknown): void => {
    output = (output + String(text)).slice(-100_000);
  };
  child.stdout?.on('data', keep);
  child.stderr?.on('data', keep);
  child.on('error', keep);
  const gone = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
  undoLater(owner, () => child.kill('SIGKILL'));
  return {
    pid: child.pid ?? -1,
    output: () => output,
    kill: (signal) => child.kill(signal),
    async end(signal = 'SIGKILL') {
      child.kill(signal);
      await gone;
    },
  };
}

/** A new directory that is removed when its owner ends. */
export function tempDir(owner: Cleanup, name: string): string {
  const dir = mkdtempSync(join(tmpdir(), `nunect-${name}-`));
  undoLater(owner, () => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

/** Waits until `probe` gives something other than undefined or false; fails with `what` after `timeoutMs`. */
export async function eventually<T>(
  what: string,
  probe: () => T | undefined | false | Promise<T | undefined | false>,
  timeoutMs = 20_000,
  everyMs = 20,
): Promise<T> {
  const until = performance.now() + timeoutMs;
  for (;;) {
    const found = await probe();
    if (found !== undefined && found !== false) return found;
    if (performance.now() > until) throw new Error(`not within ${timeoutMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}
