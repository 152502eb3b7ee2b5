// Two agents under one id, by records as they come off the wire; who says what is known, since each says other things throughout.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { newFleet } from '../../../../../agent/hub/fleet/fleet.ts';
import type { FleetUnit } from '../../../../../agent/hub/fleet/model.ts';
import { careOf } from '../../../../../agent/hub/fleet/rank.ts';
import { parseRecord, type RecordKind } from '../../../../../agent/hub/fleet/record/unitrecord.ts';
import { watchFleet } from '../../../../../agent/hub/fleet/watch.ts';
import {
  fullRecords,
  lastRecord,
  type SimRecord,
  type SimRun,
  type SimState,
  slimRecords,
  usualState,
} from '../../../../kit/hub/simrecords.ts';

const begin_ms = 1_700_000_000_000;
const unit = 'ridge-01';
const usual = usualState(1);
const states: Readonly<Record<'A' | 'B', SimState>> = {
  A: {
    ...{ ...usual, status: 'critical', problems: ['the disk is full'], version: '1.0.0', hub_rtt_us: 1000 },
    clock: { ...usual.clock, error_bound_ns: 111_000 },
    certificate_days_left: 10,
  },
  B: {
    ...{ ...usual, status: 'healthy', problems: [], version: '2.0.0', hub_rtt_us: 2000 },
    clock: { ...usual.clock, error_bound_ns: 222_000, ntp_server: 'ntp-z' },
    certificate_days_left: 300,
  },
};

/** What each piece of a unit that is told apart says of whose it is. */
const whose = ({ version, state, problems, clock, link, expires }: FleetUnit): ReadonlySet<string> =>
  new Set(
    [
      version && (version === '1.0.0' ? 'A' : 'B'),
      state === 'critical' ? 'A' : state === 'healthy' ? 'B' : undefined,
      problems.length > 0 ? 'A' : undefined,
      clock && (clock.error_bound_ns === 111_000 ? 'A' : 'B'),
      clock?.ntp_server && (clock.ntp_server === 'ntp-z' ? 'B' : 'A'),
      link?.hub_rtt_us === undefined ? undefined : link.hub_rtt_us === 1000 ? 'A' : 'B',
      ...expires.map(({ days_left }) => (days_left < 20 ? 'A' : 'B')),
    ].filter((one) => one !== undefined),
  );

/** One agent by profile `standard`: a full set each 120 s, a heartbeat with an id each 30 s, slim ones each 5 s. */
interface Agent {
  readonly of: 'A' | 'B';
  readonly run: SimRun;
  readonly from_s: number;
  until_s: number;
  full?: number;
}

const agent = (of: Agent['of'], boot: string, from_s: number, sequence = 0): Agent => ({
  of,
  run: {
    ...{ unit, boot, started_ms: begin_ms, clock_ms: begin_ms, link_ms: begin_ms },
    ...{ sequence, n: 10 * sequence },
  },
  from_s,
  until_s: Number.POSITIVE_INFINITY,
});

function site(agents: readonly Agent[]) {
  const fleet = newFleet(10);
  const watch = watchFleet(fleet);
  const take = (records: readonly SimRecord[], at_s: number): void => {
    for (const { subject, body, headers } of records) {
      const metric = subject.split('.')[2];
      const kind = subject.startsWith('ops.heartbeat.') ? 'heartbeat' : metric;
      if (kind !== 'heartbeat' && kind !== 'time' && kind !== 'nats') continue;
      const data = new TextEncoder().encode(body);
      const head = Object.entries(headers).map(([name, values]): [string, string[]] => [name, [...values]]);
      const message = { subject, data, headers: head, size: () => data.length };
      const record = parseRecord(kind satisfies RecordKind, message);
      if (record) fleet.add(record, at_s * 1000);
    }
  };
  const say = (one: Agent, at_s: number): void => {
    const { run, from_s } = one;
    const age_s = at_s - from_s;
    if (at_s < from_s || at_s > one.until_s || age_s % 5 !== 0) return;
    run.sequence += 1;
    const wall_ms = begin_ms + at_s * 1000;
    if (age_s % 120 === 0) one.full = run.sequence;
    take(
      age_s % 120 === 0
        ? fullRecords(run, states[one.of], wall_ms, age_s === 0)
        : slimRecords(run, states[one.of], wall_ms, one.full, age_s % 30 === 0),
      at_s,
    );
  };
  let at_s = -1;
  return {
    take,
    /** Each second until then, with what is shown in it. */
    runUntil(until_s: number, look?: (found: FleetUnit, at_s: number) => void): FleetUnit {
      for (; at_s < until_s; ) {
        at_s += 1;
        for (const one of agents) say(one, at_s);
        fleet.markSilent(at_s * 1000);
        const now = { mono_ms: at_s * 1000, wall_ms: begin_ms + at_s * 1000 };
        watch.settle(now);
        const found = watch.unit(unit, now);
        if (found !== undefined) look?.(found, at_s);
      }
      const last = watch.unit(unit, { mono_ms: at_s * 1000, wall_ms: begin_ms + at_s * 1000 });
      assert.ok(last !== undefined);
      return last;
    },
  };
}

describe('two agents under one id', () => {
  for (const [name, first, second] of [
    ['that began at other times', agent('A', 'aaaa', 0), agent('B', 'bbbb', 47, 500)],
    ['that count alike, as two that get power together do', agent('A', 'aaaa', 0), agent('B', 'bbbb', 2)],
  ] as const)
    test(`${name}: found, and nothing is put together of both`, () => {
      const one = site([first, second]);
      one.runUntil(180);
      const shown = new Set<string>();
      const last = one.runUntil(900, (found, at_s) => {
        assert.equal(found.two_speak, true, `at ${at_s} s`);
        assert.notEqual(found.state, 'offline');
        const of = whose(found);
        assert.ok(of.size < 2, `at ${at_s} s: ${JSON.stringify(found)}`);
        for (const who of of) shown.add(who);
      });
      assert.deepEqual([...shown].sort(), ['A', 'B']);
      assert.equal(careOf(last), 'you');
      assert.equal(last.restarts, 1, 'whoever was heard first seemed to be restarted once');
    });

  test('the one heard last is shown: whole, right after its full set', () => {
    const one = site([agent('A', 'aaaa', 0), agent('B', 'bbbb', 47, 500)]);
    one.runUntil(240);
    for (const [at_s, who, version] of [
      [360, 'A', '1.0.0'],
      [407, 'B', '2.0.0'],
      [480, 'A', '1.0.0'],
    ] as const) {
      const found = one.runUntil(at_s);
      assert.deepEqual([[...whose(found)], found.version], [[who], version]);
      assert.equal(found.problems.length, who === 'A' ? 1 : 0);
    }
  });

  test('once one is dead the other one is shown in full, and that two speak is over', () => {
    const second = agent('B', 'bbbb', 47, 500);
    const one = site([agent('A', 'aaaa', 0), second]);
    one.runUntil(400);
    second.until_s = 410;
    const found = one.runUntil(620);
    assert.deepEqual([...whose(found)], ['A']);
    assert.deepEqual(
      [found.two_speak, found.version, found.problems],
      [undefined, '1.0.0', ['the disk is full']],
    );
    one.runUntil(1200, (later) => assert.equal(later.two_speak, undefined));
  });

  test('one that stops on purpose does not hide the other one', () => {
    const first = agent('A', 'aaaa', 0);
    const one = site([first, agent('B', 'bbbb', 47, 500)]);
    one.runUntil(365); // A was heard last
    first.until_s = 365;
    one.take([lastRecord(first.run, states.A, begin_ms + 366_000)], 366);
    assert.notEqual(one.runUntil(372).state, 'stopped');
    assert.deepEqual([...whose(one.runUntil(420))], ['B']);
  });
});

describe('one agent under one id', () => {
  test('that is restarted again and again is one, whatever of its earlier runs is still on its way', () => {
    const agents = Array.from({ length: 8 }, (_, at) => agent('A', `run${at}`, at * 50));
    for (const [at, one] of agents.entries()) if (at < 7) one.until_s = at * 50 + 51; // its last record comes late
    const last = site(agents).runUntil(900, (found) => assert.equal(found.two_speak, undefined));
    assert.equal(last.restarts, 7);
  });

  test('of which one record comes very late is one', () => {
    const before = agent('A', 'aaaa', 0);
    before.until_s = 40;
    const one = site([before, agent('A', 'cccc', 50)]);
    one.runUntil(100);
    one.take(slimRecords(before.run, states.A, begin_ms, before.full, true), 100);
    one.runUntil(2000, (found) => assert.equal(found.two_speak, undefined));
  });
});
