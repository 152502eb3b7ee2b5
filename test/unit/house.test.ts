// The size and the names of things in agent/: what keeps the code findable.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { projectRoot } from '../kit/process/tools.ts';

/** A folder that does not fit on a screen is two. */
const mostFiles = 15;
/** So is a file that does not fit on three; the option table is exempt. */
const mostLines = 280;
const longTables = ['config/options.ts', 'clock/verdict/reasons.ts', 'health/findings.ts', 'leaf/causes.ts'];
/** A function fits on one screen. */
const mostFunctionLines = 55;

const agent = join(projectRoot, 'agent');
const sources = new Map(
  readdirSync(agent, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => [path, readFileSync(join(agent, path), 'utf8')]),
);

const functionStart =
  /^(\s*)(?:export )?(?:async )?(?:function\*? (\w+)|const (\w+)\b.*=> [({]$|(?:async )?(\w+)\([^;]*\{$|const (\w+) = (?:async )?\($)/;
const signatureEnd = /^\s*(\)|\}(:|\)?: ))/;
const noFunction = new Set(['if', 'for', 'while', 'switch', 'catch', 'return']);

/** The functions of a source as biome formats it, with their lengths: each ends at the bracket below its first letter. */
function functionsIn(source: string): { readonly name: string; readonly length: number }[] {
  const lines = source.split('\n');
  return lines.flatMap((line, first) => {
    const [, indent = '', ...names] = functionStart.exec(line) ?? [];
    const name = names.find((one) => one !== undefined);
    if (name === undefined || noFunction.has(name)) return [];
    // it ends where its own depth comes back with a bracket; that of a signature of several lines does not count
    const next = lines.findIndex(
      (end, at) =>
        at > first &&
        end.startsWith(indent) &&
        /^\S/.test(end.slice(indent.length)) &&
        !signatureEnd.test(end),
    );
    const last = lines[next]?.startsWith(`${indent}}`) ? next : -1;
    return last < 0 ? [] : [{ name, length: last - first + 1 }];
  });
}

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
  const found = [...sources].flatMap(([path, text]) => functionsIn(text).map((one) => ({ path, ...one })));
  assert.ok(found.length > 500, `${found.length} functions seen`);
  assert.deepEqual(
    found.filter(({ length }) => length > mostFunctionLines),
    [],
  );
  const body = Array.from({ length: 60 }, () => '  work();').join('\n');
  assert.deepEqual(
    functionsIn(`export async function long(\n  a: string,\n): Promise<void> {\n${body}\n}\n`),
    [{ name: 'long', length: 64 }],
  );
});

test('no exported name stands for two things', () => {
  const places = new Map<string, string[]>();
  for (const [path, text] of sources)
    for (const [, name = ''] of text.matchAll(
      /^export (?:async )?(?:const|function\*?|interface|type|class) (\w+)/gm,
    ))
      places.set(name, [...(places.get(name) ?? []), path]);
  assert.deepEqual(
    [...places].filter(([, files]) => files.length > 1),
    [],
  );
});
