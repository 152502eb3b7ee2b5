import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseRecording } from '../../../../../agent/hub/page/unit/recorder.ts';

const bytes = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));

test('a recording is read by the names of its columns; what was not known is missing', () => {
  const columns = ['mono_ms', 'wall_ms', 'source', 'holdover', 'offset_ns', 'hub_up', 'new_one'];
  const rows = [
    [1000, 5000, 'ntp', 0, -40, 1, 'x'],
    [2000, 6000, '', 1, '', 0, 'x'],
    ['', 7000, 'ntp', 0, 1, 1, 'x'],
    'no row',
  ];
  const changes = [
    { mono_ms: 1500, before: {}, after: {}, evidence: 'gone' },
    { evidence: 'without a time' },
  ];
  const found = parseRecording(bytes({ columns, rows, changes, period_ms: 1000 }), 9);
  assert.ok(found.ok);
  const { seconds, changes: told, at_ms } = found.value;
  assert.deepEqual(seconds, [
    { wall_ms: 5000, mono_ms: 1000, holdover: false, source: 'ntp', offset_ns: -40, hub_up: true },
    { wall_ms: 6000, mono_ms: 2000, holdover: true, hub_up: false },
  ]);
  assert.deepEqual(told, [{ mono_ms: 1500, evidence: 'gone' }]);
  assert.equal(at_ms, 9);
});

test('what is no recording says why', () => {
  assert.equal(parseRecording(bytes({ rows: [] }), 1).ok, false);
  assert.equal(parseRecording(bytes('x'), 1).ok, false);
  assert.equal(parseRecording(new Uint8Array(200_000), 1).ok, false);
});

test('what no clock and no link can be is not shown', () => {
  const columns = ['mono_ms', 'wall_ms', 'offset_ns', 'error_bound_ns', 'ntp_last_rx_s', 'hub_rtt_us'];
  const rows = [
    [1, 1, -1e300, 1e300, 1e300, 1e300],
    [2, 2, -3e18, 3e16, 9, 3e9],
    [1e300, 3, 0, 0, 0, 0],
  ];
  const found = parseRecording(bytes({ columns, rows }), 9);
  assert.deepEqual(found.ok && found.value.seconds, [
    { wall_ms: 1, mono_ms: 1, holdover: false },
    {
      wall_ms: 2,
      mono_ms: 2,
      holdover: false,
      offset_ns: -3e18,
      error_bound_ns: 3e16,
      ntp_last_rx_s: 9,
      hub_rtt_us: 3e9,
    },
  ]);
});
