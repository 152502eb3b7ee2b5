// A command that is given each notice as JSON on its stdin: a program and its arguments, never a shell.
import { runChild, type Spawn } from '../../../lib/child.ts';
import { noticeRecord } from '../bodies.ts';
import type { CommandOptions } from '../options.ts';
import { type AlertOutput, delivery } from './output.ts';

/** Runs the command for each notice; it has it once it ends with code 0. */
export const commandOutput = ({ argv, timeout_s }: CommandOptions, spawn: Spawn): AlertOutput => ({
  name: 'command',
  most: 1,
  async send([one], idOf, dropped) {
    if (one === undefined) return delivery;
    const [program = '', ...args] = argv;
    const text = `${JSON.stringify(noticeRecord(one, idOf(one), dropped))}\n`;
    const { code, failed } = await runChild(spawn, program, args, timeout_s * 1000, text);
    if (failed === 'timeout') return { ok: false, why: `${program} did not end within ${timeout_s} s` };
    if (failed !== undefined) return { ok: false, why: `${program}: ${failed}` };
    return code === 0 ? delivery : { ok: false, why: `${program} ended with ${code ?? 'a signal'}` };
  },
});
