// A command that is given each notice as JSON on its stdin: a program and its arguments, never a shell.
import { type ChildProcess, spawn } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { reasonOf } from '../../../lib/errors.ts';
import { noticeRecord } from '../bodies.ts';
import type { CommandOptions } from '../options.ts';
import { type AlertOutput, type Delivery, delivery, targetOf } from './output.ts';

/** With all that it has started: it leads a group of its own. */
function killAll({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch {
    // they have ended
  }
}

/** Runs it to its own end: what it leaves behind may go on. Nobody reads what it prints. Never rejects. */
function run(
  { argv, timeout_s }: CommandOptions,
  input: string,
  begun: (kill: () => void) => void,
): Promise<Delivery> {
  const [program = '', ...args] = argv;
  return new Promise((resolve) => {
    let timer: NodeJS.Timeout | undefined;
    const end = (why: string | undefined): void => {
      clearTimeout(timer);
      resolve(why === undefined ? delivery : { ok: false, why: `${program} ${why}` });
    };
    try {
      const child = spawn(program, args, { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
      const kill = (why: string): void => {
        killAll(child);
        end(why);
      };
      begun(() => kill('was ended with the alerts'));
      timer = setTimeout(() => kill(`did not end within ${timeout_s} s`), timeout_s * 1000);
      timer.unref();
      child.on('error', (error) => end(`cannot be run: ${reasonOf(error)}`));
      child.on('exit', (code, signal) => end(code === 0 ? undefined : `ended with ${code ?? signal}`));
      child.stdin.on('error', () => {}); // it need not read
      child.stdin.end(input);
    } catch (error) {
      end(`cannot be run: ${reasonOf(error)}`); // such as a program for another CPU
    }
  });
}

function faultOf({ argv: [program = ''] }: CommandOptions): string | undefined {
  try {
    accessSync(program, constants.X_OK);
    return statSync(program).isFile() ? undefined : `${program} cannot be run: it is no file`;
  } catch (error) {
    return `${program} cannot be run: ${reasonOf(error)}`;
  }
}

/** Runs the command for each notice; it has it once it ends with code 0. */
export function commandOutput(options: CommandOptions): AlertOutput {
  let kill: (() => void) | undefined;
  return {
    name: 'command',
    most: 1,
    target: targetOf(...options.argv),
    fault: () => faultOf(options),
    async send([one], dropped) {
      if (one === undefined) return delivery;
      const text = `${JSON.stringify(noticeRecord(one, dropped))}\n`;
      const result = await run(options, text, (killIt) => {
        kill = killIt;
      });
      kill = undefined; // the number of its process may be another's from now on
      return result;
    },
    async beat() {
      const why = faultOf(options); // it is run for alerts alone
      return why === undefined ? delivery : { ok: false, why };
    },
    end: () => kill?.(),
  };
}
