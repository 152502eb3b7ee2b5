import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newChangeBook, whatChanged } from '../../../../agent/hub/fleet/changes.ts';
import { fleetUnit } from '../../../kit/hub/fleetunits.ts';

const joined = (at_ms: number) => ({ at_ms, unit: `u${at_ms}`, what: 'joined' as const });
const fell = (at_ms: number) => ({ at_ms, unit: 'a', what: 'state' as const, after: 'offline' });

test('what a unit has to say is the reason of becoming unwell, not of falling silent', () => {
  const problems = ['the disk is full'];
  const before = fleetUnit('u', { state: 'degraded', problems });
  for (const [state, evidence] of [
    ['critical', 'the disk is full'],
    ['offline', undefined],
    ['healthy', undefined],
  ] as const) {
    const [change] = whatChanged(before, {}, { ...before, state }, 1);
    assert.deepEqual([change?.after, change?.evidence], [state, evidence]);
  }
});

test('what happened is kept in its order, and a wave of those who join pushes out nothing else', () => {
  const book = newChangeBook();
  book.add(fell(1));
  for (let at = 2; at <= 20_000; at += 1) book.add(joined(at));
  book.add(fell(20_001));
  const all = book.since(0);
  assert.deepEqual([all[0], all.at(-1)], [fell(1), fell(20_001)]);
  assert.ok(all.every(({ at_ms }, i) => i === 0 || at_ms > (all[i - 1]?.at_ms ?? 0)));
  assert.deepEqual(book.since(20_000), [fell(20_001)]);
});

test('thousands are kept, and until when they are not all there is said', () => {
  const book = newChangeBook();
  for (let at = 1; at <= 6000; at += 1) book.add(joined(at));
  assert.deepEqual([book.since(0).length, book.lost_ms()], [6000, undefined]);
  for (let at = 6001; at <= 50_000; at += 1) book.add(joined(at));
  const kept = book.since(0);
  assert.ok(kept.length >= 4096 && kept.length < 8192, String(kept.length));
  assert.equal(kept[0]?.at_ms, (book.lost_ms() ?? 0) + 1, 'all after it are there');
});

test('until when they are not all there is known though the newest of those was not noted last', () => {
  const book = newChangeBook();
  for (let at = 1; at < 8192; at += 1) book.add(fell(at === 2 ? 90_000 : at));
  book.add(fell(8192));
  assert.equal(book.lost_ms(), 90_000);
});
