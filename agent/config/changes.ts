import type { Option } from './kinds.ts';
import { type Config, type Named, sections } from './options.ts';
import { pathOf } from './section.ts';

/** An option whose value differs between two configs. */
export interface Change {
  /** Such as `hub.url` or `user.radio.publish`. */
  readonly option: string;
  readonly restart: Option<unknown>['restart'];
}

type Values = Readonly<Record<string, unknown>>;
type Table = Readonly<Record<string, Option<unknown, unknown>>>;

const differ = (a: unknown, b: unknown): boolean => JSON.stringify(a) !== JSON.stringify(b);

const changesOf = (table: Table, before: Values, after: Values, path: string): Change[] =>
  Object.entries(table)
    .filter(([name]) => differ(before[name], after[name]))
    .map(([name, { restart }]) => ({ option: `${path}.${name}`, restart }));

const bySection = (list: readonly Named<Values>[]) => new Map(list.map((one) => [one.section, one]));

/** What differs, in the order of the option table. A section that came or went differs in what it sets. */
export function changedOptions(before: Config, after: Config): Change[] {
  return Object.entries(sections).flatMap(([type, { many, options }]) => {
    const [old, now] = [before, after].map((config) => config[type as keyof Config] as unknown);
    if (!many) return changesOf(options, old as Values, now as Values, type);
    const [from, to] = [bySection(old as Named<Values>[]), bySection(now as Named<Values>[])];
    const names = [...new Set([...from.keys(), ...to.keys()])];
    return names.flatMap((name) =>
      changesOf(options, from.get(name) ?? {}, to.get(name) ?? {}, pathOf(type, name)),
    );
  });
}
