import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { unsynchronisedWords } from '../../../../agent/health/finding.ts';
import { alertConditions, type Condition, hubName } from '../../../../agent/hub/alerts/alert.ts';
import { conditions, countersOf, type Sight } from '../../../../agent/hub/alerts/conditions.ts';
import type { AlertHubView } from '../../../../agent/hub/alerts/hubconditions.ts';
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
    [{ clock: { ...clock, error_bound_ns: 1_000_001, limit_is_set: true } }, ['clock_bound']],
    [{ clock: { ...clock, error_bound_ns: 1_000_000, limit_is_set: true } }, []],
    [{ clock: { ...clock, error_bound_ns: 9e9 } }, []], // the usual limit is one to reckon by, docs/fleet.md says
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

  test('each certificate that has ended, and each that ends soon, is an alert of its own', () => {
    const all = ['a', 'b', 'c', 'd'].map((what, at) => ({ what, days_left: [-3, 5, 2.5, -0.4][at] ?? 0 }));
    const { wanted } = judge({ units: [unit({ expires: all })] });
    assert.deepEqual(
      [...wanted].map(([key, { text }]) => `${key} ${text}`),
      [
        ...['expires:u1:b b expires in 5 days', 'expires:u1:c c expires in 2 days'],
        ...['expired:u1:a a has expired', 'expired:u1:d d has expired'],
      ],
    );
  });

  test('a certificate that expires is not renewed by that: its warning is over once it is', () => {
    const isOver = (days_left: number, about = 'a'): boolean =>
      judge({ units: [unit({ expires: [{ what: 'a', days_left }] })] }).isOver('expires', 'u1', about);
    assert.deepEqual([isOver(3), isOver(-2), isOver(90), isOver(-2, 'removed')], [false, false, true, true]);
  });

  test('what makes a unit critical is an alert of its own, which lasts as long as the unit has it', () => {
    const of = (...problems: string[]) => judge({ units: [unit({ state: 'critical', problems })] });
    const [spool, clockOff] = ['spool: 97 % full', "clock 'chronyd' is off by 3 s"];
    const abouts = ['spool: # % full', "clock '#' is off by # s"] as const;
    assert.deepEqual([...of(spool).wanted.keys()], [`critical:u1:${abouts[0]}`]);
    const both = of(clockOff, 'spool: 98 % full');
    assert.deepEqual([...both.wanted.keys()], [`critical:u1:${abouts[1]}`]);
    assert.equal(both.isOver('critical', 'u1', abouts[0]), false, 'it is still there');
    assert.equal(of(clockOff).isOver('critical', 'u1', abouts[0]), true);
    assert.deepEqual([...of().wanted.keys()], ['critical:u1'], 'it has not said why');
    assert.equal(of().isOver('critical', 'u1', abouts[0]), false);
    assert.equal(of(spool).isOver('critical', 'u1'), false, 'now it has');
    assert.ok(judge({ units: [unit()] }).isOver('critical', 'u1', abouts[0]));
  });

  test('one that was forgotten or shut out is gone, one that is stopped or not seen is not', () => {
    const enrolment = { bound_ms: 0, until_ms: 0 };
    const isGone = (sight: Partial<Sight>): boolean => judge(sight).isGone('u1');
    assert.ok(isGone({ units: [] }));
    assert.ok(isGone({ units: [unit({ enrolment: { ...enrolment, state: 'revoked' } })] }));
    for (const one of [{ state: 'stopped' }, { state: 'offline' }] as const)
      assert.ok(!isGone({ units: [unit(one)] }));
    assert.ok(!isGone({ units: [unit({ enrolment: { ...enrolment, state: 'bound' } })] }));
    assert.ok(!isGone({}), 'the roster is not read');
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
  const cases: readonly (readonly [AlertHubView, readonly string[]])[] = [
    [{}, []],
    [{ faults: [], missing: [], streams: [], disk_used: 0.5 }, []],
    [{ faults: [{ about: 'js:hub', text: 'JetStream is not there' }] }, ['hub_unhealthy:_hub:js:hub']],
    [{ missing: ['hub2'] }, ['hub_server_missing:_hub:hub2']],
    [{ certificates: [{ server: 'hub1', days_left: 13 }] }, ['hub_certificate:_hub:hub1']],
    [{ certificates: [{ server: 'hub1', days_left: -1 }] }, ['hub_certificate:_hub:hub1']],
    [{ certificates: [{ server: 'hub1', days_left: 14 }] }, []],
    [{ streams: [{ ...stream, days_left: 6.9 }] }, ['hub_stream:_hub:NUNECT']],
    [
      { streams: ['A', 'B'].map((name) => ({ name, refuses: true, used: 0.91 })) },
      ['hub_stream:_hub:A', 'hub_stream:_hub:B'],
    ],
    [
      { streams: ['A', 'B', 'C', 'D'].map((name) => ({ name, refuses: true, used: 1 })) },
      ['hub_stream_full:_hub:many'],
    ],
    [{ streams: [{ ...stream, days_left: 7 }] }, []],
    [{ streams: [{ ...stream, used: 0.01, days_left: 6 }] }, []], // what a short burst foretells
    [{ streams: [{ ...stream, used: 1 }] }, []], // the oldest goes, as it should
    [{ streams: [{ ...stream, name: 'BOUND', refuses: true, used: 0.9 }] }, ['hub_stream:_hub:BOUND']],
    [{ streams: [{ ...stream, name: 'BOUND', refuses: true, used: 0.99 }] }, ['hub_stream_full:_hub:BOUND']],
    [{ disk_used: 0.9 }, ['hub_disk:_hub']],
    [{ disk_used: 0.899 }, []],
    [{ clock_doubt: 'The clock is outvoted' }, ['hub_clock:_hub']],
    [{ clock_doubt: false }, []],
  ];
  test('what holds is what there is', () => {
    for (const [hub, wanted] of cases)
      assert.deepEqual(keys({ hub, units: [] }), wanted, JSON.stringify(hub));
    assert.deepEqual(keys({ isLinked: false }), ['hub_unreachable:_hub']);
    assert.deepEqual(keys({}), ['hub_units_unseen:_hub'], 'linked, and without a unit to be seen');
  });

  test('many of a kind at once are one alert, which keeps those that were told singly', () => {
    const faults = (count: number) =>
      Array.from({ length: count }, (_, i) => ({ about: `stream_leader:S${i}`, text: `S${i} stands still` }));
    const other = { about: 'server:b', text: 'server b: slow' };
    const of = (count: number) => judge({ hub: { faults: [...faults(count), other] }, units: [] });
    assert.equal(of(3).wanted.size, 4);
    const { wanted, isOver } = of(25);
    assert.deepEqual([...wanted.keys()], ['hub_unhealthy:_hub:stream_leader', 'hub_unhealthy:_hub:server:b']);
    assert.match(
      [...wanted.values()][0]?.text ?? '',
      /^25 of a kind: S0 stands still; .*S19 stands still; and 5 more$/,
    );
    assert.ok(!isOver('hub_unhealthy', hubName, 'stream_leader:S24'));
    assert.ok(of(3).isOver('hub_unhealthy', hubName, 'stream_leader'));
    assert.ok(of(3).isOver('hub_unhealthy', hubName, 'stream_leader:S3'));
  });

  test('a stream that is near its end has no more room for being full', () => {
    const isOver = (used: number): boolean =>
      judge({ hub: { streams: [{ ...stream, refuses: true, used }] } }).isOver(
        'hub_stream',
        hubName,
        'NUNECT',
      );
    assert.deepEqual([isOver(0.91), isOver(1), isOver(0.5)], [false, false, true]);
  });

  test('what is not known of a hub that there is a link to is named', () => {
    assert.deepEqual(judge({ units: [] }).unknown, [
      ...[
        'hub_unhealthy',
        'hub_clock',
        'hub_server_missing',
        'hub_certificate',
        'hub_stream',
        'hub_stream_full',
      ],
      'hub_disk',
    ]);
    assert.deepEqual(judge({ hub: { missing: [] } }, { off: ['hub_disk', 'hub_stream'] }).unknown, [
      ...['hub_unhealthy', 'hub_clock', 'hub_certificate', 'hub_stream_full'],
    ]);
    assert.deepEqual(judge({ isLinked: false }).unknown, []);
  });

  test('what could not be asked is not over', () => {
    const hub = alertConditions.filter((condition) => condition.startsWith('hub_'));
    for (const condition of hub)
      assert.equal(judge({ isLinked: false }).isOver(condition, hubName), false, condition);
    const well = {
      faults: [],
      missing: [],
      certificates: [],
      streams: [],
      disk_used: 0,
      clock_doubt: false,
    } as const;
    for (const condition of hub)
      assert.ok(judge({ hub: well, units: [] }).isOver(condition, hubName), condition);
  });
});
