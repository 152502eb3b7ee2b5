import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { RawConfig } from '../../../../agent/config/formats/raw.ts';
import { parseUci } from '../../../../agent/config/formats/uci.ts';
import { projectRoot } from '../../../kit/process/tools.ts';

const folder = join(projectRoot, 'test/fixtures/uci-vectors');
const names = readdirSync(folder)
  .filter((name) => name.endsWith('.uci'))
  .map((name) => name.slice(0, -'.uci'.length));
const textOf = (name: string): string => readFileSync(join(folder, `${name}.uci`), 'utf8');

/** What the real `uci show` and `uci export` printed for each vector. */
const recorded = new Map(
  readFileSync(join(folder, 'RESULTS.txt'), 'utf8')
    .split(/^=== /m)
    .slice(1)
    .map((block) => {
      const match = /^(\S+)\n.*?\n--- show\n(.*?)rc=(\d+)\n--- export\n(.*?)\n?$/s.exec(block);
      const [, name = '', show = '', rc = '', exported = ''] = match ?? [];
      return [name, { show, rc, exported }];
    }),
);

const quote = (text: string): string => `'${text.replaceAll("'", String.raw`'\''`)}'`;

function exportText({ sections }: RawConfig): string {
  const lines = sections.flatMap(({ type, name, options }) => [
    '',
    `config ${type}${name === undefined ? '' : ` '${name}'`}`,
    ...options.flatMap((option) =>
      option.values.map(({ text }) => `\t${option.kind} ${option.name} ${quote(text)}`),
    ),
  ]);
  return `${['package t', ...lines].join('\n')}\n`;
}

function showText({ sections }: RawConfig): string {
  const lines = sections.flatMap((section) => {
    const index = sections.filter(({ type }) => type === section.type).indexOf(section);
    const path = `t.${section.name ?? `@${section.type}[${index}]`}`;
    return [
      `${path}=${section.type}`,
      ...section.options.map(
        ({ name, values }) => `${path}.${name}=${values.map(({ text }) => quote(text)).join(' ')}`,
      ),
    ];
  });
  return lines.map((line) => `${line}\n`).join('');
}

test('every vector was recorded', () => {
  assert.ok(names.length >= 28);
  assert.deepEqual(
    names.filter((name) => !recorded.has(name)),
    [],
  );
});

for (const name of names) {
  test(`the real uci and ours agree on ${name}`, () => {
    const parsed = parseUci(textOf(name));
    const real = recorded.get(name);
    const [error] = parsed.errors;
    if (error === undefined) {
      assert.equal(real?.rc, '0');
      assert.equal(showText(parsed), real.show);
      assert.equal(exportText(parsed).trimEnd(), real.exported.trimEnd());
    } else {
      assert.equal(real?.rc, '1');
      const said = `/sbin/uci: Parse error (${error.message}) at line ${error.line}, byte ${error.byte}`;
      assert.equal(real.exported.split('\n')[0], said);
      assert.deepEqual(parsed.sections, []);
    }
  });
}

/** Cases that were put to libuci 5781664d, built from its source, beside those that are recorded. */
const cases: readonly (readonly [string, string, string])[] = [
  ['a value over several lines', `config a m\n option x 'one\ntwo' \n`, `'one\ntwo'`],
  ['a line that ends in a backslash', 'config a m\n option x one\\\ntwo\n', `'onetwo'`],
  ['the same with CRLF', 'config a m\r\n option x one\\\r\ntwo\r\n', `'onetwo'`],
  ['an escaped quote in double quotes', 'config a m\n option x "a\\"b"\n', `'a"b'`],
  ['a backslash in single quotes', `config a m\n option x 'a\\b'\n`, `'a\\b'`],
  ['no newline at the end', 'config a m\n option x 1', `'1'`],
  ['short command words', 'c a m\no x 1\n', `'1'`],
  ['a command behind a ; that follows a quoted value', `config a m\n option x '1';option y 2\n`, `'1' '2'`],
  ['a list after an option', 'config a m\n option x 1\n list x 2\n', `'1' '2'`],
  ['an empty option after a full one', `config a m\n option x 1\n option x ''\n`, `'1'`],
  ['two sections of one name', 'config a m\n list x 1\nconfig a m\n list x 2\n', `'1' '2'`],
];
for (const [name, text, values] of cases) {
  test(`read as libuci does: ${name}`, () => {
    const { sections, errors } = parseUci(text);
    assert.deepEqual(errors, []);
    const texts = sections.flatMap(({ options }) => options.flatMap((option) => option.values));
    assert.equal(texts.map((value) => quote(value.text)).join(' '), values);
  });
}

const mistakes: readonly (readonly [string, string, string])[] = [
  ['an open quote', `config a m\n option x 'one\n\n`, `3:16 EOF with unterminated '`],
  ['an open double quote', 'config a m\n option x "one\n', '2:15 EOF with unterminated "'],
  ['a command alone at the end of the file', 'config a m\noption', '2:0 option without name'],
  ['a config alone at the end of the file', 'config', '1:0 config without name'],
  ['a package without a name', 'package \n', '1:9 insufficient arguments'],
  ['a package name with a dot', 'package a.b\n', '1:12 invalid character in name field'],
  ['an option without a name', 'config a m\noption \n', '2:8 insufficient arguments'],
  ['a type that is not plain ASCII', 'config zażółć m\n', '1:18 invalid character in type field'],
  ['a byte order mark', '\uFEFFconfig a m\n', '1:0 invalid command'],
  ['a NUL', 'config a m\n option x \0\n', '2:undefined NUL byte'],
];
for (const [name, text, said] of mistakes) {
  test(`an unreadable file is reported with its line: ${name}`, () => {
    const { sections, errors } = parseUci(text);
    assert.deepEqual(sections, []);
    assert.deepEqual(
      errors.map(({ line, byte, message }) => `${line}:${byte} ${message}`),
      [said],
    );
  });
}

test('sections and values keep the lines they stand on', () => {
  const { sections } = parseUci(
    "# c\nconfig a m\n\n option x 'one\ntwo'\n list y 1\n list y 2\nconfig a m\n option x 3\n",
  );
  assert.deepEqual(sections, [
    {
      type: 'a',
      name: 'm',
      line: 2,
      options: [
        { name: 'x', kind: 'option', values: [{ text: '3', line: 9 }], replaced_line: 4 },
        {
          name: 'y',
          kind: 'list',
          values: [
            { text: '1', line: 6 },
            { text: '2', line: 7 },
          ],
        },
      ],
    },
  ]);
});
