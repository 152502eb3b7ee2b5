import { known } from '../../lib/known.ts';
import { closed, type OpenSection, type RawConfig, type RawSection, type RawValue } from './raw.ts';
import { UciParseError, type UciReader, uciReader } from './ucireader.ts';

const validName = /^[A-Za-z0-9_]+$/;
const validPackage = /^[A-Za-z0-9_-]+$/;
const validType = /^[!-~]+$/;

const required = (reader: UciReader): string => reader.argument() || reader.fail('insufficient arguments');

const named = (reader: UciReader, text: string, valid = validName): string =>
  text === '' || valid.test(text) ? text : reader.fail('invalid character in name field');

/** libuci takes whatever argument comes next as one too many, even behind a first `;`. */
const endOfCommand = (reader: UciReader): void => {
  if (reader.argument() !== '') reader.fail('too many arguments');
};

/** The sections in their order, and those that have a name by it. */
interface Read {
  readonly sections: OpenSection[];
  readonly named: Map<string, OpenSection>;
}

function openSection(reader: UciReader, { sections, named: byName }: Read): OpenSection {
  const line = reader.line();
  const type = required(reader);
  if (!validType.test(type)) reader.fail('invalid character in type field');
  const name = named(reader, reader.argument());
  endOfCommand(reader);
  const prior = byName.get(name);
  if (prior !== undefined && prior.type !== type) {
    reader.fail('section of different type overwrites prior section with same name');
  }
  if (prior !== undefined) return prior;
  const section: OpenSection = { type, line, options: new Map(), ...(name === '' ? {} : { name }) };
  sections.push(section);
  if (name !== '') byName.set(name, section);
  return section;
}

/** A later `option` replaces, a later `list` appends, and an empty `option` changes nothing. */
function setOption(
  options: OpenSection['options'],
  kind: 'option' | 'list',
  name: string,
  value: RawValue,
): void {
  if (kind === 'option' && value.text === '') return;
  const prior = options.get(name)?.values ?? [];
  if (kind === 'list') {
    prior.push(value);
    options.set(name, { name, kind, values: prior });
  } else options.set(name, { name, kind, values: [value], ...known({ replaced_line: prior[0]?.line }) });
}

function readOption(reader: UciReader, kind: 'option' | 'list', section: OpenSection): void {
  const line = reader.line();
  const name = named(reader, required(reader));
  const text = reader.argument();
  endOfCommand(reader);
  setOption(section.options, kind, name, { text, line });
}

function readFile(reader: UciReader): RawSection[] {
  const read: Read = { sections: [], named: new Map() };
  let current: OpenSection | undefined;
  const enter = (what: string): void => {
    if (!reader.skipCommand()) reader.fail(`${what} without name`);
  };
  const readPackage = (): void => {
    // only checked: a file that is loaded by its name is one package, whatever it says
    enter('package');
    named(reader, required(reader), validPackage);
    endOfCommand(reader);
  };
  const readConfig = (): void => {
    enter('config');
    current = openSection(reader, read);
  };
  const readInto = (kind: 'option' | 'list') => (): void => {
    const section = current ?? reader.fail('option/list command found before the first section');
    enter('option');
    readOption(reader, kind, section);
  };
  const commands = new Map([
    ['package', readPackage],
    ['config', readConfig],
    ['option', readInto('option')],
    ['list', readInto('list')],
  ]);
  for (const [name, run] of [...commands]) commands.set(name.charAt(0), run);

  while (reader.nextLine()) {
    let word = reader.peekCommand();
    while (word !== undefined && !word.startsWith('#')) {
      const run = commands.get(word) ?? (() => reader.fail('invalid command'));
      run();
      word = reader.peekCommand();
    }
  }
  return closed(read.sections);
}

/**
 * Reads the text of a file in /etc/config as libuci does: same values, and for a mistake the same words,
 * line and byte. One mistake makes the whole file unreadable, as it does for every other OpenWrt service.
 * A NUL byte, on which libuci loses its way, is a mistake here. Values keep the line they begin on.
 */
export function parseUci(text: string): RawConfig {
  const nul = text.indexOf('\0');
  if (nul >= 0) {
    return { sections: [], errors: [{ line: text.slice(0, nul).split('\n').length, message: 'NUL byte' }] };
  }
  try {
    return { sections: readFile(uciReader(text)), errors: [] };
  } catch (error) {
    if (!(error instanceof UciParseError)) throw error;
    const { line, byte, fromLine, message } = error;
    const began = fromLine === line ? undefined : fromLine;
    return { sections: [], errors: [{ line, byte, message, ...known({ from_line: began }) }] };
  }
}
