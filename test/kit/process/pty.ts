import { execFileSync, spawn } from 'node:child_process';
import { readlinkSync } from 'node:fs';
import { stripVTControlCharacters } from 'node:util';
import type { Cleanup } from './cleanup.ts';
import { childOf, owned } from './daemon.ts';
import { need } from './tools.ts';

/** A program at a terminal of its own, which `script` of util-linux gives it. */
export interface AtTerminal {
  /** All that it wrote. */
  output(): string;
  /** The lines that stand on the screen, of a program that begins each screen at its upper left corner. */
  screen(): readonly string[];
  type(keys: string): void;
  resize(columns: number, rows: number): void;
  /** Signals the program itself. */
  kill(signal: NodeJS.Signals): void;
  readonly ended: Promise<number | null>;
}

const upperLeft = '\x1b[H';

/** The last of the processes that were started one by the other, from this one on. */
function lastChild(pid: number): number {
  const child = childOf(pid);
  return child === undefined ? pid : lastChild(child);
}

/** Starts a program at a terminal of 80 columns and 24 rows. */
export function atTerminal(owner: Cleanup, words: readonly string[], env: NodeJS.ProcessEnv): AtTerminal {
  const command = `stty cols 80 rows 24; exec ${words.map((word) => `'${word}'`).join(' ')}`;
  const child = spawn(need('script'), ['-qfec', command, '/dev/null'], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...env, SHELL: '/bin/sh', TERM: 'xterm' },
  });
  const program = owned(owner, child, { target: lastChild });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  child.stdin.on('error', () => {}); // it has ended
  return {
    output: () => output,
    screen() {
      const [last = ''] = output.split(upperLeft).slice(-1);
      return stripVTControlCharacters(last)
        .replace(/\r*\n$/, '')
        .split(/\r*\n/);
    },
    type: (keys) => void child.stdin.write(keys),
    resize(columns, rows) {
      const terminal = readlinkSync(`/proc/${program.pid}/fd/0`);
      execFileSync(need('stty'), ['-F', terminal, 'cols', String(columns), 'rows', String(rows)]);
    },
    kill: program.kill,
    ended: new Promise((resolve) => child.once('close', resolve)),
  };
}
