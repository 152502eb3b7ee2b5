import type { RawOption, RawValue } from './formats/raw.ts';
import type { Option } from './kinds.ts';
import { sections } from './options.ts';
import { type Problem, showable } from './problem.ts';
import { suggest } from './suggest.ts';

/** The options of one section of the table, seen without their types. */
export type OptionTable = Readonly<Record<string, Option<unknown, unknown>>>;

/** What reading a file gathers: problems, and the line on which each option (`hub.url`) was set. */
export interface Notes {
  report(problem: Omit<Problem, 'file'>): void;
  readonly lines: Map<string, number>;
}

/** How an option of a section that may stand several times is spelled in problems: `user.radio`, `user[1]`. */
export const pathOf = (type: string, section: string): string =>
  section.startsWith(`${type}[`) ? section : `${type}.${section}`;

const didYouMean = (name: string): string => ` (did you mean '${name}'?)`;

/** What an unknown section type may have been meant to be. */
export function sectionHint(type: string): string {
  const near = suggest(type, Object.keys(sections));
  return near === undefined ? '' : didYouMean(near);
}

/** What an unknown option may have been meant to be: a similar one, or one of another section. */
function optionHint(name: string, table: OptionTable): string {
  const near = suggest(name, Object.keys(table));
  if (near !== undefined) return didYouMean(near);
  const home = Object.entries(sections).find(([, section]) => Object.hasOwn(section.options, name));
  return home === undefined ? '' : didYouMean(`${home[0]}.${name}`);
}

/**
 * Reads the options that a section sets and gives a value for each one in the table. A bad value is
 * reported and leaves the fallback, or the default where there is none; a bad element leaves the rest of
 * its list.
 */
export function readSection(
  table: OptionTable,
  given: readonly RawOption[],
  path: string,
  fallback: Readonly<Record<string, unknown>> | undefined,
  notes: Notes,
): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const [name, option] of Object.entries(table)) values[name] = option.default;

  for (const raw of given) {
    const first = raw.values[0];
    if (first === undefined) continue;
    const at = { line: first.line, option: `${path}.${raw.name}` };
    const option = Object.hasOwn(table, raw.name) ? table[raw.name] : undefined;
    if (option === undefined) {
      notes.report({ ...at, severity: 'error', message: `unknown option${optionHint(raw.name, table)}` });
      continue;
    }
    notes.lines.set(at.option, first.line);
    if (raw.replaced_line !== undefined) {
      const message = `replaces the value in line ${raw.replaced_line}`;
      notes.report({ ...at, severity: 'warning', message });
    }
    const lastGood = fallback?.[raw.name] ?? option.default;
    const parse = (value: RawValue) => parseValue(option, value, at.option, notes);
    if (option.kind === 'list') {
      const elements = raw.values.flatMap((value) =>
        elementsOf(option, value.text).map((text) => ({ ...value, text })),
      );
      const good = elements.flatMap((value) => parse(value));
      values[raw.name] = good.length === 0 && elements.length > 0 ? lastGood : good;
    } else if (raw.kind === 'list') {
      const count = raw.values.length;
      const message = `takes one value, ${count === 1 ? 'not a list' : `${count} given`}`;
      notes.report({ ...at, severity: 'error', message });
      values[raw.name] = lastGood;
    } else {
      values[raw.name] = [...parse(first), lastGood][0];
    }
  }
  return values;
}

/** The elements that stand in one text; one of separators alone is an element, which no option allows. */
function elementsOf({ split }: Pick<Option<unknown, unknown>, 'split'>, text: string): string[] {
  const elements = (split?.(text) ?? [text]).filter((element) => element !== '');
  return elements.length > 0 || text === '' ? elements : [text];
}

/** The typed value in an array, or an empty one after reporting why there is none. */
function parseValue(
  option: Option<unknown, unknown>,
  value: RawValue,
  path: string,
  notes: Notes,
): unknown[] {
  const parsed = option.parse(value.text);
  if (parsed.ok) return [parsed.value];
  notes.report({
    line: value.line,
    option: path,
    ...(option.secret ? {} : { value: showable(value.text) }),
    message: parsed.why,
    severity: 'error',
  });
  return [];
}
