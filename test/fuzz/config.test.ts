import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { overlap } from '../../agent/config/checks/subjectoverlap.ts';
import type { Loaded } from '../../agent/config/load.ts';
import { formatProblem } from '../../agent/config/problem.ts';
import { deriveUnitId, readUnitState, unitStateOf } from '../../agent/config/unitid.ts';
import { subjectMatches } from '../../agent/wire/values.ts';
import { iniExample, uciExample } from '../../build/exampleconfig.ts';
import { table } from '../../build/optiontable.ts';
import { holds } from '../kit/fuzz/fuzz.ts';
import { damaged, hostileText, oddNumber } from '../kit/fuzz/hostile.ts';
import { loadIni, loadUci } from '../kit/unit/config.ts';

type Values = Readonly<Record<string, unknown>>;

/** Every option of every section has a value that its own rule allows, by the kinds in the table and not by `parse`. */
function assertFull({ config }: Loaded): void {
  assert.deepEqual(Object.keys(config).sort(), table.map(({ type }) => type).sort());
  for (const { type, many, options } of table) {
    const value = config[type as keyof typeof config];
    for (const entry of (many ? value : [value]) as readonly Values[]) {
      const own = [...options.map(({ name }) => name), ...(many ? ['section'] : [])];
      assert.deepEqual(Object.keys(entry).sort(), own.sort(), type);
      for (const option of options) {
        const found = entry[option.name];
        const say = `${type}.${option.name} ${JSON.stringify(found)}`;
        if (option.kind === 'bool') assert.equal(typeof found, 'boolean', say);
        else if (option.kind === 'int') {
          const [least, most] = option.range ?? [0, 0];
          assert.ok(Number.isInteger(found) && Number(found) >= least && Number(found) <= most, say);
        } else if (option.kind === 'choice') assert.ok(option.choices?.includes(String(found)), say);
        else if (option.kind === 'list') {
          assert.ok(Array.isArray(found), say);
          for (const one of found)
            assert.ok(typeof one === 'string' && !/\p{Cc}/u.test(one) && one !== '', say);
        } else if (found !== undefined)
          assert.ok(typeof found === 'string' && found !== '' && !/\p{Cc}/u.test(found), say);
      }
    }
  }
}

function assertSound(text: string, loaded: Loaded): void {
  assertFull(loaded);
  const lines = text.split(/\r\n|\n|\r/).length;
  for (const problem of loaded.problems) {
    assert.match(formatProblem(problem), /^f(:\d+)?: \P{Cc}+$/u);
    assert.ok(problem.message.length > 3);
    if (problem.line !== undefined) assert.ok(problem.line >= 1 && problem.line <= lines);
    if (problem.value !== undefined) assert.ok(problem.option !== undefined && problem.value.length <= 123);
  }
}

holds(
  'whatever a UCI file says, there is a whole config within the table',
  damaged([uciExample(), uciExample().replaceAll('#\t', '\t').replaceAll('# ', '')], 8),
  (text) => assertSound(text, loadUci(text)),
);
holds(
  'whatever an INI file says, there is a whole config within the table',
  damaged([iniExample()], 8),
  (text) => assertSound(text, loadIni(text)),
);

const quote = (text: string): string => `'${text.replaceAll('\0', '').replaceAll("'", String.raw`'\''`)}'`;
const anyOption = fc.constantFrom(
  ...table.flatMap(({ type, options }) => options.map((option) => ({ type, option }))),
);
const anyValue = fc.oneof(
  hostileText(),
  oddNumber,
  fc.constantFrom('1', 'auto', 'tls://h', 'a.>', '/x', '::1'),
);

holds(
  'a value is either taken as its option allows, or left with a problem that names option, value and line',
  fc.tuple(anyOption, anyValue),
  ([{ type, option }, value]) => {
    const list = option.kind === 'list' ? 'list' : 'option';
    const shown = value.replaceAll('\0', '');
    const text = `config ${type} 'a_b'\n\n\t${list} ${option.name} ${quote(value)}\n`;
    const loaded = loadUci(text);
    assertSound(text, loaded);
    const parts = (option.split?.(shown) ?? []).filter((part) => part !== '');
    const whys = (parts.length > 0 || shown === '' ? parts : [shown]).flatMap((element) => {
      const parsed = option.parse(element);
      return parsed.ok ? [] : parsed.why;
    });
    const bad = loaded.problems.find(({ message }) => whys.includes(message));
    if (whys.length === 0) {
      assert.equal(bad, undefined);
      return;
    }
    assert.ok(bad !== undefined, JSON.stringify(loaded.problems));
    assert.equal(bad.line, 3);
    assert.match(bad.option ?? '', new RegExp(`^${type}(\\.a_b)?\\.${option.name}$`));
    assert.equal(bad.value === undefined, option.secret, 'the value is shown unless it is a secret');
  },
  1500,
);

const secret = fc.stringMatching(/^[A-Za-z0-9]{12,20}$/).map((text) => `S3cr3t${text}`);
const secrets = table.flatMap(({ type, options }) =>
  options.filter((option) => option.secret).map(({ name }) => ({ type, name })),
);

holds(
  'a secret is in no problem, whatever else is wrong with it or around it',
  fc.tuple(secret, fc.constantFrom(...secrets), hostileText(20), hostileText(20), fc.boolean(), fc.boolean()),
  ([word, { type, name }, before, after, list, ini]) => {
    const value = before.replace(/[\0\r\n]/g, '') + word + after.replace(/[\0\r\n]/g, '');
    const kind = list ? 'list' : 'option';
    const loaded = ini
      ? loadIni(`[${type}]\n${name}${list ? '[]' : ''} = '${value}'\nnonsense\nuser = a\u0007b\n`)
      : loadUci(
          `config ${type}\n\t${kind} ${name} ${quote(value)}\n\t${kind} user 'a\u0007b'\n\toption odd x\n`,
        );
    assert.ok(loaded.problems.length > 0);
    for (const problem of loaded.problems)
      assert.ok(!JSON.stringify(problem).includes(word), JSON.stringify(problem));
  },
);

const idText = fc.option(
  fc.oneof(
    hostileText(40),
    fc.constantFrom(
      '00:00:00:00:00:00',
      'ff:ff:ff:ff:ff:ff',
      '02:11:22:33:44:55',
      'none',
      '\0',
      'uninitialized\n',
    ),
    fc.stringMatching(/^[0-9a-f]{32}$/),
  ),
  { nil: undefined },
);
holds(
  'whatever a machine says of itself, its unit id is one token, and the same each time',
  fc.record({
    hostname: hostileText(300),
    texts: fc.array(idText, { minLength: 1, maxLength: 6 }),
    names: fc.array(hostileText(15)),
  }),
  ({ hostname, texts, names }) => {
    const machine = {
      hostname,
      readFile: (path: string) => texts[path.length % texts.length],
      listDir: () => names,
    };
    const { unit, unique } = deriveUnitId(machine);
    assert.match(unit, /^[A-Za-z0-9_-]{1,64}$/);
    assert.deepEqual(deriveUnitId(machine), { unit, unique });
    assert.deepEqual(readUnitState(unitStateOf(unit)), { unit, isBare: false });
    const other = deriveUnitId({ ...machine, readFile: () => undefined, listDir: () => [] });
    assert.equal(other.unique, false);
    if (unique) assert.notEqual(unit, other.unit);
  },
);

const token = fc.constantFrom('a', 'b', '*', 'ops', '>x', 'é');
const pattern = fc
  .tuple(fc.array(token, { minLength: 1, maxLength: 4 }), fc.boolean())
  .map(([tokens, open]) => [...tokens, ...(open ? ['>'] : [])].join('.'));
const subjects = ['a', 'b', 'ops', '>x', 'é', 'c'].flatMap((one) => [
  [one],
  ...['a', 'b', 'é', 'c'].flatMap((two) => [[one, two], ...['a', 'c'].map((three) => [one, two, three])]),
]);

holds(
  'patterns overlap exactly when some subject matches both',
  fc.tuple(pattern, pattern),
  ([one, other]) => {
    const tails = [[], ['a'], ['b', 'c'], ['ops', 'a', 'é', '>x']];
    const both = subjects
      .flatMap((subject) => tails.map((tail) => [...subject, ...tail].join('.')))
      .some((subject) => subjectMatches(one, subject) && subjectMatches(other, subject));
    if (both) assert.ok(overlap(one, other));
    assert.equal(overlap(one, other), overlap(other, one));
    assert.ok(overlap(one, one));
    // a subject made of both patterns: the narrower word of each place
    if (!overlap(one, other)) return;
    const [left, right] = [one.split('.'), other.split('.')];
    const made = Array.from({ length: Math.max(left.length, right.length) }, (_, i) => {
      const words = [left[i], right[i]].filter((word) => word !== undefined && word !== '*' && word !== '>');
      return words[0] ?? 'c';
    }).join('.');
    assert.ok(subjectMatches(one, made) && subjectMatches(other, made), `${one} and ${other}: ${made}`);
  },
);
