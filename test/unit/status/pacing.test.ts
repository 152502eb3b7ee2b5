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

test('a heartbeat is acknowledged each half a minute, or minute, that has no full set', () => {
  const looksOf = (every_s: number, last_s: number) =>
    Array.from({ length: last_s / every_s + 1 }, (_, at) => [at * every_s] as const);
  const askedAt = (sent: readonly string[], every_s: number) =>
    sent.flatMap((sending, at) => (sending === 'slim' ? [] : [`${at * every_s} ${sending}`]));
  const { standard, wan, satellite, lan } = trafficProfiles;
  assert.deepEqual(askedAt(played(standard, looksOf(5, 150)), 5), [
    '0 facts',
    '30 asked',
    '60 asked',
    '90 asked',
    '120 full',
    '150 asked',
  ]);
  assert.deepEqual(askedAt(played(wan, looksOf(15, 180)), 15), [
    '0 facts',
    '60 asked',
    '120 full',
    '180 asked',
  ]);
  assert.ok(!played(satellite, looksOf(15, 3600)).includes('asked'), 'there the minutes are');
  assert.ok(!played(lan, looksOf(5, 60)).includes('asked'), 'there each is');
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

/** How many full sets of an hour in which each look sees another change are told for it. */
function toldInAnHour(profile: Parameters<typeof played>[0], look_s: number): number {
  const looks = Array.from(
    { length: 3600 / look_s },
    (_, at) => [at * look_s, { state: String(at) }] as const,
  );
  return played(profile, looks).filter((sending) => sending === 'full').length;
}

test('of changes that do not end ten are told at once, then six in the time of a full set or of an interval', () => {
  const { standard, satellite } = trafficProfiles;
  const first = played(
    satellite,
    Array.from({ length: 12 }, (_, at) => [at * 6, { state: String(at) }] as const),
  );
  assert.deepEqual(first, ['facts', ...Array.from({ length: 10 }, () => 'full'), 'nothing']);
  assert.ok(Math.abs(toldInAnHour(satellite, 15) - (10 + 6)) <= 1, 'six in an hour');
  assert.ok(Math.abs(toldInAnHour(standard, 5) - (10 + 6 * 30)) <= 10, 'six in two minutes');
  const seldom = { ...standard, interval_s: 600 } as unknown as typeof standard;
  const due = 5; // an interval at which a full set is due anyway
  assert.ok(
    Math.abs(toldInAnHour(seldom, 15) - (10 + 6 * 6)) <= due + 2,
    'six in an interval that is longer',
  );
});

test('after a calm time no more than ten are told at once again', () => {
  const { satellite } = trafficProfiles;
  const burst = (from_s: number) =>
    Array.from({ length: 30 }, (_, at) => [from_s + at * 6, { state: `${from_s} ${at}` }] as const);
  const told = played(satellite, [...burst(0), ...burst(40_000)]).slice(30);
  assert.equal(told.filter((sending) => sending === 'full').length, 10);
});
