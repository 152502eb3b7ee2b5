import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { keepDir } from '../lib/defaults.ts';
import { reasonOf } from '../lib/errors.ts';
import { namesIn, readOrUndefined, writeAtomic } from '../lib/files.ts';
import { known } from '../lib/known.ts';
import type { EnrolSetup } from './agentfile.ts';
import { usersOf } from './checks/accounts.ts';
import { checkConfigFile } from './checks/filecheck.ts';
import { stat } from './checks/machinefiles.ts';
import { fileReader, limitsOf } from './checks/trust.ts';
import { unwritable } from './checks/writetry.ts';
import { enrolDirOf, enrolFiles } from './enrolfiles.ts';
import { readEnrolment, withoutEnrolment } from './enrolled.ts';
import { parseIni } from './formats/ini.ts';
import type { RawConfig } from './formats/raw.ts';
import { parseUci } from './formats/uci.ts';
import { type Loaded, loadConfig } from './load.ts';
import { type Config, sections } from './options.ts';
import type { Problem } from './problem.ts';
import type { OptionTable } from './section.ts';
import { deriveUnitId, hardwareOf, type Machine, readUnitState, unitStateOf } from './unitid.ts';

/** How a config file is written. */
export type ConfigFormat = 'uci' | 'ini';

/** What may be said about loading a config file; nothing has to be. */
export interface LoadOptions {
  /** Without it, a name that ends in `.ini` is INI and any other is UCI. */
  readonly format?: ConfigFormat;
  /** What ran before: a bad option keeps its value of then. */
  readonly lastGood?: Config;
  /** Writes a derived unit id to the state file, so that a new host name does not rename the unit. For root. */
  readonly keepUnit?: boolean;
  /** Default: /etc/nunect/unit. */
  readonly unitFile?: string;
  /** Folder of the enrolment. Default: /etc/nunect/enrol. */
  readonly enrolDir?: string;
  /** Default: this one. */
  readonly machine?: Machine;
}

/** A loaded file, and what a hub may be told of the device. */
export interface LoadedFile extends Loaded {
  readonly enrol: EnrolSetup;
}

const thisMachine = (): Machine => ({
  hostname: hostname(),
  readFile: readOrUndefined,
  listDir: namesIn,
});

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'not permitted',
  EISDIR: 'is a folder',
};

function readRaw(path: string, format: ConfigFormat): RawConfig {
  try {
    const text = readFileSync(path, 'utf8');
    return format === 'ini' ? parseIni(text) : parseUci(text);
  } catch (error) {
    const code = reasonOf(error);
    return { sections: [], errors: [{ message: reasons[code] ?? code }] };
  }
}

const isSecret = (type: string, name: string): boolean =>
  Object.entries<{ readonly options: OptionTable }>(sections).some(
    ([section, { options }]) =>
      section === type && Object.hasOwn(options, name) && options[name]?.secret === true,
  );

const sets = (raw: RawConfig, type: string, name: string): boolean =>
  raw.sections.some((one) => one.type === type && one.options.some((option) => option.name === name));

const setsSecret = (raw: RawConfig): boolean =>
  raw.sections.some(({ type, options }) => options.some(({ name }) => isSecret(type, name)));

type Finding = Omit<Problem, 'file'>;

/** Writes the id to the state file; gives why it could not. */
function keepUnit(unitFile: string, unit: string): Finding[] {
  try {
    writeAtomic(unitFile, unitStateOf(unit), { mode: 0o644, durable: true });
    return [];
  } catch (error) {
    const message = `cannot be kept in ${unitFile} (${reasonOf(error)}), it changes with the host name`;
    return [{ option: 'agent.unit', value: unit, message, severity: 'warning' }];
  }
}

/** The id of a unit that is not named in its config: the one it was given before, else a derived one. */
function settleUnit(options: LoadOptions): { readonly unit: string; keep(): Finding[] } {
  const { unitFile = `${keepDir}/unit`, machine = thisMachine() } = options;
  const kept = readUnitState(machine.readFile(unitFile));
  const write = (unit: string): Finding[] => (options.keepUnit === true ? keepUnit(unitFile, unit) : []);
  if (typeof kept === 'object') {
    const { unit, isBare } = kept;
    return { unit, keep: () => (isBare ? write(unit) : []) };
  }
  const { unit, unique } = deriveUnitId(machine);
  const about = { option: 'agent.unit', value: unit };
  if (kept === 'damaged') {
    const message = `is derived anew, for ${unitFile} does not match its checksum: remove that file if this is the id of the unit, else set agent.unit`;
    return { unit, keep: () => [{ ...about, message, severity: 'error' }] };
  }
  const message = 'no hardware id was found, another unit of this host name gets the same id';
  const found: Finding[] = unique ? [] : [{ ...about, message, severity: 'warning' }];
  return { unit, keep: () => [...found, ...write(unit)] };
}

/**
 * Reads a config file, UCI or INI. Whatever is wrong with it is in `problems`; the config can be run with
 * in any case. A missing or unreadable file gives `lastGood`, or the defaults.
 */
export function loadConfigFile(path: string, options: LoadOptions = {}): LoadedFile {
  const raw = readRaw(path, options.format ?? (path.endsWith('.ini') ? 'ini' : 'uci'));
  const dir = options.enrolDir ?? enrolDirOf(keepDir);
  const found = readEnrolment(dir);
  const enrolment = found && 'hub' in found ? found : undefined;
  const { unit: own, keep } = settleUnit(options);
  const isOwn = enrolment === undefined || sets(raw, 'hub', 'url');
  const unit = isOwn ? own : enrolment.hub.unit;
  const users = usersOf();
  const lastGood = options.lastGood && withoutEnrolment(options.lastGood);
  const given = known({ lastGood, limits: limitsOf(path), enrolment });
  const loaded = loadConfig({ raw, file: path, unit, stat, readBytes: fileReader(path), users, ...given });
  const { config } = loaded;
  const isLast = lastGood !== undefined && config === lastGood; // nothing could be read
  const problems = [
    ...checkConfigFile(path, setsSecret(raw), stat(path), users),
    ...(isOwn && config.agent.unit === unit ? keep() : []),
    ...unwritable(config, path),
    ...(found && 'why' in found ? [damagedEnrolment(dir, found.why)] : []),
  ];
  const named = sets(raw, 'agent', 'unit') ? config.agent.unit : undefined;
  return {
    ...loaded,
    config: (isLast && options.lastGood) || config,
    problems: [...loaded.problems, ...problems.map((problem) => ({ file: path, ...problem }))],
    enrol: {
      dir,
      own,
      hardware: hardwareOf(options.machine ?? thisMachine()),
      ...known({ unit: named, token: config.hub.enrol_token }),
    },
  };
}

const damagedEnrolment = (dir: string, why: string): Finding => ({
  message: `the enrolment in ${dir} is not used, for its ${enrolFiles.hub} ${why}: enrol again, with the same key`,
  severity: 'error',
});
