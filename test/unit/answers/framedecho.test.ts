import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FramedEcho } from '../../../agent/answers/framedecho.ts';
import type { ClockSummary } from '../../../agent/clock/types.ts';
import { Replies } from '../../../agent/nats/frames/replies.ts';
import { noMessage, scanMessage } from '../../../agent/nats/frames/scan.ts';

const begin_us = 1_700_000_000_000_000;

/** A clock that the test sets, and what was written. */
function echoAt(clock: () => ClockSummary = () => ({ source: 'ptp', quality: 'locked' })) {
  const at = { now_us: begin_us };
  const written: string[] = [];
  const counts = { requests: 0, ignored: 0, errors: 0, processing_ns: 0 };
  const link = {
    state: () => ({
      connected: true,
      since_ms: 0,
      server: { name: 's', version: '2', max_payload: 1 << 20 },
    }),
    publish: () => true,
    subscribe: () => () => {},
  };
  const echo = new FramedEcho({ link, now_us: () => at.now_us, clock }, 'u1', () => true, counts);
  const replies = new Replies((bytes) => written.push(bytes.toString('latin1')) > 0);
  const ask = (read_ms: number, payload = 'x', headers = ''): number | undefined => {
    const message = noMessage();
    const size = headers.length + payload.length;
    const line = headers === '' ? `MSG a 1 _INBOX.a ${size}` : `HMSG a 1 _INBOX.a ${headers.length} ${size}`;
    const bytes = Buffer.from(`${line}\r\n${headers}${payload}\r\n`);
    assert.equal(scanMessage(bytes, 0, bytes.length, message), bytes.length);
    message.read_ms = read_ms;
    replies.beginFor(echo);
    return echo.answer(message, replies);
  };
  const stamps = (word: string): number[] =>
    [...written.join('').matchAll(new RegExp(`^X-Server-${word}-At: (\\d{16})\r$`, 'gm'))].map(([, us]) =>
      Number(us),
    );
  return { at, ask, replies, written, stamps, counts };
}

test('what was read at once was received when it was read and is sent when it is written', () => {
  const { at, ask, replies, stamps, written, counts } = echoAt();
  const read_ms = performance.now() - 50; // it had to wait since
  for (let i = 0; i < 3; i++) {
    at.now_us += 1000;
    assert.ok((ask(read_ms) ?? 0) > 0);
  }
  at.now_us = begin_us + 70_000;
  replies.flush();
  assert.equal(written.length, 1);
  const received = stamps('Received');
  assert.equal(new Set(received).size, 1);
  const early_us = begin_us + 1000 - (received[0] ?? 0);
  assert.ok(early_us >= 50_000 && early_us < 10e6, `${early_us} us before the first was answered`);
  assert.deepEqual(
    stamps('Sent'),
    [70_000, 70_000, 70_000].map((us) => begin_us + us),
  );
  at.now_us += 5000;
  ask(performance.now());
  replies.flush();
  assert.equal(stamps('Sent').at(-1), begin_us + 75_000);
  assert.ok((stamps('Received').at(-1) ?? 0) > begin_us + 70_000);
  assert.equal(counts.requests, 4);
  assert.ok(counts.processing_ns > 0);
});

test('more than waits at most is written before, each with its time', () => {
  const { at, ask, replies, stamps, written } = echoAt();
  const read_ms = performance.now();
  for (let i = 0; i < 2000; i++) {
    at.now_us = begin_us + i;
    ask(read_ms);
  }
  replies.flush();
  const sent = stamps('Sent');
  assert.equal(sent.length, 2000);
  assert.ok(written.length > 2 && written.length < 40, `${written.length} writes`);
  for (const [i, us] of sent.entries())
    assert.ok(us - begin_us >= i && us - begin_us < i + 512, `${i}: ${us - begin_us}`);
});

test('a clock before 2001 is left to others, and one that was set there meanwhile is still a number', () => {
  const { at, ask, replies, stamps } = echoAt();
  at.now_us = 5e6;
  assert.equal(ask(1), undefined);
  at.now_us = begin_us;
  assert.ok(ask(performance.now()));
  at.now_us = 7_000_001;
  replies.flush();
  assert.deepEqual(stamps('Sent'), [7_000_001]);
});

test('source, quality and bounds are those of the read, whatever they were before', () => {
  const clocks: ClockSummary[] = [
    { source: 'ptp', quality: 'locked', error_bound_ns: 99, error_rel_ns: 1 },
    { source: 'ptp', quality: 'locked', error_bound_ns: 100, error_rel_ns: 1 },
    { source: 'unsynced', quality: 'freerun' },
    { source: 'ntp', quality: 'tracking', error_rel_ns: 12 },
    { source: 'ntp', quality: 'locked', error_bound_ns: 4_000_000_000 },
  ];
  let now = 0;
  const { ask, replies, written } = echoAt(() => clocks[now] as ClockSummary);
  for (; now < clocks.length; now++) {
    ask(now);
    replies.flush();
    const { source, quality, error_bound_ns, error_rel_ns } = clocks[now] as ClockSummary;
    const own = [
      `X-Clock-Source: ${source}`,
      `X-Clock-Quality: ${quality}`,
      ...(error_bound_ns === undefined ? [] : [`X-Clock-Error-Bound: ${error_bound_ns}`]),
      ...(error_rel_ns === undefined ? [] : [`X-Clock-Error-Rel: ${error_rel_ns}`]),
    ];
    assert.ok(written[now]?.endsWith(`\r\n${own.join('\r\n')}\r\n\r\nx\r\n`), written[now]);
    const [, headers, all] = /^HPUB _INBOX\.a (\d+) (\d+)\r\n/.exec(written[now] ?? '') ?? [];
    const rest = (written[now] ?? '').slice(`HPUB _INBOX.a ${headers} ${all}\r\n`.length);
    assert.deepEqual([Number(headers), Number(all)], [rest.length - 3, rest.length - 2]);
  }
});

test('a request with more headers than are looked at is left to others', () => {
  const { replies, ask } = echoAt();
  for (const [count, isTaken] of [
    [32, true],
    [33, false],
  ] as const) {
    const lines = Array.from({ length: count }, (_, at) => `A${at}: b\r\n`).join('');
    assert.equal(ask(performance.now(), 'x', `NATS/1.0\r\n${lines}\r\n`) !== undefined, isTaken, `${count}`);
    replies.flush();
  }
});
