import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { KeptRecord } from '../../../agent/records/record.ts';
import { readSnapshot, snapshotText, withTimesOfThisBoot } from '../../../agent/records/snapshottext.ts';

const owner = {
  unit: 'u1',
  boot: 'b1',
  kernel_boot: 'k',
  ended: 'stop' as const,
  mono_ms: 9000,
  wall_ms: 1e12,
};
const record = (n: number, more: Partial<KeptRecord> = {}): KeptRecord => ({
  id: `u1-b1-${n}`,
  subject: 'ops.metric.rtt.u1',
  priority: 'metric',
  payload: `{"n":${n},"text":"µs \\"quoted\\"\\n"}`,
  put_ms: 100 + n,
  wall_ms: 1e12 + n,
  ...more,
});
const many = (count: number): KeptRecord[] => Array.from({ length: count }, (_, i) => record(i + 1));
const textOf = (records: readonly KeptRecord[], last_seq = 900): string =>
  [...snapshotText(owner, { records, last_seq })].join('');
const linesOf = (text: string): string[] => text.split('\n').filter((line) => line !== '');

test('what is written is read again, to the byte', () => {
  const records = [
    ...many(450),
    record(451, {
      headers: { 'X-Unit-ID': ['u1'], 'X-Two': ['a', 'b'] },
      shift_ms: 5000,
      settled: true,
      priority: 'event',
    }),
    record(452, { payload: '{}' }),
  ];
  const gap = { count: 3, of: { metric: 3, log: 0, event: 0 }, from_ms: 1, to_ms: 2, why: 'full' };
  const text = [...snapshotText(owner, { records, last_seq: 900, gap })].join('');
  const found = readSnapshot(linesOf(text), 'u1');
  assert.deepEqual(found.records, records);
  assert.equal(found.broken, 0);
  const { unit, boot, ended, last_seq, records: count } = found.header ?? {};
  assert.deepEqual(
    { unit, boot, ended, last_seq, count },
    { unit: 'u1', boot: 'b1', ended: 'stop', last_seq: 900, count: 452 },
  );
  assert.deepEqual(found.header?.gap, gap);
  assert.match(linesOf(text)[1] ?? '', /"worth":"metric"/, 'the key of snapshots that older versions wrote');
  for (const line of linesOf(text)) JSON.parse(line); // each line is JSON for whoever looks with jq
});

test('whatever single byte is changed, no more than one record is lost, and that is counted', () => {
  const text = textOf(many(5));
  const bytes = Buffer.from(text);
  fc.assert(
    fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, by) => {
      const hurt = Buffer.from(bytes);
      hurt[at] = (hurt[at] ?? 0) ^ by;
      const found = readSnapshot(linesOf(hurt.toString('utf8')), 'u1');
      for (const one of found.records)
        assert.deepEqual(one, record(Number(one.id.split('-')[2])), 'never a changed record');
      assert.ok(found.records.length >= 3, `${found.records.length}`); // a lost line feed joins two
      assert.ok(found.records.length === 5 || found.broken >= 1);
    }),
    { numRuns: 500 },
  );
});

test('cut off anywhere, all whole lines are read and the rest is counted', () => {
  const text = textOf(many(20));
  const head = text.indexOf('\n') + 1;
  for (let end = head; end < text.length; end += 37) {
    const found = readSnapshot(linesOf(text.slice(0, end)), 'u1');
    assert.equal(found.records.length + found.broken, 20);
    assert.deepEqual(found.records, many(found.records.length));
  }
  const headless = readSnapshot(linesOf(text.slice(5)), 'u1');
  assert.equal(headless.header, undefined);
  assert.equal(headless.records.length, 20);
  assert.equal(headless.broken, 1);
});

test('of another unit nothing is taken, also when its id begins with ours', () => {
  for (const id of ['u2-b1-1', 'u1-x-b1-1', 'u1-1', 'u1--1', 'u1-b1-', 'u1-b1-x'])
    assert.deepEqual(readSnapshot(linesOf(textOf([record(1, { id })])), 'u1').records, [], id);
});

test('garbage is no record and never throws', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.string(), fc.json())), (lines) => {
      const found = readSnapshot(lines, 'u1');
      assert.equal(found.records.length, 0);
      assert.equal(found.broken, lines.length);
    }),
  );
});

test('ages go on over a restart, and over a reboot without the time that the machine was off', () => {
  const content = readSnapshot(linesOf(textOf(many(1))), 'u1');
  assert.equal(withTimesOfThisBoot(content, { kernel_boot: 'k', mono_ms: 20_000 })[0]?.put_ms, 101);
  const rebooted = withTimesOfThisBoot(content, { kernel_boot: 'other', mono_ms: 50 })[0];
  assert.equal(rebooted?.put_ms, 50 - (9000 - 101));
  assert.equal(rebooted?.settled, true, 'a step of the new clock tells nothing of it');
  const { header: _header, ...headless } = content;
  assert.equal(
    withTimesOfThisBoot(headless, { kernel_boot: 'k', mono_ms: 50 })[0]?.put_ms,
    50,
    'not known, so not older than now',
  );
});
