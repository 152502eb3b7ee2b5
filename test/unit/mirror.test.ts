// Where a unit test is to be found: test/unit/ROOM/NAME.test.ts tests agent/ROOM/NAME.ts, or the folder of that name.
import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { projectRoot } from '../kit/process/tools.ts';

/** Rooms of what is not the agent: the folder that holds it. */
const elsewhere: Readonly<Record<string, string>> = {
  build: 'build',
  clients: 'config/clients/nunect-client/src',
  bench: 'test/bench',
  kit: 'test/kit',
  soak: 'test/soak',
};

/** Tests of more than one file, by what they are about. Those of more than one room stand in no room. */
const spanning: ReadonlySet<string> = new Set([
  'arrows', // the imports of all of agent/
  'house', // sizes and names in all of agent/
  'coldboot', // a unit without a clock: clock, nats, records and status together
  'linear', // the time that every parser takes
  'docs', // what the documents say of config, clock and wire
  'faults', // whatever fails anywhere: the rest goes on
  'mirror', // this one
  'translations', // of all that LuCI shows
  'mutations', // the mends of the clock's judgment, wherever they are
  'cli/commands', // the command lines of all commands
  'clock/captures', // recorded replies of every version of both daemons, through all parsers
]);

const folder = join(projectRoot, 'test/unit');
const tests = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.test.ts'))
  .map((path) => path.slice(0, -'.test.ts'.length));

/** What a test is of: `clock/verdict/judge.replay` is one of two of `clock/verdict/judge`. */
function subjectOf(path: string): string {
  const [room = ''] = path.split('/');
  const name = path.replace(/\.\w+$/, '');
  const home = elsewhere[room];
  return home === undefined ? join('agent', name) : join(home, name.slice(room.length + 1));
}
const isThere = (subject: string): boolean =>
  ['', '.ts', '.mjs'].some((end) => existsSync(join(projectRoot, subject + end)));

test('each unit test is where its subject is, under its name', () => {
  assert.ok(tests.length > 50);
  const lost = tests.filter((path) => !spanning.has(path) && !isThere(subjectOf(path)));
  assert.deepEqual(lost, [], 'tests of nothing that is there: move them, or list what they span');
});

test('a test that spans files is needed for that, and is there', () => {
  const stale = [...spanning].filter(
    (path) => !tests.includes(path) || (dirname(path) !== '.' && isThere(subjectOf(path))),
  );
  assert.deepEqual(stale, []);
});
