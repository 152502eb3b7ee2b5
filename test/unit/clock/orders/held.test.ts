import assert from 'node:assert/strict';
import { test } from 'node:test';
import { agreesWithClock, heldNow } from '../../../../agent/clock/orders/held.ts';
import { chronyFacts, chronySource, refclock } from '../../../kit/clock/evidence.ts';

const server = (name: string, offset_s: number, isSelected = false) =>
  chronySource({ name, offset_s, state: isSelected ? 'selected' : 'not_combined' });

test('a source that chronyd follows holds the clock, unless as many servers contradict as agree', () => {
  const held = { at_ms: 5, set_s: 0 };
  assert.deepEqual(heldNow(undefined, chronyFacts(0, {}, [server('a', 0, true)]), 0, 5), held);
  const half = chronyFacts(0, {}, [server('a', 0, true), server('b', 50)]);
  assert.equal(heldNow(held, half, 0, 9), undefined);
  const third = chronyFacts(0, {}, [server('a', 0, true), server('b', 50), server('c', 0)]);
  assert.deepEqual(heldNow(held, third, 0, 9), { at_ms: 9, set_s: 0 });
});

test('a clock that is still being corrected by seconds is not held yet', () => {
  const sources = [server('a', 0, true)];
  assert.equal(heldNow(undefined, chronyFacts(0, { system_time_s: -2 }, sources), 0, 5), undefined);
});

test('a clock that is left alone is a witness less sure each hour, by 100 ppm', () => {
  const by = (offset_s: number) => chronyFacts(0, {}, [refclock('PTP0', { offset_s, error_margin_s: 0 })]);
  const held = { at_ms: 0, set_s: 0 };
  assert.equal(agreesWithClock(held, by(1.2), 1000), false);
  assert.equal(agreesWithClock(held, by(1.2), 3_600_000), true);
  assert.equal(agreesWithClock(held, by(1.5), 3_600_000), false);
  assert.equal(agreesWithClock(undefined, by(0), 0), undefined);
});
