import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withTimesCorrected } from '../../../agent/records/timecorrection.ts';

test('the ends of a gap move with its report, and nothing else of another event', () => {
  const corrected = (body: object): Record<string, unknown> =>
    JSON.parse(withTimesCorrected({ payload: JSON.stringify(body) }, 1000).payload) as Record<
      string,
      unknown
    >;
  const after = { count: 3, from_ms: 10, to_ms: 20 };
  const gap = corrected({ ts: 5, event: 'records_dropped', after });
  assert.deepEqual(gap['after'], { count: 3, from_ms: 1010, to_ms: 1020 });
  assert.deepEqual(corrected({ ts: 5, event: 'other', after })['after'], after);
  assert.equal(corrected({ ts: 5, clock_since_ms: 7 })['clock_since_ms'], 1007);
});

test('a slim heartbeat has its time in a header: it moves, and the body says so', () => {
  const corrected = withTimesCorrected(
    { payload: '{"status":"healthy","interval_s":5}', headers: { 'X-Timestamp': ['5000'] } },
    1000,
  );
  assert.deepEqual(corrected.headers?.['X-Timestamp'], ['6000']);
  assert.deepEqual(JSON.parse(corrected.payload), {
    status: 'healthy',
    interval_s: 5,
    ts_original: 5000,
    ts_corrected: true,
  });
});

test('minutes move with their first row', () => {
  const { payload } = withTimesCorrected({ payload: '{"ts":5,"since_ms":2,"rows":[[0]]}' }, 1000);
  assert.deepEqual(JSON.parse(payload), {
    ts: 1005,
    since_ms: 1002,
    rows: [[0]],
    ts_original: 5,
    ts_corrected: true,
  });
});
