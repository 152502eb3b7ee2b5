// A program is split into files by what is imported later, and does what it did in one.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { before, test } from 'node:test';
import { tempDir } from '../../kit/process/daemon.ts';
import { projectRoot } from '../../kit/process/tools.ts';

interface Built {
  readonly outputFiles: readonly { readonly path: string; readonly contents: Uint8Array }[];
  readonly inputs: readonly string[];
}
type BuildSplit = (
  entry: string,
  name: string,
  parts: { partOf(source: string): string; partFor(parts: readonly string[]): string },
  options: object,
) => Promise<Built>;
let buildSplit: BuildSplit;
before(async () => {
  ({ buildSplit } = await import(join(projectRoot, 'build/split.mjs'))); // a plain program without types
});

const sources = {
  'main.ts': `import { always } from './always.ts';
const wanted = process.argv.slice(2);
console.log(always('main'));
if (wanted.includes('a')) import('./a.ts').then(({ a }) => console.log(a()));
if (wanted.includes('b')) import('./b.ts').then(({ default: b, kept }) => { kept.push('main'); console.log(b()); });`,
  'always.ts': `export const always = (by: string) => 'always by ' + by; export const onlyOfA = () => 'for a';`,
  'both.ts': `import { always } from './always.ts'; export class Both { say() { return always('both'); } } export const list: string[] = [];`,
  'a.ts': `import { Both, list } from './both.ts'; import { onlyOfA } from './always.ts';
export const a = () => { list.push('a'); return [new Both().say(), onlyOfA(), list.length].join(); };`,
  'b.ts': `import { Both, list } from './both.ts'; export const kept = list;
export default () => new Both().say() + ' with ' + list.join('+');`,
};

const options = (root: string) => ({
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  minify: true,
  sourcemap: 'linked',
  sourcesContent: false,
  metafile: true,
  write: false,
  outdir: join(root, 'out'),
  banner: '#!/usr/bin/env node',
});

/** Builds it in a folder of its own; gives the names of the files, and how to run it. */
async function built(root: string) {
  for (const [name, text] of Object.entries(sources)) writeFileSync(join(root, name), text);
  const partOf = (source: string): string => basename(source, '.ts');
  const partFor = ([part = '', ...more]: readonly string[]): string => (more.length === 0 ? part : 'shared');
  const { outputFiles, inputs } = await buildSplit('main.ts', 'p', { partOf, partFor }, options(root));
  mkdirSync(join(root, 'out'));
  for (const { path, contents } of outputFiles) writeFileSync(path, contents);
  const run = (...args: string[]): string[] =>
    execFileSync(process.execPath, [join(root, 'out/p.cjs'), ...args], { encoding: 'utf8' })
      .trim()
      .split('\n');
  const files = outputFiles.map(({ path }) => basename(path)).filter((name) => name.endsWith('.cjs'));
  return {
    run,
    files: files.sort(),
    inputs,
    text: (name: string) => readFileSync(join(root, 'out', name), 'utf8'),
  };
}

test('each file has what it needs, and what two of them need is there once', async (t) => {
  const { run, files, inputs, text } = await built(tempDir(t, 'split'));
  assert.deepEqual(files, ['p-a.cjs', 'p-b.cjs', 'p-shared.cjs', 'p.cjs']);
  assert.deepEqual([...inputs].sort(), Object.keys(sources).sort());
  assert.deepEqual(run(), ['always by main']);
  assert.deepEqual(run('a'), ['always by main', 'always by both,for a,1']);
  assert.deepEqual(run('a', 'b'), ['always by main', 'always by both,for a,1', 'always by both with a+main']);
  const having = (part: string): string[] => files.filter((name) => text(name).includes(part));
  assert.deepEqual(having('"both"'), ['p-shared.cjs']);
  assert.deepEqual(having('"always by "'), ['p.cjs']);
});

test('the source map of each file leads to its sources, and the bytes do not depend on where they lie', async (t) => {
  const [one, other] = [await built(tempDir(t, 'split')), await built(tempDir(t, 'elsewhere'))];
  for (const name of one.files) assert.equal(one.text(name), other.text(name), name);
  const { sources: seen } = JSON.parse(one.text('p-a.cjs.map')) as { sources: string[] };
  assert.ok(seen.includes('../a.ts'), seen.join());
});
