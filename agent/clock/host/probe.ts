// What clock daemons this host has, and where they could be used.
import { existsSync } from 'node:fs';
import { hostFiles } from '../../device/hostfiles.ts';
import type { ProcessFound } from '../../device/processes.ts';
import { runChild, type Spawn } from '../../lib/child.ts';
import { known } from '../../lib/known.ts';
import { type SetupCode, SetupFault } from '../setup/note.ts';
import { type ProgramVersion, parseProgramVersion } from '../setup/programs.ts';

/** Where chronyd looks on Debian and on OpenWrt. */
const usualConfs = ['/etc/chrony/chrony.conf', '/etc/chrony.conf'];

/** The file that a chronyd was started with; undefined where it does not say. */
export function confFileOfChronyd(args: readonly string[]): string | undefined {
  const at = args.findIndex((arg) => /^-[a-zA-Z0-9]*f/.test(arg));
  const [, inline = ''] = /^-[a-zA-Z0-9]*?f(.*)$/.exec(args[at] ?? '') ?? [];
  const file = at < 0 ? undefined : inline === '' ? args[at + 1] : inline;
  return file?.startsWith('/') ? file : undefined;
}

/** The config of chronyd: the one that is set, else that of the only chronyd that runs, else the usual one. */
export function chronyConfOf(
  asked: string | undefined,
  processes: readonly ProcessFound[],
): string | undefined {
  const running = processes.filter(({ comm, args }) => comm === 'chronyd' && !args.includes('-p'));
  const files = new Set(running.map(({ args }) => confFileOfChronyd(args)));
  const [only] = files.size === 1 ? files : [];
  return asked ?? only ?? usualConfs.find((path) => existsSync(path));
}

/** The version of a program; undefined where it is not installed. Throws a SetupFault where it cannot be used. */
export async function versionOf(
  spawn: Spawn,
  program: string,
  code: SetupCode,
): Promise<ProgramVersion | undefined> {
  const { failed, stdout, stderr } = await runChild(spawn, program, ['-v'], 10_000);
  if (failed === 'ENOENT') return undefined;
  const version = parseProgramVersion(`${stdout}${stderr}`);
  if (version !== undefined) return version;
  const said = failed ?? `'${(stdout || stderr).trim().slice(0, 80)}'`;
  throw new SetupFault(code, `'${program} -v' gives no version: ${said}`);
}

/** The programs of linuxptp that are there. */
export async function probePrograms(
  spawn: Spawn,
  names: { readonly ptp4l: string; readonly phc2sys: string },
): Promise<{ readonly ptp4l?: ProgramVersion; readonly phc2sys: boolean }> {
  const phc2sys = await runChild(spawn, names.phc2sys, ['-v'], 10_000);
  return {
    ...known({ ptp4l: await versionOf(spawn, names.ptp4l, 'no_ptp4l') }),
    phc2sys: phc2sys.code === 0,
  };
}

/** The files of this machine. */
export const thisHost = hostFiles('/');
