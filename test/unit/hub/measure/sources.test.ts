import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Measured } from '../../../../agent/hub/fleet/model.ts';
import { agreementOf, meets } from '../../../../agent/hub/measure/intervals.ts';
import { groupsOf, hubDoubtOf, type SourcedUnit } from '../../../../agent/hub/measure/sources.ts';
import { seededRandom } from '../../../kit/lib/random.ts';

/** Measured `offset_us` ± `path_us`, claiming `claimed_us`, by a hub that is good to 500 µs. */
const at = (offset_us: number, path_us = 300, claimed_us = 100, more: Partial<Measured> = {}): Measured => ({
  at_ms: 1,
  offset_us,
  path_us,
  claimed_us,
  own_bound_us: 500,
  against: 'utc',
  verdict: 'holds',
  runs: 0,
  ...more,
});
const ntp = (unit: string, server: string, measured?: Measured): SourcedUnit => ({
  unit,
  clock: { source: 'ntp', ntp_server: server, limit_ns: 1e6 },
  ...(measured && { measured }),
});
const ptp = (unit: string, grandmaster: string, measured?: Measured, holdover = false): SourcedUnit => ({
  unit,
  clock: {
    source: holdover ? 'unsynced' : 'ptp',
    grandmaster,
    limit_ns: 1e6,
    ...(holdover && { holdover: true }),
  },
  ...(measured && { measured }),
});

describe('what intervals agree on', () => {
  const of = (...pairs: readonly (readonly [number, number])[]) =>
    agreementOf(pairs.map(([low, high]) => ({ low, high })));

  test('is the span that most of them cover', () => {
    assert.equal(of(), undefined);
    assert.deepEqual(of([8, 12], [11, 13], [10, 12]), { low: 11, high: 12, count: 3 });
    assert.deepEqual(of([8, 12], [11, 13], [14, 15]), { low: 11, high: 12, count: 2 });
    assert.deepEqual(of([0, 1], [1, 2]), { low: 1, high: 1, count: 2 }); // they touch
    assert.deepEqual(of([5, 5]), { low: 5, high: 5, count: 1 });
    assert.ok(
      meets({ low: 0, high: 1 }, { low: 1, high: 2 }) && !meets({ low: 0, high: 1 }, { low: 1.1, high: 2 }),
    );
  });

  test('and no point is in more of them: against all points of random ones', () => {
    const random = seededRandom(3);
    for (let i = 0; i < 2000; i++) {
      const intervals = Array.from({ length: 1 + Math.floor(random() * 8) }, () => {
        const low = Math.floor(random() * 20);
        return { low, high: low + Math.floor(random() * 10) };
      });
      const covers = (point: number): number =>
        intervals.filter(({ low, high }) => low <= point && point <= high).length;
      const best = Array.from({ length: 60 }, (_, half) => covers(half / 2));
      const found = agreementOf(intervals);
      assert.equal(found?.count, Math.max(...best));
      assert.equal(covers(((found?.low ?? 0) + (found?.high ?? 0)) / 2), found?.count);
    }
  });
});

describe('units by what they follow', () => {
  test('are grouped by grandmaster and by NTP server, with spread and holdovers', () => {
    const groups = groupsOf([
      ptp('a', 'gm1', at(10)),
      ptp('b', 'gm1', at(-20)),
      ptp('c', 'gm1', undefined, true),
      ntp('d', 'ntp.example.org', at(900)),
      { unit: 'e' },
      { unit: 'f', clock: { source: 'unsynced', limit_ns: 1e6 } },
    ]);
    assert.deepEqual(groups, [
      {
        kind: 'grandmaster',
        name: 'gm1',
        units: ['a', 'b', 'c'],
        holdovers: 1,
        measured: 2,
        spread_us: 30,
        apart: [],
      },
      { kind: 'ntp_server', name: 'ntp.example.org', units: ['d'], holdovers: 0, measured: 1, apart: [] },
    ]);
  });

  test('one that cannot be where most are is apart, by how much, and its group comes first', () => {
    const [first, second] = groupsOf([
      ...['a', 'b', 'c', 'd'].map((unit) => ptp(unit, 'gm1', at(5))),
      ptp('x', 'gm2', at(0)),
      ptp('y', 'gm2', at(100)),
      ptp('z', 'gm2', at(-9000)),
    ]);
    assert.deepEqual([first?.name, second?.name], ['gm2', 'gm1']);
    assert.deepEqual(first?.apart, [{ unit: 'z', offset_us: -9000, by_us: -9000 + 900 - (100 - 900) }]);
    assert.deepEqual(second?.apart, []);
    assert.deepEqual([second?.middle_us, second?.half_us], [5, 300 + 100 + 500]);
  });

  test('a long path or a wide claim sets nobody apart, nor do two against each other', () => {
    for (const last of [at(-9000, 300_000), at(-9000, 300, 10_000)])
      assert.deepEqual(
        groupsOf([ptp('x', 'gm', at(0)), ptp('y', 'gm', at(9)), ptp('z', 'gm', last)])[0]?.apart,
        [],
      );
    assert.deepEqual(groupsOf([ptp('x', 'gm', at(0)), ptp('z', 'gm', at(-9000))])[0]?.apart, []);
  });
});

describe('the clock of the hub against the sources of its units', () => {
  const far = at(40_000);
  test('is doubted where most sources agree elsewhere', () => {
    const doubt = hubDoubtOf([ntp('a', '1', far), ntp('b', '2', at(40_200)), ntp('c', '3', at(0))]);
    assert.deepEqual(doubt, { against: 2, sources: 3, by_us: 40_200 - 400 - 500 });
    assert.ok((hubDoubtOf(['1', '2', '3'].map((name) => ntp(name, name, at(-40_000))))?.by_us ?? 0) < 0);
  });

  test('a hundred units of one wrong grandmaster are one vote', () => {
    const rogue = Array.from({ length: 100 }, (_, i) => ptp(`u${i}`, 'rogue', far));
    assert.equal(hubDoubtOf([...rogue, ntp('b', '2', at(0)), ntp('c', '3', at(0))]), undefined);
    assert.equal(hubDoubtOf(rogue), undefined);
    assert.equal(hubDoubtOf([...rogue, ntp('b', '2', far)]), undefined); // two sources outvote nobody
  });

  test('sources that are wrong each in their own way are no majority', () => {
    const units = [10_000, 40_000, -70_000, 0].map((us, i) => ntp(`${i}`, `${i}`, at(us)));
    assert.equal(hubDoubtOf(units), undefined);
  });

  test('a unit whose source is not known, that claims nothing or is measured against its grandmaster has no vote', () => {
    const { claimed_us: _, ...unclaimed } = far;
    const units = ['1', '2', '3'].flatMap((name) => [
      { unit: `x${name}`, clock: { source: 'ntp', limit_ns: 1 }, measured: far },
      ntp(`y${name}`, name, unclaimed),
      ptp(`z${name}`, name, { ...far, against: 'grandmaster' }),
    ]);
    assert.equal(hubDoubtOf(units), undefined);
  });

  const tai = at(37_000_000);
  const many = (count: number, name: string, servers: number, measured = at(0)): SourcedUnit[] =>
    Array.from({ length: count }, (_, i) => ntp(`${name}${i}`, `${name}-${i % servers}`, measured));
  const masters = (count: number, measured: Measured, each = 1): SourcedUnit[] =>
    Array.from({ length: count * each }, (_, i) => ptp(`m${i}`, `gm-${i % count}`, measured));

  test('is not outvoted by a few units with a source each, whatever they agree on, where many agree with it', () => {
    for (const wrong of [tai, far, at(-700_000)])
      for (const few of [3, 6])
        assert.equal(hubDoubtOf([...many(200, 'u', 2), ...masters(few, wrong)]), undefined);
    assert.equal(hubDoubtOf([...many(69, 'u', 5), ...masters(6, tai)]), undefined);
    assert.equal(hubDoubtOf([...many(69, 'u', 2), ...many(6, 'w', 6, far)]), undefined);
  });

  test('grandmasters that are off by the same whole seconds are one mistake, though most units follow them', () => {
    for (const us of [37e6, -18e6, 1e6, 3600e6, 619_315_200e6])
      assert.equal(hubDoubtOf([...many(20, 'u', 2), ...masters(6, at(us), 20)]), undefined, `${us}`);
    assert.notEqual(hubDoubtOf([...many(20, 'u', 2), ...masters(6, at(40_000), 20)]), undefined);
    assert.notEqual(hubDoubtOf([...many(20, 'u', 2), ...masters(6, at(37.4e6), 20)]), undefined);
  });

  test('that is wrong itself is found out, by whole seconds too, and though one source shares its mistake', () => {
    for (const us of [40_000, -37e6, 37e6, 1e6, -3600e6, 5.3e6]) {
      const seen = at(-us); // by a hub that is off by `us` all honest ones are off by as much the other way
      for (const units of [
        [...many(200, 'u', 5, seen)],
        [...masters(6, seen, 10)],
        [...many(100, 'u', 2, seen), ...masters(6, seen, 3)],
        [...masters(6, seen, 3), ntp('same', 'the-source-of-the-hub', at(0))],
        [...many(50, 'u', 4, seen), ...masters(3, seen, 3), ...many(9, 'same', 2)],
        ...(us % 1e6 === 0 ? [[...many(50, 'u', 2, seen), ...masters(6, at(0), 3)]] : []), // a hub with its mistake
      ]) {
        const doubt = hubDoubtOf(units);
        assert.ok(doubt !== undefined, `${us} ${units.length}`);
        assert.equal(Math.sign(doubt.by_us), -Math.sign(us));
        assert.ok(Math.abs(Math.abs(doubt.by_us) - (Math.abs(us) - 900)) < 1, `${doubt.by_us}`);
      }
    }
  });

  test('units whose path hides both speak for neither', () => {
    const blind = many(200, 'sat', 2, at(0, 300_000));
    const three = ['1', '2', '3'].map((name) => ntp(name, name, far));
    assert.notEqual(hubDoubtOf([...blind, ...three]), undefined);
    assert.equal(hubDoubtOf([...blind, ...three, ...many(10, 'u', 2)]), undefined);
    assert.equal(hubDoubtOf([...blind, ntp('liar', '1', far)]), undefined);
  });
});
