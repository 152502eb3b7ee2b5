// What page and alerts see of units over time: records go in by the parser, as off the wire; the clocks are the test's own.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { newFleet } from '../../../../agent/hub/fleet/fleet.ts';
import { enrolmentsOf } from '../../../../agent/hub/fleet/fleetunit.ts';
import type { Admission } from '../../../../agent/hub/fleet/model.ts';
import {
  parseRecord,
  type RecordKind,
  type UnitRecord,
} from '../../../../agent/hub/fleet/record/unitrecord.ts';
import { watchFleet } from '../../../../agent/hub/fleet/watch.ts';
import { board } from '../../../kit/hub/bound.ts';
import {
  fullRecords,
  lastRecord,
  type SimRecord,
  type SimState,
  slimRecords,
  usualState,
} from '../../../kit/hub/simrecords.ts';

const begin_ms = 1_700_000_000_000;
const unit = 'ridge-01';

/** A fleet that one unit speaks to; the wall clock of the hub is `begin_ms` at 0 s. */
function watched() {
  const fleet = newFleet(10);
  const watch = watchFleet(fleet, { by_role: { mast: 1000 }, by_tenant: {} });
  const run = {
    unit,
    boot: 'abcd1234',
    started_ms: begin_ms,
    clock_ms: begin_ms,
    link_ms: begin_ms,
    sequence: 0,
    n: 0,
  };
  const now = (at_s: number) => ({ mono_ms: at_s * 1000, wall_ms: begin_ms + at_s * 1000 });
  const recordsOf = (records: readonly SimRecord[]) =>
    records.flatMap(({ subject, body, headers }) => {
      const [, , metric] = subject.split('.');
      const kind = subject.startsWith('ops.heartbeat.')
        ? 'heartbeat'
        : metric === 'time' || metric === 'nats'
          ? metric
          : undefined;
      const data = new TextEncoder().encode(body);
      const head = Object.entries(headers).map(([name, values]): [string, string[]] => [name, [...values]]);
      return (
        (kind &&
          parseRecord(kind as RecordKind, { subject, data, headers: head, size: () => data.length })) ??
        []
      );
    });
  const take = (records: readonly SimRecord[], at_s: number): void => {
    for (const record of recordsOf(records)) fleet.add(record, at_s * 1000);
  };
  let marked_s = 0;
  const settle = (at_s: number): void => {
    for (; marked_s < at_s; marked_s++) fleet.markSilent(marked_s * 1000);
    fleet.markSilent(at_s * 1000);
    watch.settle(now(at_s));
  };
  let full: number | undefined;
  return {
    fleet,
    watch,
    now,
    settle,
    run,
    say(state: SimState, at_s: number, how: 'full' | 'slim' | 'last' = 'full') {
      run.sequence += 1;
      const wall_ms = begin_ms + at_s * 1000;
      if (how === 'full') full = run.sequence;
      take(
        how === 'last'
          ? [lastRecord(run, state, wall_ms)]
          : how === 'full'
            ? fullRecords(run, state, wall_ms, run.sequence === 1)
            : slimRecords(run, state, wall_ms, full, false),
        at_s,
      );
      settle(at_s);
    },
    /** The set that was told at that time is read of the stream later. */
    readSet(state: SimState, told_s: number, at_s: number) {
      const set = fullRecords({ ...run, sequence: full ?? 0 }, state, begin_ms + told_s * 1000, true);
      const last = recordsOf(set).map((record) => ({ record, at_ms: told_s * 1000 }));
      fleet.addSet(unit, last, at_s * 1000);
      settle(at_s);
    },
    missSet(sequence: number) {
      full = sequence;
    },
    one(at_s: number) {
      const found = watch.unit(unit, now(at_s));
      assert.ok(found !== undefined);
      return found;
    },
    happened: (since_s = -1) =>
      watch
        .changes(begin_ms + since_s * 1000)
        .map(({ at_ms, ...more }) => ({ at_s: (at_ms - begin_ms) / 1000, ...more })),
  };
}

/** A slim heartbeat of another unit. */
const slimOf = (id: string, health: 'healthy' | 'degraded'): UnitRecord => ({
  kind: 'heartbeat',
  unit: id,
  isFull: false,
  backfill: false,
  fields: { health },
});
const usual = usualState(3);
const { grandmaster = '' } = usual.clock;
const holdover: SimState = {
  ...usual,
  status: 'degraded',
  problems: ['the clock runs on without its grandmaster'],
  clock: {
    ...usual.clock,
    source: 'unsynced',
    quality: 'tracking',
    holdover: true,
    evidence: 'no Sync for 9 s',
  },
};

describe('a unit', () => {
  test('is shown with what it says, its limit, and since when its clock and link are so', () => {
    const { say, one, watch, settle } = watched();
    watch.setRole(unit, 'mast');
    say(usual, 60);
    settle(61);
    const { clock, link, ...seen } = one(62);
    const { error_bound_ns = 0 } = usual.clock;
    assert.deepEqual(
      [seen.state, seen.kind, seen.role, seen.tenant, seen.version, seen.age_s, seen.heard_ms],
      ['healthy', 'unit', 'mast', 'harbour', '0.1.0', 2, begin_ms + 60_000],
    );
    assert.deepEqual([clock?.since_ms, link?.since_ms, seen.since_ms], [begin_ms, begin_ms, undefined]);
    assert.deepEqual(
      [clock?.limit_ns, clock?.limit_is_set, clock?.share, clock?.grandmaster],
      [1000, true, error_bound_ns / 1000, grandmaster],
    );
    assert.deepEqual([link?.up, link?.dropped, link?.capacity_s, link?.spool_share], [true, 0, 93_600, 0]);
    assert.deepEqual(seen.expires, [{ what: '/etc/nunect/unit.pem', days_left: 200 - 2 / 86_400 }]);
  });

  test('whose memory for records fills shows which share is taken, and how many it has lost', () => {
    const { say, one } = watched();
    // 400 bytes each of 8 MiB
    for (const [backlog, dropped, share] of [
      [8192, 3, 0.390_625],
      [30_000, 71, 1],
    ] as const) {
      say({ ...usual, backlog, dropped }, 5);
      const { link } = one(6);
      assert.deepEqual([link?.spool_share, link?.dropped, link?.backlog], [share, dropped, backlog]);
    }
  });

  test('whose clock changes is told once, with what the unit says of it, and keeps its last grandmaster in holdover', () => {
    const { say, one, run, happened } = watched();
    say(usual, 1);
    say(usual, 6, 'slim');
    Object.assign(run, { clock_ms: begin_ms + 10_000 });
    say(holdover, 11);
    say(holdover, 16, 'slim');
    assert.deepEqual(happened(), [
      {
        at_s: 10,
        unit,
        what: 'clock',
        before: 'ptp locked',
        after: 'unsynced tracking holdover',
        evidence: 'no Sync for 9 s',
      },
      { at_s: 11, unit, what: 'state', before: 'healthy', after: 'degraded', evidence: holdover.problems[0] },
    ]);
    const { clock, since_ms } = one(20);
    assert.deepEqual(
      [clock?.grandmaster, clock?.since_ms, since_ms],
      [grandmaster, begin_ms + 10_000, begin_ms + 11_000],
    );
    Object.assign(run, { clock_ms: begin_ms + 21_000 });
    say({ ...usual, clock: { ...usual.clock, grandmaster: 'another' } }, 21);
    assert.deepEqual(
      happened(20).map(({ what, after }) => [what, after]),
      [
        ['state', 'healthy'],
        ['clock', 'ptp locked'],
        ['grandmaster', 'another'],
      ],
    );
  });

  test('that falls silent is offline since it was last heard, and what it measured is not shown', () => {
    const { say, one, settle, happened } = watched();
    say(usual, 1);
    settle(30);
    const { state, since_ms, heard_ms, age_s, clock, link, problems } = one(31);
    assert.deepEqual([state, since_ms, heard_ms, age_s], ['offline', begin_ms + 1000, begin_ms + 1000, 30]);
    assert.deepEqual([clock, link, problems], [undefined, undefined, []]);
    say(usual, 40);
    const [gone, back] = happened();
    assert.deepEqual(gone, { at_s: 1, unit, what: 'state', before: 'healthy', after: 'offline' });
    assert.deepEqual([back?.after, one(41).since_ms], ['healthy', begin_ms + 40_000]);
    settle(70);
    say({ ...usual, clock: { ...usual.clock, quality: 'tracking' } }, 80);
    const clocks = happened().filter(({ what }) => what === 'clock');
    assert.deepEqual(
      clocks.map(({ before, after }) => [before, after]),
      [['ptp locked', 'ptp tracking']],
    );
  });

  test('of which only slim records came is filled up with its last set, by the time at which that was told', () => {
    const { say, one, readSet, missSet, run, fleet, happened } = watched();
    Object.assign(run, { sequence: 40, clock_ms: begin_ms + 5000, link_ms: begin_ms + 7000 });
    missSet(40);
    const told: SimState = {
      ...usual,
      status: 'critical',
      problems: ['full'],
      dropped: 37,
      version: '0.3.0',
    };
    say(told, 100, 'slim');
    assert.deepEqual([one(101).state, one(101).problems, fleet.withoutSet()], ['critical', [], [unit]]);
    fleet.add(slimOf('well', 'healthy'), 100_500);
    fleet.add(slimOf('bad', 'degraded'), 100_500);
    assert.deepEqual(fleet.withoutSet(), [unit, 'bad', 'well'], 'the unwell first');
    for (const id of ['well', 'bad']) fleet.forget(id);
    readSet(told, 10, 102);
    const { state, problems, version, clock, link, expires } = one(103);
    assert.deepEqual([state, problems, version, fleet.withoutSet()], ['critical', ['full'], '0.3.0', []]);
    assert.deepEqual([clock?.since_ms, link?.since_ms], [begin_ms + 5000, begin_ms + 7000]);
    assert.deepEqual([link?.dropped, clock?.grandmaster], [37, grandmaster]);
    assert.equal(Math.round(expires[0]?.days_left ?? 0), 200);
    missSet(41); // its health has changed: that set holds no more
    say({ ...told, status: 'healthy' }, 105, 'slim');
    assert.deepEqual([one(105).state, one(105).problems, one(105).version], ['healthy', [], '0.3.0']);
    readSet({ ...told, problems: ['old'] }, 10, 106);
    assert.deepEqual([one(106).problems, one(106).restarts], [[], 0], 'what is known is newer');
    assert.ok(happened().every(({ what }) => what === 'state'));
  });

  test('whose silence was found late has fallen silent with its last word; when it was found is said too', () => {
    const { say, fleet, watch, now, happened, one } = watched();
    say(usual, 60);
    fleet.markSilent(1_000_000); // the hub was away for a quarter of an hour
    for (let at_s = 1001; at_s <= 1020; at_s++) {
      fleet.markSilent(at_s * 1000);
      watch.settle(now(at_s));
    }
    const [{ found_ms = 0, ...gone } = {}, ...none] = happened();
    assert.deepEqual(
      [gone, none],
      [{ at_s: 60, unit, what: 'state', before: 'healthy', after: 'offline' }, []],
    );
    const found_s = (found_ms - begin_ms) / 1000;
    assert.ok(found_s > 1001 && found_s <= 1020, `${found_s}`);
    assert.equal(one(1020).since_ms, begin_ms + 60_000);
  });

  test('whose login is revoked while it is silent has not stopped with its last word', () => {
    const { say, settle, watch, happened } = watched();
    say(usual, 1);
    settle(30);
    const revoked = { state: 'revoked', bound_ms: begin_ms, until_ms: begin_ms + 9e9 } as const;
    watch.setEnrolments(new Map([[unit, revoked]]));
    settle(50);
    assert.deepEqual(
      happened().map(({ at_s, after }) => [at_s, after]),
      [
        [1, 'offline'],
        [50, 'stopped'],
      ],
    );
  });

  test('whose clock is said to have changed before it was heard last changed after that', () => {
    const { say, run, happened } = watched();
    say(usual, 60);
    run.clock_ms = begin_ms + 10_000;
    say(holdover, 70);
    assert.deepEqual(
      happened().flatMap(({ what, at_s }) => (what === 'clock' ? at_s : [])),
      [60],
    );
  });

  test('that is updated, stopped, and measured to be wrong, is told so', () => {
    const { say, one, settle, watch, happened } = watched();
    say(usual, 1);
    watch.setMeasured(unit, {
      at_ms: begin_ms,
      offset_us: 1,
      path_us: 9,
      verdict: 'holds',
      against: 'utc',
      runs: 0,
    });
    settle(2);
    watch.setMeasured(unit, {
      at_ms: begin_ms,
      offset_us: 4100,
      path_us: 9,
      verdict: 'contradicts',
      against: 'utc',
      runs: 3,
      why: '4.1 ms ahead',
    });
    settle(3);
    assert.equal(one(3).measured?.verdict, 'contradicts');
    say({ ...usual, version: '0.2.0' }, 6);
    say(usual, 11, 'last');
    assert.deepEqual(
      happened(2).map(({ what, before, after, evidence }) => [what, before, after, evidence]),
      [
        ['measured', 'holds', 'contradicts', '4.1 ms ahead'],
        ['version', '0.1.0', '0.2.0', undefined],
        ['state', 'healthy', 'stopped', undefined],
        ['version', '0.2.0', '0.1.0', undefined],
      ],
    );
    settle(100);
    assert.equal(one(100).state, 'stopped');
  });

  test('that is heard for the first time has joined only where all earlier ones are known', () => {
    const early = watched();
    early.say(usual, 1);
    assert.deepEqual(early.happened(), []);
    const late = watched();
    late.watch.knowsAll();
    late.say(usual, 1);
    assert.deepEqual(late.happened(), [{ at_s: 1, unit, what: 'joined' }]);
  });

  test('whose hub sets its clock keeps its ages: times are told anew by the clock as it stands', () => {
    const { say, watch } = watched();
    say(usual, 60);
    const stepped = watch.unit(unit, { mono_ms: 62_000, wall_ms: 5_000_000 });
    assert.deepEqual(
      [stepped?.heard_ms, stepped?.age_s, stepped?.clock?.since_ms],
      [4_998_000, 2, 4_938_000],
    );
  });
});

describe('who was let in', () => {
  const admission = (state: Admission['state']): Admission => ({
    state,
    bound_ms: begin_ms,
    until_ms: begin_ms + 9e9,
    role: 'mast',
  });

  test('and never heard is invited; revoked and silent is stopped; forgotten is not listed', () => {
    const { say, watch, settle, now } = watched();
    say(usual, 1);
    watch.setEnrolments(
      new Map([
        [unit, admission('revoked')],
        ['new', admission('bound')],
        ['named', admission('invited')],
        ['gone', admission('forgotten')],
        ['out', admission('revoked')],
      ]),
    );
    settle(2);
    const states = (at_s: number) =>
      watch.units(now(at_s)).map(({ unit: id, state, role }) => [id, state, role]);
    assert.deepEqual(states(2), [
      [unit, 'healthy', 'mast'],
      ['new', 'invited', 'mast'],
      ['named', 'invited', 'mast'],
    ]);
    settle(40);
    assert.deepEqual(states(40)[0], [unit, 'stopped', 'mast']);
    assert.equal(watch.unit('gone', now(40)), undefined);
    assert.deepEqual(watch.unit('new', now(40))?.heard_ms, undefined);
  });

  test('is known by the records of BOUND, and a token that names a unit invites it until it ends or is used', () => {
    const hub = board();
    hub.token('t1', { uses: 9 });
    hub.token('t2', { uses: 1, unit: 'named' });
    hub.ask('t1', 1, { unit: 'in' });
    const known = enrolmentsOf(hub.bindings, hub.now_ms());
    assert.deepEqual([...known].map(([id, { state }]) => [id, state]).sort(), [
      ['in', 'bound'],
      ['named', 'invited'],
    ]);
    assert.equal(enrolmentsOf(hub.bindings, hub.now_ms() + 1e12).has('named'), false);
    hub.ask('t2', 2, { unit: 'named' });
    assert.equal(enrolmentsOf(hub.bindings, hub.now_ms()).get('named')?.state, 'bound');
  });
});

test('an app that is away is listed for a day', () => {
  const { fleet, watch, settle, now } = watched();
  fleet.hear('nats-ui-mobile-ios-0z9x', 0);
  settle(400);
  assert.deepEqual(
    watch.units(now(86_000)).map(({ kind, state }) => [kind, state]),
    [['client', 'away']],
  );
  assert.deepEqual(watch.units(now(86_500)), []);
});

test('a unit that is forgotten is gone', () => {
  const { say, fleet, watch, settle, now } = watched();
  say(usual, 1);
  fleet.forget(unit);
  settle(2);
  assert.deepEqual(watch.units(now(2)), []);
});
