// The size and the names of things in agent/: what keeps the code findable.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { exportsOf, functionsOf } from '../kit/lib/syntax.ts';
import { projectRoot } from '../kit/process/tools.ts';

/** A folder that does not fit on a screen is two. */
const mostFiles = 15;
/** So is a file that does not fit on three; the option table is exempt. */
const mostLines = 280;
const longTables = [
  'config/options.ts',
  'clock/verdict/reasons.ts',
  'health/findings.ts',
  'leaf/causes.ts',
  'status/web/quantities.ts',
];
/** A function fits on one screen. */
const mostFunctionLines = 55;

const agent = join(projectRoot, 'agent');
const sources = new Map(
  readdirSync(agent, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => [path, readFileSync(join(agent, path), 'utf8')]),
);

test(`no folder has more than ${mostFiles} files, no file more than ${mostLines} lines`, () => {
  const counts = new Map<string, number>();
  for (const path of sources.keys()) counts.set(dirname(path), (counts.get(dirname(path)) ?? 0) + 1);
  assert.deepEqual(
    [...counts].filter(([, count]) => count > mostFiles),
    [],
  );
  const long = [...sources].filter(([path, text]) => {
    return text.split('\n').length > mostLines && !longTables.includes(path);
  });
  assert.deepEqual(
    long.map(([path]) => path),
    [],
  );
});

test(`no function has more than ${mostFunctionLines} lines`, () => {
  const found = [...sources].flatMap(([path, text]) => functionsOf(text).map((one) => ({ path, ...one })));
  assert.ok(found.length > 500, `${found.length} functions seen`);
  assert.deepEqual(
    found.filter(({ length }) => length > mostFunctionLines),
    [],
  );
});

test('no exported name stands for two things', () => {
  const places = new Map<string, string[]>();
  for (const [path, text] of sources)
    for (const name of exportsOf(text)) places.set(name, [...(places.get(name) ?? []), path]);
  assert.deepEqual(
    [...places].filter(([, files]) => files.length > 1),
    [],
  );
});
