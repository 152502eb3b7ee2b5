// What nunect-hub top makes of the records of units, one after the other, by a clock of the test's own.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { newFleet } from '../../../../agent/hub/fleet/fleet.ts';
import { parseRecord, type RecordKind } from '../../../../agent/hub/fleet/record/unitrecord.ts';
import type { Unit } from '../../../../agent/hub/fleet/row/rowview.ts';
import { type HeartbeatFacts, heartbeat } from '../../../../agent/wire/messages.ts';
import { slimHeartbeat } from '../../../../agent/wire/slim.ts';

interface Extra {
  readonly headers?: Readonly<Record<string, string>>;
  readonly id?: string;
}
const message = (subject: string, body: unknown, { headers = {}, id }: Extra = {}) => {
  const data = new TextEncoder().encode(typeof body === 'string' ? body : JSON.stringify(body));
  const all = id === undefined ? headers : { ...headers, 'Nats-Msg-Id': id };
  return {
    subject,
    data,
    headers: Object.entries(all).map(([name, value]): [string, string[]] => [name, [value]]),
    size: () => data.length,
  };
};

const facts: HeartbeatFacts = {
  wall_ms: 1e12,
  sequence: 1,
  interval_s: 5,
  uptime_s: 10,
  status: 'healthy',
  problems: [],
  clock: { source: 'ntp', quality: 'locked', error_bound_ns: 4_000_000 },
  native_rtt_us: 168,
  app_rtt_us: 312,
};
const kindOf = (subject: string): RecordKind =>
  subject.startsWith('ops.heartbeat.')
    ? 'heartbeat'
    : subject.startsWith('ops.metric.time.')
      ? 'time'
      : 'nats';

/** A heartbeat as the agent itself makes it. */
function beat(unit: string, more: Partial<HeartbeatFacts> = {}, id?: string, added: object = {}) {
  const made = heartbeat({ unit, version: '0.1.0' }, { ...facts, ...more });
  const headers = Object.fromEntries(
    Object.entries(made.headers).map(([name, [value = '']]) => [name, value]),
  );
  return message(
    `ops.heartbeat.${unit}`,
    { ...made.body, ...added },
    { headers, ...(id === undefined ? {} : { id }) },
  );
}

function observed(limit = 100) {
  const fleet = newFleet(limit);
  let marked_s = 0;
  const at = (at_s: number): Unit[] => {
    for (; marked_s < at_s; marked_s = Math.min(at_s, marked_s + 1)) fleet.markSilent(marked_s * 1000);
    fleet.markSilent(at_s * 1000);
    return fleet.units(at_s * 1000);
  };
  return {
    fleet,
    at,
    /** Until then the connection is not proven to work. */
    unprovenUntil(at_s: number): Unit[] {
      marked_s = at_s;
      return fleet.units(at_s * 1000);
    },
    /** Gives whether it could be parsed. */
    receive(one: ReturnType<typeof message>, at_s: number): boolean {
      const record = parseRecord(kindOf(one.subject), one);
      if (record !== undefined) fleet.add(record, at_s * 1000);
      return record !== undefined;
    },
    one(at_s: number): Unit {
      const [unit] = at(at_s);
      assert.ok(unit !== undefined);
      return unit;
    },
  };
}

describe('a heartbeat', () => {
  test('fills the row of its unit', () => {
    const { receive, at } = observed();
    receive(beat('u1', { status: 'degraded', problems: ['the disk is full'] }), 1);
    assert.deepEqual(at(3), [
      {
        unit: 'u1',
        state: 'degraded',
        age_s: 2,
        restarts: 0,
        health: 'degraded',
        interval_s: 5,
        uptime_s: 10,
        version: '0.1.0',
        problems: ['the disk is full'],
        clock: { source: 'ntp', quality: 'locked', error_bound_ns: 4_000_000 },
        native_rtt_us: 168,
        app_rtt_us: 312,
      },
    ]);
  });

  test('of the Go guardian shows what it sends; the rest is missing', () => {
    const { receive, at } = observed();
    const headers = {
      'X-Unit-ID': 'old',
      'X-Sequence': '7',
      'X-Native-RTT': '1.5ms',
      'X-Clock-Source': 'ntp',
      'X-Clock-Quality': 'tracking',
      'X-Health-Status': 'OK',
    };
    receive(message('ops.heartbeat.old', { status: 'healthy', sequence: 7, ts: 1e12 }, { headers }), 0);
    assert.deepEqual(at(1), [
      {
        unit: 'old',
        state: 'healthy',
        age_s: 1,
        restarts: 0,
        health: 'healthy',
        clock: { source: 'ntp', quality: 'tracking' },
        native_rtt_us: 1500,
      },
    ]);
  });

  test('without a body that can be read counts by its headers', () => {
    const { receive, one } = observed();
    assert.ok(
      receive(
        message('ops.heartbeat.u1', 'no json', {
          headers: { 'X-Sequence': '1', 'X-Health-Status': 'CRITICAL' },
        }),
        0,
      ),
    );
    assert.equal(one(0).state, 'critical');
    assert.equal(receive(message('ops.heartbeat.u2', 'no json'), 0), false);
  });

  test('that leaves something out takes it out of the row', () => {
    const { receive, one } = observed();
    receive(beat('u1'), 0);
    receive(beat('u1', { sequence: 2, clock: { source: 'unsynced', quality: 'freerun' } }), 5);
    assert.deepEqual(one(5).clock, { source: 'unsynced', quality: 'freerun' });
  });
});

describe('a silent unit', () => {
  test('is offline after three of its own intervals, and back with its next record', () => {
    const { receive, at } = observed();
    receive(beat('fast', { interval_s: 1 }), 0);
    receive(beat('slow', { interval_s: 60 }), 0);
    const states = (at_s: number) => at(at_s).map(({ state }) => state);
    assert.deepEqual(states(3), ['healthy', 'healthy']);
    assert.deepEqual(states(3.2), ['offline', 'healthy']);
    assert.deepEqual(states(180), ['offline', 'healthy']);
    assert.deepEqual(states(187), ['offline', 'offline']);
    receive(beat('slow', { interval_s: 60, sequence: 2 }), 190);
    assert.deepEqual(states(190), ['offline', 'healthy']);
  });

  test('that does not send its interval gets three of five seconds, or of what it keeps to', () => {
    const { receive, one } = observed();
    const old = (sequence: number) => message('ops.heartbeat.old', { status: 'healthy', sequence });
    receive(old(1), 0);
    assert.equal(one(15).state, 'healthy');
    assert.equal(one(16).state, 'offline');
    receive(old(2), 30);
    assert.equal(one(122).state, 'healthy');
    assert.equal(one(124).state, 'offline');
  });

  test('that announced its end is stopped, not offline', () => {
    const { receive, one } = observed();
    receive(beat('u1', { stopping: true }), 0);
    assert.equal(one(0).state, 'stopped');
    assert.equal(one(1000).state, 'stopped');
    receive(beat('u1', { sequence: 2 }), 1001);
    assert.equal(one(1001).state, 'healthy');
  });

  test('is not marked while the connection is not proven to work, and not at once when it is again', () => {
    const { receive, at, unprovenUntil } = observed();
    receive(beat('dead', { interval_s: 1 }), 0);
    at(9);
    receive(beat('alive', { interval_s: 1 }), 9);
    const words = (units: readonly Unit[]) => units.map(({ state, age_s }) => [state, age_s]);
    assert.deepEqual(words(unprovenUntil(100)), [
      ['offline', 100],
      ['healthy', 91],
    ]);
    assert.deepEqual(words(at(103))[1], ['healthy', 94]);
    assert.deepEqual(words(at(104))[1], ['offline', 95]);
  });

  test('whose heartbeats alone are missing is not offline, but its health is unknown', () => {
    const { receive, one } = observed();
    receive(beat('u1', { interval_s: 1 }), 0);
    for (let seq = 1; seq < 10; seq++) receive(message('ops.metric.nats.u1', { seq, hub_up: true }), seq);
    assert.equal(one(9).state, 'unknown');
  });
});

describe('metrics', () => {
  const nats = (seq: number, body: object) => message('ops.metric.nats.u1', { unit_id: 'u1', seq, ...body });
  const time = (seq: number, body: object) => message('ops.metric.time.u1', { unit_id: 'u1', seq, ...body });

  test('add the round trip to the hub, what waits, and holdover', () => {
    const { receive, one } = observed();
    receive(beat('u1'), 0);
    receive(nats(1, { hub_up: true, hub_rtt_us: 1200, spool: { pending: 3, oldest_age_s: 1.5 } }), 0);
    receive(
      time(1, {
        active_source: 'ptp',
        clock_quality: 'tracking',
        error_bound_ns: 9,
        holdover: true,
        reasons: ['gm_lost'],
      }),
      0,
    );
    const { hub_rtt_us, backlog, clock, clock_reason } = one(0);
    assert.deepEqual([hub_rtt_us, backlog, clock_reason], [1200, 3, 'gm_lost']);
    assert.deepEqual(clock, { source: 'ptp', quality: 'tracking', error_bound_ns: 9, holdover: true });
  });

  test('that stop while heartbeats go on are not shown for ever', () => {
    const { receive, one } = observed();
    receive(nats(1, { hub_up: true, hub_rtt_us: 1200, spool: { pending: 3 } }), 0);
    receive(time(1, { active_source: 'ptp', clock_quality: 'locked' }), 0);
    for (let sequence = 1; sequence < 5; sequence++) receive(beat('u1', { sequence }), sequence * 5);
    const { hub_rtt_us, backlog, clock } = one(20);
    assert.deepEqual([hub_rtt_us, backlog], [undefined, undefined]);
    assert.equal(clock?.source, 'ntp');
  });
});

describe('records that are not news', () => {
  const gone = (id: string, sequence: number, added: object = {}) =>
    beat('u1', { sequence, interval_s: 1, status: 'critical' }, id, added);

  test('what waited in the unit neither makes it look alive nor makes a row', () => {
    const { receive, one, at } = observed();
    receive(gone('u1-aa-1', 1, { backfill: true }), 0);
    assert.deepEqual(at(0), []);
    receive(beat('u1', { interval_s: 1 }, 'u1-aa-2'), 0);
    for (let n = 3; n < 10; n++) receive(gone(`u1-aa-${n}`, n, { backfill: true }), n);
    assert.deepEqual([one(10).state, one(10).health, one(10).age_s], ['offline', undefined, 10]);
  });

  test('of one that is gone no figure stays but its interval, by which it is judged', () => {
    const { receive, one } = observed();
    const clock = { clock_source: 'ptp', clock_quality: 'locked', clock_error_bound_ns: 9 };
    receive(beat('u1', { interval_s: 1, uptime_s: 5, ...clock, problems: ['p'] }, 'u1-aa-1'), 0);
    assert.equal(one(1).uptime_s, 5);
    const { unit, state, age_s, restarts, boot, version, problems, ...rest } = one(10);
    assert.deepEqual(
      [unit, state, age_s, restarts, boot, version, problems],
      ['u1', 'offline', 10, 0, 'aa', version, ['p']],
    );
    assert.deepEqual(rest, { interval_s: 1 });
  });

  test('the same by its header alone', () => {
    const { receive, at } = observed();
    receive(
      message('ops.heartbeat.u1', { status: 'healthy', sequence: 1 }, { headers: { 'X-Backfill': 'true' } }),
      0,
    );
    assert.deepEqual(at(0), []);
  });

  test('a record that comes twice or late changes nothing', () => {
    const { receive, one } = observed();
    receive(beat('u1', { sequence: 5 }, 'u1-aa-50'), 0);
    receive(gone('u1-aa-50', 5), 4);
    receive(gone('u1-aa-40', 4), 4);
    assert.deepEqual([one(5).state, one(5).age_s], ['healthy', 5]);
  });

  test('without an id, one whose count is lower is late while newer ones keep coming', () => {
    const { receive, one } = observed();
    const old = (sequence: number, status = 'healthy') => message('ops.heartbeat.u1', { status, sequence });
    receive(old(50), 0);
    receive(old(49, 'critical'), 1);
    assert.deepEqual([one(1).state, one(1).restarts], ['healthy', 0]);
    receive(old(1, 'degraded'), 6);
    assert.deepEqual([one(6).state, one(6).restarts], ['degraded', 1]);
  });
});

describe('a restart of the agent', () => {
  test('is counted once, whatever record shows it first, and what its last run still had is late', () => {
    const { receive, one } = observed();
    receive(beat('u1', { sequence: 900 }, 'u1-aa-4000'), 0);
    receive(message('ops.metric.nats.u1', { seq: 1, hub_up: true }, { id: 'u1-bb-2' }), 5);
    receive(beat('u1', { sequence: 1 }, 'u1-bb-1'), 5);
    receive(beat('u1', { sequence: 901, status: 'critical' }, 'u1-aa-4001'), 6);
    assert.deepEqual([one(6).restarts, one(6).state, one(6).age_s], [1, 'healthy', 1]);
    receive(beat('u1', { sequence: 1 }, 'u1-cc-1'), 7);
    assert.equal(one(7).restarts, 2);
  });

  test('the first records of a new run are newer than all of the last, whichever kind comes first', () => {
    const { receive, one } = observed();
    const time = (boot: string, seq: number, n: number, reason: string) =>
      message(
        'ops.metric.time.u1',
        { seq, active_source: 'ntp', reasons: [reason] },
        { id: `u1-${boot}-${n}` },
      );
    const nats = (boot: string, seq: number, n: number, pending: number) =>
      message('ops.metric.nats.u1', { seq, hub_up: true, spool: { pending } }, { id: `u1-${boot}-${n}` });
    receive(beat('u1', { sequence: 900 }, 'u1-aa-4000'), 0);
    receive(time('aa', 900, 4001, 'ntp_lost'), 0);
    receive(nats('aa', 900, 4002, 3), 0);
    receive(time('bb', 1, 2, 'ntp_locked'), 3);
    receive(beat('u1', { sequence: 1 }, 'u1-bb-1'), 3);
    receive(nats('bb', 1, 3, 0), 3);
    assert.deepEqual([one(3).clock_reason, one(3).backlog, one(3).uptime_s], ['ntp_locked', 0, 10]);
    receive(nats('bb', 1, 2, 7), 3);
    assert.equal(one(3).backlog, 0, 'one of this run that is late stays so');
  });

  test('of a unit whose id has dashes is no less seen', () => {
    const { receive, one } = observed();
    receive(beat('ship-7', {}, 'ship-7-aa-1'), 0);
    receive(beat('ship-7', {}, 'ship-7-bb-1'), 1);
    assert.equal(one(1).restarts, 1);
  });
});

describe('hostile records', () => {
  test('the subject alone says whose a record is; another name in it is shown beside it', () => {
    const { receive, at } = observed();
    receive(beat('u1', {}, undefined, { unit_id: 'u2' }), 0);
    assert.deepEqual(
      at(0).map(({ unit, claims }) => [unit, claims]),
      [['u1', 'u2']],
    );
    receive(message('ops.heartbeat.u3', { status: 'healthy' }, { headers: { 'X-Unit-ID': '\x1b[2J' } }), 0);
    assert.deepEqual(at(0)[1]?.claims, '[2J');
  });

  test('a subject that is of no unit makes no row', () => {
    const { receive, at } = observed();
    for (const unit of ['\x1b[2J', 'ä', 'a b', '', 'x'.repeat(65)]) {
      assert.equal(
        receive(message(`ops.heartbeat.${unit}`, { status: 'healthy', sequence: 1 }), 0),
        false,
        unit,
      );
    }
    assert.deepEqual(at(0), []);
  });

  test('impossible figures are missing', () => {
    const { receive, one } = observed();
    const bad =
      '{"status":"fine","sequence":-1,"interval_s":1e999,"uptime_s":"x","version":{},"problems":"all"}';
    const headers = { 'X-Clock-Source': 'PTP\x1b', 'X-Native-RTT': '-5ms', 'X-Clock-Error-Bound': '1e9' };
    receive(message('ops.heartbeat.u1', bad, { headers }), 0);
    receive(message('ops.metric.nats.u1', { hub_rtt_us: -1, hub_up: 'yes', spool: [], seq: {} }), 0);
    assert.deepEqual(one(0), { unit: 'u1', state: 'unknown', age_s: 0, restarts: 0 });
    receive(message('ops.heartbeat.u1', { status: 'healthy', interval_s: 1e300 }), 1);
    assert.equal(one(20).state, 'offline');
  });

  test('a body of a megabyte is not read', () => {
    const { receive } = observed();
    assert.equal(receive(message('ops.metric.time.u1', { evidence: 'x'.repeat(1_000_000) }), 0), false);
  });

  test('no more units are kept than the limit', () => {
    const { fleet, receive, at } = observed(3);
    for (let i = 0; i < 3; i++) receive(beat(`u${i}`), 0);
    assert.equal(fleet.isTruncated(), false);
    receive(beat('u4'), 0);
    receive(beat('u1', { sequence: 2, status: 'critical' }), 1);
    assert.deepEqual(
      at(1).map(({ unit, state }) => [unit, state]),
      [
        ['u0', 'healthy'],
        ['u1', 'critical'],
        ['u2', 'healthy'],
      ],
    );
    assert.equal(fleet.isTruncated(), true);
    fleet.forget('u0');
    assert.equal(fleet.isTruncated(), false, 'there is room');
    for (const unit of ['u4', 'u5']) receive(beat(unit), 2);
    assert.deepEqual([at(2).map(({ unit }) => unit), fleet.isTruncated()], [['u1', 'u2', 'u4'], true]);
  });
});

describe('slim records, few of which have an id', () => {
  const slim = (
    sequence: number,
    full: number | undefined,
    more: Partial<HeartbeatFacts> = {},
    id?: string,
  ) => {
    const made = slimHeartbeat({ unit: 'u1', version: '0.1.0' }, { ...facts, sequence, ...more }, full);
    const headers = Object.fromEntries(
      Object.entries(made.headers).map(([name, [value = '']]) => [name, value]),
    );
    return message('ops.heartbeat.u1', made.body, { headers, ...(id === undefined ? {} : { id }) });
  };
  const of = (kind: 'time' | 'nats', seq: number, body: object, id?: string) =>
    message(`ops.metric.${kind}.u1`, { unit_id: 'u1', seq, ...body }, id === undefined ? {} : { id });
  const problems = ['the disk is full'];
  /** A full set with sequence 1, as the unit sends it at its start. */
  const begun = () => {
    const all = observed();
    all.receive(beat('u1', { status: 'degraded', problems }, 'u1-aa-1'), 0);
    const verdict = {
      active_source: 'ntp',
      clock_quality: 'tracking',
      holdover: true,
      reasons: ['ntp_lost'],
    };
    all.receive(of('time', 1, verdict, 'u1-aa-2'), 0);
    all.receive(of('nats', 1, { hub_up: true, hub_rtt_us: 1200, spool: { pending: 3 } }, 'u1-aa-3'), 0);
    return all;
  };

  test('what they lack is as the full one said that they name, and their own figures are newer', () => {
    const { receive, one } = begun();
    receive(slim(2, 1, { status: 'degraded', native_rtt_us: 99, uptime_s: 77 }), 5);
    const seen = one(6);
    assert.deepEqual([seen.problems, seen.version, seen.health], [problems, '0.1.0', 'degraded']);
    assert.deepEqual([seen.native_rtt_us, seen.uptime_s, seen.age_s], [99, 77, 1]);
    assert.deepEqual([seen.hub_up, seen.hub_rtt_us, seen.backlog, seen.restarts], [true, 1200, 3, 0]);
    assert.equal(seen.clock_reason, 'ntp_lost');
    assert.equal(seen.clock?.holdover, true);
  });

  test('one that a stream acknowledges is no full one for its id, nor is one that waited', () => {
    for (const added of [{}, { 'X-Backfill': 'true' }]) {
      const { receive, one } = begun();
      const asked = slim(7, 1, { status: 'degraded' }, 'u1-aa-4');
      receive(
        {
          ...asked,
          headers: [...asked.headers, ...Object.entries(added).map(([k, v]): [string, string[]] => [k, [v]])],
        },
        5,
      );
      receive(of('time', 7, { active_source: 'ntp', clock_quality: 'tracking' }, 'u1-aa-5'), 5);
      for (const [n, at_s] of [
        [undefined, 6],
        [8, 10],
      ] as const) {
        if (n !== undefined) receive(slim(n, 1, { status: 'degraded' }), at_s);
        const { problems: told, version, clock_reason, hub_up } = one(at_s);
        assert.deepEqual([told, version, clock_reason, hub_up], [problems, '0.1.0', 'ntp_lost', true]);
      }
    }
  });

  test('what the full one said is gone once they name none, or one that has not come', () => {
    for (const full of [undefined, 7]) {
      const { receive, one } = begun();
      receive(slim(8, full, { clock: { source: 'ntp', quality: 'acquiring' } }), 40);
      const seen = one(41);
      assert.deepEqual(
        [seen.problems, seen.clock_reason, seen.clock],
        [undefined, undefined, { source: 'ntp', quality: 'acquiring' }],
      );
      assert.equal(seen.version, '0.1.0', 'which no run changes');
    }
  });

  test('a full one that comes late, or waited, still tells what those after it refer to', () => {
    for (const added of [{}, { backfill: true }]) {
      const { receive, one } = begun();
      receive(slim(13, 12, { status: 'healthy' }), 60);
      assert.equal(one(60).problems, undefined);
      receive(beat('u1', { sequence: 12, status: 'healthy', problems: ['a note'] }, 'u1-aa-9', added), 61);
      assert.deepEqual([one(62).problems, one(62).age_s, one(62).health], [['a note'], 2, 'healthy']);
    }
  });

  test('a slim one that comes twice or late changes nothing, nor does one of the run before', () => {
    const { receive, one } = begun();
    receive(slim(3, 1, { status: 'healthy' }), 10);
    receive(slim(3, 1, { status: 'critical' }), 11);
    receive(slim(2, 1, { status: 'critical' }), 11);
    assert.deepEqual([one(11).health, one(11).restarts], ['healthy', 0]);
    receive(beat('u1', { sequence: 1 }, 'u1-bb-1'), 15);
    receive(slim(2, 1, { status: 'degraded' }), 20);
    assert.deepEqual([one(20).health, one(20).restarts], ['degraded', 1]);
    assert.deepEqual(one(20).problems, [], 'of this run');
  });

  test('a restart is counted although only slim ones of the first run were heard', () => {
    const { receive, one } = observed();
    for (const n of [71, 72]) receive(slim(n, 70), 5 * (n - 71));
    receive(beat('u1', { sequence: 1 }, 'u1-bb-1'), 12);
    receive(slim(2, 1), 17);
    assert.deepEqual([one(18).restarts, one(18).state], [1, 'healthy']);
    const joined = observed();
    joined.receive(slim(71, 70), 0);
    joined.receive(beat('u1', { sequence: 72 }, 'u1-aa-400'), 5);
    assert.equal(joined.one(6).restarts, 0, 'the same run');
  });

  test('what was on its way when a full set was made is gone a moment later; what no stream takes is not', () => {
    for (const [state, later, share] of [
      ['stored', 0, 0],
      ['refused', 3, 0.75],
    ] as const) {
      const { receive, one } = begun();
      receive(beat('u1', { sequence: 2 }, 'u1-aa-4'), 5);
      receive(
        of('nats', 2, { hub_up: true, spool: { pending: 3, state, bytes: 6, budget_bytes: 8 } }, 'u1-aa-5'),
        5,
      );
      assert.deepEqual([one(6).backlog, one(6).spool_share], [3, 0.75]);
      for (let n = 3; n < 6; n++) receive(slim(n, 2), 5 * (n - 1));
      assert.deepEqual([one(21).backlog, one(21).spool_share, one(21).hub_up], [later, share, true]);
      for (let n = 6; n < 9; n++) receive(slim(n, undefined), 5 * (n - 1)); // something is other than that set said
      assert.equal(one(36).backlog, state === 'stored' ? undefined : 3);
    }
  });

  test('between two full sets of the usual profile the figures of the link are shown, and of a satellite link not for an hour', () => {
    const minute = begun();
    for (let n = 2; n < 25; n++) minute.receive(slim(n, 1), 5 * (n - 1));
    assert.deepEqual([minute.one(119).hub_rtt_us, minute.one(59).backlog], [1200, 3]);
    const hour = begun();
    for (let n = 2; n < 30; n++) hour.receive(slim(n, 1, { interval_s: 60 }), 60 * (n - 1));
    const seen = hour.one(1700);
    assert.deepEqual(
      [seen.backlog, seen.hub_rtt_us, seen.hub_up, seen.state],
      [undefined, undefined, true, 'healthy'],
    );
    assert.equal(hour.one(1600 + 300).state, 'offline', 'three of its own intervals without a heartbeat');
  });
});

describe('the roster', () => {
  const last = (unit: string, more: Partial<HeartbeatFacts> = {}) => {
    const record = parseRecord('heartbeat', { ...beat(unit, more), subject: `ops.roster.${unit}` });
    assert.ok(record !== undefined);
    return record;
  };
  const day_ms = 86_400_000;

  test('lists at once who was dead before we looked, with its age and its last words, and nothing that it measured', () => {
    const { fleet } = observed();
    fleet.addLast(last('u1', { problems: ['supply 10.9 V'] }), -day_ms, 0);
    assert.deepEqual(fleet.units(1000), [
      {
        unit: 'u1',
        state: 'offline',
        age_s: 86_401,
        restarts: 0,
        unheard: true,
        version: '0.1.0',
        problems: ['supply 10.9 V'],
        interval_s: 5,
      },
    ]);
  });

  test('does not call dead whom it has heard a moment ago, nor whom it may know late, until three intervals have passed', () => {
    const { fleet, at } = observed();
    fleet.addLast(last('fresh'), -2000, 0);
    fleet.addLast(last('late'), -100_000, 0);
    assert.deepEqual(
      at(10).map(({ state }) => state),
      ['healthy', 'healthy'],
    );
    assert.deepEqual(
      at(16).map(({ state }) => state),
      ['offline', 'offline'],
    );
  });

  test('of one that was stopped says so, however long ago', () => {
    const { fleet } = observed();
    fleet.addLast(last('u1', { stopping: true }), -day_ms, 0);
    assert.equal(fleet.units(0)[0]?.state, 'stopped');
  });

  test('is older than what was heard, and newer than what was heard before a pause of ours', () => {
    const { fleet, receive, at } = observed();
    receive(beat('u1', { sequence: 9, status: 'degraded' }), 10);
    fleet.addLast(last('u1', { sequence: 8, status: 'critical' }), 5000, 11_000);
    fleet.addLast(last('u1', { sequence: 500, status: 'critical' }), 6000, 11_000); // of a run before
    assert.deepEqual(at(11)[0], { ...at(11)[0], state: 'degraded', age_s: 1 });
    fleet.addLast(last('u1', { sequence: 12, status: 'critical' }), 11_500, 12_000);
    assert.deepEqual([at(12)[0]?.state, at(12)[0]?.age_s, at(12)[0]?.unheard], ['critical', 0.5, undefined]);
  });

  test('is told apart from what was heard since', () => {
    const { fleet, receive, at } = observed();
    fleet.addLast(last('u1'), -day_ms, 0);
    receive(beat('u1', { sequence: 2 }), 1);
    assert.deepEqual([at(1)[0]?.unheard, at(1)[0]?.state], [undefined, 'healthy']);
  });

  test('lists no unit that was forgotten, until it speaks again', () => {
    const { fleet, receive, at } = observed();
    fleet.addLast(last('u1'), -day_ms, 0);
    fleet.forget('u1');
    assert.deepEqual(fleet.units(0), []);
    receive(beat('u1', { sequence: 3 }), 1);
    assert.equal(at(1)[0]?.state, 'healthy');
  });

  test('tells which units are to be looked at: heard, silent, forgotten, each once', () => {
    const { fleet, receive, at } = observed();
    receive(beat('u1'), 0);
    receive(beat('u1', { sequence: 2 }), 5);
    fleet.addLast(last('u2'), -1000, 0);
    assert.deepEqual([...fleet.takeChanged()], ['u1', 'u2']);
    assert.deepEqual([...fleet.takeChanged()], []);
    at(30);
    assert.deepEqual([...fleet.takeChanged()].sort(), ['u1', 'u2']);
    at(31);
    assert.deepEqual([...fleet.takeChanged()], [], 'silent still, which is nothing new');
    fleet.forget('u2');
    assert.deepEqual([...fleet.takeChanged()], ['u2']);
  });
});

describe('an app', () => {
  const id = 'nats-ui-laptop-linux-a7b3';

  test('that falls silent is away, and no broken unit', () => {
    const { receive, at } = observed();
    receive(beat(id), 0);
    receive(beat('nats-ui-laptop-linux-a7b33'), 0);
    assert.deepEqual(
      at(60).map(({ kind, state }) => [kind, state]),
      [
        ['client', 'away'],
        [undefined, 'offline'],
      ],
    );
  });

  test('that sends logs alone is there for some minutes after each', () => {
    const { fleet, at } = observed();
    fleet.hear(id, 0);
    assert.deepEqual([at(200)[0]?.kind, at(200)[0]?.state], ['client', 'unknown']);
    fleet.hear(id, 200_000);
    assert.equal(at(500)[0]?.state, 'unknown');
    assert.equal(at(520)[0]?.state, 'away');
  });
});

test('what a full set says of clock, link and certificates is taken in, and certificates age between two sets', () => {
  const { receive, one } = observed();
  receive(beat('u1', {}, 'u1-aa-1'), 0);
  const time = {
    ...{
      ts: 1e12,
      unit_id: 'u1',
      seq: 1,
      active_source: 'ptp',
      clock_quality: 'locked',
      reasons: ['ptp_locked'],
    },
    ...{
      since_ms: 1e12 - 90_000,
      ptp_master: '00b0aa.fffe.000001',
      ntp_current_server: 'ntp-a',
      evidence: 'SLAVE',
    },
  };
  receive(message('ops.metric.time.u1', time, { id: 'u1-aa-2' }), 0);
  const nats = {
    ...{ ts: 1e12, unit_id: 'u1', seq: 1, hub_up: true, hub_since_ms: 1e12 - 5000 },
    certificates: [{ file: '/etc/unit.pem', days_left: 10 }, { file: 7 }],
    spool: { pending: 0, capacity_s: 3600, dropped: { metric: 2, log: 1, event: 0 } },
  };
  receive(message('ops.metric.nats.u1', nats, { id: 'u1-aa-3' }), 0);
  const { certificates, ...later } = nats;
  assert.ok(certificates);
  receive(beat('u1', { sequence: 2 }, 'u1-aa-4'), 4);
  receive(message('ops.metric.nats.u1', { ...later, seq: 2 }, { id: 'u1-aa-5' }), 4);
  receive(message('ops.metric.time.u1', { ...time, seq: 2 }, { id: 'u1-aa-6' }), 4);
  const { grandmaster, ntp_server, evidence, clock_for_s, hub_for_s, dropped, capacity_s, expires } = one(5);
  assert.deepEqual(
    { grandmaster, ntp_server, evidence, clock_for_s, hub_for_s, dropped, capacity_s },
    {
      ...{ grandmaster: '00b0aa.fffe.000001', ntp_server: 'ntp-a', evidence: 'SLAVE', clock_for_s: 90 },
      ...{ hub_for_s: 5, dropped: 3, capacity_s: 3600 },
    },
  );
  assert.deepEqual(expires, [{ what: '/etc/unit.pem', days_left: 10 - 5 / 86_400 }]);
});
