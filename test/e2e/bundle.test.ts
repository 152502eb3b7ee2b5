import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { SourceMap } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { sections } from '../../agent/config/options.ts';
import { projectRoot } from '../kit/process/tools.ts';

const read = (folder: string, file: string): string => readFileSync(join(folder, 'dist', file), 'utf8');
const digest = (folder: string, file: string): string =>
  createHash('sha256').update(read(folder, file)).digest('hex');
const { version } = JSON.parse(readFileSync(join(projectRoot, 'package.json'), 'utf8'));
let copy = '';

before(() => {
  copy = mkdtempSync(join(tmpdir(), 'nunect-bundle-'));
  for (const part of [
    'agent',
    'build',
    'config',
    'openwrt',
    'procd',
    'LICENSE',
    'package.json',
    'tsconfig.json',
  ]) {
    cpSync(join(projectRoot, part), join(copy, part), { recursive: true });
  }
  symlinkSync(join(projectRoot, 'node_modules'), join(copy, 'node_modules'));
  execFileSync(process.execPath, ['build/bundle.mjs'], { cwd: copy });
});
after(() => rmSync(copy, { recursive: true, force: true }));

/** The files of the unit's program are those that build/unitfiles.mjs lists. */
const programs = [
  {
    name: 'nunect',
    licences: 'THIRD_PARTY.txt',
    files: ['', '-agent', '-enrol', '-orders', '-page', '-seldom', '-shared', '-tools'].map(
      (part) => `nunect${part}.cjs`,
    ),
  },
  { name: 'nunect-hub', licences: 'THIRD_PARTY-hub.txt', files: ['nunect-hub.cjs'] },
] as const;
/** The files that a program was made of, by its source maps. */
const sourcesOf = (of: string): string[] =>
  programs
    .filter(({ name }) => name === of)
    .flatMap(({ files }) => files.flatMap((file) => JSON.parse(read(copy, `${file}.map`)).sources));
const folder = (): string[] => readdirSync(join(copy, 'dist')).sort();

test('two builds give the same bytes, wherever the tree lies', () => {
  const out = join(copy, 'again', 'dist');
  execFileSync(process.execPath, ['build/bundle.mjs', '--out', out], { cwd: projectRoot });
  assert.deepEqual(
    folder(),
    programs
      .flatMap(({ files, licences }) => [licences, ...files.flatMap((file) => [file, `${file}.map`])])
      .sort(),
  );
  for (const file of folder().filter((name) => !name.endsWith('.map'))) {
    assert.equal(digest(join(copy, 'again'), file), digest(copy, file), file);
  }
});

test('a second build over the first changes nothing, the source maps included', () => {
  const before = folder().map((file) => digest(copy, file));
  execFileSync(process.execPath, ['build/bundle.mjs'], { cwd: copy });
  assert.deepEqual(
    folder().map((file) => digest(copy, file)),
    before,
  );
});

for (const { name } of programs)
  test(`${name} runs by itself and says the version of package.json`, () => {
    const said = execFileSync(join(copy, `dist/${name}.cjs`), ['--version'], { encoding: 'utf8', cwd: '/' });
    assert.equal(said, `${name} ${version}\n`);
  });

test('the unit has nothing of the operator but echo, and the operator nothing of the agent', () => {
  const has = (name: string, path: string): boolean => sourcesOf(name).some((one) => one.includes(path));
  assert.ok(has('nunect', '/agent/cli/echo.ts') && has('nunect-hub', '/agent/cli/echo.ts'));
  assert.ok(has('nunect-hub', '/agent/hub/top/top.ts') && !has('nunect', '/agent/hub/'));
  for (const path of ['/agent/agent.ts', '/agent/parts/', '/agent/leaf/conf/'])
    assert.ok(has('nunect', path) && !has('nunect-hub', path), path);
});

test('nunect top is answered with where that command is', () => {
  const { status, stdout, stderr } = spawnSync(join(copy, 'dist/nunect.cjs'), ['top'], { encoding: 'utf8' });
  assert.deepEqual([status, stdout], [2, '']);
  assert.match(stderr, /^nunect: there is no command 'top'; call 'nunect-hub top' /);
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

test('every character of the programs is ASCII: one beyond Latin-1 would take a byte more for each in memory', () => {
  for (const { files } of programs)
    for (const file of files) assert.doesNotMatch(read(copy, file), /[^\0-~]/, file);
});

test('no help of an option is in a program: it is for documents and forms', () => {
  for (const { files } of programs) {
    const program = files.map((file) => read(copy, file)).join('\n');
    for (const { help, options } of Object.values(sections))
      for (const text of [help, ...Object.values(options).map((option) => option.help)])
        assert.ok(!program.includes(text), text);
  }
});

for (const { name, licences } of programs)
  test(`the terms of every package in ${name} are in ${licences}`, () => {
    const terms = read(copy, licences);
    const packages = sourcesOf(name).flatMap((s) => s.match(/node_modules\/((?:@[^/]+\/)?[^/]+)/)?.[1] ?? []);
    assert.ok(packages.includes('@nats-io/transport-node'));
    for (const one of packages) assert.ok(terms.includes(`\n${one} `), one);
  });

test('what ships keeps its budgets', () => {
  execFileSync(process.execPath, ['build/client.mjs'], { cwd: copy });
  const said = execFileSync(process.execPath, ['build/budgets.mjs'], { cwd: copy, encoding: 'utf8' });
  for (const what of [
    /^all of dist\/nunect\*\.cjs: /m,
    /^what run loads: /m,
    /^dist\/nunect-hub\.cjs: /m,
    /^nunect_.+_all\.ipk: \d+ of \d+ bytes/m,
  ])
    assert.match(said, what);
});

test('a command whose reader goes away ends without a word, as it would in any pipe', () => {
  const words = `"${process.execPath}" "${join(copy, 'dist/nunect.cjs')}" doctor --dir "${copy}" | head -n 1`;
  const { status, stdout, stderr } = spawnSync('sh', ['-c', words], { encoding: 'utf8' });
  assert.deepEqual([status, stdout.split('\n').length, stderr], [0, 2, '']);
});
