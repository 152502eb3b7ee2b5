import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { StoredRecord } from '../../kit/hub/storedids.ts';
import { makeLedger } from '../../soak/ledger.ts';
import type { Run } from '../../soak/vitals.ts';

const run = (boot: string, more: Partial<Run> = {}): Run => ({ boot, pid: 1, ...more });
const stored = (boot: string, seq: number, body: Record<string, unknown> = {}): StoredRecord => ({
  id: `u1-${boot}-${seq}`,
  boot,
  seq,
  subject: 'event' in body ? 'ops.status.leaf.u1' : 'ops.metric.rtt.u1',
  health: '',
  sequence: Number.NaN,
  made_ms: seq,
  backfill: false,
  body: () => body,
});
const books = (records: readonly StoredRecord[], ...runs: readonly Run[]) =>
  makeLedger(records, runs, new Map());

test('books in which all is there', () => {
  const { stored: count, ...rest } = books(
    [1, 2, 3].map((seq) => stored('a', seq)),
    run('a'),
  );
  assert.equal(count, 3);
  const ofLast = { missing: [], reported: 0, reports: 0 };
  const none = { missing: 0, reported: 0, lost: 0, mayBeLost: 0, doubled: [], disordered: [] };
  assert.deepEqual(rest, { ...none, ofLast });
});

test('a record that is there twice, and one that comes too late', () => {
  const { doubled, disordered } = books(
    [1, 3, 2, 3].map((seq) => stored('a', seq)),
    run('a'),
  );
  assert.deepEqual(doubled, ['u1-a-3']);
  assert.deepEqual(disordered, ['u1-a-2']);
});

test('records that are missing are lost, but for those that the unit reports', () => {
  const gap = stored('a', 7, { event: 'records_dropped', after: { count: 2 } });
  const { missing, reported, lost, ofLast } = books([stored('a', 1), stored('a', 3), gap], run('a'));
  assert.deepEqual([missing, reported, lost], [4, 2, 2]);
  assert.deepEqual(ofLast, { missing: [2, 4, 5, 6], reported: 2, reports: 1 });
});

test('the end of a run is missing where the next one knows of more', () => {
  const start = stored('b', 1, { event: 'start', before: { boot: 'a', last_seq: 5 } });
  const killed = run('a', {
    ended: 'SIGKILL',
    last: { at_ms: 0, waiting: 2, stored: 3, dropped: 0 },
  });
  const { missing, mayBeLost } = books(
    [1, 2, 3].map((seq) => stored('a', seq)).concat(start),
    killed,
    run('b'),
  );
  assert.equal(missing, 2);
  assert.ok(mayBeLost >= 2);
});

test('slim records have no id: one is there twice where another is of the same moment', () => {
  const slim = (made_ms: number): StoredRecord => ({ ...stored('', 0), id: '', sequence: 7, made_ms });
  const once = books([stored('a', 1), slim(10), slim(20)], run('a'));
  assert.deepEqual([once.stored, once.doubled, once.missing], [1, [], 0]);
  const { doubled } = books([stored('a', 1), slim(10), slim(20), slim(10)], run('a'));
  assert.deepEqual(doubled, ['ops.metric.rtt.u1 7 10']);
});
