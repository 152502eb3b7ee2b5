import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot, tool } from './tools.ts';

/** The programs of one chrony. */
export interface ChronyPrograms {
  readonly version: string;
  readonly chronyd: string;
  readonly chronyc: string;
}

/** The programs of one linuxptp. */
export interface LinuxptpPrograms {
  readonly version: string;
  readonly ptp4l: string;
  readonly pmc: string;
  readonly phc2sys: string;
}

/** Where build/clockdaemons.sh puts daemons newer than the machine's, a folder for each version. */
const suites = join(projectRoot, '.tools/suites');

const byVersion = (a: { version: string }, b: { version: string }): number =>
  a.version.localeCompare(b.version, 'en', { numeric: true });

/** The versions of a package that lie there, each with the path of its folder. */
function unpacked(name: string): readonly (readonly [version: string, folder: string])[] {
  if (!existsSync(suites)) return [];
  const folder = new RegExp(`^${name}-(\\d.*)$`); // not chrony-newest, which is a link to one of them
  return readdirSync(suites).flatMap((entry) => {
    const version = folder.exec(entry)?.[1];
    return version === undefined ? [] : [[version, join(suites, entry)] as const];
  });
}

/** What a ptp4l says of its version: `3.1.1`. */
export const linuxptpVersion = (ptp4l: string): string =>
  execFileSync(ptp4l, ['-v'], { encoding: 'utf8' }).trim();

const chronyVersion = (chronyd: string): string =>
  /version (\S+)/.exec(execFileSync(chronyd, ['--version'], { encoding: 'utf8' }))?.[1] ?? '';

/** Every chrony at hand, the oldest first: the machine's or that of `make tools`, and those of newer suites. */
export function chronyds(): readonly ChronyPrograms[] {
  const [chronyd, chronyc] = [tool('chronyd'), tool('chronyc')];
  const own =
    chronyd !== undefined && chronyc !== undefined
      ? [{ version: chronyVersion(chronyd), chronyd, chronyc }]
      : [];
  const newer = unpacked('chrony').map(([version, folder]) => ({
    version,
    chronyd: join(folder, 'chronyd'),
    chronyc: join(folder, 'chronyc'),
  }));
  return [...own, ...newer].sort(byVersion);
}

/** Every linuxptp at hand, the oldest first. */
export function linuxptps(): readonly LinuxptpPrograms[] {
  const [ptp4l, pmc, phc2sys] = [tool('ptp4l'), tool('pmc'), tool('phc2sys')];
  const own =
    ptp4l !== undefined && pmc !== undefined && phc2sys !== undefined
      ? [{ version: linuxptpVersion(ptp4l), ptp4l, pmc, phc2sys }]
      : [];
  const newer = unpacked('linuxptp').map(([version, folder]) => ({
    version,
    ptp4l: join(folder, 'ptp4l'),
    pmc: join(folder, 'pmc'),
    phc2sys: join(folder, 'phc2sys'),
  }));
  return [...own, ...newer].sort(byVersion);
}

/** Why a test that needs newer clock daemons than the machine's must be left out; false where they are there. */
export const withoutNewerDaemons = (): string | false =>
  (unpacked('chrony').length < 2 || unpacked('linuxptp').length === 0) &&
  'not on this machine: clock daemons of newer suites (make test-tools says why)';
