import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { unsynchronisedWords } from '../../../../agent/health/finding.ts';
import { causesOf, type FleetCause } from '../../../../agent/hub/fleet/causes.ts';
import type { FleetClock, FleetUnit, Measured } from '../../../../agent/hub/fleet/model.ts';
import { rankUnits } from '../../../../agent/hub/fleet/rank.ts';
import { fleetUnit, silentUnit } from '../../../kit/hub/fleetunits.ts';

const holds = (unit: string, grandmaster: string, more: Partial<FleetUnit> = {}, since_ms?: number) =>
  fleetUnit(unit, {
    state: 'degraded',
    clock: {
      ...{ source: 'unsynced', quality: 'tracking', holdover: true, grandmaster },
      ...{ limit_ns: 1e6, share: 0.04, error_bound_ns: 41_000 },
      ...(since_ms === undefined ? {} : { since_ms }),
    },
    ...more,
  });
const rows = (units: readonly FleetUnit[]) =>
  causesOf(rankUnits(units)).map(({ kind, units: of, text }) => [kind, of.map(({ unit }) => unit), text]);

test('one cause is one row: four in holdover after one grandmaster, and two after another', () => {
  const units = [
    ...['ridge-01', 'ridge-02', 'ridge-03'].map((unit, at) =>
      holds(unit, 'gm-ridge', { since_ms: 1e12 - 9e9 }, 1e12 + at),
    ),
    holds('ridge-04', 'gm-ridge', { problems: ['the clock is in holdover'] }),
    holds('mast-1', 'gm-mast'),
    fleetUnit('well'),
  ];
  const causes = causesOf(rankUnits(units));
  assert.deepEqual(
    causes.map(({ kind, shared, since_ms, care, units: of }) => [kind, shared, since_ms, care, of.length]),
    [
      ['holdover', 'gm-mast', undefined, 'copes', 1],
      ['holdover', 'gm-ridge', 1e12, 'copes', 4],
    ],
  );
  assert.equal(causes[1]?.text, 'Grandmaster gm-ridge is gone; the clocks run on without it.');
});

test('those that fell silent together are one row, one that did so at another time is its own, with its last words', () => {
  const units = [
    silentUnit('a', 1e12),
    silentUnit('c', 1e12 + 20_000),
    silentUnit('b', 1e12 + 45_000),
    silentUnit('z', 1e12 - 86_400_000, { problems: ['supply 10.9 V and falling'] }),
  ];
  assert.deepEqual(rows(units), [
    ['offline', ['a', 'b', 'c'], 'Silent, all since the same time.'],
    ['offline', ['z'], 'Silent. Its last words: supply 10.9 V and falling'],
  ]);
});

test('those that die one after the other did not do so together, however short the pauses', () => {
  const units = Array.from({ length: 120 }, (_, i) => silentUnit(`u${i}`, 1e12 + i * 29_000));
  const causes = causesOf(rankUnits(units));
  assert.equal(causes.length, 24);
  for (const { units: of } of causes) {
    const times = of.map(({ heard_ms = 0 }) => heard_ms);
    assert.ok(Math.max(...times) - Math.min(...times) <= 120_000);
  }
});

test('the same sentence about another figure is the same cause, and another state is another', () => {
  const full = (unit: string, count: number, state: FleetUnit['state'] = 'degraded') =>
    fleetUnit(unit, { state, problems: [`${count} records wait: stream 'NUNECT' is full`] });
  const units = [
    full('a', 12),
    full('b', 900),
    full('c', 3, 'critical'),
    fleetUnit('d', { state: 'critical' }),
  ];
  assert.deepEqual(rows(units), [
    ['problem', ['c'], "3 records wait: stream 'NUNECT' is full"],
    ['problem', ['d'], 'No record that has come here says why.'],
    ['problem', ['a', 'b'], "12 records wait: stream 'NUNECT' is full, and the like of others."],
  ]);
});

test('clocks that are measured to be wrong behind one grandmaster are one row, and what is well makes none', () => {
  const measured = {
    at_ms: 1e12,
    offset_us: 4100,
    path_us: 900,
    against: 'utc',
    runs: 3,
    verdict: 'contradicts',
    why: 'It is 4.1 ms ahead.',
  } as const;
  const wrong = (unit: string, grandmaster: string) =>
    fleetUnit(unit, { measured, clock: { source: 'ptp', quality: 'locked', limit_ns: 1e6, grandmaster } });
  assert.deepEqual(
    rows([
      wrong('a', 'gm-1'),
      wrong('b', 'gm-1'),
      wrong('c', 'gm-2'),
      silentUnit('s', 1, { state: 'stopped' }),
    ]),
    [
      ['contradicts', ['a', 'b'], 'Clocks are not where they say they are; all follow gm-1.'],
      ['contradicts', ['c'], 'It is 4.1 ms ahead.'],
    ],
  );
});

test('the key of a cause stays while units come and go', () => {
  const key = (units: readonly FleetUnit[]) => causesOf(rankUnits(units)).map((one) => one.key);
  assert.deepEqual(
    key([holds('a', 'gm'), holds('b', 'gm')]),
    key([holds('b', 'gm'), holds('c', 'gm'), fleetUnit('w')]),
  );
  assert.equal(
    new Set(
      key([
        holds('a', 'gm'),
        silentUnit('s', 1),
        silentUnit('t', 1e12),
        fleetUnit('c', { state: 'critical' }),
      ]),
    ).size,
    4,
  );
});

test('since when it is so is not since when the unit is in its state', () => {
  const since_ms = 5e11;
  const measured = {
    ...({ at_ms: 1e12, offset_us: 4100, path_us: 900, against: 'utc' } as const),
    ...({ runs: 3, verdict: 'contradicts' } as const),
    since_ms: 9e11,
  } as const;
  const clock = { source: 'ntp', quality: 'freerun', limit_ns: 1e6, limit_is_set: true, share: 9 } as const;
  const since = (unit: FleetUnit) => causesOf([unit]).map((one) => [one.kind, one.since_ms]);
  assert.deepEqual(
    [
      fleetUnit('a', { since_ms, measured }),
      fleetUnit('b', { since_ms, clock: { ...clock, since_ms: 8e11 } }),
      fleetUnit('c', { since_ms, expires: [{ what: 'unit.pem', days_left: -2 }] }),
      silentUnit('d', since_ms),
      fleetUnit('e', { since_ms, state: 'critical' }),
    ].flatMap(since),
    [
      ['contradicts', 9e11],
      ['limit', undefined],
      ['expired', undefined],
      ['offline', since_ms],
      ['problem', since_ms],
    ],
  );
});

describe('what a unit says of itself is never hidden by what the hub finds of its clock', () => {
  const held: FleetClock = {
    ...{ source: 'unsynced', quality: 'tracking', holdover: true, grandmaster: 'gm' },
    ...{ limit_ns: 1e6, share: 0.04, error_bound_ns: 41_000 },
  };
  const wide: FleetClock = {
    ...{ source: 'ntp', quality: 'tracking', error_bound_ns: 9e6, limit_ns: 1e6 },
    ...{ limit_is_set: true, share: 9, ntp_server: 'ntp-a' },
  };
  const measured: Measured = {
    ...{ at_ms: 1e12, offset_us: 4100, path_us: 900, against: 'utc', runs: 3, verdict: 'contradicts' },
    why: 'It is 4.1 ms ahead.',
  };
  const expires = [{ what: 'hub.creds', days_left: -2 }];
  const supply = 'supply: 9.1 V, the battery is nearly empty';
  const told = (units: readonly FleetUnit[]) =>
    causesOf(rankUnits(units)).map(({ kind, care, text, also }) => ({ kind, care, text, also }));
  const hub: readonly (readonly [FleetCause['kind'], Partial<FleetUnit>])[] = [
    ['holdover', { clock: held }],
    ['limit', { clock: wide }],
    ['contradicts', { measured }],
    ['expired', { expires }],
  ];

  for (const [kind, given] of hub) {
    test(`critical for its supply beside ${kind}: the supply is the cause, and the other is said`, () => {
      const one = fleetUnit('a', { ...given, state: 'critical', problems: [supply, 'disk 91 % full'] });
      const [cause, ...none] = told([one]);
      assert.deepEqual([cause?.kind, cause?.care, cause?.text, none.length], ['problem', 'you', supply, 0]);
      const [second, found, ...more] = cause?.also ?? [];
      assert.deepEqual(second, { text: 'disk 91 % full', units: ['a'] });
      assert.deepEqual(
        [found?.text, found?.units, more],
        [told([fleetUnit('a', given)])[0]?.text, ['a'], []],
      );
    });

    test(`degraded beside ${kind}: what the unit says is said too`, () => {
      const one = fleetUnit('a', { ...given, state: 'degraded', problems: ['disk 91 % full'] });
      const [cause] = told([one]);
      assert.equal(cause?.kind, kind);
      assert.deepEqual(cause?.also, [{ text: 'disk 91 % full', units: ['a'] }]);
    });
  }

  test('a unit that is critical for its clock stands with that, and its words for it are not said twice', () => {
    const words = `${unsynchronisedWords}: no NTP server answers`;
    const one = fleetUnit('a', { state: 'critical', problems: [words, supply], clock: wide });
    assert.deepEqual(told([one]), [
      {
        ...{ kind: 'limit', care: 'you', also: [{ text: supply, units: ['a'] }] },
        text: `Its clock may be off by more than the limit. ${words}`,
      },
    ]);
  });

  test('one that is critical and does not say why is not said to mend itself with its clock', () => {
    const [cause] = told([fleetUnit('a', { state: 'critical', clock: held })]);
    assert.deepEqual([cause?.kind, cause?.text], ['problem', 'No record that has come here says why.']);
    assert.match(cause?.also[0]?.text ?? '', /^Grandmaster gm is gone/);
  });

  test('among many with one cause it is said whose it is; notes of healthy ones are not', () => {
    const units = [
      holds('a', 'gm'),
      holds('b', 'gm', { problems: ['disk 91 % full'] }),
      holds('c', 'gm', { problems: ['disk 97 % full', 'supply low'] }),
      holds('d', 'gm', { state: 'healthy', problems: ['unused file'] }),
    ];
    assert.deepEqual(
      told(units).flatMap(({ kind, also }) => [kind, ...also]),
      ['holdover', { text: 'disk 91 % full', units: ['b', 'c'] }, { text: 'supply low', units: ['c'] }],
    );
    assert.deepEqual(told([silentUnit('a', 1, { problems: ['last', 'second'] })])[0]?.also, [
      { text: 'second', units: ['a'] },
    ]);
  });
});

test('no two causes have one key, though their sentences are the same but for figures and state', () => {
  const full = (unit: string, share: number, state: FleetUnit['state']) =>
    fleetUnit(unit, { state, problems: [`storage: /overlay is ${share} % full`] });
  const silentName = fleetUnit('b', { state: 'critical', problems: ['a'] });
  const causes = causesOf(
    rankUnits([
      full('x', 97, 'critical'),
      full('y', 91, 'degraded'),
      fleetUnit('a', { state: 'critical' }),
      silentName,
      holds('h', 'gm'),
      holds('i', 'gm', {
        clock: { ...holds('i', 'gm').clock, share: 3, limit_ns: 1, limit_is_set: true } as never,
      }),
    ]),
  );
  assert.equal(causes.length, 6);
  assert.equal(new Set(causes.map(({ key }) => key)).size, 6);
});
