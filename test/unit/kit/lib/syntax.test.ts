import assert from 'node:assert/strict';
import { test } from 'node:test';
import { callsOf, exportsOf, functionsOf, importsOf, referencesOf } from '../../../kit/lib/syntax.ts';

const targets = (source: string): string[] => importsOf(source).map(({ target }) => target);

test('every way to import is seen, however it is written', () => {
  for (const source of [
    "import { x } from './x.ts';",
    "import x from './x.ts';",
    "import * as x from './x.ts';",
    "import './x.ts';",
    "import { /* it's */ x } from './x.ts';",
    'import { x } from "./x.ts";',
    "import type { X } from './x.ts';",
    "import x = require('./x.ts');",
    "export { x } from './x.ts';",
    "export * from './x.ts';",
    'type X = import("./x.ts").X;',
    "let x: typeof import('./x.ts');",
    "void import(/* it's */ './x.ts');",
    "const { x } = require('./x.ts');",
  ])
    assert.deepEqual(targets(source), ['./x.ts'], source);
  assert.deepEqual(
    targets("// import './x.ts';\nconst text = \"import('./x.ts')\"; a.b; export const y = 1;"),
    [],
  );
});

test('an import that cannot be checked is shown as one', () => {
  for (const source of [
    'void import(`./x.ts`);',
    'void import(x);',
    'require(`./x.ts`);',
    "const load = require; load('./x.ts');",
    "require.resolve('./x.ts');",
    "module.createRequire(url)('./x.ts');",
  ])
    assert.deepEqual([...new Set(targets(source))], ['?'], source);
});

test('what is imported is known by name, and whether it is a type', () => {
  assert.deepEqual(importsOf("import a, { b as c, type D } from 'm';"), [
    { target: 'm', names: ['default', 'b'], typesOnly: false },
  ]);
  assert.deepEqual(importsOf("import * as a from 'm'; export { b as c } from 'n';"), [
    { target: 'm', names: ['*'], typesOnly: false },
    { target: 'n', names: ['b'], typesOnly: false },
  ]);
  for (const source of [
    "import type { A } from 'm';",
    "import { type A, type B } from 'm';",
    "export type * from 'm';",
  ])
    assert.equal(importsOf(source)[0]?.typesOnly, true, source);
  assert.equal(importsOf("import 'm';")[0]?.typesOnly, false);
});

test('references are names in scope, not properties and types', () => {
  const of = (source: string, name: string): boolean => referencesOf(source).includes(name);
  assert.ok(of('Math.random()', 'Math.random'));
  assert.ok(of("Math['random']()", 'Math.random'));
  assert.ok(of('const { random } = Math;', 'Math as a value'));
  assert.ok(of('const now = Date.now;', 'Date.now'));
  assert.ok(of('new Date()', 'new Date()'));
  assert.ok(of('Date()', 'Date()'));
  assert.ok(!of('new Date(0)', 'new Date()'));
  assert.ok(!of('x instanceof Date', 'Date as a value'));
  assert.ok(of('setTimeout(f)', 'setTimeout'));
  assert.ok(of('f({ fetch })', 'fetch'));
  assert.ok(!of('unit.fetch; const a = { fetch: 1 };', 'fetch'));
  assert.ok(!of('type A = typeof process; let b: Date;', 'process'));
});

test('every kind of export has its name; what is passed on by its own name is not its own', () => {
  assert.deepEqual(
    exportsOf(
      [
        "import { i, j } from './i.ts';",
        'export const a = 1, { b: c, ...d } = o, [e = 1] = p;',
        'export let f = 1;',
        'export async function* g() {}',
        'export abstract class H {}',
        'export interface K {}',
        'export type L = 1;',
        'export enum M { a }',
        'export { a as Reading, i, j as n };',
        "export { q, r as s } from './q.ts';",
        "export * from './t.ts';",
        "export * as u from './t.ts';",
        'export default 1;',
      ].join('\n'),
    ),
    ['a', 'c', 'd', 'e', 'f', 'g', 'H', 'K', 'L', 'M', 'Reading', 'n', 's', 'u'],
  );
});

test('every kind of function has its name and its length', () => {
  const is = (source: string, ...expected: [string, number][]): void =>
    assert.deepEqual(
      functionsOf(source),
      expected.map(([name, length]) => ({ name, length })),
    );
  is('export async function f(\n  a: string,\n): Promise<void> {\n  g();\n}', ['f', 5]);
  is('const f =\n  () =>\n  1;', ['f', 3]);
  is('const f = function () {\n};', ['f', 2]);
  is(
    'const o = {\n  a: () => {\n  },\n  b: function () {},\n  c(\n    x: 1,\n  ) {\n  },\n  get d() {\n    return 1;\n  },\n};',
    ['a', 2],
    ['b', 1],
    ['c', 4],
    ['d', 3],
  );
  is('class C {\n  static #m(\n  ) {}\n  p = () => 1;\n}', ['m', 2], ['p', 1]);
  is('f(() => {\n});', ['', 2]);
});

test('a call is known by the last name of what is called and by its arguments', () => {
  assert.deepEqual(callsOf("fs.rm(path, { force: f('x') });"), [
    { callee: 'rm', args: ['path', "{ force: f('x') }"] },
    { callee: 'f', args: ["'x'"] },
  ]);
});
