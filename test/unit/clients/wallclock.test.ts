import assert from 'node:assert/strict';
import { test } from 'node:test';
import { wallClock } from '../../../config/clients/nunect-client/src/wallclock.ts';

/** A machine whose wall clock is read in whole milliseconds. */
function machine() {
  let mono_ms = 5000.25;
  let set_ms = 1_790_000_000_000.4;
  return {
    wall_ms: () => Math.floor(mono_ms + set_ms),
    mono_ms: () => mono_ms,
    true_us: () => (mono_ms + set_ms) * 1000,
    pass: (ms: number) => {
      mono_ms += ms;
    },
    set: (ms: number) => {
      set_ms += ms;
    },
  };
}

test('gets finer than a millisecond, never goes back, and follows where the clock is set', () => {
  const of = machine();
  const now_us = wallClock(of.wall_ms, of.mono_ms);
  let last_us = 0;
  const apart_us = (): number => Math.abs(now_us() - of.true_us());
  for (let i = 0; i < 2000; i++) {
    of.pass(0.137);
    const seen_us = now_us();
    assert.ok(seen_us >= last_us);
    assert.ok(Math.abs(seen_us - of.true_us()) <= 1000);
    last_us = seen_us;
  }
  assert.ok(apart_us() < 140, `${apart_us()} us`);
  for (const step_ms of [3_600_000, -7_200_000, 40, -40]) {
    of.set(step_ms);
    assert.ok(apart_us() <= 1000, `${step_ms} ms: ${apart_us()} us`);
  }
});
