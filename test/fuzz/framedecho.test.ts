// An echo that is answered where it lies gives the same bytes as one that nats.js has decoded, whatever comes, and however
// it is cut. Two links are told the same; one of them answers nothing where it lies.
import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import * as fc from 'fast-check';
import { answerEcho, type Echo } from '../../agent/answers/echo.ts';
import type { ClockSummary } from '../../agent/clock/types.ts';
import { logTo } from '../../agent/lib/log.ts';
import { systemTicker } from '../../agent/lib/ticker.ts';
import { type Link, openLink } from '../../agent/nats/link.ts';
import { holdsAsync } from '../kit/fuzz/fuzz.ts';
import { hostileText } from '../kit/fuzz/hostile.ts';
import { replySubjects } from '../kit/fuzz/hostilemessages.ts';
import { type Said, type ScriptedPeer, scriptedServer } from '../kit/net/scripted.ts';
import { newOwner } from '../kit/process/cleanup.ts';
import { eventually } from '../kit/process/daemon.ts';

const max_payload = 20_000;
const owner = newOwner();
/** The one that answers where it lies, and the one that does not. */
const sides: { link: Link; echo: Echo; peer: ScriptedPeer; sid: string }[] = [];
let summary: ClockSummary = { source: 'ptp', quality: 'locked' };
/** How many were answered by nats.js's way on the first side. */
let declined = 0;

before(async () => {
  const { port, peers } = await scriptedServer(owner, max_payload);
  for (const isFramed of [true, false]) {
    const controller = new AbortController();
    const options = { servers: [`127.0.0.1:${port}`], name: 't', inboxPrefix: '_INBOX_u1', ping_ms: 600_000 };
    const link = openLink({ ticker: systemTicker(), log: logTo(() => {}) }, options, controller.signal);
    owner.after(() => link.stop());
    const subscribe: Link['subscribe'] = (subject, handler, framed) =>
      link.subscribe(
        subject,
        (message) => {
          if (isFramed) declined += 1;
          return handler(message);
        },
        isFramed ? framed : undefined,
      );
    const now_us = (): number => Date.now() * 1000;
    const deps = { link: { ...link, subscribe }, now_us, clock: () => summary };
    link.subscribe('other', (message) => void link.publish('seen', message.data));
    const echo = answerEcho(deps, { subject: 'ops.echo.u1', unit: 'u1', replySubjects });
    await eventually('connected', () => link.state().connected);
    const peer = peers.at(-1);
    assert.ok(peer);
    const lines: string[] = [];
    const sid = await eventually('subscribed', () => {
      lines.push(...peer.said().map(({ line }) => line));
      return lines.find((line) => line.startsWith('SUB ops.echo.u1'))?.split(' ')[2];
    });
    sides.push({ link, echo, peer, sid });
  }
});
after(() => owner.end());

const headerLine = fc.oneof(
  { weight: 6, arbitrary: fc.stringMatching(/^X-[A-Za-z]{1,8}: [!-~]{0,20}$/) },
  {
    weight: 2,
    arbitrary: fc.constantFrom('a: 1', 'A: 1', 'b:  2', 'c:3', 'd: 4 ', 'e: ', 'f:', '7: x', ': v'),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      'x-unit-id: forged',
      'X-CLOCK-ERROR-BOUND: 1',
      'X-Clock-Error-Rel: 1',
      'X-Echo-Note: n',
    ),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      'Nats-Trace-Dest: x',
      'NATS-ttl: 1',
      'nats-msg-id: 1',
      'Nats-Incr: 1',
      'traceparent: 00-1',
    ),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      '',
      'no colon',
      'x y: 1',
      'é: 1',
      'u: é',
      'u: \u00a0é',
      '__proto__: p',
      't: a\tb',
    ),
  },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 4200 }).map((length) => `L: ${'l'.repeat(length)}`) },
  { weight: 1, arbitrary: hostileText(20).map((text) => text.replace(/[\r\n]/g, '')) },
);
const block = fc
  .tuple(
    fc.oneof(
      { weight: 9, arbitrary: fc.constant('NATS/1.0') },
      fc.constantFrom('NATS/1.0 503', 'nats/1.0', ''),
    ),
    fc.oneof(
      { weight: 5, arbitrary: fc.array(headerLine, { maxLength: 6 }) },
      fc.integer({ min: 20, max: 60 }).map((count) => Array.from({ length: count }, (_, i) => `h${i}: ${i}`)),
    ),
    fc.oneof({ weight: 9, arbitrary: fc.constant('\r\n\r\n') }, fc.constantFrom('', '\r\n', '\n\n')),
  )
  .map(([first, lines, end]) => Buffer.from([first, ...lines].join('\r\n') + end));

const payload = fc.oneof(
  { weight: 5, arbitrary: fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)) },
  fc
    .constantFrom('MSG a 1 5\r\nPING\r\n+OK\r\n', '\r\n', 'HMSG ops.echo.u1 1 _INBOX.a 12 12\r\n')
    .map((text) => Buffer.from(text)),
  fc.integer({ min: 0, max: max_payload + 3000 }).map((length) => Buffer.alloc(length, 'p')),
);
const replyTo = fc.oneof(
  { weight: 6, arbitrary: fc.stringMatching(/^_INBOX\.[A-Za-z0-9]{1,22}(\.\d{1,3})?$/) },
  fc.constantFrom(
    '',
    '_INBOX.',
    '_INBOX',
    'app.x.reply',
    'app.x.y.reply',
    'ops.cmd.leaf.u1',
    '_INBOX.é',
    '_INBOX.\u0001',
  ),
);

/** One thing that a server says: how, and how many messages it is. */
interface Uttered {
  readonly bytes: (sid: string) => Buffer;
  readonly messages: number;
}
const request: fc.Arbitrary<Uttered> = fc
  .tuple(
    replyTo,
    fc.option(block, { nil: undefined }),
    payload,
    fc.constantFrom(' ', ' ', ' ', ' ', '  ', '\t'),
  )
  .map(([reply, headers, data, gap]) => ({
    messages: 1,
    bytes: (sid) => {
      const sizes = headers ? [headers.length, headers.length + data.length] : [data.length];
      const words = [headers ? 'HMSG' : 'MSG', 'ops.echo.u1', sid, reply, ...sizes].filter(
        (word) => word !== '',
      );
      return Buffer.concat([
        Buffer.from(`${words.join(gap)}\r\n`),
        headers ?? Buffer.alloc(0),
        data,
        Buffer.from('\r\n'),
      ]);
    },
  }));
const line = (text: string): Uttered => ({ messages: 0, bytes: () => Buffer.from(text) });
const other: fc.Arbitrary<Uttered> = fc.oneof(
  fc.constantFrom(line('PING\r\n'), line('+OK\r\n'), line("-ERR 'odd'\r\n"), line('ping\r\n')),
  fc.constantFrom<Uttered>(
    { messages: 1, bytes: (sid) => Buffer.from(`MSG other ${Number(sid) - 1} 2\r\nhi\r\n`) },
    { messages: 1, bytes: () => Buffer.from('MSG nobody 99 0\r\n\r\n') },
  ),
);

/** What was answered, without the times, and without the order: which goes first is nobody's. */
const answersIn = (said: readonly Said[]): string[] =>
  said
    .filter(({ line: text }) => text.startsWith('HPUB '))
    .map(({ line: text, body }) =>
      `${text}\n${body.toString('latin1')}`.replace(/^(X-Server-(?:Received|Sent)-At: )\d{16}\r$/gm, '$1\r'),
    )
    .sort();
const countOf = (said: readonly Said[], begin: string): number =>
  said.filter(({ line: text }) => text.startsWith(begin)).length;

let answered = 0;
holdsAsync(
  'the same bytes and counters both ways',
  fc.tuple(
    fc.array(fc.oneof({ weight: 4, arbitrary: request }, { weight: 1, arbitrary: other }), {
      minLength: 1,
      maxLength: 8,
    }),
    fc.array(fc.nat(40_000), { maxLength: 5 }),
    fc.constantFrom<ClockSummary>(
      { source: 'ptp', quality: 'locked', error_bound_ns: 180 },
      { source: 'ntp', quality: 'tracking', error_bound_ns: 4_000_001, error_rel_ns: 17 },
      { source: 'unsynced', quality: 'freerun' },
      { source: 'unsynced', quality: 'tracking', error_rel_ns: 1e21 },
    ),
  ),
  async ([all, cuts, clock]) => {
    summary = clock;
    const results = [];
    for (const { link, echo, peer, sid } of sides) {
      peer.said();
      const before = { link: link.counters(), echo: echo.counters() };
      const bytes = Buffer.concat(all.map((one) => one.bytes(sid)));
      const ends = [...new Set(cuts.map((cut) => cut % bytes.length))].sort((a, b) => a - b);
      await peer.tell([...ends, bytes.length].map((end, at) => bytes.subarray(ends[at - 1] ?? 0, end)));
      const messages = all.reduce((sum, one) => sum + one.messages, 0);
      await eventually(
        'all is taken',
        () => link.counters().in_msgs === before.link.in_msgs + messages,
        20_000,
        1,
      );
      assert.ok((await link.flushRtt_us(20_000)) !== undefined);
      const said = peer.said();
      const { processing_ns: _, ...counts } = echo.counters();
      results.push({
        answers: answersIn(said),
        pongs: countOf(said, 'PONG'),
        seen: countOf(said, 'PUB seen '),
        bytes: link.counters().out_bytes - before.link.out_bytes,
        in_bytes: link.counters().in_bytes - before.link.in_bytes,
        messages: link.counters().out_msgs - before.link.out_msgs,
        counts,
      });
    }
    answered += results[0]?.answers.length ?? 0;
    assert.deepEqual(results[0], results[1]);
  },
);

holdsAsync(
  'and most are answered where they lie, as the comparison would say nothing otherwise',
  fc.constant(undefined),
  async () => {
    assert.ok(answered > 100 && declined < answered, `${declined} of ${answered} were not`);
  },
  1,
);
