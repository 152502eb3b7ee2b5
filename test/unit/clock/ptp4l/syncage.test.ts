import assert from 'node:assert/strict';
import { test } from 'node:test';
import { syncAge } from '../../../../agent/clock/ptp4l/syncage.ts';

/** A timescale of its own: what a monotonic ms is called there. */
const stamp = (mono_ms: number): bigint => BigInt(Math.round((mono_ms + 1_795_218_037_000) * 1e6));

/** A Sync at each full second from 1 s on, seen by polls at the given times. */
const seenBy = (...polls_ms: number[]) => {
  const sync = syncAge();
  for (const at_ms of polls_ms) sync.take(stamp(Math.floor(at_ms / 1000) * 1000), at_ms);
  return sync;
};

/** What is told from stamps of this size is exact to a fraction of a microsecond. */
const near = (a: number, b: number): void => assert.ok(Math.abs(a - b) < 0.001, `${a} is not ${b}`);

test('the first Sync seen may be of any age; the next one is no older than it looks', () => {
  assert.equal(seenBy(1500).arrived_ms(), Number.NEGATIVE_INFINITY);
  near(seenBy(1500, 2500).arrived_ms(), 2500);
});

test('a poll soon after a Sync tells how late the others see theirs', () => {
  near(seenBy(1500, 2010, 3900).arrived_ms(), 3010);
  near(seenBy(1500, 2010, 3900, 3950).arrived_ms(), 3010);
});

test('a Sync never seems older than the last look that did not show it', () => {
  const sync = seenBy(1500, 2010);
  sync.take(stamp(2000), 3015); // the third Sync is a little late
  sync.take(stamp(3001), 3900);
  near(sync.arrived_ms(), 3015);
});

test('before which look a Sync had not come is known whatever its stamps say', () => {
  assert.equal(seenBy(1500).after_ms(), Number.NEGATIVE_INFINITY);
  const sync = seenBy(1500, 2010, 2700, 3900);
  assert.equal(sync.after_ms(), 2700);
  sync.take(stamp(4000 - 60_000), 4500); // set back by a minute
  assert.equal(sync.after_ms(), 3900);
  sync.reopen();
  sync.take(stamp(-90_000), 5500);
  assert.equal(sync.after_ms(), Number.NEGATIVE_INFINITY);
});

test('a step of the timescale is no age', () => {
  const sync = seenBy(1500, 2010, 3010);
  sync.take(stamp(4000 - 60_000), 4500); // set back by a minute
  near(sync.arrived_ms(), 4500);
  sync.take(stamp(5000 - 60_000), 5900);
  near(sync.arrived_ms(), 5500);
  sync.take(stamp(6000 + 60_000), 6900);
  near(sync.arrived_ms(), 6900);
});

test('after another pmc began, the same clock goes on, and a stranger is of any age', () => {
  const same = seenBy(1500, 2010, 3010);
  same.reopen();
  same.take(stamp(5000), 5300);
  near(same.arrived_ms(), 5010);
  const stranger = seenBy(1500, 2010, 3010);
  stranger.reopen();
  stranger.take(stamp(-90_000), 4300);
  assert.equal(stranger.arrived_ms(), Number.NEGATIVE_INFINITY);
  stranger.take(stamp(-89_000), 5300);
  near(stranger.arrived_ms(), 5300);
});

test('a dead master stays dead over a new pmc', () => {
  const sync = seenBy(1500, 2010, 3010);
  sync.reopen();
  sync.take(stamp(3000), 9000);
  near(sync.arrived_ms(), 3010);
  sync.take(0n, 10_000);
  near(sync.arrived_ms(), 3010);
});

test('over any phases of polling, no Sync seems younger than seen nor older than it is', () => {
  let state = 7;
  const random = (): number => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return state / 2 ** 31;
  };
  const sync = syncAge();
  let at_ms = 1000;
  let best_ms = Number.POSITIVE_INFINITY;
  for (let i = 0; i < 5000; i++) {
    at_ms += 950 + 100 * random();
    const sync_ms = Math.floor(at_ms / 1000) * 1000;
    sync.take(stamp(sync_ms), at_ms);
    best_ms = Math.min(best_ms, at_ms - sync_ms);
    if (i < 3) continue; // none has changed yet
    assert.ok(sync.arrived_ms() >= sync_ms - 0.001 && sync.arrived_ms() <= at_ms);
  }
  assert.ok(best_ms < 5);
});
