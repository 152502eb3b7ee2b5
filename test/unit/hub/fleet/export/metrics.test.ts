import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fleetMetrics, fleetQuantities } from '../../../../../agent/hub/fleet/export/metrics.ts';
import type { FleetUnit } from '../../../../../agent/hub/fleet/model.ts';
import { quantities } from '../../../../../agent/status/web/quantities.ts';
import { fleetUnit, silentUnit } from '../../../../kit/hub/fleetunits.ts';
import { parseExposition } from '../../../../kit/lib/exposition.ts';

const situation = { at_ms: 1e12, connected: true, notes: [] };
const text = (units: readonly FleetUnit[]): string => [...fleetMetrics(units, situation)].join('');
const exposed = (units: readonly FleetUnit[]) => parseExposition(text(units));

test('what a unit has itself has the same name, type and meaning here', () => {
  const ofUnit = new Map(quantities.map(({ name, type, help }) => [name, { type, help }]));
  const shared = fleetQuantities.filter(({ name }) => ofUnit.has(name));
  assert.ok(shared.length >= 17, String(shared.length));
  for (const { name, type, help } of shared)
    if (name !== 'nunect_certificate_not_after_timestamp_seconds')
      assert.deepEqual(ofUnit.get(name), { type, help }, name);
  for (const { name, type, help } of fleetQuantities) {
    assert.match(name, /^nunect_[a-z0-9]+(_[a-z0-9]+)*$/);
    assert.equal(name.endsWith('_total'), type === 'counter', name);
    assert.match(help, /^[A-Z0-9].*[^\s]\.$/, name);
  }
});

test('a unit has its series under its own instance, in base units', () => {
  const families = exposed([
    fleetUnit('u1', {
      clock: { source: 'ptp', quality: 'locked', error_bound_ns: 1500, limit_ns: 1e6, since_ms: 1e12 },
      measured: { at_ms: 1e12, offset_us: -4100, path_us: 900, verdict: 'holds', against: 'utc', runs: 0 },
      expires: [{ what: '/etc/"unit".pem', days_left: 10.01 }],
    }),
  ]);
  const of = (name: string) => families.get(`nunect_${name}`)?.samples;
  assert.deepEqual(of('status'), [
    { labels: 'instance="u1",status="healthy"', value: 1 },
    { labels: 'instance="u1",status="degraded"', value: 0 },
    { labels: 'instance="u1",status="critical"', value: 0 },
    { labels: 'instance="u1",status="not_set_up"', value: 0 },
  ]);
  assert.deepEqual(of('clock_error_bound_seconds'), [{ labels: 'instance="u1"', value: 1.5e-6 }]);
  assert.deepEqual(of('clock_measured_offset_seconds'), [{ labels: 'instance="u1"', value: -0.0041 }]);
  assert.deepEqual(of('clock_contradicts'), [{ labels: 'instance="u1"', value: 0 }]);
  assert.deepEqual(of('hub_rtt_seconds'), [{ labels: 'instance="u1"', value: 0.02 }]);
  assert.deepEqual(of('unit_info'), [
    { labels: 'instance="u1",unit="u1",tenant="rail",role="engine"', value: 1 },
  ]);
  const [end] = of('certificate_not_after_timestamp_seconds') ?? [];
  assert.equal(end?.labels, 'instance="u1",file="/etc/\\"unit\\".pem"');
  assert.equal(end?.value, Date.parse('2001-09-19T02:00:00Z') / 1000, '10.01 days after 1e9 s');
});

test('of a unit that is silent it is told that it is not heard, and nothing of before', () => {
  const families = exposed([silentUnit('gone', 1e12), silentUnit('off', 1e12, { state: 'stopped' })]);
  const with_ = (instance: string): string[] =>
    [...families].flatMap(([name, { samples }]) =>
      samples.some(({ labels }) => labels.includes(`instance="${instance}"`)) ? [name.slice(7)] : [],
    );
  assert.deepEqual(families.get('nunect_heard')?.samples, [{ labels: 'instance="gone"', value: 0 }]);
  const still = ['unit_info', 'build_info', 'heard_timestamp_seconds', 'restarts_total'];
  assert.deepEqual(with_('off'), still);
  assert.deepEqual(with_('gone'), still.toSpliced(2, 0, 'heard'));
});

test('series are bounded: apps and the invited have none, further units are counted, and a unit has so many at most', () => {
  const many = Array.from({ length: 10_003 }, (_, index) => fleetUnit(`u${index}`));
  const families = exposed([
    fleetUnit('nats-ui-laptop-linux-a7b3', { kind: 'client' }),
    fleetUnit('new', { state: 'invited' }),
    ...many,
  ]);
  assert.equal(families.get('nunect_heard')?.samples.length, 10_000);
  assert.deepEqual(families.get('nunect_fleet_left_out_units')?.samples, [{ labels: '', value: 3 }]);
  assert.doesNotMatch(JSON.stringify([...families]), /nats-ui|instance=\\"new/);
  const of = [...families.values()].flatMap(({ samples }) =>
    samples.filter(({ labels }) => labels.includes('instance="u7"')),
  );
  assert.ok(of.length <= 30, String(of.length));
});

test('what a unit says of itself breaks no line, and a clock by another word is none of those', () => {
  const evil = 'x"} 1\nnunect_evil{a="';
  const families = exposed([
    fleetUnit('u1', { version: evil, tenant: evil, clock: { source: evil, limit_ns: 1 } }),
  ]);
  assert.equal(families.has('nunect_evil'), false);
  assert.deepEqual(
    families.get('nunect_clock_source')?.samples.map(({ value }) => value),
    [0, 0, 0],
  );
});
