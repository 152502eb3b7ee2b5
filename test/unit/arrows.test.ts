import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { test } from 'node:test';
import { importsOf, referencesOf } from '../kit/lib/syntax.ts';
import { projectRoot } from '../kit/process/tools.ts';

/** From the process edge down: a file may import from rooms below its own and from its own room. */
const layers = [
  ['main'],
  ['hub'],
  ['hub/page'],
  ['hub/alerts'],
  ['hub/measure', 'hub/servers'],
  ['hub/enrol', 'hub/top'],
  ['hub/fleet'],
  ['hub/run'],
  ['hub/book'],
  ['hub/asks'],
  ['hub/kit'],
  ['cli'],
  ['agent'],
  ['parts'],
  ['status'],
  ['health'],
  ['records', 'answers', 'peers', 'leaf', 'enrol', 'web'],
  ['natsserver'],
  ['nats'],
  ['wire'],
  ['clock'],
  ['device'],
  ['config'],
  ['lib'],
];

/** Judgment without I/O, with everything that it is made of: these run anywhere. Parsers are named one by one. */
const pure = new RegExp(
  `^(${[
    'clock/(verdict|setup)/',
    'clock/(ptp4l/(pmc|store|syncage|schedule)|chronyd/(protocol|csv))\\.ts$',
    'clock/(?!disciplines|ownclock|part)\\w+\\.ts$',
    'hub/kit/(jwt|templates|accounts|streams|hubdir|natsconf|x509|keep)\\.ts$',
    'hub/fleet/((?!listen|follow|lastsets)\\w+|(export|record|row)/\\w+)\\.ts$',
    'hub/measure/(asknow|bounds|claim|intervals|judge|reply|rota|sources)\\.ts$',
    'hub/book/bindings\\.ts$',
    'hub/enrol/(answers|decide|orders|revocations|unitrecords)\\.ts$',
    'hub/alerts/(alert|bodies|conditions|groups|held|journal|keeper|options)\\.ts$',
    'hub/page/(fleet/(cards/\\w+|(?!page)\\w+)|look/(marks|style))\\.ts$',
    'hub/page/(hub/|alerts/|sight\\.ts$|look/grid\\.ts$)',
    'hub/page/unit/(past/(grid|history|records|day|offsets)|(?!problems|recorder\\b)\\w+)\\.ts$',
    'hub/servers/(answers|connections|events|forecast|jetstreamfacts|judge|model|rates|seen|serverfacts|usual)\\.ts$',
    'leaf/conf/',
    'leaf/watch/(logline|reports)\\.ts$',
    'natsserver/(line|syntax|version)\\.ts$',
    'wire/',
  ].join('|')})`,
);

/** Functions of node without I/O. */
const pureNode: Readonly<Record<string, readonly string[]>> = {
  'node:net': ['isIP'],
  'node:crypto': ['createHash'],
  'node:path': ['dirname', 'join', 'normalize'],
};

/** What is there without an import and whose result is not decided by what it is called with. */
const impure =
  /^(process|fetch|WebSocket|crypto|performance|console|navigator|globalThis|global|eval|Function|Bun|set(Timeout|Interval|Immediate)|queueMicrotask|__dirname|__filename|(Date|Math) as a value|Math\.random|Date\.now|(Date|Math)\.\?|new Date\(\)|Date\(\))$/;

/** The file that an import of `path` leads to, below agent/. */
const resolved = (path: string, target: string): string => normalize(join(dirname(path), target));

/**
 * The room that a path below agent/ belongs to, in the operator's program that below hub/; loose files beside main.ts and its
 * commands are the agent itself.
 */
const roomOf = (path: string): string => {
  const [head = '', ...rest] = path.split('/');
  if (head === 'hub' && rest.length > 1) return `hub/${rest[0]}`;
  if (rest.length > 0) return head;
  return head === 'main.ts' || head === 'commands.ts' ? 'main' : 'agent';
};
const layerOf = (room: string): number => layers.findIndex((names) => names.includes(room));

/** Every import in `files` (path below agent/ -> source) that points the wrong way, as `from -> to`. */
function wrongArrows(files: ReadonlyMap<string, string>): string[] {
  return [...files].flatMap(([path, source]) =>
    importsOf(source)
      .map(({ target }) => target)
      .filter((target) => {
        if (target === '?') return true;
        if (!target.startsWith('.')) return false;
        const [from, to] = [roomOf(path), roomOf(resolved(path, target))];
        if (layerOf(to) < 0) return true;
        return from !== to && layerOf(to) <= layerOf(from);
      })
      .map((target) => `${path} -> ${target}`),
  );
}

/** The first circle of imports, as the files on the way round; undefined where there is none. */
function circle(files: ReadonlyMap<string, string>): string[] | undefined {
  const done = new Set<string>();
  const visit = (path: string, trail: readonly string[]): string[] | undefined => {
    if (trail.includes(path)) return [...trail.slice(trail.indexOf(path)), path];
    if (done.has(path)) return undefined;
    for (const { target } of importsOf(files.get(path) ?? '')) {
      if (!target.startsWith('.')) continue;
      const found = visit(resolved(path, target), [...trail, path]);
      if (found !== undefined) return found;
    }
    done.add(path);
    return undefined;
  };
  for (const path of files.keys()) {
    const found = visit(path, []);
    if (found !== undefined) return found;
  }
  return undefined;
}

const agent = join(projectRoot, 'agent');
const sources = new Map(
  readdirSync(agent, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => [path, readFileSync(join(agent, path), 'utf8')]),
);
const arrowsIn = (path: string, source: string): string[] => wrongArrows(new Map([[path, source]]));

test('every import in agent/ points down', () => {
  assert.ok(sources.size > 10);
  assert.deepEqual(wrongArrows(sources), []);
});

test('no files import each other in a circle, types included', () => {
  assert.equal(circle(sources), undefined);
  const ring = new Map([
    ['nats/guard.ts', "import type { Incoming } from './link.ts';"],
    ['nats/link.ts', "import {\n  guard,\n} from './guard.ts';"],
  ]);
  assert.deepEqual(circle(ring), ['nats/guard.ts', 'nats/link.ts', 'nats/guard.ts']);
});

test('an import that points up or sideways is caught, however it is written', () => {
  for (const [path, source] of [
    ['lib/log.ts', "import { judge } from '../clock/verdict/judge.ts';"],
    ['leaf/causes.ts', "import {\n  openSpool,\n  type Spool,\n} from '../records/spool.ts';"],
    ['leaf/causes.ts', "import type { Spool } from '../records/spool.ts';"],
    [
      'clock/verdict/bounds/ptpbound.ts',
      "import type { Config } from '../../../config/options.ts';\nexport { x } from '../../../wire/subjects.ts';",
    ],
    ['nats/link.ts', "const agent = await import('../agent.ts');"],
    ['agent.ts', "import './cli/run.ts';"],
    ['cli/run.ts', "import { kit } from '../kit/process/tools.ts';"],
    ['cli/status.ts', "import { top } from '../hub/top/top.ts';"],
    ['nats/link.ts', 'type Agent = import("../agent.ts").Agent;'],
    ['nats/link.ts', "const agent = require('../agent.ts');"],
    ['nats/link.ts', 'const agent = await import(`../agent.ts`);'],
  ] as const) {
    assert.equal(arrowsIn(path, source).length, 1, `${path}: ${source}`);
  }
});

/** What `path` and all that it is made of has from elsewhere: node, a package or a global, as `file -> name`. */
function outsideOf(
  path: string,
  files: ReadonlyMap<string, string>,
  seen: Set<string> = new Set([path]),
): string[] {
  const source = files.get(path) ?? '';
  const imported = importsOf(source).flatMap(({ target, names, typesOnly }) => {
    if (typesOnly || (names.length > 0 && names.every((name) => pureNode[target]?.includes(name)))) return [];
    if (!target.startsWith('.')) return [`${path} -> ${target}`];
    const next = resolved(path, target);
    if (seen.has(next)) return [];
    seen.add(next);
    return outsideOf(next, files, seen);
  });
  const globals = referencesOf(source).filter((name) => impure.test(name));
  return [...imported, ...globals.map((name) => `${path} -> ${name}`)];
}

test('judgment does no I/O, nor does anything that it is made of', () => {
  const judging = [...sources.keys()].filter((path) => pure.test(path));
  for (const room of [
    'clock/verdict/',
    'clock/setup/',
    'leaf/conf/',
    'wire/',
    'clock/ptp4l/',
    'clock/chronyd/',
  ])
    assert.ok(
      judging.some((path) => path.startsWith(room)),
      room,
    );
  assert.deepEqual(
    judging.flatMap((path) => outsideOf(path, sources)),
    [],
  );
});

test('I/O is caught in a pure file and behind one, types and pure functions are not', () => {
  const files = new Map([
    ['wire/a.ts', "import { hrtime } from 'node:process';"],
    ['wire/b.ts', "import { c } from '../lib/c.ts';\nimport type { D } from '../lib/d.ts';"],
    ['lib/c.ts', "import { isIP } from 'node:net';\nimport { connect } from 'node:net';"],
    ['lib/d.ts', "import { readFileSync } from 'node:fs';"],
    ['wire/e.ts', "const { connect } = require('node:net');"],
    ['wire/f.ts', 'f(Date.now(), Math.random(), new Date());\nfetch(url);\nsetTimeout(f, process.uptime());'],
    ['wire/g.ts', 'f(new Date(0), Date.parse(text), Math.max(1, 2), unit.process);'],
  ]);
  assert.deepEqual(outsideOf('wire/a.ts', files), ['wire/a.ts -> node:process']);
  assert.deepEqual(outsideOf('wire/b.ts', files), ['lib/c.ts -> node:net']);
  assert.deepEqual(outsideOf('wire/e.ts', files), ['wire/e.ts -> node:net']);
  assert.deepEqual(
    outsideOf('wire/f.ts', files).map((found) => found.replace('wire/f.ts -> ', '')),
    ['Date.now', 'Math.random', 'new Date()', 'fetch', 'setTimeout', 'process'],
  );
  assert.deepEqual(outsideOf('wire/g.ts', files), []);
});

test('downward imports and neighbours are fine', () => {
  assert.deepEqual(arrowsIn('main.ts', "import { run } from './cli/run.ts';"), []);
  assert.deepEqual(arrowsIn('agent.ts', "import { ring } from './lib/ring.ts';"), []);
  assert.deepEqual(arrowsIn('answers/echo.ts', "import { type Link, open } from '../nats/link.ts';"), []);
  assert.deepEqual(arrowsIn('nats/guard.ts', "import type { Handler } from './incoming.ts';"), []);
});
