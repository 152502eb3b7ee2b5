import assert from 'node:assert/strict';
import { test } from 'node:test';
import { countUnits, fleetJson } from '../../../../../agent/hub/fleet/export/json.ts';
import type { FleetUnit } from '../../../../../agent/hub/fleet/model.ts';
import { fleetUnit, silentUnit } from '../../../../kit/hub/fleetunits.ts';
import { fleetComplaints } from '../../../../kit/lib/schema.ts';

const situation = { at_ms: 1e12 + 0.5, connected: true, notes: ['stream UNITS does not answer'] };

/** All that can be known of a unit. */
const known: FleetUnit = fleetUnit('known', {
  ...{ state: 'degraded', since_ms: 1e12, uptime_s: 70, claims: 'other', problems: ['a', 'b'] },
  two_speak: true,
  clock: {
    ...{
      source: 'unsynced',
      quality: 'tracking',
      holdover: true,
      error_bound_ns: 1,
      error_rel_ns: 2,
      since_ms: 1e12,
    },
    ...{ reason: 'holdover', evidence: 'no Sync', grandmaster: 'gm', ntp_server: 'ntp-a', limit_ns: 10 },
    ...{ limit_is_set: true, share: 0.1 },
  },
  link: {
    ...{ up: true, since_ms: 1e12, hub_rtt_us: 1, app_rtt_us: 2, backlog: 3, dropped: 4, capacity_s: 5 },
    spool_share: 0.25,
  },
  expires: [{ what: 'unit.pem', days_left: 3.5 }],
  enrolment: { state: 'bound', role: 'mast', bound_ms: 1e12, until_ms: 1e12 },
  measured: {
    ...{ at_ms: 1e12, offset_us: -3, path_us: 9, own_bound_us: 2, claimed_us: 5, verdict: 'contradicts' },
    ...{ why: 'it is 3 µs behind', against: 'utc', runs: 3, beyond_us: -2, since_ms: 1e12 },
  },
});
const unjudged = fleetUnit('unjudged', {
  measured: {
    ...{
      at_ms: 1e12,
      offset_us: -3,
      path_us: 9,
      verdict: 'unjudged',
      reason: 'no_claim',
      why: 'it claims none',
    },
    ...{ against: 'utc', runs: 0 },
  },
});
const units = [
  fleetUnit('well'),
  known,
  silentUnit('gone', 1e12 - 86_400_000),
  silentUnit('off', 1e12, { state: 'stopped' }),
  silentUnit('nats-ui-laptop-linux-a7b3', 1e12, { kind: 'client', state: 'away' }),
  { unit: 'new', kind: 'unit', state: 'invited', restarts: 0, problems: [], expires: [] } as const,
];

test('it is by its schema, whatever is known of a unit', () => {
  for (const some of [units, [], [known], [unjudged], [fleetUnit('u', { state: 'unknown', unheard: true })]])
    assert.deepEqual(fleetComplaints(JSON.parse(JSON.stringify(fleetJson(some, situation)))), []);
});

test('a field of another name or with another value is refused by the schema', () => {
  const changed = (change: object) =>
    fleetComplaints({ ...JSON.parse(JSON.stringify(fleetJson(units, situation))), ...change }).join();
  assert.match(changed({ more: 1 }), /additional properties/);
  assert.match(changed({ units: [{ ...fleetUnit('a'), care: 'good' }] }), /care must be equal/);
  const measured = { ...unjudged.measured, reason: 'because' };
  assert.match(changed({ units: [{ ...fleetUnit('a'), measured }] }), /reason must be equal/);
  assert.match(changed({ counts: { expected: '3' } }), /expected must be number/);
});

test('the worst unit comes first, causes name their units, and nothing of a unit is lost', () => {
  const made = fleetJson(units, situation);
  assert.deepEqual(
    made.units.map(({ unit, care }) => [unit, care]),
    [
      ['gone', 'you'],
      ['known', 'you'],
      ['nats-ui-laptop-linux-a7b3', 'quiet'],
      ['off', 'quiet'],
      ['new', 'quiet'],
      ['well', 'fine'],
    ],
  );
  assert.deepEqual(
    made.causes.map(({ kind, units: of }) => [kind, of]),
    [
      ['offline', ['gone']],
      ['contradicts', ['known']],
    ],
  );
  assert.deepEqual(made.units[1], { ...known, care: 'you' });
  assert.deepEqual([made.at_ms, made.notes], [1e12, situation.notes]);
});

test('ages and days have the digits that mean something', () => {
  const unit = fleetUnit('u', {
    age_s: 1.507848778001964,
    expires: [{ what: 'a', days_left: 3651.8999772 }],
  });
  const [made] = fleetJson([unit], situation).units;
  assert.deepEqual([made?.age_s, made?.expires[0]?.days_left], [1.508, 3651.9]);
});

test('expected are those that should be heard: no app, none that was stopped on purpose or never came', () => {
  const { by_state, ...counts } = countUnits(units);
  assert.deepEqual(counts, { expected: 3, heard: 2, missing: 1, clients: 1 });
  assert.deepEqual(by_state, {
    ...{ critical: 0, offline: 1, degraded: 1, unknown: 0, healthy: 1, away: 0, stopped: 1, invited: 1 },
  });
});
