import assert from 'node:assert/strict';
import { test } from 'node:test';
import { asOfNow } from '../../../../agent/hub/fleet/asofnow.ts';
import { countUnits } from '../../../../agent/hub/fleet/export/json.ts';
import type { FleetUnit } from '../../../../agent/hub/fleet/model.ts';

const unit: FleetUnit = {
  ...{ unit: 'u', kind: 'unit', state: 'healthy', since_ms: 1, heard_ms: 5, age_s: 1, interval_s: 10 },
  ...{ version: '0.1.0', restarts: 0, problems: ['last words'], expires: [], uptime_s: 99 },
  clock: { source: 'ptp', quality: 'locked', error_bound_ns: 100, limit_ns: 1_000_000 },
  link: { up: true, hub_rtt_us: 20_000 },
};

test('a unit that was heard within its intervals is as it says', () => {
  for (const age_s of [0, 31, 33.9]) assert.deepEqual(asOfNow({ ...unit, age_s }), { ...unit, age_s });
});

test('of one that nobody has heard for longer nothing is known of now; its last words and its version stay', () => {
  assert.deepEqual(asOfNow({ ...unit, age_s: 34.1 }), {
    ...{ unit: 'u', kind: 'unit', state: 'unknown', unheard: true, heard_ms: 5, age_s: 34.1, interval_s: 10 },
    ...{ version: '0.1.0', restarts: 0, problems: ['last words'], expires: [] },
  });
  const { interval_s: _, ...without } = unit;
  assert.equal(
    asOfNow({ ...without, age_s: 18 }).state,
    'healthy',
    'where it does not say its interval, 5 s',
  );
  assert.equal(asOfNow({ ...without, age_s: 19 }).state, 'unknown');
});

test('who is silent stays so, and an app that sends no heartbeats is judged by itself', () => {
  for (const state of ['offline', 'stopped', 'away', 'invited'] as const)
    assert.equal(asOfNow({ ...unit, state, age_s: 9999 }).state, state);
  assert.equal(asOfNow({ ...unit, kind: 'client', age_s: 90 }).state, 'healthy');
});

test('it is neither counted as heard nor as missing', () => {
  const { expected, heard, missing, by_state } = countUnits([unit, { ...unit, age_s: 99 }].map(asOfNow));
  assert.deepEqual([expected, heard, missing, by_state.unknown], [2, 1, 0, 1]);
});
