import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatSample, formatSummary, summarise } from '../../../agent/cli/echostats.ts';

test('a time has the unit that a person would choose', () => {
  const rtt = (rtt_us: number): string => formatSample('u', { seq: 1, rtt_us, bytes: 5 });
  assert.match(rtt(999), /rtt=999 µs$/);
  assert.match(rtt(1500), /rtt=1\.50 ms$/);
  assert.match(rtt(15_000), /rtt=15\.0 ms$/);
  assert.match(rtt(2_500_000), /rtt=2\.50 s$/);
});

test('a lost echo says why', () => {
  assert.equal(formatSample('u', { seq: 3, lost: 'no answer in time' }), 'u: seq=3 lost: no answer in time');
  assert.equal(formatSample('u', { seq: 3 }), 'u: seq=3 lost: no answer');
});

test('one-way times are shown with their error, and the clock with its bound, each only where it is known', () => {
  const seen = {
    clock_source: 'ptp',
    clock_quality: 'locked',
    forward_us: 300,
    back_us: -20,
    one_way_error_us: 50,
  };
  assert.equal(
    formatSample('u', { seq: 1, rtt_us: 280, bytes: 56, seen, bound_ns: 1500 }),
    'u: seq=1 bytes=56 rtt=280 µs there=300 µs back=-20 µs ±50 µs clock=ptp/locked ±2 µs',
  );
  assert.match(
    formatSample('u', { seq: 1, rtt_us: 280, seen: { clock_source: 'ptp' }, rel_ns: 40_000 }),
    /clock=ptp\/unknown ±40 µs against its grandmaster$/,
  );
  assert.equal(
    formatSample('u', { seq: 1, rtt_us: 280, seen: { clock_source: 'unsynced', forward_us: 1 } }),
    'u: seq=1 bytes=0 rtt=280 µs clock=unsynced/unknown',
  );
});

test('the summary is that of ping', () => {
  const summary = summarise([{ seq: 1, rtt_us: 100 }, { seq: 2 }, { seq: 3, rtt_us: 300 }]);
  assert.deepEqual(summary, {
    sent: 3,
    answered: 2,
    loss_percent: 100 / 3,
    min_us: 100,
    avg_us: 200,
    max_us: 300,
    mdev_us: 100,
  });
  assert.equal(
    formatSummary('u', summary),
    '--- u: 3 sent, 2 answered, 33.3 % lost\nrtt min/avg/max/mdev 100 µs / 200 µs / 300 µs / 100 µs',
  );
});

test('without an answer there are no times, and without an echo no loss', () => {
  assert.deepEqual(summarise([{ seq: 1 }]), { sent: 1, answered: 0, loss_percent: 100 });
  assert.equal(formatSummary('u', summarise([])), '--- u: 0 sent, 0 answered, 0 % lost');
});
