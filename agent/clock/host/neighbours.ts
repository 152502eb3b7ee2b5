// Daemons of the clock that somebody else has started.
import { readlinkSync, realpathSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import type { ProcessFound } from '../../device/processes.ts';
import { readOrUndefined } from '../../lib/files.ts';
import { disciplinesOf } from '../disciplines.ts';
import { confFileOf } from '../ptp4l/servosettings.ts';
import { SetupFault, type SetupNote } from '../setup/note.ts';

/** Folder of our own files, which a daemon of ours is started with. */
export interface OwnFolder {
  readonly path: string;
}

/** The path where links end, such as /run for /var/run; of what is not there, the path itself. */
function realOf(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

const isOwn = ({ args }: ProcessFound, { path }: OwnFolder): boolean =>
  args.some((arg) => [arg, realOf(arg)].some((one) => one.startsWith(`${realOf(path)}/`)));

const networkOf = (pid: number | 'self'): string | undefined => {
  try {
    return readlinkSync(`/proc/${pid}/ns/net`);
  } catch {
    return undefined; // it has ended, or may not be seen
  }
};

/** Whether its interfaces are those of this process. */
export const isInThisNetwork = ({ pid }: ProcessFound): boolean =>
  [networkOf('self'), undefined].includes(networkOf(pid));

/** The interfaces of a ptp4l: of its command line, and the sections of its file. */
export function interfacesOf(args: readonly string[], readText: (path: string) => string): string[] {
  const named = args.flatMap((arg, at) => {
    const [, inline] = /^-i(.*)$/.exec(arg) ?? [];
    return inline === undefined ? [] : [inline === '' ? (args[at + 1] ?? '') : inline];
  });
  const file = confFileOf(args);
  const text = file !== undefined && isAbsolute(file) ? readText(file) : '';
  const sections = text.split('\n').flatMap((line) => /^\[([^\]\s]{1,15})\]/.exec(line.trim())?.[1] ?? []);
  return [...named, ...sections.filter((name) => name !== 'global')];
}

/** Refuses a ptp4l of ours beside another on the same port: each would take the other's time stamps. */
function refuseTwo(ptp4l: ProcessFound, ports: readonly string[]): void {
  const shared = interfacesOf(ptp4l.args, (path) => readOrUndefined(path) ?? '').find((name) =>
    ports.includes(name),
  );
  if (shared === undefined) return;
  throw new SetupFault(
    'ptp4l_runs',
    `a ptp4l that nunect-time has not started runs on ${shared} (process ${ptp4l.pid}: ${ptp4l.args.join(' ').slice(0, 120)}): stop it, and keep it from starting`,
  );
}

/** Refuses that a daemon of ours steers the clock beside a chronyd, whose program is not where it is looked for. */
export function refuseBesideChronyd(all: readonly ProcessFound[], program: string): void {
  const chronyd = all.find(
    (one) => one.comm === 'chronyd' && !disciplinesOf([one]).chronydMonitorOnly && isInThisNetwork(one),
  );
  if (chronyd === undefined) return;
  throw new SetupFault(
    'no_chronyd',
    `chronyd steers the clock (process ${chronyd.pid}), but there is no program '${program}' by which to tell it of PTP: set ptp.chronyd, or install chrony`,
  );
}

/** The daemons besides ours that may steer the clock, in words. Throws a SetupFault where one is on a port of ours. */
export function neighbourNotes(
  all: readonly ProcessFound[],
  own: OwnFolder,
  { ports, isSysntpdOurs }: { readonly ports: readonly string[]; readonly isSysntpdOurs: boolean },
): SetupNote[] {
  const others = all.filter((one) => !isOwn(one, own));
  const ptpDaemons = others
    .filter(({ comm }) => comm === 'ptp4l' || comm === 'phc2sys')
    .filter(isInThisNetwork);
  for (const one of ptpDaemons) if (one.comm === 'ptp4l') refuseTwo(one, ports);
  const { otherNtp } = disciplinesOf(others);
  const isNamed = otherNtp !== undefined && !(otherNtp === 'ntpd' && isSysntpdOurs);
  const noteOf = (code: SetupNote['code'], who: string): SetupNote => ({
    code,
    text: `${who} may steer the clock besides: stop it, for two that steer one clock disturb each other`,
  });
  return [
    ...ptpDaemons.map(({ comm, pid }) =>
      noteOf('ptp4l_runs', `${comm} (process ${pid}), which nunect-time has not started,`),
    ),
    ...(isNamed ? [noteOf('steerer', otherNtp)] : []),
  ];
}
