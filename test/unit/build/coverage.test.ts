import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { transformSync } from 'esbuild';
import { addCoverage, type Lines, type ScriptCoverage } from '../../../build/coveredlines.ts';

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
  const lines: Lines = new Map();
  addCoverage(lines, ranAllBut('"minus"', 'return 1'), note, () => true);
  assert.deepEqual(
    notRun(lines).filter((line) => line === 3 || line === 8),
    [3, 8],
  );
  assert.ok(lines.get(url)?.get(5), 'line 5 ran');
});

test('a line that ran in one process has run, in whatever order they are read', () => {
  for (const order of [0, 1]) {
    const lines: Lines = new Map();
    const both = [ranAllBut('"minus"'), ranAllBut('return 1')];
    for (const script of order ? both : both.reverse()) addCoverage(lines, script, note, () => true);
    assert.deepEqual(notRun(lines), []);
  }
});

test('scripts without a map and sources that are not wanted add nothing', () => {
  const lines: Lines = new Map();
  addCoverage(lines, ranAllBut(), { ...note, data: null }, () => true);
  addCoverage(lines, ranAllBut(), note, () => false);
  assert.equal(lines.size, 0);
});
