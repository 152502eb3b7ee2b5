import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { unsynchronisedWords } from '../../../../agent/health/finding.ts';
import { alertConditions, type Condition, hubName } from '../../../../agent/hub/alerts/alert.ts';
import {
  type AlertHubView,
  conditions,
  countersOf,
  type Sight,
} from '../../../../agent/hub/alerts/conditions.ts';
import { parseAlertOptions } from '../../../../agent/hub/alerts/options.ts';
import type { FleetUnit } from '../../../../agent/hub/fleet/model.ts';
import { bareUnit } from '../../../kit/hub/fleetunits.ts';

const now_ms = Date.UTC(2026, 10, 29);
const day_ms = 86_400_000;

const unit = (given: Partial<FleetUnit> = {}): FleetUnit => bareUnit('u1', given);
const clock = { source: 'ntp', quality: 'tracking', error_bound_ns: 500_000, limit_ns: 1_000_000 };
const measured = { at_ms: now_ms, offset_us: 50_000, path_us: 900, against: 'utc' as const, runs: 3 };

function limitsOf(section: unknown = {}) {
  const read = parseAlertOptions(section, () => '');
  assert.ok(read.ok, JSON.stringify(read));
  return read.value.limits;
}

const judge = (sight: Partial<Sight>, section: unknown = {}, counters = {}) =>
  conditions({ isLinked: true, ...sight }, limitsOf(section), counters, now_ms);
const keys = (sight: Partial<Sight>, section: unknown = {}, counters = {}): string[] => [
  ...judge(sight, section, counters).wanted.keys(),
];
const ofUnit = (given: Partial<FleetUnit>, section: unknown = {}, counters = {}): string[] =>
  keys({ units: [unit(given)] }, section, counters).map((key) => key.split(':')[0] ?? '');

describe('of a unit', () => {
  const cases: readonly (readonly [Partial<FleetUnit>, readonly Condition[], unknown?])[] = [
    [{}, []],
    [{ state: 'offline' }, ['offline']],
    [{ state: 'critical', problems: ['nothing steers the clock'] }, ['critical']],
    [{ state: 'degraded' }, []],
    [{ clock }, []],
    [{ clock: { ...clock, error_bound_ns: 1_000_001 } }, ['clock_bound']],
    [{ clock: { source: 'unsynced', quality: 'freerun', limit_ns: 1, limit_is_set: true } }, ['clock_bound']],
    [{ clock: { source: 'ntp', quality: 'tracking', limit_ns: 1 } }, ['clock_unbounded']],
    [{ clock: { source: 'unsynced', quality: 'freerun', limit_ns: 1 } }, []],
    [
      {
        ...{
          state: 'degraded',
          problems: ['storage: /overlay is 97 % full', `${unsynchronisedWords}: no daemon`],
        },
        clock: { source: 'unsynced', quality: 'freerun', limit_ns: 1 },
      },
      [],
    ],
    [
      {
        ...{ state: 'degraded', problems: [`${unsynchronisedWords}: no server answers`] },
        clock: { source: 'unsynced', quality: 'freerun', limit_ns: 1 },
      },
      ['clock_class'],
    ],
    [{ clock }, ['clock_class'], { clock_class: 'locked' }],
    [{ clock, role: 'dj' }, ['clock_class'], { clock_class: { roles: { dj: 'locked' } } }],
    [{ clock, role: 'leaf' }, [], { clock_class: { roles: { dj: 'locked' } } }],
    [
      { clock, tenant: 'fire' },
      ['clock_class'],
      { clock_class: { default: 'freerun', tenants: { fire: 'locked' } } },
    ],
    [{ measured: { ...measured, verdict: 'contradicts' } }, ['clock_contradicts']],
    [{ measured: { ...measured, verdict: 'unjudged' } }, []],
    [{ expires: [{ what: 'a.pem', days_left: 14 }] }, []],
    [
      {
        expires: [
          { what: 'a.pem', days_left: 90 },
          { what: 'b.pem', days_left: 13 },
        ],
      },
      ['expires'],
    ],
    [
      {
        expires: [
          { what: 'a.pem', days_left: -1 },
          { what: 'b.pem', days_left: 3 },
        ],
      },
      ['expires', 'expired'],
    ],
    [{ expires: [{ what: 'a.pem', days_left: -0.05 }] }, ['expires']], // told as 0.0, which is up to 0.1
    [{ expires: [{ what: 'a.pem', days_left: -0.1 }] }, ['expired']],
    [{ link: { spool_share: 0.29 } }, ['spool_full'], { spool_percent: 29 }],
    [{ link: { spool_share: 0.58 } }, ['spool_full'], { spool_percent: 58 }],
    [{ enrolment: { state: 'bound', bound_ms: 0, until_ms: now_ms + 2 * day_ms } }, ['login_expires']],
    [{ enrolment: { state: 'bound', bound_ms: 0, until_ms: now_ms + 15 * day_ms } }, []],
    [{ link: { spool_share: 0.8 } }, ['spool_full']],
    [{ link: { spool_share: 0.79 } }, []],
  ];
  test('what holds is what there is', () => {
    for (const [given, wanted, section] of cases)
      assert.deepEqual(ofUnit(given, section), wanted, JSON.stringify(given));
  });

  test('each certificate that has ended, and each that ends soon, is named', () => {
    const all = ['a', 'b', 'c', 'd'].map((what, at) => ({ what, days_left: [-3, 5, 2.5, -0.4][at] ?? 0 }));
    const { wanted } = judge({ units: [unit({ expires: all })] });
    assert.deepEqual(
      [...wanted.values()].map(({ text }) => text),
      ['c expires in 2 days; b expires in 5 days', 'a has expired; d has expired'],
    );
  });

  test('that was stopped, forgotten, revoked or is a client raises none, and what fired of it is over', () => {
    const bad = { state: 'offline', clock: { ...clock, error_bound_ns: 9e9 } } as const;
    const enrolment = { bound_ms: 0, until_ms: 0 };
    for (const quiet of [
      { ...bad, state: 'stopped' },
      { ...bad, kind: 'client' },
      { ...bad, enrolment: { ...enrolment, state: 'forgotten' } },
      { ...bad, enrolment: { ...enrolment, state: 'revoked' } },
    ] as const) {
      const found = judge({ units: [unit(quiet)] });
      assert.deepEqual([...found.wanted.keys()], []);
      assert.equal(found.total, 0);
      assert.ok(found.isOver('offline', 'u1'));
    }
    assert.ok(judge({ units: [] }).isOver('critical', 'gone'));
  });

  test('of one that is away, or of which nothing is known, nothing is over', () => {
    const before = {
      clock,
      measured: { ...measured, verdict: 'holds' },
      link: { spool_share: 0, dropped: 0 },
    } as const;
    const away = judge({ units: [unit({ state: 'offline', ...before })] });
    for (const condition of [
      'critical',
      'clock_bound',
      'clock_contradicts',
      'spool_full',
      'expires',
    ] as const)
      assert.equal(away.isOver(condition, 'u1'), false, condition);
    assert.equal(judge({}).isOver('critical', 'u1'), false); // no roster
    assert.equal(judge({ units: [unit()] }).isOver('clock_bound', 'u1'), false); // no clock
    assert.equal(judge({ units: [unit({ state: 'unknown' })] }).isOver('critical', 'u1'), false);
    assert.ok(judge({ units: [unit()] }).isOver('critical', 'u1'));
  });

  test('a unit that is away is so since it was heard last', () => {
    const wanted = judge({ units: [unit({ state: 'offline', heard_ms: 7, age_s: 86_400 * 3 })] }).wanted;
    assert.deepEqual(
      [...wanted.values()],
      [{ condition: 'offline', unit: 'u1', text: 'has not been heard for 72h', since_ms: 7 }],
    );
  });

  test('dropped records are those since the last look, or since it was started anew', () => {
    assert.deepEqual(ofUnit({ link: { dropped: 7 } }), []); // long ago, perhaps
    assert.deepEqual(ofUnit({ link: { dropped: 7 } }, {}, { u1: 7 }), []);
    assert.deepEqual(ofUnit({ link: { dropped: 8 } }, {}, { u1: 7 }), ['records_dropped']);
    assert.deepEqual(ofUnit({ link: { dropped: 2 } }, {}, { u1: 7 }), ['records_dropped']);
    assert.deepEqual(ofUnit({ link: { dropped: 0 } }, {}, { u1: 7 }), []);
    const before = countersOf({ units: [unit({ link: { dropped: 7 } })], isLinked: true }, {});
    assert.deepEqual(before, { u1: 7 });
    assert.equal(countersOf({ units: [unit({ state: 'offline' })], isLinked: true }, before), before);
    assert.equal(countersOf({ isLinked: false }, before), before);
  });

  test('a unit by a name of JavaScript is one like any other', () => {
    for (const name of ['__proto__', 'constructor', 'toString'])
      assert.deepEqual(keys({ units: [unit({ unit: name, state: 'offline', link: { dropped: 1 } })] }), [
        `offline:${name}`,
      ]);
  });

  test('what is off is not judged, and is over', () => {
    const found = judge({ units: [unit({ state: 'offline' })] }, { off: ['offline'] });
    assert.equal(found.wanted.size, 0);
    assert.ok(found.isOver('offline', 'u1'));
  });
});

describe('of the hub', () => {
  const stream = { name: 'NUNECT', refuses: false, used: 0.6 };
  const cases: readonly (readonly [AlertHubView, readonly Condition[]])[] = [
    [{}, []],
    [{ faults: [], missing: [], streams: [], disk_used: 0.5 }, []],
    [{ faults: ['JetStream is not there'] }, ['hub_unhealthy']],
    [{ missing: ['hub2'] }, ['hub_server_missing']],
    [{ certificates: [{ server: 'hub1', days_left: 13 }] }, ['hub_certificate']],
    [{ certificates: [{ server: 'hub1', days_left: -1 }] }, ['hub_certificate']],
    [{ certificates: [{ server: 'hub1', days_left: 14 }] }, []],
    [{ streams: [{ ...stream, days_left: 6.9 }] }, ['hub_stream']],
    [{ streams: [{ ...stream, days_left: 7 }] }, []],
    [{ streams: [{ ...stream, used: 0.01, days_left: 6 }] }, []], // what a short burst foretells
    [{ streams: [{ ...stream, used: 1 }] }, []], // the oldest goes, as it should
    [{ streams: [{ ...stream, name: 'BOUND', refuses: true, used: 0.9 }] }, ['hub_stream']],
    [{ streams: [{ ...stream, name: 'BOUND', refuses: true, used: 0.99 }] }, ['hub_stream_full']],
    [{ disk_used: 0.9 }, ['hub_disk']],
    [{ disk_used: 0.899 }, []],
  ];
  test('what holds is what there is', () => {
    for (const [hub, wanted] of cases)
      assert.deepEqual(
        keys({ hub, units: [] }),
        wanted.map((condition) => `${condition}:_hub`),
        JSON.stringify(hub),
      );
    assert.deepEqual(keys({ isLinked: false }), ['hub_unreachable:_hub']);
    assert.deepEqual(keys({}), ['hub_units_unseen:_hub'], 'linked, and without a unit to be seen');
  });

  test('what could not be asked is not over', () => {
    const hub = alertConditions.filter((condition) => condition.startsWith('hub_'));
    for (const condition of hub)
      assert.equal(judge({ isLinked: false }).isOver(condition, hubName), false, condition);
    const well = { faults: [], missing: [], certificates: [], streams: [], disk_used: 0 };
    for (const condition of hub)
      assert.ok(judge({ hub: well, units: [] }).isOver(condition, hubName), condition);
  });
});
