import { realpathSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { keepDir, uploadDir } from '../../lib/defaults.ts';
import { readOrUndefined } from '../../lib/files.ts';
import { type Config, defaultsOf } from '../options.ts';
import { fileProblem, type UnplacedProblem } from '../problem.ts';
import type { ReadBytes } from '../secrets.ts';
import { describeRights, excess, type Rights } from './access.ts';
import { daemonIds, type Ids, usersOf } from './accounts.ts';
import { filesOf, fixCommand, foldersTo, isDaemonReadable, type NamedFile, type Stat } from './filecheck.ts';
import { readBytes, stat } from './machinefiles.ts';

/** Where UCI keeps configs: rpcd writes there as root, for every login that LuCI lets write one. */
const uciDir = '/etc/config';
/** More folders for secrets, one a line. Root writes it; LuCI cannot. */
const foldersFile = join(keepDir, 'secret-folders');
/** Where there is no account nunect. */
const nobody = 65534;

/** What a config may make root do, by who can write it. Undefined where nobody but the reader can: then anything. */
export interface ConfigLimits {
  /** Why root does not read this file as a secret; undefined when it does. */
  secret(file: NamedFile): string | undefined;
  /** Why this program is not started; undefined when it is, or when there is none. */
  program(name: string): string | undefined;
  /** What may be said of a file: of one that is not the unit's own, neither its rights nor how to change them. */
  told(problem: UnplacedProblem): UnplacedProblem;
}

/** The path where links end; of what is not there, the path itself. */
function realOf(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return resolve(path);
  }
}

/** What lets another than root put something else at a path without links; undefined where nothing does. */
function looseAt(real: string): string | undefined {
  for (const one of [...foldersTo(real), real]) {
    const state = stat(one);
    if (!('mode' in state)) return `${one} cannot be looked at`;
    const isSticky = one !== real && (state.mode & 0o1000) !== 0; // others cannot replace what is root's in it
    if (state.uid !== 0) return `${one} is owned by user ${state.uid}`;
    if ((state.mode & 0o022) !== 0 && !isSticky) return `${one} is writable by others than root`;
  }
  return undefined;
}

/** The same for a path at which nothing is yet: what may be put there after it was looked at. */
function looseAround(path: string): string | undefined {
  const there = foldersTo(path).findLast((one) => stat(one).kind !== 'missing');
  if (there === undefined) return undefined;
  const state = stat(there);
  const isOpen = 'mode' in state && (state.mode & 0o022) !== 0; // sticky or not: new files may come
  return isOpen ? `${there} is writable by others than root` : looseAt(realOf(there));
}

/** Who besides root can write the config, in words; undefined where nobody can. */
function writersOf(configFile: string): string | undefined {
  const real = realOf(configFile);
  const isUci = [resolve(configFile), real].some((path) =>
    [uciDir, realOf(uciDir)].some((dir) => path.startsWith(`${dir}/`)),
  );
  if (isUci) return 'logins of LuCI';
  return stat(real).kind === 'missing' || looseAt(real) === undefined ? undefined : 'others than root';
}

const secretFolders = (): string[] => [
  realOf(keepDir),
  ...(looseAt(realOf(foldersFile)) === undefined ? (readOrUndefined(foldersFile) ?? '') : '')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line.startsWith('/'))
    .map(realOf),
];

const isOwn = (path: string): boolean =>
  secretFolders().some((folder) => realOf(path).startsWith(`${folder}/`));

function toldOf(problem: UnplacedProblem): UnplacedProblem {
  const { option = '', value, severity } = problem;
  if (value === undefined || isOwn(value)) return problem;
  const message =
    severity === 'error' ? 'is no file that user nunect can read' : 'may be read by others than the unit';
  return fileProblem(option, value, message, severity);
}

function whyNoSecret({ path, readers }: NamedFile, writers: string): string | undefined {
  const real = realOf(path);
  if (!isOwn(path))
    return `is not read: ${writers} can write this config, so it may name secrets only below ${keepDir} and the folders that root lists in ${foldersFile}`;
  const state = stat(real);
  if (state.kind !== 'file') return undefined;
  const loose = looseAt(real);
  const users = usersOf();
  const wide = excess(state, users, [0, ...(users.daemon?.gids ?? [])]);
  if (loose === undefined && wide.length === 0) return undefined;
  const why = wide.length === 0 ? loose : `${wide.join(', ')} (${describeRights(state, users)})`;
  return `is not read: ${why}: ${fixCommand(path, readers, state, users)}`;
}

function whyNoProgram(name: string, writers: string): string | undefined {
  const found = name.startsWith('/')
    ? name
    : (process.env['PATH'] ?? '')
        .split(':')
        .map((folder) => resolve(folder, name))
        .find((path) => stat(path).kind === 'file');
  if (found === undefined) return undefined;
  const real = realOf(found);
  const loose = real.startsWith(`${realOf(uploadDir)}/`)
    ? `${uploadDir} is for files that are uploaded`
    : stat(found).kind === 'missing'
      ? looseAround(real)
      : looseAt(real);
  return loose === undefined
    ? undefined
    : `is not used: ${loose}; ${writers} can write this config, so its programs must be root's, in folders that only root can write`;
}

/** What a config may make this process do; undefined where there is no limit: it is not root, or only root writes it. */
export function limitsOf(configFile: string): ConfigLimits | undefined {
  if (process.geteuid?.() !== 0) return undefined;
  const writers = writersOf(configFile);
  return writers === undefined
    ? undefined
    : {
        secret: (file) => whyNoSecret(file, writers),
        program: (name) => whyNoProgram(name, writers),
        told: toldOf,
      };
}

const isSecret = ({ secret }: ConfigLimits, path: string): boolean =>
  stat(path).kind === 'file' && secret({ option: '', path, readers: 'root' }) === undefined;

/** Reads a secret that this config names; gives nothing where it may not or cannot be read. */
export function secretReader(configFile: string): ReadBytes {
  const limits = limitsOf(configFile);
  return (path) => readBytes(path, limits && ((real) => isSecret(limits, real)));
}

/** The same for any file that it names: beside its secrets, what user nunect may read is none of root's. */
export function fileReader(configFile: string): ReadBytes {
  const limits = limitsOf(configFile);
  if (limits === undefined) return (path) => readBytes(path);
  const isFit = (real: string, rights: Rights): boolean => {
    const look: Stat = (path) => (path === real ? { ...rights, kind: 'file' } : stat(path));
    return isDaemonReadable(real, look, usersOf()) || isSecret(limits, real);
  };
  return (path) => readBytes(path, isFit);
}

/** Secrets that root reads for the config, be it to hand them on. */
const isReadByRoot = ({ option, readers }: NamedFile): boolean =>
  readers === 'root' || option.endsWith('creds_file');

/** What root itself runs or reads, by the names that it may have: `sh -f ptp4l.conf` would run its lines as commands. */
const namesForRoot = {
  ptp4l: ['ptp4l'],
  phc2sys: ['phc2sys'],
  chronyd: ['chronyd'],
  chrony_conf: ['chrony.conf', 'chronyd.conf'],
} as const;

/** Why root does not run or read this as what the option is for. */
function whyNotForRoot(
  { program }: ConfigLimits,
  option: keyof typeof namesForRoot,
  given: string,
): string | undefined {
  const names: readonly string[] = namesForRoot[option];
  if (names.includes(given.slice(given.lastIndexOf('/') + 1))) return program(given);
  return `is not used: its name must be ${names.join(' or ')}, as root uses it and others than root can write this config`;
}

/** The section ptp without what root may not use: each keeps its last good value, else its default. */
function ptpWithin(
  { ptp }: Config,
  limits: ConfigLimits,
  lastGood: Config | undefined,
  refuse: (option: string, value: string, why: string) => void,
): Config['ptp'] {
  const allowed = (option: keyof typeof namesForRoot): string | undefined => {
    const given = ptp[option];
    const why = given && whyNotForRoot(limits, option, given);
    if (!why) return given;
    refuse(`ptp.${option}`, given, why);
    const last = lastGood?.ptp[option];
    return last && whyNotForRoot(limits, option, last) === undefined ? last : undefined;
  };
  const { chronyd, ptp4l, phc2sys } = defaultsOf('ptp');
  return {
    ...ptp,
    chronyd: allowed('chronyd') ?? chronyd,
    ptp4l: allowed('ptp4l') ?? ptp4l,
    phc2sys: allowed('phc2sys') ?? phc2sys,
    chrony_conf: allowed('chrony_conf'),
  };
}

/** The config without programs that it may not name, and what it may not: each keeps its last good value, else its default. */
export function withinLimits(
  config: Config,
  limits: ConfigLimits | undefined,
  lastGood: Config | undefined,
): { readonly config: Config; readonly refused: readonly UnplacedProblem[] } {
  if (limits === undefined) return { config, refused: [] };
  const refused: UnplacedProblem[] = [];
  const refuse = (option: string, value: string, message: string): void =>
    void refused.push(fileProblem(option, value, message));
  const allowed = (option: string, given: string, last: string | undefined, preset: string): string => {
    const why = limits.program(given);
    if (why === undefined) return given;
    refuse(option, given, why);
    return last !== undefined && limits.program(last) === undefined ? last : preset;
  };
  const [presets, presetTime] = [defaultsOf('leaf'), defaultsOf('time')];
  const { leaf, time } = config;
  const server = allowed('leaf.server', leaf.server, lastGood?.leaf.server, presets.server);
  const pmc = allowed('time.pmc', time.pmc, lastGood?.time.pmc, presetTime.pmc);
  const chronyc = allowed('time.chronyc', time.chronyc, lastGood?.time.chronyc, presetTime.chronyc);
  const ptp = ptpWithin(config, limits, lastGood, refuse);
  for (const file of filesOf(config).filter(isReadByRoot)) {
    const why = limits.secret(file);
    if (why !== undefined) refuse(file.option, file.path, why);
  }
  return { config: { ...config, leaf: { ...leaf, server }, time: { ...time, pmc, chronyc }, ptp }, refused };
}

/**
 * For child_process: as whom a program is started that this config names. Never as root where LuCI can write it.
 */
export const runAs = (configFile: string): Ids =>
  daemonIds() ?? (writersOf(configFile) === undefined ? {} : { uid: nobody, gid: nobody });
