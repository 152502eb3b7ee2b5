import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { SourceMap } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { projectRoot } from '../kit/process/tools.ts';

const read = (folder: string, file: string): string => readFileSync(join(folder, 'dist', file), 'utf8');
const digest = (folder: string, file: string): string =>
  createHash('sha256').update(read(folder, file)).digest('hex');
const { version } = JSON.parse(readFileSync(join(projectRoot, 'package.json'), 'utf8'));
let copy = '';

before(() => {
  copy = mkdtempSync(join(tmpdir(), 'nunect-bundle-'));
  for (const part of ['agent', 'build', 'package.json', 'tsconfig.json']) {
    cpSync(join(projectRoot, part), join(copy, part), { recursive: true });
  }
  symlinkSync(join(projectRoot, 'node_modules'), join(copy, 'node_modules'));
  execFileSync(process.execPath, ['build/bundle.mjs'], { cwd: copy });
});
after(() => rmSync(copy, { recursive: true, force: true }));

test('two builds give the same bytes, wherever the tree lies', () => {
  const out = join(copy, 'again', 'dist');
  execFileSync(process.execPath, ['build/bundle.mjs', '--out', out], { cwd: projectRoot });
  const files = readdirSync(join(copy, 'dist')).sort();
  assert.deepEqual(files, ['THIRD_PARTY.txt', 'nunect.cjs', 'nunect.cjs.map']);
  assert.equal(digest(join(copy, 'again'), 'nunect.cjs'), digest(copy, 'nunect.cjs'));
  assert.equal(digest(join(copy, 'again'), 'THIRD_PARTY.txt'), digest(copy, 'THIRD_PARTY.txt'));
});

test('a second build over the first changes nothing, the source map included', () => {
  const before = digest(copy, 'nunect.cjs.map');
  execFileSync(process.execPath, ['build/bundle.mjs'], { cwd: copy });
  assert.equal(digest(copy, 'nunect.cjs.map'), before);
});

test('the bundle runs by itself and says the version of package.json', () => {
  const said = execFileSync(join(copy, 'dist/nunect.cjs'), ['--version'], { encoding: 'utf8', cwd: '/' });
  assert.equal(said, `nunect ${version}\n`);
});

test('the source map beside it leads from a place in a stack trace to the line it was made of', () => {
  const marker = 'a part did not stop cleanly';
  const lines = read(copy, 'nunect.cjs').split('\n');
  const line = lines.findIndex((text) => text.includes(marker));
  const map = new SourceMap(JSON.parse(read(copy, 'nunect.cjs.map')));
  const place = map.findEntry(line, lines[line]?.indexOf(marker) ?? -1);
  assert.ok('originalSource' in place && place.originalSource.endsWith('agent/agent.ts'));
  const source = readFileSync(join(projectRoot, 'agent/agent.ts'), 'utf8').split('\n');
  assert.ok(source[place.originalLine]?.includes(marker));
});

test('the terms of every bundled package are in THIRD_PARTY.txt', () => {
  const terms = read(copy, 'THIRD_PARTY.txt');
  const { sources } = JSON.parse(read(copy, 'nunect.cjs.map')) as { sources: string[] };
  const bundled = new Set(sources.flatMap((s) => s.match(/node_modules\/((?:@[^/]+\/)?[^/]+)/)?.[1] ?? []));
  assert.ok(bundled.has('@nats-io/transport-node'));
  for (const name of bundled) assert.ok(terms.includes(`\n${name} `), name);
});

test('the bundle keeps its budget', () => {
  const said = execFileSync(process.execPath, ['build/budgets.mjs'], { cwd: copy, encoding: 'utf8' });
  assert.match(said, /nunect\.cjs: \d+ of \d+ bytes/);
});
