import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FleetUnit } from '../../../../../agent/hub/fleet/model.ts';
import { markOfStanding, rowOf, standings } from '../../../../../agent/hub/page/fleet/standing.ts';
import { fleetUnit, silentUnit } from '../../../../kit/hub/fleetunits.ts';
import { clockOf, measuredOf } from '../../../../kit/hub/fleetworld.ts';

const wrong = { measured: measuredOf(4100, { verdict: 'contradicts', runs: 3 }) };
const beyond = { clock: clockOf({ error_bound_ns: 2e6, limit_ns: 1e6 }) };
const ended = { expires: [{ what: 'unit.pem', days_left: -1 }] };

test('a unit stands as it says, unless the hub knows something worse', () => {
  const cases: [FleetUnit, string][] = [
    [fleetUnit('a'), 'healthy'],
    [fleetUnit('a', wrong), 'contradicts'],
    [fleetUnit('a', { ...wrong, state: 'critical' }), 'critical'],
    [fleetUnit('a', { ...wrong, state: 'degraded' }), 'contradicts'],
    [fleetUnit('a', beyond), 'limit'],
    [fleetUnit('a', { clock: clockOf({ limit_ns: 1e6 }) }), 'limit'], // nothing bounds it
    [fleetUnit('a', ended), 'expired'],
    [fleetUnit('a', { two_speak: true }), 'two_speak'],
    [fleetUnit('a', { clock: clockOf({ holdover: true, error_bound_ns: 500, limit_ns: 1e6 }) }), 'holdover'],
    [
      fleetUnit('a', {
        state: 'degraded',
        clock: clockOf({ holdover: true, error_bound_ns: 500, limit_ns: 1e6 }),
      }),
      'degraded',
    ],
    [fleetUnit('a', { state: 'unknown' }), 'unknown'],
    [silentUnit('a', 1, wrong), 'offline'],
    [silentUnit('a', 1, { ...wrong, ...ended, state: 'stopped' }), 'stopped'],
    [silentUnit('a', 1, { state: 'invited' }), 'invited'],
    [silentUnit('a', 1, { state: 'away', kind: 'client' }), 'away'],
  ];
  assert.deepEqual(
    cases.map(([unit]) => rowOf(unit).standing),
    cases.map(([, standing]) => standing),
  );
});

test('each has a word of its own, and the mark of a state', () => {
  const words = standings.map((one) => markOfStanding(one)[1]);
  assert.equal(new Set(words).size, standings.length);
  assert.deepEqual(markOfStanding('contradicts'), ['critical', 'wrong clock']);
  assert.deepEqual(markOfStanding('invited'), ['invited', 'not set up']);
});
