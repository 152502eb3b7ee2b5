import { known } from '../lib/known.ts';
import type { Users } from './checks/access.ts';
import { contentProblems } from './checks/contents.ts';
import { crossCheck } from './checks/crosscheck.ts';
import { checkFiles, type Stat } from './checks/filecheck.ts';
import { type ConfigLimits, withinLimits } from './checks/trust.ts';
import { type Enrolment, withEnrolment } from './enrolled.ts';
import type { RawConfig, RawOption, RawSection } from './formats/raw.ts';
import { type Config, type SectionName, sections } from './options.ts';
import { type Problem, showable } from './problem.ts';
import { token } from './rules.ts';
import type { ReadBytes } from './secrets.ts';
import { type Notes, pathOf, readSection, sectionHint } from './section.ts';
import { trafficProfileOf } from './traffic.ts';

/** All that decides what a config file means. */
export interface LoadInput {
  readonly raw: RawConfig;
  /** Name of the file, for problems. */
  readonly file: string;
  /** The unit id where the file sets none. */
  readonly unit: string;
  readonly stat: Stat;
  readonly readBytes: ReadBytes;
  /** For whom the files that the options name are. */
  readonly users: Users;
  /** What ran before: a bad option keeps its value of then. */
  readonly lastGood?: Config;
  /** The hub that the device is enrolled with, for a file that names none. */
  readonly enrolment?: Enrolment;
  /** What the config may make root do; undefined for anything. */
  readonly limits?: ConfigLimits;
}

/** A config that can be run with, whatever the file said, and what was wrong with the file. */
export interface Loaded {
  readonly config: Config;
  /** In the order of their lines; those without a line come last. */
  readonly problems: readonly Problem[];
  /** How many options the file sets; undefined where it could not be read. */
  readonly set: number | undefined;
}

/** The option that names an instance of a section that may stand several times. */
const identity = { user: 'name', probe: 'unit' } as const;
type Instance = Readonly<Record<string, unknown>> & { readonly section: string };

/** A single section may stand several times, under any name: then it counts as one, with a warning. */
function readSingle(
  type: Exclude<SectionName, keyof typeof identity>,
  given: readonly RawSection[],
  lastGood: Config | undefined,
  notes: Notes,
): Record<string, unknown> {
  const [first, ...more] = given;
  if (first !== undefined) notes.lines.set(type, first.line);
  for (const { line } of more) {
    const message = `a second section of type ${type}; the first is in line ${first?.line}. Both are read as one`;
    notes.report({ line, option: type, severity: 'warning', message });
  }
  const byName = new Map<string, RawOption[]>();
  for (const option of given.flatMap(({ options }) => options)) {
    const same = byName.get(option.name);
    if (same === undefined) byName.set(option.name, [option]);
    else same.push(option);
  }
  const merged = [...byName.values()].flatMap((same) => {
    const [last] = same.slice(-1);
    if (last === undefined) return [];
    return last.kind === 'list' ? [{ ...last, values: same.flatMap(({ values }) => values) }] : [last];
  });
  return readSection(sections[type].options, merged, type, lastGood?.[type], notes);
}

/** One entry for each section of the type that has a name of its own. */
function readMany(
  type: keyof typeof identity,
  given: readonly RawSection[],
  lastGood: Config | undefined,
  notes: Notes,
): Instance[] {
  const seen = new Map<unknown, number>();
  const good = new Map(lastGood?.[type].map((entry) => [entry.section, entry]));
  return given.flatMap((raw, index) => {
    const section = raw.name ?? `${type}[${index}]`;
    const path = pathOf(type, section);
    notes.lines.set(path, raw.line);
    const values = readSection(sections[type].options, raw.options, path, good.get(section), notes);
    const id = values[identity[type]] ?? raw.name;
    const leaveOut = (message: string): [] => {
      notes.report({ line: raw.line, option: path, severity: 'error', message: `${message}; left out` });
      return [];
    };
    if (id === undefined) return leaveOut(`needs a section name or a ${identity[type]}`);
    if (!token.pattern.test(String(id))) return leaveOut(`section name must be ${token.allowed}`);
    if (seen.has(id)) return leaveOut(`'${id}' is already defined in line ${seen.get(id)}`);
    seen.set(id, raw.line);
    return [{ ...values, [identity[type]]: id, section }];
  });
}

/**
 * nats-server would let a user without a secret in with an empty password, so only the anonymous one may be so;
 * and it refuses a config in which two have the same nkey.
 */
function withSecret({ user, leaf }: Config, notes: Notes): Config['user'] {
  const nkeys = new Set<string>();
  return user.filter(({ section, name, password, password_file, nkey }) => {
    const isBare = (password ?? password_file ?? nkey) === undefined && name !== leaf.anonymous;
    const isSecond = nkey !== undefined && nkeys.has(nkey);
    if (nkey !== undefined) nkeys.add(nkey);
    if (!isBare && !isSecond) return true;
    const option = pathOf('user', section);
    const what = isBare ? 'has neither password, password_file nor nkey' : 'has the nkey of another user';
    const message = `${what}; left out`;
    notes.report({ ...known({ line: notes.lines.get(option) }), option, severity: 'error', message });
    return false;
  });
}

/** The line of an option, or of its section where the option itself stands nowhere. */
function lineOf(path: string, lines: ReadonlyMap<string, number>): number | undefined {
  for (let at = path; at !== ''; at = at.slice(0, Math.max(0, at.lastIndexOf('.')))) {
    const line = lines.get(at);
    if (line !== undefined) return line;
  }
  return undefined;
}

function reportUnread({ errors }: RawConfig, notes: Notes): void {
  for (const { line, byte, from_line, message } of errors) {
    // what libuci notices at the end of the file, or of a value of several lines, began before
    const [, open] = /^EOF with (.*)/.exec(message) ?? [];
    const what = open ?? `${message}${byte === undefined ? '' : ` at byte ${byte}`}`;
    notes.report({
      ...known({ line: from_line ?? line }),
      severity: 'error',
      message: `cannot be read: ${what}`,
    });
  }
}

/** The sections by type; one of an unknown type is reported and left out. */
function sectionsByType(raw: RawConfig, notes: Notes): ReadonlyMap<string, readonly RawSection[]> {
  const byType = new Map<string, RawSection[]>(Object.keys(sections).map((type) => [type, []]));
  for (const section of raw.sections) {
    const same = byType.get(section.type);
    if (same !== undefined) same.push(section);
    else {
      const message = `unknown section type '${showable(section.type)}'${sectionHint(section.type)}`;
      notes.report({ line: section.line, severity: 'error', message });
    }
  }
  return byType;
}

/** Every value comes from its option's own parse or default, which is what Config says. */
function readConfig({ raw, unit, lastGood }: LoadInput, notes: Notes): Config {
  const values: Record<string, unknown> = {};
  for (const [type, given] of sectionsByType(raw, notes)) {
    values[type] =
      type in identity
        ? readMany(type as keyof typeof identity, given, lastGood, notes)
        : readSingle(type as Exclude<SectionName, keyof typeof identity>, given, lastGood, notes);
  }
  const read = values as unknown as Config;
  const { agent, leaf } = read;
  const { interval_s, ping_interval_s, compression, probe_interval_s } = trafficProfileOf(agent.traffic);
  return {
    ...read,
    agent: { ...agent, unit: agent.unit ?? unit, interval_s: agent.interval_s ?? interval_s },
    leaf: {
      ...leaf,
      ping_interval_s: leaf.ping_interval_s ?? ping_interval_s,
      compression: leaf.compression ?? compression,
    },
    user: withSecret(read, notes),
    probe: read.probe.map((one) => ({ ...one, interval_s: one.interval_s ?? probe_interval_s })),
  };
}

/**
 * Makes a config of what a file says. A mistake never stops it: a bad option keeps its last good value or
 * its default, a user or probe that cannot be told from others or let in safely is left out, a file that
 * cannot be read at all leaves the last good config, or the defaults.
 */
export function loadConfig(input: LoadInput): Loaded {
  const { raw, file, lastGood } = input;
  const problems: Problem[] = [];
  const lines = new Map<string, number>();
  const notes: Notes = { lines, report: (problem) => problems.push({ file, ...problem }) };
  reportUnread(raw, notes);
  if (isUnread(raw) && lastGood !== undefined) return { config: lastGood, problems, set: undefined };
  const { config: own, refused } = withinLimits(readConfig(input, notes), input.limits, lastGood);
  const { enrolment } = input;
  const { config, problems: enrolled } = enrolment
    ? withEnrolment(own, enrolment)
    : { config: own, problems: [] };
  const isRefused = new Set(refused.map(({ option }) => option));
  // nothing more of a file that is none of the config's business, not even whether it is there
  const files = [
    ...checkFiles(config, input.stat, input.users).map((one) => input.limits?.told(one) ?? one),
    ...contentProblems(config, input.readBytes),
  ].filter(({ option }) => !isRefused.has(option));
  for (const found of [...crossCheck(config), ...enrolled, ...refused, ...files])
    notes.report({ ...found, ...known({ line: lineOf(found.option ?? '', lines) }) });
  const last = Number.POSITIVE_INFINITY;
  problems.sort((a, b) => (a.line ?? last) - (b.line ?? last));
  return { config, problems, set: setOptions(raw) };
}

const isUnread = ({ errors, sections: read }: RawConfig): boolean => errors.length > 0 && read.length === 0;

const setOptions = (raw: RawConfig): number | undefined =>
  isUnread(raw) ? undefined : raw.sections.reduce((sum, { options }) => sum + options.length, 0);
