import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { test } from 'node:test';
import { projectRoot } from '../kit/tools.ts';

/** From the process edge down: a file may import from layers below its own and from its own folder. */
const layers = [
  ['main'],
  ['commands'],
  ['agent'],
  ['unit'],
  ['probe', 'nats', 'web'],
  ['clock', 'config'],
  ['lib'],
];

/** Pure: the clock's judgment and the wire contract run anywhere. */
const withoutNode = /^(clock\/|nats\/(subjects|messages)\.ts$)/;

interface Import {
  readonly target: string;
  readonly typesOnly: boolean;
}

const importLine =
  /^(?:import|export)\b([^'";]*?)\bfrom\s+'([^']+)'|^import\s+'([^']+)'|\bimport\(\s*'([^']+)'/gm;

function importsOf(source: string): Import[] {
  return [...source.matchAll(importLine)].map(([, clause = '', from, bare, dynamic]) => ({
    target: from ?? bare ?? dynamic ?? '',
    typesOnly: /^\s*type\b/.test(clause) || /^\s*\{(\s*type\b[^,]*,?)+\s*\}\s*$/.test(clause),
  }));
}

/** The part of the agent that a path below agent/ belongs to; loose files beside main.ts are the agent itself. */
const partOf = (path: string): string => {
  const [head = '', ...rest] = path.split('/');
  if (rest.length > 0) return head;
  return head === 'main.ts' ? 'main' : 'agent';
};
const layerOf = (part: string): number => layers.findIndex((names) => names.includes(part));

/** Every import in `files` (path below agent/ -> source) that points the wrong way, as `from -> to`. */
function wrongArrows(files: ReadonlyMap<string, string>): string[] {
  return [...files].flatMap(([path, source]) =>
    importsOf(source)
      .filter(({ target, typesOnly }) => {
        if (target.startsWith('node:')) return withoutNode.test(path);
        if (!target.startsWith('.')) return false;
        const [from, to] = [partOf(path), partOf(normalize(join(dirname(path), target)))];
        if (layerOf(to) < 0) return true;
        if (from === to || layerOf(to) > layerOf(from)) return false;
        return !(typesOnly && layerOf(to) === layerOf(from));
      })
      .map(({ target }) => `${path} -> ${target}`),
  );
}

const arrowsIn = (path: string, source: string): string[] => wrongArrows(new Map([[path, source]]));

test('every import in agent/ points down', () => {
  const agent = join(projectRoot, 'agent');
  const paths = readdirSync(agent, { recursive: true, encoding: 'utf8' }).filter((p) => p.endsWith('.ts'));
  const files = new Map(paths.map((path) => [path, readFileSync(join(agent, path), 'utf8')]));
  assert.ok(files.size > 10);
  assert.deepEqual(wrongArrows(files), []);
});

test('an import that points up or sideways is caught, however it is written', () => {
  for (const [path, source] of [
    ['lib/log.ts', "import { judge } from '../clock/verdict.ts';"],
    ['probe/leaf.ts', "import {\n  publish,\n  type Link,\n} from '../nats/link.ts';"],
    [
      'clock/bound.ts',
      "import type { Config } from '../config/options.ts';\nexport { x } from '../probe/rtt.ts';",
    ],
    ['nats/link.ts', "const agent = await import('../agent.ts');"],
    ['agent.ts', "import './commands/run.ts';"],
    ['commands/run.ts', "import { kit } from '../../test/kit/tools.ts';"],
  ] as const) {
    assert.equal(arrowsIn(path, source).length, 1, `${path}: ${source}`);
  }
});

test('node modules are caught in the clock and the wire contract only', () => {
  const source = "import { hrtime } from 'node:process';";
  assert.deepEqual(arrowsIn('clock/wallclock.ts', source), ['clock/wallclock.ts -> node:process']);
  assert.deepEqual(arrowsIn('nats/messages.ts', source), ['nats/messages.ts -> node:process']);
  assert.deepEqual(arrowsIn('nats/link.ts', source), []);
});

test('downward imports, neighbours and the types of a sister part are fine', () => {
  assert.deepEqual(arrowsIn('main.ts', "import { run } from './commands/run.ts';"), []);
  assert.deepEqual(arrowsIn('agent.ts', "import { ring } from './lib/ring.ts';"), []);
  assert.deepEqual(arrowsIn('nats/echo.ts', "import { type Link, open } from './link.ts';"), []);
  assert.deepEqual(arrowsIn('web/server.ts', "import type { LeafFacts } from '../probe/leaf.ts';"), []);
  assert.deepEqual(arrowsIn('web/server.ts', "import { type A, type B } from '../probe/leaf.ts';"), []);
});
