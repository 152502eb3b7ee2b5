import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { transformSync } from 'esbuild';
import { CoveredLines, type Lines, type ScriptCoverage } from '../../../build/coveredlines.ts';
import { runToEnd, tempDir } from '../../kit/process/daemon.ts';
import { projectRoot } from '../../kit/process/tools.ts';

const source = [
  'export function sign(n: number): string {',
  '  if (n < 0) {',
  "    return 'minus';",
  '  }',
  "  return 'plus';",
  '}',
  'export function never(): number {',
  '  return 1;',
  '}',
].join('\n');
const url = pathToFileURL('/tree/agent/sign.ts').href;
const { code, map } = transformSync(source, {
  loader: 'ts',
  minify: true,
  keepNames: true,
  sourcemap: 'external',
  sourcefile: fileURLToPath(url),
});
const note = {
  lineLengths: code.split('\n').map((line) => line.length),
  data: { sources: [url], mappings: JSON.parse(map).mappings as string },
};

/** The coverage V8 would give for the minified code: all of it ran, except the given pieces. */
function ranAllBut(...pieces: string[]): ScriptCoverage {
  const ranges = pieces.map((piece) => {
    const startOffset = code.indexOf(piece);
    assert.ok(startOffset >= 0, `${piece} in ${code}`);
    return { startOffset, endOffset: startOffset + piece.length, count: 0 };
  });
  return {
    url: 'file:///bundle.cjs',
    functions: [{ ranges: [{ startOffset: 0, endOffset: code.length, count: 1 }, ...ranges] }],
  };
}

const notRun = (lines: Lines): number[] =>
  [...(lines.get(url) ?? [])].flatMap(([line, ran]) => (ran ? [] : [line])).sort((a, b) => a - b);

test('what did not run in minified code is found on its lines in the source', () => {
  const covered = new CoveredLines(() => true);
  covered.add(ranAllBut('"minus"', 'return 1'), note);
  const { lines } = covered;
  assert.deepEqual(
    notRun(lines).filter((line) => line === 3 || line === 8),
    [3, 8],
  );
  assert.ok(lines.get(url)?.get(5), 'line 5 ran');
});

test('a line that ran in one process has run, in whatever order they are read', () => {
  for (const order of [0, 1]) {
    const covered = new CoveredLines(() => true);
    const both = [ranAllBut('"minus"'), ranAllBut('return 1')];
    for (const script of order ? both : both.reverse()) covered.add(script, note);
    assert.deepEqual(notRun(covered.lines), []);
    covered.add(ranAllBut('return 1'), note);
    assert.deepEqual(notRun(covered.lines), [], 'also when a later one does not run it');
  }
});

test('scripts without a map and sources that are not wanted add nothing', () => {
  const all = new CoveredLines(() => true);
  all.add(ranAllBut(), { ...note, data: null });
  const none = new CoveredLines(() => false);
  none.add(ranAllBut(), note);
  assert.deepEqual([all.lines.size, none.lines.size], [0, 0]);
});

test('two sources of the same shape are two', () => {
  const covered = new CoveredLines(() => true);
  const other = pathToFileURL('/tree/agent/other.ts').href;
  covered.add(ranAllBut(), note);
  covered.add(ranAllBut('return 1'), { ...note, data: { ...note.data, sources: [other] } });
  assert.ok(covered.lines.get(other)?.get(8) === false);
  assert.deepEqual(notRun(covered.lines), []);
});

test('a file that is cut off is named with what to do, the others count, and the run fails', async (t) => {
  const dir = tempDir(t, 'coverage');
  mkdirSync(join(dir, 'test-e2e-secrets'));
  const file = join(dir, 'test-e2e-secrets/coverage-1-2-0.json');
  const whole = JSON.stringify({
    result: [ranAllBut()],
    'source-map-cache': {
      'file:///bundle.cjs': {
        ...note,
        data: { ...note.data, sources: [pathToFileURL(join(projectRoot, 'agent/main.ts')).href] },
      },
    },
  });
  writeFileSync(join(dir, 'coverage-1-1-0.json'), whole);
  const read = () =>
    runToEnd(process.execPath, ['--require', './build/register.cjs', 'build/coverage.ts', dir], {
      cwd: projectRoot,
    });
  const good = await read();
  assert.deepEqual([good.code, good.stderr], [0, '']);
  writeFileSync(file, whole.slice(0, 100));
  const cut = await read();
  assert.equal(cut.code, 1);
  assert.equal(cut.stdout, good.stdout);
  assert.match(
    cut.stderr,
    /^coverage file cut off at 100 bytes: .*test-e2e-secrets\/coverage-1-2-0\.json\n.*wait for its exit\n$/,
  );
});
