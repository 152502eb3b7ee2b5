import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Unit } from '../../../../agent/hub/fleet/row/rowview.ts';
import { unitLines } from '../../../../agent/hub/top/unitview.ts';

const unit: Unit = {
  unit: 'fire-17',
  state: 'degraded',
  age_s: 2,
  restarts: 2,
  tenant: 'fire',
  version: '0.1.0',
  uptime_s: 7200,
  clock: { source: 'ptp', quality: 'locked', error_rel_ns: 41_000 },
  clock_reason: 'gm_not_traceable',
  hub_up: true,
  hub_rtt_us: 1280,
  backlog: 312,
  problems: ['the clock lost its source', `not permitted: publish \x1b[2J${'x'.repeat(60)}`],
};

test('one unit is shown in full, and nothing of it is obeyed by a terminal', () => {
  const lines = unitLines(unit, 60);
  assert.deepEqual(lines.slice(0, 14), [
    'fire-17',
    '',
    'state      DEGRADED',
    'heard      2s ago',
    'tenant     fire',
    'version    0.1.0',
    'up         2h',
    'restarts   2',
    'clock      ptp locked',
    'bound      gm 41 µs',
    'reason     gm not traceable',
    'hub        joined',
    'round trip 1.28 ms',
    'backlog    312 records wait',
  ]);
  assert.deepEqual(lines.slice(14, 17), ['', 'the clock lost its source', '']);
  assert.ok(lines.every((line) => line.length <= 60 && !line.includes('\x1b')));
  assert.ok(lines.join('').includes('\\x1b[2J'));
});

test('what is not known of a unit has no line', () => {
  assert.deepEqual(unitLines({ unit: 'u', state: 'offline', age_s: 90, restarts: 0 }, 80), [
    'u',
    '',
    'state      OFFLINE',
    'heard      90s ago',
    '',
    'Esc: back',
  ]);
});
