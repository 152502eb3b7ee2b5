import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type HeartbeatFacts, heartbeat, timeMetric } from '../../../agent/wire/messages.ts';
import { shortBound, slimHeartbeat, slimRtt, slimTime } from '../../../agent/wire/slim.ts';
import { encodeRecord } from '../../../agent/wire/values.ts';
import { unitStateOf } from '../../kit/unit/unitfakes.ts';

const name = { unit: 'u1', tenant: 'fire', version: '0.1.0' };
const facts: HeartbeatFacts = {
  wall_ms: 1_795_218_000_000.4,
  sequence: 7,
  interval_s: 15,
  uptime_s: 61.2,
  status: 'degraded',
  problems: ['the disk is full'],
  clock: { source: 'ntp', quality: 'locked', error_bound_ns: 219_627, error_rel_ns: 1001 },
  native_rtt_us: 168,
  app_rtt_us: 312,
  cpu_percent: 12,
  memory_percent: 45,
};
const stamp = { ts: 1, unit_id: 'u1', seq: 7 };

test('a bound has three digits, and is never less than it was', () => {
  for (const [ns, short] of [
    [undefined, undefined],
    [0, 0],
    [180.2, 181],
    [999, 999],
    [1000, 1000],
    [1001, 1010],
    [219_627, 220_000],
    [999_001, 1_000_000],
    [43_210_987_654, 43_300_000_000],
  ])
    assert.equal(shortBound(ns), short);
  for (let ns = 1; ns < 1e12; ns *= 1.37) {
    const short = shortBound(ns) ?? 0;
    assert.ok(short >= ns && short <= Math.max(ns + 1, ns * 1.011), `${ns}: ${short}`);
  }
});

test('a slim heartbeat has every header of the full one, and a short body', () => {
  const full = heartbeat(name, facts).headers;
  const { body, headers } = slimHeartbeat(name, facts, 3);
  assert.deepEqual(Object.keys(headers).sort(), Object.keys(full).sort());
  const { 'X-Clock-Error-Bound': bound, 'X-Clock-Error-Rel': rel, ...rest } = headers;
  assert.deepEqual([bound, rel], [['220000'], ['1010']]);
  for (const [key, value] of Object.entries(rest)) assert.deepEqual(value, full[key], key);
  assert.deepEqual(body, { status: 'degraded', interval_s: 15, full: 3 });
  assert.deepEqual(slimHeartbeat(name, facts, undefined).body, { status: 'degraded', interval_s: 15 });
});

test('slim metrics have the names of the full ones, the same values, and no more than they need', () => {
  const { rtt, time, nats } = unitStateOf();
  const round = { ...stamp, ...rtt, hub_rtt_us: nats.hub_rtt_us ?? 0 };
  const short = JSON.parse(encodeRecord(slimRtt(round))) as Record<string, unknown>;
  assert.deepEqual(short, { ts: 1, unit_id: 'u1', native_rtt_us: 170, app_rtt_us: 400, hub_rtt_us: 1250 });

  const full = timeMetric(stamp, time);
  const slim = JSON.parse(encodeRecord(slimTime(full))) as Record<string, unknown>;
  assert.deepEqual(Object.keys(slim), [
    'ts',
    'unit_id',
    'ptp_offset_ns',
    'ntp_offset_ms',
    'active_source',
    'clock_quality',
    'error_bound_ns',
    'error_rel_ns',
  ]);
  for (const key of ['ptp_offset_ns', 'ntp_offset_ms', 'active_source', 'clock_quality'] as const)
    assert.equal(slim[key], full[key], key);
});

test('holdover is said while it lasts', () => {
  const full = timeMetric(stamp, unitStateOf().time);
  const { holdover, holdover_s } = slimTime({ ...full, holdover: true, holdover_s: 12.4 });
  assert.deepEqual([holdover, holdover_s], [true, 12]);
});
