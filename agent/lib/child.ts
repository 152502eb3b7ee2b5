import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { PassThrough } from 'node:stream';
import { reasonOf } from './errors.ts';

/** Starts a program with pipes on stdin, stdout and stderr; like child_process.spawn. */
export type Spawn = (command: string, args: readonly string[]) => ChildProcessWithoutNullStreams;

/**
 * The same, but whatever goes wrong at the start is an `error` of the child: node throws what it does not expect, such
 * as ENOEXEC of a program for another CPU, and leaves the pipes out when there are no files left (EMFILE).
 */
export const spawnSafely =
  (spawn: Spawn): Spawn =>
  (command, args) => {
    const pipes = { stdin: new PassThrough(), stdout: new PassThrough(), stderr: new PassThrough() };
    const failedChild = Object.assign(new EventEmitter(), { ...pipes, kill: () => false });
    const report = (error: unknown): void => void failedChild.emit('error', error);
    try {
      const child = spawn(command, args);
      if (child.stdin as unknown) return child;
      child.on('error', report); // a child of Bun takes no pipes of ours
    } catch (error) {
      process.nextTick(report, error);
    }
    return failedChild as unknown as ChildProcessWithoutNullStreams;
  };

export interface Finished {
  /** undefined when it was killed or could not start. */
  readonly code: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
  /** Set when it did not run to its end by itself: 'timeout', or the errno of the start (ENOENT, EACCES ...). */
  readonly failed?: string;
}

const outputLimit = 256 * 1024;

/** Runs a program to its end, at most `timeoutMs`, keeping at most 256 KiB of each output. Never rejects. */
export function runChild(
  spawn: Spawn,
  command: string,
  args: readonly string[],
  timeoutMs: number,
): Promise<Finished> {
  return new Promise((resolve) => {
    let stdout = '';
    let stderr = '';
    let failed: string | undefined;
    const done = (code: number | null): void => {
      clearTimeout(timer);
      resolve({ code: code ?? undefined, stdout, stderr, ...(failed === undefined ? {} : { failed }) });
    };
    const child = spawn(command, args);
    const timer = setTimeout(() => {
      failed = 'timeout';
      child.kill('SIGKILL');
      for (const pipe of [child.stdout, child.stderr]) pipe.destroy(); // a child of its own may hold them
      done(null);
    }, timeoutMs);
    timer.unref();
    child.on('error', (error) => {
      failed = reasonOf(error);
      done(null);
    });
    child.on('close', done);
    child.stdin.on('error', () => {}); // it may be gone before we close its input
    child.stdin.end();
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      if (stdout.length < outputLimit) stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      if (stderr.length < outputLimit) stderr += text;
    });
  });
}
