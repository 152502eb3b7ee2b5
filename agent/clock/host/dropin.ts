// Our drop-in of chronyd: found, checked, put in place and removed. chronyd's own files are never written.
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Spawn } from '../../lib/child.ts';
import { readOrUndefined, removeDurably, writeAtomic } from '../../lib/files.ts';
import { bestConfDir, type ChronyConf, linesOf, parseChronyConf, withoutLines } from '../setup/chronyconf.ts';
import { dropInName } from '../setup/dropin.ts';
import { SetupFault } from '../setup/note.ts';
import { type ChronyProgram, confDirsOf, printConf } from './chrony.ts';
import { giveRights, removeIfEmpty, type TimeDir, timePath } from './timedir.ts';

/** What chronyd is configured to do, and what of that is ours. */
export interface ChronySeen {
  /** As it would be without us. */
  readonly conf: ChronyConf;
  /** The drop-ins of ours that are there: several, where the config names another folder by now. */
  readonly own: readonly string[];
  /** The text of ours that chronyd reads. */
  readonly read?: string;
}

/** The drop-ins of ours that may be there. */
export const ownDropIns = (time: TimeDir, confs: readonly string[]): string[] => [
  ...new Set([
    ...confs.flatMap(confDirsOf).map((dir) => join(dir, dropInName)),
    ...[time.record()?.path ?? []].flat(),
  ]),
];

/** Removes drop-ins of ours; chronyd has to be started anew for each that was there. */
export function removeDropIns(time: TimeDir, paths: readonly string[]): void {
  const record = time.record();
  for (const path of paths) {
    rmSync(`${path}.new`, { force: true }); // of a run that was killed
    if (existsSync(path)) {
      time.keep({ ...record, path, due: true });
      removeDurably(path);
    }
    if (record?.madeDir === dirname(path)) removeIfEmpty(record.madeDir);
  }
}

/**
 * Reads the config of chronyd. Where it is refused with a drop-in of ours in it, that is removed first: it is of no use
 * then, and may be why. Throws a SetupFault where it is refused without.
 */
export async function seeChrony(
  spawn: Spawn,
  time: TimeDir,
  chrony: ChronyProgram,
  mayRemove: boolean,
): Promise<ChronySeen> {
  const own = ownDropIns(time, [chrony.conf]).filter((path) => existsSync(path));
  const printed = await printConf(spawn, chrony);
  if ('why' in printed) {
    if (mayRemove && own.length > 0) {
      removeDropIns(time, own);
      return seeChrony(spawn, time, chrony, false);
    }
    throw new SetupFault('chrony_refuses', `chronyd refuses ${chrony.conf} as it is: ${printed.why}`);
  }
  let rest = printed.text;
  let read: string | undefined;
  for (const path of own) {
    const text = readOrUndefined(path) ?? '';
    const cut = withoutLines(rest, linesOf(text));
    rest = cut.text;
    if (cut.found) read = text;
  }
  const conf = parseChronyConf(rest, confDirsOf(chrony.conf));
  return { conf, own, ...(read === undefined ? {} : { read }) };
}

/** Tries the whole config of chronyd with the drop-in. Throws a SetupFault where it is refused. */
export async function tryDropIn(
  spawn: Spawn,
  time: TimeDir,
  { program, conf }: ChronyProgram,
  text: string,
): Promise<void> {
  const trial = join(timePath(time.dir, 'trial'), 'chrony.conf');
  const lines = [`include ${conf}`, ...linesOf(text)];
  writeFileSync(trial, `${lines.join('\n')}\n`, { mode: 0o600 });
  const printed = await printConf(spawn, { program, conf: trial });
  if ('text' in printed) return;
  const [place, number] = / at line (\d+) in file \S+\/chrony\.conf$/.exec(printed.why) ?? [];
  const line = lines[Number(number) - 1];
  const why =
    place === undefined || line === undefined || !printed.why.includes(trial)
      ? printed.why
      : `${printed.why.slice(0, -place.length)}: '${line}'`;
  throw new SetupFault('chrony_refuses', `chronyd refuses what it would be told of PTP: ${why}`);
}

/** Everybody may read it, as it holds no secret. */
function writeDropIn(path: string, text: string): void {
  const mode = 0o644;
  if (readOrUndefined(path) !== text) writeAtomic(path, text, { mode, durable: true });
  giveRights(path, mode, process.getgid?.() ?? 0); // the folder may be of another group
}

/** Puts the drop-in in place, unless it is there. Throws a SetupFault where chronyd does not read it. */
export async function installDropIn(
  spawn: Spawn,
  time: TimeDir,
  chrony: ChronyProgram,
  { conf, own, read }: ChronySeen,
  text: string,
): Promise<void> {
  const line = `confdir ${timePath(time.dir, 'chronyDir')}`;
  const dir = bestConfDir(conf);
  const advice = `add the line '${line}' to ${chrony.conf}`;
  if (dir === undefined)
    throw new SetupFault(
      'chrony_confdir',
      `${chrony.conf} includes no folder, so nothing can be put beside it: ${advice}`,
    );
  const path = join(dir, dropInName);
  removeDropIns(
    time,
    own.filter((one) => one !== path),
  );
  const before = time.record();
  if (read === text && readOrUndefined(path) === text) {
    if (before?.path !== path) time.keep({ path, due: before?.due === true }); // of before a reboot
    return writeDropIn(path, text);
  }
  const madeDir = existsSync(dir) ? before?.madeDir : dir;
  time.keep({ path, due: true, ...(madeDir === undefined ? {} : { madeDir }) });
  writeDropIn(path, text);
  const printed = await printConf(spawn, chrony);
  if ('text' in printed && withoutLines(printed.text, linesOf(text)).found) return;
  removeDropIns(time, [path]);
  const why = 'why' in printed ? `chronyd refuses it: ${printed.why}` : 'chronyd does not read it';
  throw new SetupFault('chrony_confdir', `${path} was written and removed again, for ${why}; ${advice}`);
}
