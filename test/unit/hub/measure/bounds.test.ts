import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { FleetClock } from '../../../../agent/hub/fleet/model.ts';
import {
  type BoundedUnit,
  boundSpreadOf,
  bucketOf,
  holdoversOf,
  worstClocks,
} from '../../../../agent/hub/measure/bounds.ts';

const clock = (unit: string, source: string, more: Partial<FleetClock> = {}): BoundedUnit => ({
  unit,
  clock: { source, limit_ns: 1e6, ...more },
});
const fleet: readonly BoundedUnit[] = [
  clock('p1', 'ptp', { error_bound_ns: 99 }),
  clock('p2', 'ptp', { error_bound_ns: 1500, limit_ns: 2000 }),
  clock('p3', 'ptp', { error_bound_ns: 2000 }),
  clock('rel', 'ptp', { error_rel_ns: 900_000 }),
  clock('n1', 'ntp', { error_bound_ns: 4e6 }),
  clock('h1', 'unsynced', { error_bound_ns: 48e6, holdover: true, since_ms: 7 }),
  clock('h2', 'unsynced', { holdover: true }),
  clock('n2', 'ntp', { error_bound_ns: 9e12 }),
  clock('none', 'unsynced'),
  { unit: 'never' },
];

describe('the bounds of a fleet', () => {
  test('are counted in buckets of 1, 2 and 5, by what steers the clock', () => {
    const { buckets, counts, median_ns } = boundSpreadOf(fleet);
    assert.deepEqual(counts, { ptp: 3, ntp: 2, holdover: 1, relative: 1, unbounded: 2 });
    assert.deepEqual(median_ns, { ptp: 1500, ntp: 4e6, holdover: 48e6, relative: 900_000 });
    const filled = buckets.filter(({ counts: of }) => Object.values(of).some((count) => count > 0));
    assert.deepEqual(
      filled.map(({ below_ns, counts: { ptp, ntp, holdover, relative } }) => [
        ...[below_ns, ptp, ntp, holdover, relative],
      ]),
      [
        [100, 1, 0, 0, 0],
        [2000, 1, 0, 0, 0],
        [5000, 1, 0, 0, 0], // 2000 is not below 2000
        [1e6, 0, 0, 0, 1], // against its grandmaster
        [5e6, 0, 1, 0, 0],
        [50e6, 0, 0, 1, 0],
        [Infinity, 0, 1, 0, 0],
      ],
    );
    assert.deepEqual(
      fleet.map((one) => one.clock && bucketOf(one.clock)),
      [0, 4, 5, 12, 14, 17, undefined, 25, undefined, undefined],
    );
    const ends = buckets.map(({ below_ns }) => below_ns);
    assert.deepEqual(ends.slice(0, 4), [100, 200, 500, 1000]);
    assert.deepEqual(ends.slice(-3), [5e9, 1e10, Infinity]);
  });

  test('the worst are those that come nearest to their own limit', () => {
    const worst = worstClocks(fleet, 4);
    assert.deepEqual(
      worst.map(({ unit, share }) => [unit, share]),
      [
        ['n2', 9e6],
        ['h1', 48],
        ['n1', 4],
        ['rel', 0.9],
      ],
    );
    assert.equal(worst[3]?.isRelative, true);
    assert.equal(worstClocks(fleet).length, 7);
  });

  test('holdovers come with those that nothing bounds first', () => {
    assert.deepEqual(holdoversOf(fleet), [
      { unit: 'h2' },
      { unit: 'h1', bound_ns: 48e6, share: 48, since_ms: 7 },
    ]);
  });
});
