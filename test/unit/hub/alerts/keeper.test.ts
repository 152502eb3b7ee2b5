import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  type AlertKey,
  alertRules,
  type Condition,
  keyOf,
  type Notice,
} from '../../../../agent/hub/alerts/alert.ts';
import type { JudgedConditions, Wanted } from '../../../../agent/hub/alerts/conditions.ts';
import type { KeeperState } from '../../../../agent/hub/alerts/held.ts';
import { keep, newKeeper } from '../../../../agent/hub/alerts/keeper.ts';
import type { KeeperTimes } from '../../../../agent/hub/alerts/options.ts';
import { formatAlertState, newAlertState, parseAlertState } from '../../../../agent/hub/alerts/statefile.ts';
import { known } from '../../../../agent/lib/known.ts';
import {
  type Fact,
  lasting,
  type Moment,
  mustBeTold,
  observed,
  settled,
} from '../../../kit/hub/alertoracle.ts';
import { seededRandom } from '../../../kit/lib/random.ts';

const times = (given: Partial<KeeperTimes> = {}): KeeperTimes => ({
  hold_ms: (condition) => {
    const { for_s, keep_s } = alertRules[condition];
    return { for_ms: for_s * 1000, keep_ms: keep_s * 1000 };
  },
  group_share: 0.2,
  group_least: 3,
  ...given,
});
const ungrouped = times({ group_least: Infinity });
const interval_s = 5;

type Facts = ReadonlyMap<AlertKey, readonly [Wanted, Fact]>;

const judged = (facts: Facts, total: number): JudgedConditions => ({
  wanted: new Map([...facts].filter(([, [, fact]]) => fact === 'on').map(([key, [wanted]]) => [key, wanted])),
  total,
  interval_s: () => interval_s,
  isOver: (condition, unit, about) => facts.get(keyOf(condition, unit, about))?.[1] === 'off',
  isGone: () => false,
  unknown: [],
});

const factsOf = (condition: Condition, by: Readonly<Record<string, Fact>>): Facts =>
  new Map(
    Object.entries(by).map(([unit, fact]) => [
      keyOf(condition, unit),
      [{ condition, unit, text: `${condition} of ${unit}` }, fact],
    ]),
  );

/** A keeper that has settled, and what it tells as looks go by, each second. */
function watched(condition: Condition, given: KeeperTimes, state: KeeperState = newKeeper()) {
  let at_s = 0;
  const told: {
    readonly at_s: number;
    readonly event: string;
    readonly key: string;
    readonly text: string;
  }[] = [];
  const look = (by: Readonly<Record<string, Fact>>, isGap = false): readonly Notice[] => {
    at_s += 1;
    const notices = keep(
      state,
      judged(factsOf(condition, by), Object.keys(by).length),
      { now_ms: at_s * 1000, areUnitsSeen: true, ...(isGap ? {} : { passed_ms: 1000 }) },
      given,
    );
    for (const { event, alert } of notices) told.push({ at_s, event, key: alert.key, text: alert.text });
    return notices;
  };
  return {
    told,
    state,
    look,
    /** So many looks at the same. */
    for(seconds: number, by: Readonly<Record<string, Fact>>) {
      for (let i = 0; i < seconds; i += 1) look(by);
      return told;
    },
    gap: (by: Readonly<Record<string, Fact>>) => look(by, true),
    now_s: () => at_s,
  };
}

/** Units u0 ... of which those of these numbers are off. */
const fleet = (count: number, isOff: (index: number) => boolean): Record<string, Fact> =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`u${i}`, isOff(i) ? 'on' : 'off'] as const));
const firstAway = (count: number, away: number) => fleet(count, (index) => index < away);
const allWell = (count: number) => fleet(count, () => false);

describe('one unit', () => {
  test('is told of after its hold time, and once it is over for as long as it is kept', () => {
    const one = watched('critical', ungrouped);
    one.for(10, { a: 'off' });
    one.for(60, { a: 'on' });
    assert.equal(one.told.length, 0);
    one.look({ a: 'on' });
    assert.deepEqual(
      one.told.map(({ event, key }) => [event, key]),
      [['fired', 'critical:a']],
    );
    one.for(120, { a: 'off' });
    assert.equal(one.told.length, 1);
    one.look({ a: 'off' });
    assert.deepEqual(
      one.told.map(({ event, text }) => `${event}: ${text}`),
      ['fired: critical of a', 'resolved: over; it was: critical of a'],
    );
  });

  test('that flaps is told of at most once a hold time', () => {
    for (const period_s of [4, 20, 60, 100, 200]) {
      const one = watched('critical', ungrouped);
      for (let i = 0; i < 3600; i += 1) one.look({ a: i % period_s < period_s / 2 ? 'on' : 'off' });
      const fired = one.told.filter(({ event }) => event === 'fired');
      assert.equal(fired.length, 1, `${period_s}`); // it is off for less than two minutes each time
    }
  });

  test('nothing is over of which nothing is known', () => {
    const one = watched('critical', ungrouped);
    one.for(100, { a: 'on' });
    one.for(10_000, { a: 'unknown' });
    assert.deepEqual(
      one.told.map(({ event }) => event),
      ['fired'],
    );
  });

  test('after a gap of the alerter silence counts only once the unit had time to be heard', () => {
    const one = watched('offline', ungrouped);
    one.for(300, { a: 'off' });
    one.gap({ a: 'on' });
    one.for(19, { a: 'on' });
    assert.equal(one.state.held.size, 0);
    one.for(300, { a: 'off' });
    assert.deepEqual(one.told, []);
  });

  test('a dead one with slow heartbeats is told of, however often the alerter has gaps', () => {
    const slow_s = 900;
    const state = newKeeper();
    const told: number[] = [];
    const alive = new Set<string>();
    for (let at_s = 0; at_s < 8 * 3600; at_s += 10) {
      const isGap = at_s % 3000 === 0; // four of its intervals never pass without one
      const facts = factsOf('offline', { dead: 'on', alive: at_s % 3000 < slow_s ? 'on' : 'off' });
      const look = { now_ms: at_s * 1000, areUnitsSeen: true, ...(isGap ? {} : { passed_ms: 10_000 }) };
      for (const { alert } of keep(state, { ...judged(facts, 2), interval_s: () => slow_s }, look, times())) {
        if (alert.unit === 'alive') alive.add(alert.unit);
        else told.push(at_s);
      }
    }
    assert.equal(told.length, 1, 'told once');
    assert.ok((told[0] ?? Infinity) < 10 * slow_s, `${told}`);
    assert.equal(alive.size, 0, 'who is heard after each gap is there');
  });

  test('one that was forgotten is over at once, and the same is said of it', () => {
    for (const condition of ['records_dropped', 'clock_contradicts', 'login_expires'] as const) {
      const one = watched(condition, ungrouped);
      one.for(10, { a: 'on' });
      assert.equal(one.told.length, 1);
      const look = (isGone: boolean): readonly Notice[] =>
        keep(
          one.state,
          { ...judged(factsOf(condition, { a: 'off' }), 0), isGone: () => isGone },
          { now_ms: 1e6, areUnitsSeen: true, passed_ms: 2000 },
          ungrouped,
        );
      assert.deepEqual(look(true), [], 'the roster may be read just now');
      const [end] = look(true);
      assert.equal(end?.event, 'resolved');
      assert.equal(end?.alert.text, `the unit is not watched any more; it was: ${condition} of a`);
      assert.equal(one.state.held.size, 0);
    }
  });

  test('the restart of the alerter takes no time that was counted away', () => {
    const { journal } = newAlertState('x');
    const before = watched('critical', ungrouped);
    before.for(50, { a: 'on' });
    const text = formatAlertState({ keeper: before.state, journal, own: new Set() });
    const read = parseAlertState(text);
    assert.ok(read.ok);
    const after = watched('critical', ungrouped, read.value.keeper);
    after.gap({ a: 'on' });
    after.for(10, { a: 'on' });
    assert.deepEqual(after.told, []);
    after.for(2, { a: 'on' });
    assert.deepEqual(
      after.told.map(({ event }) => event),
      ['fired'],
    );
  });
});

describe('several of a kind', () => {
  const of = (facts: Readonly<Record<string, Fact>>): Facts =>
    new Map(
      Object.entries(facts).map(([name, fact]) => {
        const [unit = '', about] = name.split('/');
        const wanted = { condition: 'expires', unit, text: `${about} expires`, ...known({ about }) } as const;
        return [keyOf('expires', unit, about), [wanted, fact]];
      }),
    );
  const tell = (looks: readonly (readonly [number, Readonly<Record<string, Fact>>])[], total: number) => {
    const state = newKeeper();
    let now_ms = 0;
    return looks.flatMap(([seconds, facts]) =>
      Array.from({ length: seconds }, () => {
        now_ms += 1000;
        const look = { now_ms, areUnitsSeen: true, passed_ms: 1000 };
        return keep(state, judged(of(facts), total), look, times());
      }).flatMap((notices) => notices.map(({ event, alert }) => `${event} ${alert.key} ${alert.text}`)),
    );
  };

  test('the second is told while the first fires, and each has an end of its own', () => {
    assert.deepEqual(
      tell(
        [
          [20, { 'u/client': 'on', 'u/mqtt': 'off' }],
          [20, { 'u/client': 'on', 'u/mqtt': 'on' }],
          [70, { 'u/client': 'off', 'u/mqtt': 'on' }],
        ],
        1,
      ),
      [
        'fired expires:u:client client expires',
        'fired expires:u:mqtt mqtt expires',
        'resolved expires:u:client over; it was: client expires',
      ],
    );
  });

  test('a unit that has several of them counts once among many', () => {
    const files = (units: readonly string[]): Readonly<Record<string, Fact>> =>
      Object.fromEntries(
        units.flatMap((unit) => ['a', 'b', 'c'].map((file) => [`${unit}/${file}`, 'on'] as const)),
      );
    assert.equal(tell([[100, files(['u', 'v'])]], 8).length, 6, 'two are too few for a group');
    assert.deepEqual(tell([[100, files(['u', 'v', 'w'])]], 8), [
      'fired expires:_hub 3 of 8 units have certificates that expire soon: u, v, w',
    ]);
  });
});

describe('any history', () => {
  const unitNames = ['a', 'b', 'c'];
  const watchedConditions = ['offline', 'critical', 'records_dropped'] as const;

  /** A history with long and short spells, unknown stretches, gaps and outages of the alerter. */
  function history(seed: number) {
    const random = seededRandom(seed);
    const any = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)] as T;
    const moments: Moment[] = [];
    let seenFor = 0;
    let isSeen = true;
    for (let i = 0; i < 700; i += 1) {
      if (seenFor-- <= 0) {
        isSeen = random() < 0.8;
        seenFor = isSeen ? 40 + random() * 200 : random() * 15;
      }
      moments.push({
        seen: isSeen,
        passed_ms: i === 0 || random() < 0.005 ? undefined : any([1000, 2000, 3000]),
      });
    }
    const facts = new Map<AlertKey, Fact[]>();
    for (const condition of watchedConditions)
      for (const unit of unitNames) {
        const row: Fact[] = [];
        while (row.length < moments.length) {
          const fact = any<Fact>(['on', 'on', 'off', 'off', 'off', 'unknown']);
          const length = any([1, 2, 5, 20, 60, 150]) * (0.5 + random());
          for (let i = 0; i < length && row.length < moments.length; i += 1)
            row.push(moments[row.length]?.seen === true ? fact : 'unknown');
        }
        facts.set(keyOf(condition, unit), row);
      }
    return { moments, facts };
  }

  test('of units alone: exactly what must be told, at the look at which it must be', () => {
    let count = 0;
    for (let seed = 1; seed <= 30; seed += 1) {
      const { moments, facts } = history(seed);
      const told = new Map<AlertKey, { at: number; event: string }[]>();
      const state = newKeeper();
      for (const [at, { passed_ms, seen }] of moments.entries()) {
        const now: Facts = new Map(
          [...facts].map(([key, row]) => {
            const [condition = '', unit = ''] = key.split(':');
            return [key, [{ condition: condition as Condition, unit, text: key }, row[at] as Fact]];
          }),
        );
        const look = { now_ms: at, areUnitsSeen: seen, ...(passed_ms === undefined ? {} : { passed_ms }) };
        for (const { event, alert } of keep(state, judged(now, 3), look, ungrouped))
          told.set(alert.key, [...(told.get(alert.key) ?? []), { at, event }]);
      }
      const passed = observed(moments);
      const settledFor = settled(moments);
      for (const [key, row] of facts) {
        const condition = key.split(':')[0] as Condition;
        const { for_ms, keep_ms } = ungrouped.hold_ms(condition);
        const isOffline = condition === 'offline';
        const heard = row.map((fact, at) =>
          isOffline && fact === 'on' && (settledFor[at] as number) < 4 * interval_s * 1000 ? 'unknown' : fact,
        );
        const more_ms = isOffline ? interval_s * 1000 : 0;
        const lasts_ms = condition === 'records_dropped' ? 120_000 : 0;
        const must = mustBeTold(lasting(heard, passed, lasts_ms), passed, {
          for_ms: for_ms + more_ms,
          keep_ms,
        });
        assert.deepEqual(told.get(key) ?? [], must, `seed ${seed}, ${key}`);
        count += must.length;
      }
    }
    assert.ok(count > 300, `${count}`);
  });
});

describe('many units', () => {
  test('a thousand that vanish together are one alert within 5 s of the last being missed, which names how many and which', () => {
    const many = watched('offline', times());
    many.for(100, allWell(1000));
    for (let s = 0; s < 5; s += 1) many.look(fleet(1000, (i) => i % 5 <= s)); // each is missed by its own heartbeat
    many.for(
      600,
      fleet(1000, () => true),
    );
    assert.equal(many.told.length, 1);
    const [alert] = many.told;
    assert.ok((alert?.at_s ?? Infinity) <= 110, `${alert?.at_s}`); // the last was missed at 105 s
    assert.match(alert?.text ?? '', /^1000 of 1000 units vanished together: u0, u1, u10, .* and 980 more$/);
    assert.equal(alert?.key, 'offline:_hub');
  });

  test('a thousand that get a trouble within a minute that is told at once are one alert', () => {
    for (const [condition, over_s] of [
      ['records_dropped', 55],
      ['expires', 55],
      ['expires', 1],
      ['clock_contradicts', 20],
    ] as const) {
      const many = watched(condition, times());
      many.for(10, allWell(1000));
      for (let s = 1; s <= over_s; s += 1)
        many.look(
          fleet(
            1000,
            (i) => i * over_s < s * 1000 && (condition !== 'records_dropped' || i * over_s >= (s - 1) * 1000),
          ),
        );
      many.for(400, condition === 'records_dropped' ? allWell(1000) : firstAway(1000, 1000));
      const [alert, ...more] = many.told;
      assert.deepEqual(more, [], condition);
      assert.equal(alert?.key, `${condition}:_hub`);
      assert.match(alert?.text ?? '', /^1000 of 1000 units/);
      assert.ok((alert?.at_s ?? Infinity) <= 10 + over_s + 11, `${condition}: ${alert?.at_s} s`);
    }
  });

  test('one alone is told after 10 s in which others could follow, where there are others', () => {
    for (const [count, least_s, most_s] of [
      [2, 1, 1],
      [100, 10, 12],
    ] as const) {
      const one = watched('expires', times());
      one.for(10, allWell(count));
      one.for(200, firstAway(count, 1));
      assert.equal(one.told.length, 1);
      const waited_s = (one.told[0]?.at_s ?? Infinity) - 10;
      assert.ok(waited_s >= least_s && waited_s <= most_s, `${waited_s} s of ${count}`);
    }
  });

  test('those that were told singly count where they turn out to be many', () => {
    const some = watched('expires', times());
    some.for(10, allWell(10));
    for (let off = 1; off <= 5; off += 1) some.for(13, firstAway(10, off));
    some.for(400, firstAway(10, 5));
    assert.deepEqual(
      some.told.map(({ key, text }) => `${key} ${text.split(' units')[0]}`),
      [
        ...['expires:u0 expires of u0', 'expires:u1 expires of u1'],
        'expires:_hub 3 of 10',
        ...['expires:u3 expires of u3', 'expires:u4 expires of u4'], // too few for another wave
      ],
    );
    some.for(400, allWell(10));
    assert.deepEqual(
      some.told
        .slice(5)
        .map(({ event, key }) => `${event} ${key}`)
        .toSorted(),
      ['_hub', 'u0', 'u1', 'u3', 'u4'].map((name) => `resolved expires:${name}`),
    );
  });

  test('a thousand that are killed at once: one alert within 30 s, whenever each was to be heard and looked at', () => {
    for (let seed = 1; seed <= 8; seed += 1) {
      const random = seededRandom(seed);
      const state = newKeeper();
      const last_s = Array.from({ length: 1000 }, () => -5 * random()); // the kill is at 0
      const missedAt_s = last_s.map((at) => Math.ceil(at + 3.1 * interval_s)); // found by a look at all rows each second
      const told: { readonly at_s: number; readonly count: number | undefined }[] = [];
      for (let at_s = -60 - 2 * random(); at_s < 60; ) {
        const passed_s = 1.5 + random();
        at_s += passed_s;
        const now = factsOf(
          'offline',
          fleet(1000, (i) => at_s >= (missedAt_s[i] as number)),
        );
        const look = { now_ms: at_s * 1000, passed_ms: passed_s * 1000, areUnitsSeen: true };
        for (const { alert } of keep(state, judged(now, 1000), look, times()))
          told.push({ at_s, count: alert.group?.count });
      }
      assert.equal(told.length, 1, `seed ${seed}`);
      assert.equal(told[0]?.count, 1000);
      assert.ok((told[0]?.at_s ?? Infinity) <= 30, `seed ${seed}: ${told[0]?.at_s} s`);
    }
  });

  test('those that stay away when the rest is back are told singly, and each comes to its end', () => {
    const many = watched('offline', times());
    many.for(100, allWell(100));
    many.for(300, firstAway(100, 60));
    many.for(20, firstAway(100, 30));
    many.for(300, firstAway(100, 2));
    assert.deepEqual(
      many.told.map(({ event, key }) => `${event} ${key}`),
      ['fired offline:_hub', 'resolved offline:_hub', 'fired offline:u0', 'fired offline:u1'],
    );
    assert.equal(many.told[1]?.text, 'over for all but 2 of 60 units: u0, u1');
    many.for(100, allWell(100));
    assert.deepEqual(
      many.told.slice(4).map(({ event }) => event),
      ['resolved', 'resolved'],
    );
    assert.equal(many.state.held.size + many.state.groups.size, 0);
  });

  test('20 % are not many; two of three are too few', () => {
    for (const [count, off] of [
      [20, 4],
      [3, 2],
    ] as const) {
      const some = watched('offline', times());
      some.for(100, allWell(count));
      some.for(
        300,
        fleet(count, (i) => i < off),
      );
      assert.equal(some.told.length, off);
    }
  });

  test('a second wave is told of, and the third that has too few is told singly', () => {
    const many = watched('offline', times());
    many.for(100, allWell(100));
    many.for(300, firstAway(100, 30));
    many.for(300, firstAway(100, 60));
    many.for(300, firstAway(100, 62));
    assert.deepEqual(
      many.told.map(({ event, text }) => `${event} ${text.split(' units')[0]}`),
      ['fired 30 of 100', 'fired 60 of 100', 'fired offline of u60', 'fired offline of u61'],
    );
  });

  test('that come back one by one are not told of singly: all come back that do', () => {
    const many = watched('offline', times());
    many.for(100, allWell(100));
    many.for(300, firstAway(100, 60));
    for (let back = 1; back <= 60; back += 1)
      many.for(
        20,
        fleet(100, (i) => i >= back && i < 60),
      );
    many.for(100, allWell(100));
    const told = many.told.map(({ event, key }) => `${event} ${key}`);
    assert.deepEqual(told, ['fired offline:_hub', 'resolved offline:_hub']);
    assert.equal(many.told[1]?.text, 'over for all of 60 units');
  });

  test('that are missed later than the first, and are many themselves, are told of too', () => {
    const many = watched('offline', times());
    many.for(100, allWell(100));
    many.for(40, firstAway(100, 30));
    many.for(40, firstAway(100, 70));
    assert.deepEqual(
      many.told.map(({ text }) => text.split(' units')[0]),
      ['30 of 100', '70 of 100'],
    );
  });

  test('a wave of which too few stay away is told singly', () => {
    const many = watched('offline', times());
    many.for(100, allWell(100));
    many.for(300, firstAway(100, 30));
    many.for(3, firstAway(100, 55));
    many.for(300, firstAway(100, 40));
    assert.deepEqual(
      many.told.map(({ key }) => key),
      ['offline:_hub', ...Array.from({ length: 10 }, (_, i) => `offline:u${30 + i}`)],
    );
  });

  test('of whom half stays away are told of again, with how many are left', () => {
    const many = watched('offline', times());
    many.for(100, allWell(100));
    many.for(300, firstAway(100, 60));
    many.for(600, firstAway(100, 30));
    assert.deepEqual(
      many.told.map(({ text }) => text.split(' units')[0]),
      ['60 of 100', '30 of 100'],
    );
  });

  test('one of them that flaps keeps nobody in their alert: the rest is over, and who is gone later is told in his time', () => {
    for (const [down_s, up_s] of [
      [25, 25],
      [10, 20],
      [100, 29],
    ] as const) {
      const many = watched('offline', times());
      many.for(100, allWell(100));
      many.for(30, firstAway(100, 30)); // told at 104 s
      const flaps = (): boolean => many.now_s() % (down_s + up_s) < down_s;
      const stillAway = (from_s: number) => (i: number) =>
        (i === 0 && flaps()) ||
        (i < 30 && many.now_s() < 200) ||
        (i >= 50 && i < 53 && from_s <= many.now_s());
      while (many.now_s() < 900) many.look(fleet(100, stillAway(140)));
      const told = many.told.map(({ at_s, event, key }) => ({ what: `${event} ${key}`, at_s }));
      assert.deepEqual(
        told.map(({ what }) => what).toSorted(),
        [
          ...['fired offline:_hub', 'resolved offline:_hub', 'fired offline:u0'],
          ...['u50', 'u51', 'u52'].map((name) => `fired offline:${name}`),
        ].toSorted(),
        `${down_s} of ${up_s} s: ${many.told.map(({ at_s, text }) => `${at_s} ${text}`).join()}`,
      );
      const at = (what: string): number => told.find((one) => one.what === what)?.at_s ?? Infinity;
      assert.ok(at('fired offline:u50') <= 140 + 127, `${at('fired offline:u50')} s`);
      assert.ok(at('resolved offline:_hub') <= 200 + 92, `${at('resolved offline:_hub')} s`);
    }
  });

  test('one that dies within a minute after the others is told as soon as it would be alone', () => {
    for (const died_s of [106, 120, 150, 160]) {
      const many = watched('offline', times());
      many.for(100, allWell(100));
      while (many.now_s() < 600) many.look(fleet(100, (i) => i < 30 || (i === 40 && many.now_s() >= died_s)));
      assert.deepEqual(
        many.told.map(({ key }) => key),
        ['offline:_hub', 'offline:u40'],
      );
      const after_s = (many.told[1]?.at_s ?? Infinity) - died_s;
      assert.ok(after_s <= 127, `${after_s} s`);
    }
  });

  test('whoever has had a trouble for a minute, and for its hold time, is told of, however slowly others follow', () => {
    for (const [each_s, for_ms] of [
      [7, 0],
      [7, 2000],
      [7, 60_000],
      [12, 60_000],
      [20, 60_000],
      [9, 300_000],
    ] as const) {
      const many = watched('critical', times({ hold_ms: () => ({ for_ms, keep_ms: 60_000 }) }));
      many.for(10, allWell(20));
      const off = (i: number): boolean => many.now_s() >= 10 + i * each_s;
      const named = new Set<string>();
      while (many.now_s() < 700) {
        for (const { alert } of many.look(fleet(20, off)))
          for (const unit of alert.group?.units ?? [alert.unit ?? '']) named.add(unit);
        const most_s = Math.max(60, for_ms / 1000) + 2;
        for (let i = 0; i < 20 && many.now_s() - (11 + i * each_s) >= most_s; i += 1)
          assert.ok(named.has(`u${i}`), `each ${each_s} s, ${for_ms} ms: u${i} at ${many.now_s()} s`);
      }
      const singly = many.told.filter(({ key }) => key !== 'critical:_hub');
      if (each_s < 10) assert.ok(singly.length <= 4, `${each_s} s, ${for_ms} ms: ${singly.length} singly`);
    }
  });

  test('that come back before they are told of are told of to nobody', () => {
    const many = watched('offline', times());
    many.for(100, allWell(50));
    many.for(
      3,
      fleet(50, () => true),
    );
    many.for(200, allWell(50));
    assert.deepEqual(many.told, []);
  });

  test('that lose their time together after a hold time are one alert too', () => {
    const many = watched('clock_class', times());
    many.for(10, allWell(50));
    many.for(310, firstAway(50, 40));
    assert.deepEqual(
      many.told.map(({ key }) => key),
      ['clock_class:_hub'],
    );
  });

  for (const [condition, named_s] of [
    ['offline', 140], // two minutes, one interval, and what a wave waits
    ['expires', 75],
  ] as const)
    test(`whatever happens: who is ${condition} for long is named, nobody twice at once, and in the end nothing fires`, () => {
      let fired = 0;
      let groups = 0;
      for (let seed = 1; seed <= 30; seed += 1) {
        const random = seededRandom(seed);
        const count = 12 + Math.floor(random() * 20);
        const many = watched(condition, times());
        const off = new Array<boolean>(count).fill(false);
        const since = new Array<number>(count).fill(Infinity);
        const firing = new Set<string>();
        let counted: readonly string[] = []; // by the last word of the group
        const check = (notices: readonly Notice[]): void => {
          for (const { event, alert } of notices) {
            if (event === 'resolved') assert.ok(firing.delete(alert.key), `seed ${seed}: ${alert.key}`);
            else if (alert.unit !== undefined) {
              assert.ok(!firing.has(alert.key), `seed ${seed}: twice ${alert.key}`);
              assert.ok(off[Number(alert.unit.slice(1))], `seed ${seed}: ${alert.key} is there`);
            }
            if (event === 'fired') firing.add(alert.key);
            if (event === 'fired') fired += 1;
            if (alert.group !== undefined) {
              groups += 1;
              counted = event === 'fired' ? alert.group.units : [];
            }
          }
          for (const [i, at] of since.entries()) {
            if (many.now_s() - at < named_s) continue;
            const isNamed = firing.has(`${condition}:u${i}`) || counted.includes(`u${i}`);
            assert.ok(isNamed, `seed ${seed}, ${many.now_s()} s: u${i} is off since ${at} s`);
          }
        };
        many.for(60, allWell(count));
        for (let step = 0; step < 2500; step += 1) {
          const mass = random();
          for (let i = 0; i < count; i += 1) {
            if (mass < 0.003 ? random() < 0.6 : random() < 0.0008) off[i] = true;
            else if (mass > 0.997 ? random() < 0.8 : random() < 0.002) off[i] = false;
            since[i] = off[i] === true ? Math.min(since[i] as number, many.now_s() + 1) : Infinity;
          }
          check(many.look(fleet(count, (i) => off[i] === true)));
        }
        since.fill(Infinity);
        for (let step = 0; step < 200; step += 1) check(many.look(allWell(count)));
        assert.deepEqual([...firing], [], `seed ${seed}`);
        assert.equal(many.state.held.size + many.state.groups.size, 0, `seed ${seed}`);
      }
      assert.ok(fired > 150 && groups > 30, `${fired} ${groups}`);
    });
});
