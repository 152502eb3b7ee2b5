import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseRecord, type RecordKind } from '../../../../../agent/hub/fleet/record/unitrecord.ts';
import { digits, figure, plainText } from '../../../../../agent/hub/fleet/record/values.ts';

const fieldsOf = (kind: RecordKind, subject: string, body: object, headers: Record<string, string> = {}) => {
  const data = new TextEncoder().encode(JSON.stringify(body));
  const lines = Object.entries(headers).map(([name, value]): [string, string[]] => [name, [value]]);
  return parseRecord(kind, { subject, data, headers: lines, size: () => data.length })?.fields;
};

test('a figure is taken within its range alone, both ends included', () => {
  assert.deepEqual([figure(0, 9), figure(9, 9), figure(-3, 9, -3)], [0, 9, -3]);
  for (const none of [-1, 9.001, Number.NaN, Infinity, '5', null, true, undefined])
    assert.equal(figure(none, 9), undefined);
  assert.deepEqual([digits('9', 9), digits('10', 9), digits('-1', 9), digits('', 9)], [9, ...Array(3)]);
});

const far = [1e300, 1e308];
test('of the time what no clock can be is missing: a bound of more than a year, a moment after 2100', () => {
  const clock = { active_source: 'ntp', clock_quality: 'locked', reasons: [] };
  for (const beyond of [3.16e16, ...far]) {
    const told = { error_bound_ns: beyond, error_rel_ns: beyond, ts: beyond, since_ms: 0 };
    assert.deepEqual(fieldsOf('time', 'ops.metric.time.u', { ...clock, ...told }), {
      clock: { source: 'ntp', quality: 'locked' },
    });
  }
  const within = { error_bound_ns: 3.15e16, ts: 1.5e12, since_ms: 0 };
  const found = fieldsOf('time', 'ops.metric.time.u', { ...clock, ...within });
  assert.equal(found?.clock?.error_bound_ns, 3.15e16);
  assert.equal(found?.clock_for_s, 1.5e9);
  assert.equal(fieldsOf('time', 'ops.metric.time.u', { ...within, ts: 4.1e12 })?.clock_for_s, undefined);
});

test('of the link neither counts nor their sum run away, and a round trip is an hour at most', () => {
  const strange = {
    hub_rtt_us: 3.7e9,
    spool: {
      pending: 1e300,
      capacity_s: 1e300,
      dropped: { a: 1e308, b: 1e308 },
      bytes: 1e300,
      budget_bytes: 7,
    },
    certificates: [
      { file: 'a', days_left: 1e300 },
      { file: 'b', days_left: -1e300 },
      { file: 'c', days_left: -400 },
    ],
    certificate_days_left: 1e300,
  };
  assert.deepEqual(fieldsOf('nats', 'ops.metric.nats.u', strange), {
    expires: [{ what: 'c', days_left: -400 }],
  });
  const two = { spool: { dropped: { a: 2 ** 53 - 1, b: 2 ** 53 - 1 } } };
  assert.equal(fieldsOf('nats', 'ops.metric.nats.u', two)?.dropped, undefined);
  const one = { hub_rtt_us: 3.6e9, spool: { dropped: { a: 1e308, b: 3 } } };
  assert.deepEqual(fieldsOf('nats', 'ops.metric.nats.u', one), { hub_rtt_us: 3.6e9, dropped: 3 });
});

test('of a heartbeat, too: its headers and its body', () => {
  const headers = {
    'X-Sequence': '999999999999999999',
    'X-Uptime': '999999999999999999',
    'X-Clock-Source': 'ntp',
    'X-Clock-Error-Bound': '999999999999999999',
    'X-Native-RTT': '61m0s',
  };
  assert.deepEqual(
    fieldsOf('heartbeat', 'ops.heartbeat.u', { uptime_s: 1e300, interval_s: 86_401 }, headers),
    {
      clock: { source: 'ntp' },
    },
  );
});

test('texts lose what a terminal would obey or stack up, and their length', () => {
  assert.equal(plainText('a\x1b[31m\r\nb\u202ec\u0301\u0301\u200bd\u2028e', 40), 'a [31m b c d e');
  assert.equal(plainText('x'.repeat(50), 10), `${'x'.repeat(9)}…`);
  assert.equal(plainText('\x07\x00', 10), undefined);
  assert.equal(plainText(7, 10), undefined);
});
