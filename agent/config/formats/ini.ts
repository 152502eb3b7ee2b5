import { parse } from 'ini';
import { closed, type OpenSection, type RawConfig, type RawError, type RawValue } from './raw.ts';

interface Entry {
  readonly key: string;
  readonly isList: boolean;
  readonly text: string;
}

const keysOf = (value: unknown): string[] =>
  typeof value === 'object' && value !== null ? Object.keys(value) : [];

/** `[hub]` is type hub; `[user.radio]` is type user, name radio; everything behind the first dot is the name. */
function readHeader(line: string): { readonly type: string; readonly name?: string } | undefined {
  const path: string[] = [];
  for (let level: unknown = parse(line); keysOf(level).length > 0; ) {
    const key = keysOf(level)[0] ?? '';
    path.push(key);
    level = (level as Record<string, unknown>)[key];
  }
  const [type, ...rest] = path;
  if (type === undefined || type === '') return undefined;
  return { type, ...(rest.length === 0 ? {} : { name: rest.join('.') }) };
}

/** `key = text`, or `key[] = text` for an element of a list. */
function readEntry(line: string): Entry | undefined {
  const parsed = parse(line);
  const key = keysOf(parsed)[0];
  if (key === undefined || !line.includes('=')) return undefined;
  const value: unknown = parsed[key];
  const isList = Array.isArray(value);
  // ini would take what stands in single quotes for JSON, and make '1.0' the number 1
  const literal = /^[^=]*=\s*'(.*)'\s*$/.exec(line)?.[1];
  return { key, isList, text: literal ?? String(isList ? value[0] : value) };
}

/** A repeated key makes a list: whether the option may have several values is for the option table to say. */
function addValue(options: OpenSection['options'], entry: Entry, value: RawValue): void {
  if (!entry.isList && value.text === '') return;
  const { key: name } = entry;
  const prior = options.get(name)?.values;
  prior?.push(value);
  const kind = entry.isList || prior !== undefined ? 'list' : 'option';
  options.set(name, { name, kind, values: prior ?? [value] });
}

/**
 * Reads an INI file into the same shape as UCI. `[hub]` opens a section, `[user.radio]` one of several of
 * its type; a list is `url[] = ...` once for each value, or the same key repeated. The `ini` package reads
 * each line, so its quoting rules hold (`;` and `#` begin a comment unless quoted or behind a backslash);
 * lines are given to it one by one, because it does not tell where it found what. Text in single quotes is
 * taken as it stands. A line that says nothing is an error; the other lines count all the same.
 */
export function parseIni(text: string): RawConfig {
  const sections = new Map<string, OpenSection>();
  const errors: RawError[] = [];
  let current: OpenSection | undefined;

  const open = (content: string, line: number): void => {
    const header = readHeader(content);
    if (header === undefined) {
      errors.push({ line, message: 'section without a name' });
      current = undefined;
      return;
    }
    const key = JSON.stringify([header.type, header.name]);
    current = sections.get(key) ?? { ...header, line, options: new Map() };
    sections.set(key, current);
  };

  const lines = text.replace(/^\uFEFF/, '').split(/\r\n|\n|\r/);
  for (const [index, content] of lines.entries()) {
    const line = index + 1;
    if (/^\s*([;#]|$)/.test(content)) continue;
    if (/^\[[^\]]*\]\s*$/.test(content)) {
      open(content, line);
      continue;
    }
    const entry = readEntry(content);
    if (entry === undefined) errors.push({ line, message: 'neither [section] nor option = value' });
    else if (current === undefined)
      errors.push({ line, message: `${entry.key} stands outside of any section` });
    else addValue(current.options, entry, { text: entry.text, line });
  }
  return { sections: closed([...sections.values()]), errors };
}
