import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keepOffsets } from '../../../../../../agent/hub/page/unit/past/offsets.ts';
import { fleetUnit } from '../../../../../kit/hub/fleetunits.ts';

const hour_ms = 3_600_000;
const begin_ms = 500_000 * hour_ms;
const measured = (at_ms: number, offset_us: number, unit = 'u') =>
  fleetUnit(unit, {
    measured: { at_ms, offset_us, path_us: 300, against: 'utc', verdict: 'holds', runs: 0 },
  });

test('of each half hour the farthest is kept, on either side', () => {
  const offsets = keepOffsets();
  for (const [minute, us] of [
    [1, 40],
    [2, -90],
    [3, 20],
    [31, 5],
  ] as const)
    offsets.note([measured(begin_ms + minute * 60_000, us)]);
  const found = offsets.of('u', begin_ms + hour_ms);
  assert.deepEqual(
    found.map(({ at_ms, offset_us }) => [(at_ms - begin_ms) / 60_000, offset_us]),
    [
      [2, -90],
      [31, 5],
    ],
  );
});

test('after a day the old ones are gone, in their order the new ones are there', () => {
  const offsets = keepOffsets();
  for (let i = 0; i < 80; i++) offsets.note([measured(begin_ms + i * 0.5 * hour_ms, i + 1)]);
  const found = offsets.of('u', begin_ms + 39.5 * hour_ms);
  assert.deepEqual(
    found.map(({ offset_us }) => offset_us),
    Array.from({ length: 48 }, (_, i) => i + 33),
  );
  assert.deepEqual(offsets.of('u', begin_ms + 90 * hour_ms), []);
});

test('who is forgotten is forgotten; of who was not measured there is nothing', () => {
  const offsets = keepOffsets();
  offsets.note([measured(begin_ms, 4), measured(begin_ms, 5, 'v')]);
  offsets.note([fleetUnit('v')]);
  assert.deepEqual(offsets.of('u', begin_ms), []);
  assert.equal(offsets.of('v', begin_ms).length, 1);
});
