import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Loaded } from '../../../agent/config/load.ts';
import { formatProblem } from '../../../agent/config/problem.ts';
import { iniExample, uciExample } from '../../../build/exampleconfig.ts';
import { table } from '../../../build/optiontable.ts';
import { projectRoot } from '../../kit/process/tools.ts';
import { loadIni, loadUci } from '../../kit/unit/config.ts';

const folder = join(projectRoot, 'test/fixtures/uci-vectors');
const vectors = readdirSync(folder)
  .filter((name) => name.endsWith('.uci'))
  .map((name) => readFileSync(join(folder, name), 'utf8'));

const secret = 'TOP5ECRET';
const unit =
  `config hub 'hub'\n\toption user 'joe'\n\toption password '${secret}'\n\tlist url 'tls://h'\n` +
  `config user 'a'\n\toption password '${secret}'\nconfig leaf\n\toption external_password '${secret}'\n`;

/** Park and Miller's generator: the same numbers in each run. */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 48271) % 2147483647;
    return state % below;
  };
}

const spices = [
  ...[
    '\\',
    '"',
    "'",
    ';',
    '#',
    '\n',
    '\r\n',
    '\\\n',
    '\0',
    '\uFEFF',
    '\u0001',
    'é',
    '\u{1F6A8}',
    '=',
    '[',
    ']',
    '[]',
    '.',
  ],
  ...[
    'config ',
    'option ',
    'list ',
    'package ',
    'config hub\n',
    '\tlist url x\n',
    '__proto__',
    'constructor',
    '[hub]\n',
  ],
];

function mutated(text: string, random: (below: number) => number): string {
  let out = text;
  for (let count = random(6) + 1; count > 0; count -= 1) {
    const at = random(out.length + 1);
    const drop = random(3) === 0 ? random(8) : 0;
    const add = random(4) === 0 ? '' : (spices[random(spices.length)] ?? '');
    out = out.slice(0, at) + add + out.slice(at + drop);
  }
  return out;
}

/** What holds for any text whatever: a config within the table, and problems with lines within the text. */
function assertSound(text: string, { config, problems }: Loaded): void {
  const lines = text.split(/\r\n|\n|\r/).length;
  for (const problem of problems) {
    assert.match(formatProblem(problem), /^f(:\d+)?: \P{Cc}+$/u);
    if (problem.line === undefined) continue;
    assert.ok(problem.line >= 1 && problem.line <= lines, `line ${problem.line} of ${lines}`);
  }
  for (const { type, many, options } of table) {
    const value = config[type as keyof typeof config];
    const entries = (many ? value : [value]) as readonly Readonly<Record<string, unknown>>[];
    for (const { name, default: preset, parse } of options) {
      for (const found of entries.map((entry) => entry[name])) {
        if (found === preset) continue;
        for (const one of Array.isArray(found) ? found : [found])
          assert.ok(parse(String(one)).ok, `${name} ${one}`);
      }
    }
  }
}

test('no mutation of a UCI file throws, and each mistake has its line', () => {
  const random = numbers(1);
  const seeds = [...vectors, uciExample().slice(0, 3000), unit];
  let unreadable = 0;
  for (let round = 0; round < 2500; round += 1) {
    const text = mutated(seeds[random(seeds.length)] ?? '', random);
    const loaded = loadUci(text);
    assertSound(text, loaded);
    const [first] = loaded.problems;
    if (first?.message.startsWith('cannot be read') !== true) continue;
    unreadable += 1;
    assert.ok(first.line !== undefined);
    assert.equal(loaded.problems.length, 1);
  }
  assert.ok(unreadable > 500);
});

test('no mutation of an INI file throws, and each mistake has its line', () => {
  const random = numbers(2);
  const seeds = [
    iniExample().slice(0, 2000),
    '[hub]\nurl[] = tls://h\nuser = u\npassword = "p"\n[user.a]\npassword = x\n',
  ];
  for (let round = 0; round < 1000; round += 1) {
    const text = mutated(seeds[random(seeds.length)] ?? '', random);
    assertSound(text, loadIni(text));
  }
});

test('no problem shows a secret, wherever the mistake is', () => {
  const random = numbers(3);
  let problems = 0;
  for (let round = 0; round < 1000; round += 1) {
    const loaded = loadUci(mutated(unit, random));
    problems += loaded.problems.length;
    // a mutation may cut the secret itself in two, or turn it into a name: then it is none any more
    const shown = loaded.problems.map(({ value }) => value ?? '').join('\n');
    assert.ok(!shown.includes(secret), shown);
  }
  assert.ok(problems > 500);
});
