import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import type { RawConfig } from '../../agent/config/formats/raw.ts';
import { parseUci } from '../../agent/config/formats/uci.ts';
import { holds } from '../kit/fuzz/fuzz.ts';
import { damaged, hostileText } from '../kit/fuzz/hostile.ts';
import { projectRoot } from '../kit/process/tools.ts';

const folder = join(projectRoot, 'test/fixtures/uci-vectors');
const vectors = readdirSync(folder)
  .filter((name) => name.endsWith('.uci'))
  .map((name) => readFileSync(join(folder, name), 'utf8'));

interface Model {
  readonly type: string;
  readonly name: string;
  readonly options: readonly {
    readonly name: string;
    readonly list: boolean;
    readonly values: readonly string[];
  }[];
}

/** What of a file is its meaning: no lines. */
const meaning = ({ sections }: RawConfig) =>
  sections.map(({ type, name, options }) => ({
    type,
    name,
    options: options.map((o) => ({ name: o.name, kind: o.kind, values: o.values.map(({ text }) => text) })),
  }));

const word = fc.oneof(
  fc.stringMatching(/^[A-Za-z0-9_]{1,12}$/),
  fc.constantFrom('__proto__', 'constructor', 'config', 'option', 'list', 'package', '0'),
);
const type = fc.oneof(
  word,
  fc.stringMatching(/^[!-~]{1,10}$/).filter((text) => /^[^"'\\#;]+$/.test(text)),
);
const value = hostileText(40).map((text) => text.replaceAll('\0', ''));
const model: fc.Arbitrary<readonly Model[]> = fc.uniqueArray(
  fc.record({
    type,
    name: word,
    options: fc.uniqueArray(
      fc.record({ name: word, list: fc.boolean(), values: fc.array(value, { minLength: 1, maxLength: 4 }) }),
      { maxLength: 5, selector: (option) => option.name },
    ),
  }),
  { maxLength: 5, selector: (section) => section.name },
);

/** The ways in which libuci lets one write the same text (facts/openwrt.md, section 4). */
const quotings: readonly ((text: string) => string)[] = [
  (text) => `'${text.replaceAll("'", String.raw`'\''`)}'`,
  (text) => `"${text.replace(/["\\]/g, '\\$&')}"`,
  (text) =>
    text === '' || /[\s\n]/.test(text)
      ? `'${text.replaceAll("'", `'"'"'`)}'`
      : text.replace(/["'\\#;]/g, '\\$&'),
  (text) => `'${text.slice(0, 1).replaceAll("'", `'"'"'`)}'"${text.slice(1).replace(/["\\]/g, '\\$&')}"`,
];
const blanks = [' ', '\t', '  \t '] as const;

function written(sections: readonly Model[], style: readonly number[]): string {
  let turn = 0;
  const pick = <T>(choices: readonly T[]): T => {
    turn += 1;
    return choices[(style[turn % style.length] ?? 0) % choices.length] as T;
  };
  const line = (...words: readonly string[]): string =>
    `${pick(['', '\t', ' '])}${words.join(pick(blanks))}${pick(['', ' ', '\t# a comment'])}${pick(['\n', '\n\n', '\r\n'])}`;
  return sections
    .map(
      ({ type: kind, name, options }) =>
        line(pick(['config', 'c']), pick(quotings)(kind), pick(quotings)(name)) +
        options
          .flatMap((option) =>
            (option.list ? option.values : option.values.slice(-1)).map((text) =>
              line(
                option.list ? pick(['list', 'l']) : pick(['option', 'o']),
                option.name,
                pick(quotings)(text),
              ),
            ),
          )
          .join(''),
    )
    .join('');
}

holds(
  'whatever was written, with any quoting, is read back',
  fc.tuple(model, fc.array(fc.nat(59), { minLength: 1, maxLength: 30 })),
  ([sections, style]) => {
    const text = written(sections, style);
    const read = parseUci(text);
    assert.deepEqual(read.errors, [], text);
    assert.deepEqual(
      meaning(read),
      sections.map(({ type: kind, name, options }) => ({
        type: kind,
        name,
        // an empty option is an absent one; a list may hold an empty text
        options: options.flatMap((o) => {
          const values = o.list ? o.values : o.values.slice(-1).filter((one) => one !== '');
          return values.length === 0 ? [] : [{ name: o.name, kind: o.list ? 'list' : 'option', values }];
        }),
      })),
      text,
    );
  },
);

/** What libuci says of a file that it cannot read, and NUL, on which it loses its way. */
const messages =
  /^(NUL byte|insufficient arguments|too many arguments|invalid command|invalid character in (name|type) field|EOF with unterminated ["']|(package|config|option) without name|section of different type overwrites prior section with same name|option\/list command found before the first section)$/;

function assertErrorOrSections(text: string): void {
  const read = parseUci(text);
  const lines = text.split('\n').length;
  const within = (line: number): void => assert.ok(line >= 1 && line <= lines, `line ${line} of ${lines}`);
  if (read.errors.length > 0) {
    assert.equal(read.errors.length, 1);
    assert.deepEqual(read.sections, [], 'one mistake makes the whole file unreadable');
    for (const { line, message } of read.errors) {
      assert.match(message, messages);
      assert.ok(line !== undefined);
      within(line);
    }
    return;
  }
  for (const section of read.sections) {
    within(section.line);
    assert.match(section.type, /^[!-~]+$/);
    assert.match(section.name ?? 'a', /^\w+$/);
    for (const { name, values, kind } of section.options) {
      assert.match(name, /^\w+$/);
      assert.ok(values.length > 0 && (kind === 'list' || values.length === 1));
      for (const { line } of values) within(line);
    }
  }
}

holds('a damaged file is read or has one error with its line', damaged(vectors), assertErrorOrSections, 1000);
holds('any text is read or has one error with its line', hostileText(400), assertErrorOrSections);

holds(
  'what was read from a damaged file is read back from its export',
  damaged(vectors),
  (text) => {
    const read = parseUci(text);
    if (read.errors.length > 0) return;
    const exported = read.sections
      .map(
        ({ type: kind, name, options }) =>
          `config ${quotings[0]?.(kind)} ${name ?? ''}\n` +
          options
            .flatMap((o) => o.values.map(({ text: one }) => `\t${o.kind} ${o.name} ${quotings[0]?.(one)}\n`))
            .join(''),
      )
      .join('');
    assert.deepEqual(meaning(parseUci(exported)), meaning(read), exported);
  },
  1000,
);

const harmless = fc.constantFrom('\n# a comment\n', '\n\n', '\n \t\n', "\n#'\n", '\n# config x y\n');
holds(
  'comments and empty lines between the lines of a recorded file change nothing but line numbers',
  fc.tuple(fc.constantFrom(...vectors), fc.nat(), harmless),
  ([text, where, extra]) => {
    // only where a line ends that is whole by itself
    if (/["'\\;]/.test(text)) return;
    const ends = [...text.matchAll(/\n/g)].map(({ index }) => index);
    const end = ends[where % Math.max(1, ends.length)];
    if (end === undefined) return;
    const before = parseUci(text);
    const after = parseUci(text.slice(0, end) + extra + text.slice(end + 1));
    assert.deepEqual(meaning(after), meaning(before));
    assert.deepEqual(
      after.errors.map(({ message }) => message),
      before.errors.map(({ message }) => message),
    );
  },
);
