import assert from 'node:assert/strict';
import { test } from 'node:test';
import { trafficProfiles } from '../../../agent/config/traffic.ts';
import { lookEvery_ms, nextSending, type Paced, type Telling } from '../../../agent/status/pacing.ts';

const calm: Telling = { state: 'a', join: '1', facts: 'f' };

/** Plays looks at these moments, in s, and gives what was sent at each. */
function played(
  profile: (typeof trafficProfiles)[keyof typeof trafficProfiles],
  looks: readonly (readonly [at_s: number, telling?: Partial<Telling>])[],
) {
  let paced: Paced | undefined;
  return looks.map(([at_s, telling = {}]) => {
    const next = nextSending(paced, { ...calm, ...telling }, at_s * 1000, profile);
    paced = next.paced;
    return next.sending;
  });
}

test('the unit is looked at a whole number of times in an interval, and each 15 s at least', () => {
  for (const interval_s of [1, 5, 15, 16, 20, 45, 60, 61, 300, 3600]) {
    const times = (interval_s * 1000) / lookEvery_ms(interval_s);
    assert.ok(Math.abs(times - Math.round(times)) < 1e-9, `${interval_s}`);
    assert.ok(
      lookEvery_ms(interval_s) <= 15_000 && lookEvery_ms(interval_s) >= Math.min(interval_s * 1000, 7500),
      `${interval_s}`,
    );
  }
});

test('a look that comes early or late makes no difference to what is sent', () => {
  const early = [0, 14.3, 30.6, 44.3, 59.3, 75, 90, 105, 119.3];
  assert.deepEqual(
    played(
      trafficProfiles.satellite,
      early.map((at) => [at]),
    ),
    ['facts', 'nothing', 'nothing', 'nothing', 'slim', 'nothing', 'nothing', 'nothing', 'slim'],
  );
});

test('a change between two heartbeats delays the next one by a fifth of a look at most', () => {
  assert.deepEqual(
    played(trafficProfiles.standard, [[0], [5], [10], [13.9, { state: 'b' }], [15, { state: 'b' }]]),
    ['facts', 'slim', 'slim', 'full', 'slim'],
  );
});

test('a change right after a full set waits for 5 s, and is not forgotten', () => {
  assert.deepEqual(
    played(trafficProfiles.satellite, [
      [0],
      [2, { state: 'b' }],
      [4, { state: 'b' }],
      [5.1, { state: 'b' }],
      [15, { state: 'b' }],
    ]),
    ['facts', 'nothing', 'nothing', 'full', 'nothing'],
  );
});

test('what changes and is as it was when the next set is due is not told', () => {
  assert.deepEqual(played(trafficProfiles.satellite, [[0], [2, { state: 'b' }], [15]]), [
    'facts',
    'nothing',
    'nothing',
  ]);
});

test('while the way to the hub is gone nothing is held to be new there; once it is back, all is told', () => {
  const away = { join: undefined, state: 'away' };
  assert.deepEqual(
    played(trafficProfiles.wan, [[0], [15, away], [30, away], [45, { join: '3' }], [60, { join: '3' }]]),
    ['facts', 'full', 'slim', 'facts', 'slim'],
  );
});
