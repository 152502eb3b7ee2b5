import assert from 'node:assert/strict';
import { test } from 'node:test';
import { absent, fresh, stale } from '../../../agent/lib/reading.ts';
import { toSnapshot } from '../../../agent/status/tosnapshot.ts';
import type { UnitState } from '../../../agent/status/unitstate.ts';
import { chronyFacts, chronySource, epoch_s, ptpFacts } from '../../kit/clock/evidence.ts';
import { findingLike, goodVerdict, noVerdict, spoolStats, unitStateOf } from '../../kit/unit/unitfakes.ts';

const snapshotOf = (changes: Partial<UnitState> = {}) =>
  toSnapshot(unitStateOf(changes), { unit: 'demo-01', version: 'v' });
const { time, nats } = unitStateOf();

test('times are whole milliseconds and whole seconds, never in the future', () => {
  const snapshot = snapshotOf();
  assert.equal(snapshot.at_ms, epoch_s * 1000);
  assert.equal(snapshot.uptime_s, 60);
  assert.equal(snapshot.link.since_ms, epoch_s * 1000 - 6);
  assert.equal(snapshot.clock?.since_ms, epoch_s * 1000);
});

test('health, spool and link are those of the unit', () => {
  const health = { status: 'degraded', findings: [findingLike({ text: 'why' })] } as const;
  const spool = spoolStats({ dropped: { metric: 1, log: 2, event: 3 }, oldest_age_s: 1.5 });
  const snapshot = snapshotOf({ health, nats: { ...nats, spool } });
  assert.equal(snapshot.status, 'degraded');
  assert.deepEqual(snapshot.problems, ['why']);
  assert.equal(snapshot.spool?.dropped, 6);
  assert.equal(snapshot.spool?.oldest_age_s, 1.5);
  assert.deepEqual(snapshot.link, {
    connected: true,
    since_ms: epoch_s * 1000 - 6,
    traffic: 'standard',
    hub_up: true,
    hub_rtt_us: 1250,
    hub_changes: 3,
  });
});

test('a daemon that is absent says why and shows no figure of before', () => {
  const ptp = absent('not_installed', 'there is no pmc');
  const snapshot = snapshotOf({ time: { ...time, ptp, ntp: absent('refused') } });
  assert.deepEqual(snapshot.ptp, {
    seen: 'absent',
    why: 'not installed (there is no pmc)',
    absent_reason: 'not_installed',
    ports: [],
  });
  assert.deepEqual(snapshot.ntp, {
    seen: 'absent',
    why: 'connection refused',
    absent_reason: 'refused',
    sources: [],
  });
});

test('a daemon that fell silent takes its figures with it, and one that follows nobody those of before', () => {
  const measured = [
    'gmIdentity',
    'parentPortIdentity',
    'master_offset_ns',
    'meanPathDelay_ns',
    'stepsRemoved',
  ];
  const listening = fresh(ptpFacts(60_000, -350, { portState: 'LISTENING' }), 60_000);
  const deaf = fresh(ptpFacts(60_000), 60_000); // still SLAVE, of somebody whose Syncs have ended
  for (const ptp of [stale(ptpFacts(60_000), 60_000, 'pmc is silent'), listening, deaf]) {
    const lost_master = { gmIdentity: 'g', until_ms: 7 };
    const { ptp: shown } = snapshotOf({ time: { ...time, ptp, ptp_follows: ptp !== deaf }, lost_master });
    assert.equal(shown?.seen, ptp.kind);
    assert.deepEqual(
      measured.filter((name) => name in (shown ?? {})),
      [],
    );
    assert.deepEqual(shown?.lost_master, lost_master);
  }
});

test('a chronyd that is not synchronised has neither stratum nor offset, a source never heard has no offset', () => {
  const silent = chronySource({ name: 'silent', state: 'selected' });
  const { last_rx_s: _, ...never } = silent;
  const unsynced = chronyFacts(60_000, { leap: 'unsynchronised' }, [{ ...never, state: 'unusable' }]);
  const ntp = { kind: 'fresh', at_ms: 60_000, value: unsynced } as const;
  const { ntp: shown } = snapshotOf({ time: { ...time, ntp } });
  assert.ok(shown && !('stratum' in shown) && !('offset_ns' in shown) && !('selected' in shown));
  assert.ok(!('offset_ns' in (shown.sources[0] ?? {})));
});

test('what chronyd keeps of servers that no longer answer is no figure of now', () => {
  const value = chronyFacts(60_000, { system_time_s: 0.000025 }, [chronySource({ reach: 0o370 })]);
  const { ntp: shown } = snapshotOf({ time: { ...time, ntp: { kind: 'fresh', at_ms: 60_000, value } } });
  assert.deepEqual(shown, {
    seen: 'fresh',
    sources: [{ name: '192.0.2.1', mode: 'server', state: 'selected', reach: 0o370 }],
  });
});

test('the offset of chronyd is local minus true time', () => {
  const ntp = {
    kind: 'fresh',
    at_ms: 60_000,
    value: chronyFacts(60_000, { system_time_s: 0.000025 }),
  } as const;
  const { ntp: shown } = snapshotOf({ time: { ...time, ntp } });
  assert.equal(shown?.offset_ns, -25_000);
  assert.equal(shown?.selected, '192.0.2.1');
});

test('holdover is shown with its source and its wall time', () => {
  const verdict = { ...goodVerdict(), holdover: { source: 'ptp', since_ms: 1 } } as typeof time.verdict;
  const { clock } = snapshotOf({ time: { ...time, verdict }, holdover_since_ms: 77.8 });
  assert.deepEqual(clock?.holdover, { source: 'ptp', since_ms: 77 });
  assert.ok(!('holdover' in (snapshotOf().clock ?? {})));
});

test('a clock without a bound shows none', () => {
  const clock = { source: 'unsynced', quality: 'freerun' } as const;
  const shown = snapshotOf({ clock, time: { ...time, verdict: noVerdict() } }).clock;
  assert.ok(shown && !('error_bound_ns' in shown) && !('offset_ns' in shown) && !('error_rel_ns' in shown));
});

test('round trips: the last one, the figures and the share that was lost; without a probe no share', () => {
  const { native } = unitStateOf().rtt;
  assert.ok(native);
  const none = { count: 0, loss_percent: 0 };
  const rtt = {
    native_rtt_us: 170,
    native,
    app: none,
    peers: [{ unit: 'demo-02', rtt_us: 900, window: native }],
  };
  assert.deepEqual(snapshotOf({ rtt }).rtt, [
    { to: 'leaf', last_us: 170, p50_us: 168, p99_us: 900, jitter_us: 20, loss: 0.5 },
    { to: 'echo' },
    { to: 'demo-02', last_us: 900, p50_us: 168, p99_us: 900, jitter_us: 20, loss: 0.5 },
  ]);
});
