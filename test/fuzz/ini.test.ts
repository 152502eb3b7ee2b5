import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { parseIni } from '../../agent/config/formats/ini.ts';
import { iniExample } from '../../build/exampleconfig.ts';
import { holds } from '../kit/fuzz/fuzz.ts';
import { damaged, hostileText } from '../kit/fuzz/hostile.ts';
import { projectRoot } from '../kit/process/tools.ts';

const examples = [
  iniExample(),
  ...readdirSync(join(projectRoot, 'config'))
    .filter((name) => /\.(ini|conf)$/.test(name))
    .map((name) => readFileSync(join(projectRoot, 'config', name), 'utf8')),
  '[hub]\nurl[] = tls://h\nuser = u\npassword = "p"\n[user.a]\npassword = \'x;y\'\n',
];

const word = fc.oneof(
  fc.stringMatching(/^[A-Za-z0-9_]{1,12}$/),
  fc.constantFrom('constructor', 'toString', 'hasOwnProperty', 'length', '0'),
);
const model = fc.uniqueArray(
  fc.record({
    type: word,
    name: fc.option(fc.stringMatching(/^[A-Za-z0-9_-]{1,12}(\.[a-z0-9]{1,5})?$/), { nil: undefined }),
    options: fc.uniqueArray(
      fc.record({
        name: word,
        list: fc.boolean(),
        values: fc.array(
          // the ini package ends lines at U+2028 and U+2029 too: such a line is an error
          hostileText(30).map((text) => text.replace(/[\r\n\u2028\u2029]/g, '')),
          { minLength: 1, maxLength: 3 },
        ),
      }),
      { maxLength: 4, selector: ({ name }) => name },
    ),
  }),
  { maxLength: 4, selector: ({ type, name }) => `${type}.${name ?? ''}` },
);

const quotings = [(text: string) => `'${text}'`, (text: string) => JSON.stringify(text)] as const;

holds('whatever was written in quotes is read back', fc.tuple(model, fc.boolean(), fc.boolean()), (made) => {
  const [sections, double, repeat] = made;
  const quote = quotings[double ? 1 : 0];
  const text = sections
    .map(
      ({ type, name, options }) =>
        `[${type}${name === undefined ? '' : `.${name}`}]\r\n${options
          .flatMap((o) =>
            (o.list ? o.values : o.values.slice(-1)).map(
              (one) => `${o.name}${o.list && !repeat ? '[]' : ''} = ${quote(one)}\n; a comment\n`,
            ),
          )
          .join('')}`,
    )
    .join('\n');
  const read = parseIni(text);
  assert.deepEqual(read.errors, [], text);
  assert.deepEqual(
    read.sections.map(({ type, name, options }) => ({
      type,
      name,
      options: options.map((o) => ({ name: o.name, values: o.values.map((v) => v.text) })),
    })),
    sections.map(({ type, name, options }) => ({
      type,
      name,
      options: options.flatMap((o) => {
        const given = o.list ? o.values : o.values.slice(-1);
        const values = o.list && !repeat ? given : given.filter((one) => one !== '');
        return values.length === 0 ? [] : [{ name: o.name, values }];
      }),
    })),
    text,
  );
});

const assertSound = (text: string): void => {
  const lines = text.split(/\r\n|\n|\r/).length;
  const read = parseIni(text);
  for (const { line, message } of read.errors) {
    assert.ok(line !== undefined && line >= 1 && line <= lines, `line ${line} of ${lines}`);
    assert.match(
      message,
      /section without a name|neither \[section\] nor option = value|outside of any section$/s,
    );
  }
  for (const { type, line, options } of read.sections) {
    assert.ok(type !== '' && line >= 1 && line <= lines);
    for (const { values } of options) {
      assert.ok(values.length > 0);
      for (const value of values) assert.ok(typeof value.text === 'string' && value.line <= lines);
    }
  }
  assert.equal(({} as Record<string, unknown>)['polluted'], undefined);
};

holds(
  'a damaged file is read, and each line that says nothing is named',
  damaged(examples),
  assertSound,
  1000,
);
holds('any text is read, and each line that says nothing is named', hostileText(300), assertSound);
holds(
  'no name of a section or option reaches the prototypes of everything',
  fc.tuple(
    fc.constantFrom(
      '__proto__',
      'constructor',
      'constructor.prototype',
      '__proto__.__proto__',
      'a.__proto__',
    ),
    fc.constantFrom('polluted', '__proto__', '__proto__[]', 'prototype', '__proto__.polluted'),
  ),
  ([section, option]) => assertSound(`[${section}]\n${option} = 1\n${option}[] = 2\n`),
  100,
);
