import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  deviceOf,
  eventOf,
  lateBacklogOf,
  lookOf,
  lookSubjects,
  minutesOf,
} from '../../../../../../agent/hub/page/unit/past/records.ts';
import type { Incoming } from '../../../../../../agent/nats/incoming.ts';
import { minuteColumns } from '../../../../../../agent/wire/reports.ts';
import { fullRecords, slimRecords, usualState } from '../../../../../kit/hub/simrecords.ts';

const at_ms = 1_773_000_000_000;
const run = {
  ...{ unit: 'u1', boot: 'b', started_ms: at_ms - 9e6, clock_ms: at_ms - 1000, link_ms: at_ms - 2000 },
  ...{ sequence: 7, n: 3 },
};
const stored = (subject: string, body: object, headers: object = {}, taken_ms = at_ms) => ({
  subject,
  at_ms: taken_ms,
  data: new TextEncoder().encode(JSON.stringify(body)),
  headers: Object.entries(headers) as unknown as Incoming['headers'],
});
const full = (change: object = {}) =>
  fullRecords(run, { ...usualState(1), ...change }, at_ms, true).map(({ subject, body, headers }) =>
    stored(subject, JSON.parse(body), headers),
  );

describe('a look at a unit', () => {
  test('is what the newest record of each kind says', () => {
    const look = lookOf(full({ backlog: 9, hub_rtt_us: 38_400 }));
    assert.equal(look?.heard_ms, at_ms);
    assert.equal(look?.health, 'healthy');
    assert.equal(look?.interval_s, 5);
    assert.deepEqual([look?.clock?.source, look?.clock?.quality], ['ntp', 'locked']);
    assert.deepEqual([look?.hub_rtt_us, look?.backlog], [38_400, 9]);
  });

  test('takes the headers of a slim heartbeat, and holdover of the time record', () => {
    const holds = { ...usualState(0).clock, holdover: true as const };
    const records = slimRecords(run, { ...usualState(0), clock: holds }, at_ms, 1, false);
    const look = lookOf(
      records.map(({ subject, body, headers }) => stored(subject, JSON.parse(body), headers)),
    );
    assert.equal(look?.clock?.holdover, true);
    assert.equal(look?.clock?.error_bound_ns, 900);
    assert.equal(look?.backlog, undefined);
  });

  test('what came late was heard, and says nothing of now', () => {
    const { heartbeat } = lookSubjects('u1');
    const late = stored(heartbeat, { status: 'critical', sequence: 4, interval_s: 5, backfill: true });
    assert.deepEqual(lookOf([late]), { heard_ms: at_ms });
  });

  test('a record of more than 10 minutes before the newest says nothing', () => {
    const { nats, heartbeat } = lookSubjects('u1');
    const beat = stored(heartbeat, { status: 'healthy', sequence: 4, interval_s: 5 });
    const link = (ago_ms: number) =>
      stored(nats, { hub_rtt_us: 5, spool: { pending: 3 } }, {}, at_ms - ago_ms);
    assert.equal(lookOf([beat, link(600_000)])?.backlog, 3);
    assert.equal(lookOf([beat, link(600_001)])?.backlog, undefined);
  });

  test('no record is no look; garbage is heard and says nothing', () => {
    assert.equal(lookOf([]), undefined);
    const garbage = {
      ...stored('ops.metric.time.u1', {}),
      data: new TextEncoder().encode('{"active_source":'),
    };
    assert.deepEqual(lookOf([garbage]), { heard_ms: at_ms });
  });
});

describe('single records', () => {
  test('an event is placed where the hub took it, a late one where the unit made it', () => {
    const body = { ts: at_ms - 5000, event: 'hub', before: true, after: false, evidence: 'closed' };
    assert.deepEqual(eventOf(stored('ops.status.leaf.u1', body)), {
      ...{ at_ms, event: 'hub', before: true, after: false, evidence: 'closed' },
    });
    assert.equal(eventOf(stored('ops.status.leaf.u1', { ...body, backfill: true }))?.at_ms, at_ms - 5000);
  });

  test('an answer to a question is no event, nor is anything else', () => {
    assert.equal(eventOf(stored('ops.status.leaf.u1', { event: 'health' })), undefined);
    assert.equal(eventOf(stored('ops.status.leaf.u1', { event: '<script>' })), undefined);
    assert.equal(eventOf(stored('ops.status.leaf.u1', {})), undefined);
  });

  test('the states of an event are texts, numbers and small objects of these, without what a terminal obeys', () => {
    const after = { source: 'a\u001bb', deep: { no: 1 }, list: [1], n: 2 };
    assert.deepEqual(eventOf(stored('s', { event: 'clock', after }))?.after, {
      source: 'a b',
      list: undefined,
      n: 2,
    });
  });

  test('a device is told by its record, without what it lacks', () => {
    const system = full().find(({ subject }) => subject.startsWith('ops.metric.system'));
    assert.ok(system !== undefined);
    assert.deepEqual(deviceOf(system), {
      ...{ at_ms, board: 'Bananapi BPI-R4', firmware: 'OpenWrt 24.10.2', uptime_s: 86_400, load: 0.21 },
      ...{ cores: 4, memory_total_bytes: 4_113_694_720, memory_free_bytes: 3_500_000_000, celsius: 51.2 },
    });
    assert.deepEqual(deviceOf(stored('s', { host: { load: 'high', temperatures: 7 } })), { at_ms });
  });

  test('a late record of the link tells how many waited then', () => {
    const body = { ts: at_ms - 9000, spool: { pending: 112 } };
    assert.equal(lateBacklogOf(stored('s', body)), undefined);
    assert.deepEqual(lateBacklogOf(stored('s', { ...body, backfill: true })), {
      at_ms: at_ms - 9000,
      backlog: 112,
    });
  });

  test('minutes are looks, each at its time', () => {
    const cells: Record<string, unknown> = { at_s: 60, mean_hub_us: 610_000, error_bound_ns: 9000 };
    Object.assign(cells, { source: 'ntp', quality: 'tracking', status: 'degraded' });
    const rows = [minuteColumns.map((name) => cells[name] ?? ''), ['x'], 7];
    const body = { since_ms: at_ms, columns: minuteColumns, rows };
    assert.deepEqual(minutesOf(stored('s', body)), [
      {
        ...{ at_ms: at_ms + 60_000, heard_ms: at_ms + 60_000, health: 'degraded', hub_rtt_us: 610_000 },
        clock: { source: 'ntp', quality: 'tracking', error_bound_ns: 9000 },
      },
    ]);
  });
});

test('what no unit can mean is missing: moments, counts and bounds without end', () => {
  const { nats, rtt } = lookSubjects('u1');
  assert.deepEqual(lookOf([stored(nats, { spool: { pending: 1e300 }, hub_rtt_us: 1e300 })]), {
    heard_ms: at_ms,
  });
  assert.deepEqual(lookOf([stored(rtt, { hub_rtt_us: 1e300 })]), { heard_ms: at_ms });
  const late = { backfill: true, spool: { pending: 1 } };
  assert.equal(lateBacklogOf(stored(nats, { ...late, ts: 1e300 })), undefined);
  assert.deepEqual(lateBacklogOf(stored(nats, { ...late, ts: 1e12 })), { at_ms: 1e12, backlog: 1 });
  const event = { event: 'clock', backfill: true, before: 'a', after: 'b' };
  assert.equal(eventOf(stored('ops.status.unit.u1', { ...event, ts: 1e300 }))?.at_ms, at_ms);
  const host = { uptime_s: 1e300, load: [1e300], cores: 1e300, memory: { total_bytes: 1e300 } };
  assert.deepEqual(deviceOf(stored('ops.metric.host.u1', { host })), { at_ms });
  const columns = ['at_s', 'mean_hub_us', 'error_bound_ns', 'source'];
  const rows = [
    [60, 1e300, 1e300, 'ntp'],
    [1e300, 1, 1, 'ntp'],
  ];
  assert.deepEqual(minutesOf(stored('ops.metric.minutes.u1', { since_ms: 1e12, columns, rows })), [
    { at_ms: 1e12 + 60_000, heard_ms: 1e12 + 60_000, clock: { source: 'ntp' } },
  ]);
  assert.deepEqual(minutesOf(stored('ops.metric.minutes.u1', { since_ms: 1e300, columns, rows })), []);
});
