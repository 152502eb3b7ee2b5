import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { PassThrough } from 'node:stream';
import type { Spawn } from '../../../agent/lib/child.ts';

/** What a fake pmc says to a command: text for stdout, `{ stderr }`, or undefined for silence. */
export type PmcScript = (command: string) => string | { readonly stderr: string } | undefined;

/** A pmc without a process, for tests that want to say what it answers. */
export interface FakePmc {
  readonly spawn: Spawn;
  /** The command lines of those started so far. */
  readonly starts: (readonly string[])[];
  readonly commands: string[];
  /** Prints something unasked. */
  push(text: string): void;
  /** Lets the one that runs die. */
  die(stderr?: string): void;
}

/** `startError` makes each start fail with that errno. */
export function fakePmc(script: PmcScript, startError?: string): FakePmc {
  const starts: (readonly string[])[] = [];
  const commands: string[] = [];
  let stdout = new PassThrough();
  let die: FakePmc['die'] = () => {};
  const spawn: Spawn = (_program, args) => {
    starts.push(args);
    const stdin = new PassThrough();
    const stderr = new PassThrough();
    const mine = new PassThrough();
    stdout = mine;
    const child = Object.assign(new EventEmitter(), { stdin, stdout: mine, stderr, kill: () => close() });
    let closed = false;
    const close = (): boolean => {
      if (!closed) setImmediate(() => child.emit('close', 0));
      closed = true;
      return true;
    };
    die = (text = '') => {
      stderr.write(text);
      setImmediate(close);
    };
    if (startError !== undefined) {
      setImmediate(() => child.emit('error', Object.assign(new Error(startError), { code: startError })));
    }
    stdin.setEncoding('utf8').on('end', close);
    stdin.on('data', (line: string) => {
      commands.push(line.trim());
      const said = script(line.trim());
      if (typeof said === 'string') mine.write(said);
      else if (said !== undefined) stderr.write(said.stderr);
    });
    return child as unknown as ChildProcessWithoutNullStreams;
  };
  return { spawn, starts, commands, push: (text) => stdout.write(text), die: (text) => die(text) };
}
