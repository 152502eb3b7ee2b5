import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ClockSummary } from '../../../agent/clock/types.ts';
import type { Incoming } from '../../../agent/nats/incoming.ts';
import type { Answer, PublishOptions } from '../../../agent/nats/outgoing.ts';
import { oneWay } from '../../../agent/peers/oneway.ts';
import { watchRtt } from '../../../agent/peers/rtt.ts';
import { quantile, windowStats } from '../../../agent/peers/window.ts';
import { fakeTicker } from '../../kit/lib/faketicker.ts';

test('quantiles are values that were measured', () => {
  const sorted = Array.from({ length: 100 }, (_, i) => i + 1);
  assert.equal(quantile(sorted, 0.5), 50);
  assert.equal(quantile(sorted, 0.99), 99);
  assert.equal(quantile([7], 0.99), 7);
  assert.equal(quantile([], 0.5), undefined);
});

test('a lost probe counts as loss and nowhere else', () => {
  assert.deepEqual(windowStats([100, undefined, 300, 200]), {
    count: 4,
    loss_percent: 25,
    min_us: 100,
    p50_us: 200,
    p99_us: 300,
    max_us: 300,
    jitter_us: 150,
  });
  assert.deepEqual(windowStats([undefined, undefined]), { count: 2, loss_percent: 100 });
  assert.deepEqual(windowStats([]), { count: 0, loss_percent: 0 });
  assert.equal('jitter_us' in windowStats([5]), false);
});

const echoOf = (headers: Record<string, string>, data = 'nunect'): Incoming => ({
  subject: '_INBOX.u1.t.1',
  data: new TextEncoder().encode(data),
  headers: Object.entries(headers).map(([name, value]): [string, string[]] => [name, [value]]),
  size: () => 0,
});
const synced: ClockSummary = { source: 'ptp', quality: 'locked', error_bound_ns: 8000 };
const peerHeaders = {
  'X-Server-Received-At': '1000150',
  'X-Server-Sent-At': '1000160',
  'X-Clock-Source': 'ntp',
  'X-Clock-Quality': 'tracking',
  'X-Clock-Error-Bound': '4000500',
};
const own = { sent_us: 1_000_000, back_us: 1_000_250, rtt_us: 245, clock: synced };

test('one-way times carry the error of both clocks', () => {
  assert.deepEqual(oneWay(echoOf(peerHeaders), own), {
    clock_source: 'ntp',
    clock_quality: 'tracking',
    forward_us: 150,
    back_us: 90,
    one_way_error_us: 4009,
  });
});

test('there are no one-way times when a clock is not synchronised, not bounded, or not told', () => {
  const without = (name: string) =>
    Object.fromEntries(Object.entries(peerHeaders).filter(([key]) => key !== name));
  const unsynced: ClockSummary = { source: 'unsynced', quality: 'freerun', error_bound_ns: 1 };
  for (const [message, mine] of [
    [echoOf({ ...peerHeaders, 'X-Clock-Source': 'unsynced' }), own],
    [echoOf(without('X-Clock-Error-Bound')), own],
    [echoOf(without('X-Server-Sent-At')), own],
    [echoOf({ ...peerHeaders, 'X-Server-Received-At': '1e9' }), own],
    [echoOf(peerHeaders), { ...own, clock: unsynced }],
    [echoOf(peerHeaders), { ...own, clock: { source: 'ptp', quality: 'locked' } as const }],
  ] as const) {
    assert.equal('forward_us' in oneWay(message, mine), false);
  }
  assert.deepEqual(oneWay(echoOf({}), own), {});
});

test('times that cannot be, even with the whole error, tell that a clock is wrong', () => {
  const bound = (us: number) => ({ ...peerHeaders, 'X-Clock-Error-Bound': String(us * 1000) });
  const shifted = (by_us: number, headers: Record<string, string>) => ({
    ...headers,
    'X-Server-Received-At': String(1_000_150 + by_us),
    'X-Server-Sent-At': String(1_000_160 + by_us),
  });
  const tight = { ...own, clock: { ...synced, error_bound_ns: 10_000 } };
  for (const by_us of [-161, -1000, 110, 1_000_000]) {
    const seen = oneWay(echoOf(shifted(by_us, bound(0))), tight);
    assert.equal(seen.clocks_contradict, true, String(by_us));
    assert.equal('forward_us' in seen, false);
    const claimed = Math.abs(by_us) + 100;
    assert.equal(oneWay(echoOf(shifted(by_us, bound(claimed))), tight).forward_us, 150 + by_us);
  }
  const stepped = { ...tight, back_us: own.back_us + 3_600_000_000 }; // our own clock was set meanwhile
  assert.equal(oneWay(echoOf(peerHeaders), stepped).clocks_contradict, true);
});

test('probes run at their pace; a peer that does not answer, or too late, is lost', async () => {
  const ticker = fakeTicker();
  const asked: { subject: string; reply: string }[] = [];
  let deliver = (_message: Incoming): void | Promise<void> => {};
  let ended = 0;
  let connected = true;
  let tokens = 0;
  const app: Answer = { kind: 'reply', message: echoOf({}) };
  let native: number | undefined = 120;
  const controller = new AbortController();
  const probe = watchRtt(
    {
      ticker,
      now_us: () => ticker.now_ms() * 1000,
      clock: () => synced,
      token: () => `t.${++tokens}`,
      link: {
        flushRtt_us: async () => native,
        request: async () => app,
        publish(subject: string, _payload, options: PublishOptions = {}) {
          asked.push({ subject, reply: options.reply ?? '' });
          return connected;
        },
        subscribe(_subject, callback) {
          deliver = callback;
          return () => {
            ended += 1;
          };
        },
      },
    },
    {
      echoSubject: 'ops.echo.u1',
      peerInbox: '_INBOX.u1',
      interval_ms: 5000,
      peers: [{ unit: 'u2', subject: 'ops.echo.u2', interval_ms: 10_000 }],
    },
    controller.signal,
  );
  assert.deepEqual(probe.read().peers, [{ unit: 'u2', window: { count: 0, loss_percent: 0 } }]);
  await ticker.pass(5010); // the first comes after half an interval
  assert.equal(probe.read().native_rtt_us, 120);
  assert.equal(probe.read().native?.count, 1);
  assert.deepEqual(asked, [{ subject: 'ops.echo.u2', reply: '_INBOX.u1.t.1' }]);
  await ticker.pass(40);
  await deliver(echoOf(peerHeaders));
  assert.equal(probe.read().peers[0]?.rtt_us, 50_000);
  assert.equal(probe.read().peers[0]?.clock_source, 'ntp');
  await deliver(echoOf(peerHeaders)); // a second answer to the same request
  assert.equal(probe.read().peers[0]?.window.count, 1);

  await ticker.pass(10_000);
  await deliver({ ...echoOf({}, ''), subject: '_INBOX.u1.t.2' }); // what the server sends when nobody listens
  native = undefined;
  await ticker.pass(20_000);
  await deliver({ ...echoOf(peerHeaders), subject: '_INBOX.u1.t.3' }); // long after its time
  const [peer] = probe.read().peers;
  assert.equal(peer && 'rtt_us' in peer, false);
  assert.equal(peer?.window.p50_us, 50_000);
  assert.ok((peer?.window.loss_percent ?? 0) >= 50);
  assert.equal('native_rtt_us' in probe.read(), false, 'a lost probe is no zero');
  connected = false;
  await ticker.pass(10_000);
  controller.abort();
  assert.equal(ended, 1);
  const before = asked.length;
  await ticker.pass(60_000);
  assert.equal(asked.length, before);
});
