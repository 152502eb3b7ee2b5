import { type ChildProcess, fork, type SpawnOptions, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Spawn } from '../../../agent/lib/child.ts';
import { type Cleanup, undoLater } from './cleanup.ts';

/** A process that can be waited for. */
interface Tracked {
  /** Of the process that is signalled. */
  readonly pid: number;
  /** Resolves with its exit code when it is gone; null where a signal ended it or it could not be started. */
  readonly exited: Promise<number | null>;
  /** Signals it; nothing where it has ended. */
  kill(signal: NodeJS.Signals): void;
  /** Signals it and waits until it is gone. */
  end(signal?: NodeJS.Signals): Promise<void>;
  /** Asks it to end, so that a program of ours writes its coverage, and waits; rejects where it had to be killed. */
  endGently(): Promise<void>;
}

/** A program that runs until it is ended, with all it printed. */
export interface Daemon extends Tracked {
  output(): string;
}

/** Gives the process that is signalled, by that which was started; undefined where it is the same. */
type Target = (pid: number) => number | undefined;

/** The first child of a process: what `unshare --fork` stands before, which passes no signals on. */
export function childOf(pid: number): number | undefined {
  const [child = ''] = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ');
  return child === '' ? undefined : Number(child);
}

/** The time that a program has to end by itself, in ms. */
const graceMs = 20_000;

function track(child: ChildProcess, target: Target = () => undefined): Tracked {
  let isGone = false;
  const exited = new Promise<number | null>((resolve) => {
    const gone = (code: number | null): void => {
      isGone = true;
      resolve(code);
    };
    child.once('exit', gone);
    child.on('error', () => child.pid === undefined && gone(null));
  });
  const pid = (): number => (child.pid === undefined || isGone ? -1 : (target(child.pid) ?? child.pid));
  const kill = (signal: NodeJS.Signals): void => {
    if (isGone || child.pid === undefined) return;
    try {
      process.kill(pid(), signal);
    } catch {
      // it has ended, and its exit is yet to be heard of
    }
  };
  return {
    get pid() {
      return pid();
    },
    exited,
    kill,
    async end(signal = 'SIGKILL') {
      kill(signal);
      await exited;
    },
    async endGently() {
      let isLate = false;
      kill('SIGTERM');
      kill('SIGCONT'); // where it was stopped
      const late = setTimeout(() => {
        isLate = true;
        kill('SIGKILL');
      }, graceMs);
      await exited;
      clearTimeout(late);
      if (isLate) throw new Error(`killed ${graceMs / 1000} s after SIGTERM: ${child.spawnargs.join(' ')}`);
    },
  };
}

/** How a process is ended at the end of its owner, besides what `Target` says. */
interface OwnedOptions {
  readonly target?: Target;
  /** `SIGKILL` for what hears no SIGTERM. */
  readonly endBy?: 'SIGTERM' | 'SIGKILL';
}

/** Gives a process to an owner, whose end waits for its exit. Where this process exits before, it is killed. */
export function owned(
  owner: Cleanup,
  child: ChildProcess,
  { target, endBy = 'SIGTERM' }: OwnedOptions = {},
): Tracked {
  const tracked = track(child, target);
  const end = (): Promise<void> => (endBy === 'SIGTERM' ? tracked.endGently() : tracked.end(endBy));
  undoLater(owner, end, () => tracked.kill('SIGKILL'));
  return tracked;
}

/** Starts a program that is ended at the latest when its owner ends. */
export function daemon(
  owner: Cleanup,
  command: string,
  args: readonly string[],
  opts: OwnedOptions & Pick<SpawnOptions, 'env' | 'cwd' | 'detached'> = {},
): Daemon {
  const { env, cwd, detached } = opts;
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], env, cwd, detached });
  let output = '';
  const keep = (text: unknown): void => {
    output = (output + String(text)).slice(-100_000);
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  child.on('error', keep);
  return Object.assign(owned(owner, child, opts), { output: () => output });
}

/** A program of ours that answers each message with one. */
export interface Answering extends Tracked {
  /** Rejects where it ends instead. */
  ask(question: string): Promise<unknown>;
}

/** Starts such a program from its source, as this one was. */
export function answering(owner: Cleanup, file: string, args: readonly string[]): Answering {
  const child = fork(file, args);
  const tracked = owned(owner, child);
  const ask = (question: string): Promise<unknown> =>
    new Promise((resolve, reject) => {
      child.once('message', resolve);
      void tracked.exited.then((code) => reject(new Error(`${file} has ended with ${code}`)));
      child.send(question, () => {}); // that it has ended is heard of by itself
    });
  return Object.assign(tracked, { ask });
}

/** How an agent that runs within a test starts its programs, which it ends by itself. */
export const agentSpawn: Spawn = (command, args) => spawn(command, [...args]);

/** Runs a program to its end, and gives its exit code and what it printed. */
export async function runToEnd(
  command: string,
  args: readonly string[],
  { input = '', ...opts }: Pick<SpawnOptions, 'env' | 'cwd'> & { readonly input?: string } = {},
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = spawn(command, args, { ...opts, stdio: 'pipe' });
  child.stdin.on('error', () => {}); // it need not read
  child.stdin.end(input);
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  return { code, stdout, stderr };
}

/** A new directory that is removed when its owner ends, also where what "was killed" still writes its last file there. */
export function tempDir(owner: Cleanup, name: string): string {
  const dir = mkdtempSync(join(tmpdir(), `nunect-${name}-`));
  const options = { recursive: true, force: true, maxRetries: 5, retryDelay: 20 };
  // rmSync tries the folder again, and not what has come into it meanwhile
  undoLater(
    owner,
    () => rm(dir, options),
    () => rmSync(dir, options),
  );
  return dir;
}

/**
 * Waits until `probe` gives something other than undefined or false; fails with `what` after `timeoutMs`. That is for
 * what does not come at all: a busy machine may take its time, and how long something may take is asserted by itself.
 */
export async function eventually<T>(
  what: string,
  probe: () => T | undefined | false | Promise<T | undefined | false>,
  timeoutMs = 60_000,
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
