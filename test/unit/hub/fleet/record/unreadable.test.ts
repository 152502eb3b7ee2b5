import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newUnreadable } from '../../../../../agent/hub/fleet/record/unreadable.ts';

const minute_ms = 60_000;

test('records that could not be read are told with the unit of their subject, for ten minutes', () => {
  const unreadable = newUnreadable();
  assert.equal(unreadable.words(0), undefined);
  unreadable.note('ops.heartbeat.ship-7', 5);
  assert.equal(unreadable.words(5), '1 record of ship-7 could not be read in the last 10 min');
  unreadable.note('ops.metric.time.ship-7', 8 * minute_ms);
  assert.equal(unreadable.words(9 * minute_ms), '2 records of ship-7 could not be read in the last 10 min');
  assert.equal(
    unreadable.words(12 * minute_ms),
    '1 record of ship-7 could not be read in the last 10 min',
    'the first is over',
  );
  assert.equal(unreadable.words(19 * minute_ms), undefined, 'all are over');
});

test('a few units are named; what is of no possible unit is counted', () => {
  const unreadable = newUnreadable();
  unreadable.note('ops.heartbeat.a b', 1);
  assert.equal(unreadable.words(1), '1 record could not be read in the last 10 min');
  unreadable.note('ops.heartbeat.c', 1);
  assert.equal(unreadable.words(1), '2 records of c and others could not be read in the last 10 min');
  const many = newUnreadable();
  for (const unit of ['d', 'a', 'c', 'b']) many.note(`ops.heartbeat.${unit}`, 1);
  assert.equal(many.words(1), '4 records of a, b, c and others could not be read in the last 10 min');
});

test('names without end take no memory without end, and no record is lost count of', () => {
  const unreadable = newUnreadable();
  for (let at = 0; at < 20_000; at += 1) unreadable.note(`ops.heartbeat.u${at}`, at * 10);
  const told = unreadable.words(20_000 * 10) ?? '';
  assert.match(told, /^20000 records of u0, u1, u10 and others/);
});
