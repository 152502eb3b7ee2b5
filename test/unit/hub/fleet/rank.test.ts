import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FleetClock, FleetUnit } from '../../../../agent/hub/fleet/model.ts';
import { careOf, rankUnits } from '../../../../agent/hub/fleet/rank.ts';
import { fleetUnit, silentUnit } from '../../../kit/hub/fleetunits.ts';

const clock = (change: Partial<FleetClock>): { clock: FleetClock } => ({
  clock: { ...(fleetUnit('x').clock as FleetClock), ...change },
});
const contradicts = {
  measured: { at_ms: 1e12, offset_us: 4100, path_us: 900, against: 'utc', runs: 3, verdict: 'contradicts' },
} as const;

test('who needs a person, who copes, who is silent on purpose', () => {
  const cases: [FleetUnit, string][] = [
    [fleetUnit('a', { state: 'critical' }), 'you'],
    [silentUnit('a', 1e12), 'you'],
    [fleetUnit('a', contradicts), 'you'],
    [fleetUnit('a', clock({ share: 1.1, limit_is_set: true })), 'you'],
    [fleetUnit('a', clock({ share: 48 })), 'fine'],
    [fleetUnit('a', { expires: [{ what: 'unit.pem', days_left: -0.1 }] }), 'you'],
    [fleetUnit('a', { expires: [{ what: 'unit.pem', days_left: -0.09 }] }), 'fine'], // it said 0.0, so that 0.1 may have been left
    [fleetUnit('a', { expires: [{ what: 'unit.pem', days_left: 6 }] }), 'fine'],
    [fleetUnit('a', { two_speak: true }), 'you'],
    [fleetUnit('a', { state: 'degraded' }), 'copes'],
    [fleetUnit('a', clock({ holdover: true })), 'copes'],
    [fleetUnit('a', { state: 'unknown' }), 'copes'],
    [fleetUnit('a', { state: 'unknown', kind: 'client' }), 'fine'],
    [silentUnit('a', 1e12, { state: 'stopped' }), 'quiet'],
    [silentUnit('a', 1e12, { state: 'away', kind: 'client' }), 'quiet'],
    [silentUnit('a', 1e12, { state: 'invited', expires: [{ what: 'x', days_left: -1 }] }), 'quiet'],
    [fleetUnit('a'), 'fine'],
  ];
  assert.deepEqual(
    cases.map(([unit]) => careOf(unit)),
    cases.map(([, care]) => care),
  );
});

test('the worst comes first: critical, offline, measured wrong, above its limit, degraded, holdover, silent, then by share', () => {
  const ranked = [
    fleetUnit('critical', { state: 'critical' }),
    silentUnit('offline', 1e12),
    fleetUnit('contradicts', contradicts),
    fleetUnit('above', clock({ share: 3, limit_is_set: true })),
    fleetUnit('degraded', { state: 'degraded' }),
    fleetUnit('holdover', clock({ holdover: true, share: 0.9 })),
    silentUnit('stopped', 1e12, { state: 'stopped' }),
    fleetUnit('free', { clock: { source: 'unsynced', quality: 'freerun', limit_ns: 1e6 } }),
    fleetUnit('near', clock({ share: 0.96 })),
    fleetUnit('b', clock({ share: 0.1 })),
    fleetUnit('c', clock({ share: 0.1 })),
  ];
  const names = ranked.map(({ unit }) => unit);
  for (const given of [ranked.toReversed(), [...ranked.slice(5), ...ranked.slice(0, 5)]])
    assert.deepEqual(
      rankUnits(given).map(({ unit }) => unit),
      names,
    );
});

test('a limit that somebody has set is passed by a clock that nothing bounds', () => {
  const unit = (more: object) =>
    fleetUnit('a', { clock: { source: 'unsynced', quality: 'freerun', limit_ns: 1000, ...more } });
  assert.equal(careOf(unit({ limit_is_set: true })), 'you');
  assert.equal(careOf(unit({ limit_is_set: true, error_bound_ns: 900 })), 'fine');
  assert.equal(careOf(unit({})), 'fine', 'by the default nobody is called');
});
