import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type LogEntry, logTo } from '../../../agent/lib/log.ts';
import type { LinkServer, LinkState } from '../../../agent/nats/link.ts';
import type { Answer, PublishOptions, RequestOptions } from '../../../agent/nats/outgoing.ts';
import type { Gap } from '../../../agent/records/record.ts';
import { openSpool, type SpoolOptions } from '../../../agent/records/spool.ts';
import { fakeTicker } from '../../kit/lib/faketicker.ts';

const bytes = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));
const replyOf = (value: unknown): Answer => ({
  kind: 'reply',
  message: { subject: '_INBOX_u1.1', data: bytes(value), size: () => 0 },
});

interface Sent {
  readonly subject: string;
  readonly id: string;
  readonly body: Record<string, unknown>;
  readonly header: boolean;
}

/** A hub made of ten lines: answers by what `respond` says, and remembers what it was asked. */
function fakeHub(options: Partial<SpoolOptions> = {}, connected = true, ticker = fakeTicker()) {
  const lines: LogEntry[] = [];
  const sent: Sent[] = [];
  const plain: Sent[] = [];
  const accepts: RequestOptions['accept'][] = [];
  const hub = {
    up: true as boolean | undefined,
    /** What is done with a line of the log besides keeping it. */
    heed: (_entry: LogEntry): void => {},
    respond: (_sent: Sent): Answer | Promise<Answer> => replyOf({ stream: 'FLEET', seq: sent.length }),
  };
  let state: LinkState = { connected, since_ms: 0 };
  let listener = (_state: LinkState): void => {};
  const read = (subject: string, payload: Uint8Array | string, { headers = {} }: PublishOptions): Sent => ({
    subject,
    id: headers['Nats-Msg-Id']?.[0] ?? '',
    body: JSON.parse(String(payload)) as Record<string, unknown>,
    header: headers['X-Backfill'] !== undefined,
  });
  const spool = openSpool(
    {
      random: Math.random,
      ticker,
      log: logTo((entry) => {
        lines.push(entry);
        hub.heed(entry);
      }),
      hubUp: () => hub.up,
      wall_ms: () => ticker.now_ms() + 1e12,
      gapRecord: (gap: Gap) => ({ subject: 'ops.status', priority: 'event', body: { gap } }),
      link: {
        state: () => state,
        onChange(heard) {
          listener = heard;
          return () => {};
        },
        publish(subject, payload, opts = {}) {
          if (state.connected) plain.push(read(subject, payload, opts));
          return state.connected;
        },
        async request(subject, payload, opts) {
          if (!state.connected) return { kind: 'closed' };
          const one = read(subject, payload, opts);
          sent.push(one);
          accepts.push(opts.accept);
          return hub.respond(one);
        },
      },
    },
    { unit: 'u1', boot: 'b', window: 4, memory_bytes: 100_000, hub: true, ...options },
  );
  const connect = (connected: boolean, jetstream?: LinkServer['jetstream']): void => {
    const server = { name: 's', version: '2', max_payload: 1e6, ...(jetstream ? { jetstream } : {}) };
    state = { connected, since_ms: ticker.now_ms(), server };
    listener(state);
  };
  const metric = (n: number, subject = 'm') => spool.put({ subject, priority: 'metric', body: { n } });
  return { ticker, lines, sent, plain, accepts, hub, spool, connect, metric };
}

const never: Promise<Answer> = new Promise(() => {});

test('a record is a request with its id, gone when a stream has it', async () => {
  const { ticker, sent, spool, metric } = fakeHub();
  assert.equal(spool.stats().state, 'starting');
  assert.equal(metric(1), 'u1-b-1');
  assert.equal(spool.stats().pending, 1);
  await ticker.pass(0);
  assert.deepEqual(sent, [{ subject: 'm', id: 'u1-b-1', body: { n: 1 }, header: false }]);
  const { state, pending, bytes: held, stored } = spool.stats();
  assert.deepEqual({ state, pending, held, stored }, { state: 'stored', pending: 0, held: 0, stored: 1 });
  assert.equal('oldest_age_s' in spool.stats(), false);
});

test('before anything was sent nothing is known of the hub; a failed connection or a missing hub is known', async () => {
  for (const [respond, connects, known] of [
    [async () => replyOf({ stream: 'FLEET', seq: 1 }), true, 'stored'],
    [async () => ({ kind: 'no_responders' }) as const, true, 'offline'],
    [() => never, false, 'offline'],
  ] as const) {
    const { ticker, hub, spool, connect, metric } = fakeHub({}, false);
    hub.respond = respond;
    hub.up = undefined;
    metric(1);
    await ticker.pass(10);
    assert.equal(spool.stats().state, 'starting');
    connect(connects);
    await ticker.pass(10);
    assert.equal(spool.stats().state, known);
  }
});

test('without a hub nothing is tried, and that is known once there is a connection', async () => {
  const { ticker, spool, connect, metric } = fakeHub({ hub: false }, false);
  metric(1);
  await ticker.pass(10);
  assert.equal(spool.stats().state, 'starting');
  connect(true);
  await ticker.pass(10);
  assert.equal(spool.stats().state, 'plain');
});

test('no more than the window is under way, and a silent hub gets one more each second', async () => {
  const { ticker, sent, hub, metric } = fakeHub();
  hub.respond = () => never;
  for (let n = 1; n <= 20; n++) metric(n);
  await ticker.pass(0);
  const first = sent.length;
  assert.ok(first === 4 || first === 5);
  await ticker.pass(3100);
  assert.ok(sent.length > first && sent.length <= first + 4, `${sent.length}`);
});

test('when the hub is gone one record goes out every one or two seconds, and all follow in order', async () => {
  const { ticker, sent, hub, spool, metric, lines } = fakeHub();
  hub.up = false;
  hub.respond = () => ({ kind: 'no_responders' });
  for (let n = 1; n <= 10; n++) metric(n);
  await ticker.pass(20);
  assert.equal(spool.stats().state, 'offline');
  const before = sent.length;
  await ticker.pass(10_000);
  assert.ok(
    sent.length - before >= 5 && sent.length - before <= 10,
    `${sent.length - before} probes in 10 s`,
  );
  hub.up = true;
  hub.respond = () => replyOf({ stream: 'FLEET', seq: 1 });
  const from = sent.length;
  spool.kick();
  await ticker.pass(50);
  assert.deepEqual(
    sent.slice(from).map((one) => one.body['n']),
    [1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
  );
  assert.ok(sent.slice(from).every((one) => one.header && one.body['backfill'] === true));
  assert.equal(spool.stats().stored, 10);
  assert.deepEqual(
    lines.map((line) => line.level),
    ['warn', 'info'],
  );
});

test('what was under way when the connection broke is sent again; late answers count nothing', async () => {
  const { ticker, sent, hub, spool, connect, metric } = fakeHub();
  const answers: ((answer: Answer) => void)[] = [];
  hub.respond = () => new Promise((resolve) => answers.push(resolve));
  metric(1);
  metric(2);
  await ticker.pass(0);
  connect(false);
  metric(3);
  for (const answer of answers.splice(0)) answer(replyOf({ stream: 'FLEET', seq: 1 }));
  await ticker.pass(10);
  assert.equal(spool.stats().pending, 3);
  assert.equal(spool.stats().stored, 0);
  hub.respond = () => replyOf({ stream: 'FLEET', seq: 1, duplicate: true });
  connect(true);
  await ticker.pass(10);
  assert.deepEqual(
    sent.slice(2).map((one) => one.id),
    ['u1-b-1', 'u1-b-2', 'u1-b-3'],
  );
  assert.equal(spool.stats().stored, 3);
  assert.equal(spool.stats().duplicates, 3);
  assert.equal(spool.stats().duplicate_ids, 1, 'the third had never been sent');
});

test('live records go first and the backlog does not starve', async () => {
  const { ticker, sent, hub, spool, connect, metric } = fakeHub({ window: 1 });
  connect(false);
  for (let n = 1; n <= 50; n++) metric(n, 'old');
  let live = 0;
  hub.respond = () => {
    live += 1;
    if (live < 60) metric(live, 'live');
    return replyOf({ stream: 'FLEET', seq: 1 });
  };
  connect(true);
  await ticker.pass(100);
  const head = sent.slice(2, 42).map((one) => one.subject);
  const old = head.filter((subject) => subject === 'old').length;
  assert.ok(old >= 8 && old <= 14, `${old} of 40 from the backlog`);
  assert.equal(spool.stats().pending, 0);
});

test('memory gives up the oldest metrics first, then logs, events last, and says so in a record', async () => {
  const { ticker, sent, spool, connect, metric } = fakeHub({ memory_bytes: 5000 });
  connect(false);
  for (let n = 1; n <= 3; n++) spool.put({ subject: 'event', priority: 'event', body: { n } });
  for (let n = 1; n <= 3; n++) spool.put({ subject: 'log', priority: 'log', body: { n } });
  for (let n = 1; n <= 100; n++) metric(n);
  assert.ok(spool.stats().bytes <= 5000);
  const { dropped, pending } = spool.stats();
  assert.equal(dropped.log + dropped.event, 0);
  assert.equal(dropped.metric, 100 - (pending - 6));
  await ticker.pass(60_000);
  assert.ok((spool.stats().oldest_age_s ?? 0) >= 60);
  connect(true);
  await ticker.pass(100);
  const gap = sent.find((one) => one.subject === 'ops.status')?.body['gap'] as Gap;
  assert.equal(gap.count, dropped.metric);
  assert.deepEqual(gap.of, { metric: dropped.metric, log: 0, event: 0 });
  assert.match(gap.why, /memory/);
  assert.ok(gap.from_ms <= gap.to_ms && gap.from_ms > 1e12);
  assert.deepEqual(
    sent.filter((one) => one.subject === 'm').map((one) => one.body['n']),
    Array.from({ length: pending - 6 }, (_, i) => dropped.metric + 1 + i),
    'the newest were kept',
  );
  connect(false);
  for (let n = 1; n <= 30; n++) spool.put({ subject: 'event', priority: 'event', body: { n } });
  spool.put({ subject: 'log', priority: 'log', body: {} });
  assert.equal(spool.stats().dropped.log, 1, 'a log goes before an event');
});

test('a hub without a stream is not asked for long: plain records, a probe at growing intervals', async () => {
  const { ticker, sent, plain, hub, spool, metric, lines } = fakeHub();
  hub.respond = () => ({ kind: 'no_responders' });
  metric(1);
  await ticker.pass(10_000);
  assert.equal(spool.stats().state, 'failing');
  await ticker.pass(15_000);
  assert.equal(spool.stats().state, 'plain');
  assert.equal(spool.stats().pending, 0);
  assert.match(spool.stats().unstored[0]?.why ?? '', /no stream/);
  const asked = sent.length;
  for (let n = 2; n <= 360; n++) {
    metric(n);
    await ticker.pass(5000);
  }
  assert.ok(
    sent.length - asked >= 5 && sent.length - asked < 15,
    `${sent.length - asked} probes in half an hour`,
  );
  assert.equal(plain.length + (sent.length - asked), 360);
  hub.respond = () => replyOf({ stream: 'FLEET', seq: 1 });
  await ticker.pass(300_000);
  metric(361);
  await ticker.pass(10);
  assert.equal(spool.stats().state, 'stored');
  assert.equal(lines.filter((line) => line.level === 'warn').length, 1);
});

test('an answer that is not a PubAck does not count as stored', async () => {
  const { ticker, hub, spool, metric } = fakeHub();
  hub.respond = () => replyOf({ ok: true });
  metric(1);
  await ticker.pass(100);
  assert.equal(spool.stats().stored, 0);
  assert.match(spool.stats().unstored[0]?.why ?? '', /not a stream/);
});

test('with no hub known, silence is taken for no stream and 503 for no hub', async () => {
  const silent = fakeHub();
  silent.hub.up = undefined;
  silent.hub.respond = () => ({ kind: 'timeout' });
  silent.metric(1);
  await silent.ticker.pass(90_000);
  assert.equal(silent.spool.stats().state, 'plain');
  const gone = fakeHub();
  gone.hub.up = undefined;
  gone.hub.respond = () => ({ kind: 'no_responders' });
  gone.metric(1);
  await gone.ticker.pass(600_000);
  assert.equal(gone.spool.stats().state, 'offline');
  assert.equal(gone.spool.stats().pending, 1);
});

test('that a subject is stored again is said once, also where another one was stored again before it', async () => {
  const { ticker, hub, spool, lines, metric } = fakeHub();
  const said = (text: string): number =>
    lines.filter(({ msg, fields }) => msg === text && fields['subject'] === 'm').length;
  let takes = (_subject: string): boolean => false;
  hub.respond = ({ subject }) =>
    takes(subject) ? replyOf({ stream: 'FLEET', seq: 1 }) : { kind: 'no_responders' };
  metric(1);
  await ticker.pass(30_000);
  metric(2, 'other');
  await ticker.pass(3000);
  assert.equal(said('records are published without being stored'), 1);
  takes = (subject) => subject === 'other';
  await ticker.pass(5000);
  metric(3); // is asked for again, since the other one is stored, and nobody takes it yet
  await ticker.pass(30_000);
  takes = () => true;
  for (let n = 4; n < 8; n++) {
    metric(n);
    await ticker.pass(100_000);
  }
  assert.equal(spool.stats().state, 'stored');
  assert.equal(said('records are published without being stored'), 1);
  assert.equal(said('records are stored again'), 1);
});

test('a retry that falls due between two looks at the clock is made all the same', async () => {
  for (const first of [0, 1]) {
    const inner = fakeTicker();
    let looks = first;
    const { ticker, hub, sent, metric } = fakeHub({}, true, {
      ...inner,
      now_ms: () => inner.now_ms() + (looks++ % 2) * 0.5,
      after: (ms, fn) => inner.after(Math.max(0, ms - 0.3), fn), // as timers of node do, a little early
    });
    hub.respond = () => ({ kind: 'no_responders' });
    metric(1);
    await ticker.pass(14_000);
    assert.ok(sent.length >= 5, `${sent.length} in 14 s`);
  }
});

test('without a hub in the config everything is published plainly and nothing is asked', async () => {
  const { ticker, sent, plain, spool, connect, metric } = fakeHub({ hub: false });
  for (let n = 1; n <= 200; n++) metric(n);
  await ticker.pass(100);
  assert.equal(plain.length, 200);
  connect(false);
  metric(201);
  assert.equal(spool.stats().pending, 1);
  connect(true);
  await ticker.pass(3000);
  assert.equal(plain.length, 201);
  assert.equal(sent.length, 0);
  assert.equal(spool.stats().state, 'plain');
});

test('a hub that is configured later gets what came before it, and other limits hold at once', async () => {
  const { ticker, sent, plain, spool, connect, metric } = fakeHub({ hub: false });
  metric(1);
  await ticker.pass(10);
  connect(false);
  for (let n = 2; n <= 40; n++) metric(n);
  spool.configure({ hub: true, window: 2, memory_bytes: 5000 });
  assert.ok(spool.stats().bytes <= 5000);
  const kept = spool.stats().pending;
  connect(true);
  await ticker.pass(100);
  assert.equal(plain.length, 1);
  assert.equal(sent.length, kept + 1, 'what was kept, and the report of the gap');
  assert.equal(spool.stats().state, 'stored');
  spool.configure({ hub: false, window: 2, memory_bytes: 5000 });
  metric(41);
  await ticker.pass(10);
  assert.equal(plain.length, 2);
});

test('a probe whose answer is lost does not keep the next from going out when the hub returns', async () => {
  const { ticker, hub, spool, connect, metric } = fakeHub();
  connect(false);
  metric(1);
  hub.respond = () => never;
  connect(true);
  await ticker.pass(100);
  hub.respond = () => replyOf({ stream: 'FLEET', seq: 1 });
  spool.kick();
  await ticker.pass(10);
  assert.equal(spool.stats().pending, 0);
});

test('a record that can never be stored is given up and reported, others follow', async () => {
  const { ticker, sent, hub, spool, metric } = fakeHub();
  hub.respond = (one) => {
    if (one.body['n'] === 1) return { kind: 'too_large' };
    if (one.body['n'] !== 2) return replyOf({ stream: 'FLEET', seq: 1 });
    return replyOf({
      error: { code: 400, err_code: 10054, description: 'message size exceeds maximum allowed' },
    });
  };
  for (let n = 1; n <= 3; n++) metric(n);
  await ticker.pass(11_000);
  assert.equal(spool.stats().dropped.metric, 2);
  assert.equal(spool.stats().stored, 2, 'the third, and the report of the gap');
  assert.equal((sent.at(-1)?.body['gap'] as Gap | undefined)?.count, 2);
});

test('a full stream and a denied subject are tried again with growing pauses', async () => {
  const full = replyOf({ error: { code: 503, err_code: 10077, description: 'maximum messages exceeded' } });
  for (const [answer, state, most] of [
    [full, 'refused', 12],
    [{ kind: 'denied' } as const, 'denied', 9],
  ] as const) {
    const { ticker, sent, lines, hub, spool, metric } = fakeHub();
    hub.respond = () => answer;
    for (let n = 1; n <= 3; n++) metric(n);
    await ticker.pass(180_000);
    assert.equal(spool.stats().state, state);
    assert.equal(spool.stats().pending, 3);
    assert.ok(sent.length >= 5 && sent.length <= most, `${state}: ${sent.length} attempts in 3 min`);
    assert.equal(lines.length, state === 'refused' ? 1 : 0, 'the refusal is logged once');
    hub.respond = () => replyOf({ stream: 'FLEET', seq: 1 });
    const empty = spool.drained(400_000);
    await ticker.pass(400_000);
    assert.equal(await empty, true);
    assert.equal(spool.stats().unstored.length, 0);
  }
});

test('waiting for an empty spool ends at its limit; a stopped spool sends nothing', async () => {
  const { ticker, sent, hub, spool, metric } = fakeHub();
  assert.equal(await spool.drained(1), true);
  hub.respond = () => never;
  metric(1);
  const empty = spool.drained(500);
  await ticker.pass(600);
  assert.equal(await empty, false);
  spool.stop();
  metric(2);
  await ticker.pass(60_000);
  assert.equal(sent.length, 1);
});

test('a log that is spooled itself does not chase its own tail when the connection ends', async () => {
  for (const hubThere of [false, true]) {
    const { ticker, lines, plain, spool, hub, connect, metric } = fakeHub({ hub: hubThere });
    hub.heed = ({ msg }) => void spool.put({ subject: 'log', priority: 'log', body: { msg } });
    metric(1);
    await ticker.pass(100);
    connect(false);
    metric(2);
    await ticker.pass(100);
    assert.deepEqual(
      lines.map(({ msg }) => msg),
      ['records wait: the hub cannot be reached'],
    );
    assert.equal(spool.stats().pending, 2);
    connect(true);
    await ticker.pass(5000);
    assert.equal(spool.stats().pending, 0);
    if (!hubThere) assert.equal(plain.length, 4, 'two metrics, two lines');
  }
});

test('an acknowledgement that comes when the hub has left the config does not make its queue ask again', async () => {
  const { ticker, sent, plain, hub, spool, metric } = fakeHub();
  let acknowledge = (_answer: Answer): void => {};
  hub.respond = () => new Promise((resolve) => (acknowledge = resolve));
  metric(1);
  spool.configure({ hub: false, window: 4, memory_bytes: 100_000 });
  acknowledge(replyOf({ stream: 'FLEET', seq: 1 }));
  await ticker.pass(10);
  metric(2);
  await ticker.pass(10);
  assert.equal(sent.length, 1, 'asked once, before');
  assert.deepEqual(
    plain.map(({ id }) => id),
    ['u1-b-1', 'u1-b-2'],
  );
  assert.deepEqual([spool.stats().pending, spool.stats().state], [0, 'plain']);
});

test('records of an earlier run go first; a step of the clock tells nothing of those from before a reboot', async () => {
  const { ticker, sent, spool, connect } = fakeHub();
  connect(false);
  spool.put({ subject: 'm', priority: 'metric', body: { ts: 1500 } }); // before the snapshot was read
  const record = { subject: 'm', priority: 'metric', payload: '{"ts":5}', put_ms: 1, wall_ms: 5 } as const;
  spool.restore([
    { ...record, id: 'u1-old-7', settled: true },
    { ...record, id: 'u1-old-8' },
  ]);
  spool.correctTimes({ provenUntil_ms: -Infinity, by_ms: 1000 });
  connect(true);
  await ticker.pass(5000);
  assert.deepEqual(
    sent.map(({ id, body }) => [id, body['ts']]),
    [
      ['u1-old-7', 5],
      ['u1-old-8', 1005],
      ['u1-b-1', 2500],
    ],
  );
});

const refusal = (err_code: number, description: string): Answer =>
  replyOf({ error: { code: 503, err_code, description } });

test('a subject that is idle does not hide that the stream takes nothing', async () => {
  const { ticker, hub, spool, metric } = fakeHub();
  spool.put({ subject: 'event', priority: 'event', body: {} });
  metric(1);
  metric(1, 'other');
  await ticker.pass(10);
  assert.equal(spool.stats().state, 'stored');
  hub.respond = () => refusal(10077, 'maximum messages exceeded');
  await ticker.pass(5000);
  metric(2);
  await ticker.pass(20_000);
  const { state, unstored } = spool.stats();
  assert.equal(state, 'refused');
  assert.deepEqual(unstored, [
    { subject: 'm', state: 'refused', why: 'maximum messages exceeded', for_s: 20 },
  ]);
  hub.respond = ({ subject }) =>
    subject === 'm' ? refusal(10077, 'full') : replyOf({ stream: 'FLEET', seq: 1 });
  metric(2, 'other');
  await ticker.pass(10);
  assert.equal(spool.stats().state, 'partly');
  hub.respond = () => replyOf({ stream: 'FLEET', seq: 1 });
  await ticker.pass(40_000);
  assert.deepEqual([spool.stats().state, spool.stats().unstored], ['stored', []]);
});

test('where each byte is paid, what no stream takes is tried seldom, also after a change of that', async () => {
  const triesOf = async (answer: Answer, retry_ms: number): Promise<number> => {
    const { ticker, sent, hub, spool, metric } = fakeHub();
    metric(0);
    await ticker.pass(10); // its stream was there, and may come back
    spool.configure({ hub: true, window: 4, memory_bytes: 100_000, retry_ms });
    hub.respond = () => answer;
    const before = sent.length;
    metric(1);
    await ticker.pass(280_000); // after 5 min it is published
    return sent.length - before;
  };
  for (const answer of [refusal(10077, 'full'), { kind: 'no_responders' } as const]) {
    const [usual, seldom] = [await triesOf(answer, 30_000), await triesOf(answer, 900_000)];
    assert.ok(seldom <= 9 && usual > 1.4 * seldom, `${answer.kind}: ${seldom} and ${usual} tries`);
  }
});

test('a gap event that is refused for good tells its count in the next', async () => {
  const { ticker, sent, hub, spool, metric } = fakeHub();
  let most = 1;
  hub.respond = ({ body }) =>
    'gap' in body || Number(body['n']) > most
      ? refusal(10054, 'message size exceeds maximum allowed')
      : replyOf({ stream: 'FLEET', seq: 1 });
  for (let n = 1; n <= 10; n++) metric(n);
  await ticker.pass(35_000);
  const { dropped, drop_reasons } = spool.stats();
  assert.ok(dropped.metric === 9 && dropped.event >= 2);
  assert.deepEqual(drop_reasons, { max_msg_size: dropped.metric + dropped.event });
  most = Infinity;
  hub.respond = () => replyOf({ stream: 'FLEET', seq: 1 });
  await ticker.pass(100_000);
  const gap = sent.filter(({ body }) => 'gap' in body).at(-1)?.body['gap'] as Gap;
  assert.deepEqual(gap.of, spool.stats().dropped);
  assert.match(gap.why, /^larger than max_msg_size/);
});

test('what was published while no stream took it is told once one does', async () => {
  const { ticker, sent, plain, hub, spool, metric } = fakeHub();
  hub.respond = () => ({ kind: 'no_responders' });
  const at_ms = ticker.now_ms() + 1e12;
  metric(1);
  await ticker.pass(30_000);
  for (let n = 2; n <= 20; n++) metric(n);
  await ticker.pass(60_000);
  assert.equal(spool.stats().published, 20);
  assert.equal(
    sent.some(({ subject }) => subject === 'ops.status'),
    false,
    'it would be lost as well',
  );
  hub.respond = () => replyOf({ stream: 'FLEET', seq: 1 });
  spool.kick();
  metric(21);
  await ticker.pass(10_000);
  const gaps = sent.filter(({ subject }) => subject === 'ops.status').map(({ body }) => body['gap'] as Gap);
  assert.deepEqual(
    gaps.map(({ count, from_ms, why }) => [count, from_ms, why]),
    [[20, at_ms, 'published, but not known to be stored: no stream acknowledged them']],
  );
  assert.ok(plain.length < 20, 'some were asked for');
});

test('an acknowledgement of a stream of the local server does not count', async () => {
  const { ticker, hub, spool, connect, metric, accepts } = fakeHub();
  connect(true);
  metric(1);
  await ticker.pass(10);
  assert.equal(accepts.at(-1), undefined, 'it has no streams');
  connect(true, { domain: 'u1' });
  metric(2);
  await ticker.pass(10);
  const accept = accepts.at(-1);
  assert.equal(accept?.(bytes({ stream: 'LOCAL', seq: 1, domain: 'u1' })), false);
  assert.equal(accept?.(bytes({ stream: 'FLEET', seq: 1, domain: 'hub' })), true);
  hub.respond = () => ({
    kind: 'timeout',
    unaccepted: { subject: '_', data: bytes({ stream: 'LOCAL', seq: 1, domain: 'u1' }), size: () => 0 },
  });
  metric(3);
  await ticker.pass(10);
  assert.equal(spool.stats().state, 'failing');
  assert.match(spool.stats().unstored[0]?.why ?? '', /^only stream LOCAL of the local server/);
});

test('a refused subject tries each new record, so that who listens sees it; the backlog waits', async () => {
  const { ticker, sent, hub, spool, metric } = fakeHub();
  hub.respond = () => refusal(10077, 'full');
  for (let n = 1; n <= 100; n++) {
    metric(n);
    await ticker.pass(1000);
  }
  const live = sent.filter(({ header }) => !header).map(({ body }) => body['n']);
  assert.deepEqual(
    live,
    Array.from({ length: 100 }, (_, i) => i + 1),
  );
  assert.ok(sent.length - live.length < 12, `${sent.length - live.length} tries of the backlog`);
  hub.respond = () => replyOf({ stream: 'FLEET', seq: 1 });
  metric(101);
  await ticker.pass(60);
  assert.deepEqual([spool.stats().stored, spool.stats().pending], [101, 0], 'all follow, two each ms');
});

test('a backlog is sent two records each ms, whatever answers come, so that echoes have their turn', async () => {
  const { ticker, sent, spool, connect, metric } = fakeHub();
  connect(false);
  for (let n = 1; n <= 400; n++) metric(n);
  connect(true);
  await ticker.pass(0);
  assert.ok(sent.length <= 20, `${sent.length} at once`);
  for (let pass = 0; pass < 3; pass++) {
    const before = sent.length;
    await ticker.pass(50);
    assert.ok(Math.abs(sent.length - before - 100) <= 20, `${sent.length - before} in 50 ms`);
  }
  metric(401, 'live');
  await ticker.pass(0);
  assert.equal(sent.at(-1)?.subject, 'live', 'which waits for none of them');
  await ticker.pass(150);
  assert.deepEqual([spool.stats().stored, spool.stats().pending], [401, 0]);
});

test('subjects that nobody stored are not held against a stream that takes another again', async () => {
  const { ticker, hub, spool, metric } = fakeHub();
  hub.respond = () => ({ kind: 'no_responders' });
  metric(1, 'seldom');
  metric(1);
  await ticker.pass(30_000);
  assert.equal(spool.stats().state, 'plain');
  hub.respond = () => replyOf({ stream: 'FLEET', seq: 1 });
  await ticker.pass(30_000);
  metric(2);
  await ticker.pass(10);
  assert.deepEqual([spool.stats().state, spool.stats().unstored], ['stored', []]);
});

test('a subject that nobody ever stores is not reported again and again', async () => {
  const { ticker, sent, hub, spool, metric } = fakeHub();
  hub.respond = ({ subject }) =>
    subject === 'odd' ? { kind: 'no_responders' } : replyOf({ stream: 'FLEET', seq: 1 });
  for (let n = 1; n <= 720; n++) {
    metric(n, 'odd');
    metric(n);
    await ticker.pass(5000);
  }
  assert.equal(spool.stats().state, 'partly');
  assert.equal(sent.filter(({ body }) => 'gap' in body).length, 0);
  hub.respond = () => refusal(10077, 'full');
  for (let n = 1; n <= 20; n++) {
    metric(n, 'odd');
    metric(n);
    await ticker.pass(5000);
  }
  assert.equal(spool.stats().state, 'refused', 'nothing is stored any more');
  hub.respond = () => replyOf({ stream: 'FLEET', seq: 1 });
  await ticker.pass(300_000);
  metric(1, 'odd');
  await ticker.pass(20_000);
  const told = sent.flatMap(({ body }) => ('gap' in body ? [(body['gap'] as Gap).count] : []));
  assert.deepEqual(told, [spool.stats().published], 'but once it is stored');
});

test('one report of a gap waits at most, and one that gets lost itself is made ever more seldom', async () => {
  const { ticker, sent, hub, spool, metric } = fakeHub({ memory_bytes: 20_000 });
  hub.respond = () => refusal(10077, 'full');
  for (let n = 1; n <= 3600; n++) {
    metric(n);
    await ticker.pass(1000);
  }
  assert.ok(spool.stats().dropped.metric > 3000);
  assert.equal(spool.stats().dropped.event, 0);
  hub.respond = ({ body }) =>
    'gap' in body
      ? refusal(10054, 'message size exceeds maximum allowed')
      : replyOf({ stream: 'FLEET', seq: 1 });
  const before = sent.length;
  metric(3601);
  await ticker.pass(3_600_000);
  const reports = sent.slice(before).filter(({ body }) => 'gap' in body).length;
  assert.ok(reports >= 3 && reports < 20, `${reports} reports in an hour`);
});

test('a stream that refuses in other words each time costs no more than the records that there are', async () => {
  const { ticker, sent, hub, spool, lines } = fakeHub();
  let n = 0;
  hub.respond = () => refusal(10077, `no ${n++}`);
  hub.heed = (entry) => void spool.put({ subject: 'log', priority: 'log', body: { ...entry } });
  spool.put({ subject: 'm', priority: 'metric', body: {} });
  await ticker.pass(1000);
  assert.ok(sent.length < 10 && lines.length < 5, `${sent.length} requests, ${lines.length} lines`);
});

test('a subject with nothing left to store is in no trouble, and one without a hub has none', async () => {
  const { ticker, hub, spool, metric } = fakeHub();
  hub.respond = () => refusal(10077, 'full');
  metric(1, 'once');
  await ticker.pass(100);
  hub.respond = () => refusal(10054, 'message size exceeds maximum allowed');
  await ticker.pass(60_000);
  hub.respond = () => replyOf({ stream: 'FLEET', seq: 1 });
  metric(2);
  await ticker.pass(10_000);
  assert.deepEqual([spool.stats().state, spool.stats().unstored], ['stored', []]);
  spool.configure({ window: 4, memory_bytes: 100_000, hub: false });
  assert.equal(spool.stats().state, 'plain');
});

test('where the hub is not known to be there, a stream of the local server proves nothing of it', async () => {
  const { ticker, hub, spool, connect, metric } = fakeHub();
  connect(true, { domain: 'u1' });
  hub.up = undefined;
  hub.respond = () => ({
    kind: 'timeout',
    unaccepted: { subject: '_', data: bytes({ stream: 'LOCAL', seq: 1, domain: 'u1' }), size: () => 0 },
  });
  metric(1);
  await ticker.pass(600_000);
  assert.deepEqual([spool.stats().state, spool.stats().pending, spool.stats().published], ['offline', 1, 0]);
});

test('a stream for which every record is too large stores nothing, and that is said', async () => {
  const { ticker, hub, spool, metric } = fakeHub();
  const seconds = async (count: number): Promise<void> => {
    for (let n = 1; n <= count; n++) {
      metric(n);
      await ticker.pass(1000);
    }
  };
  await seconds(5);
  hub.respond = () => refusal(10054, 'message size exceeds maximum allowed');
  await seconds(20);
  const { state, unstored, dropped } = spool.stats();
  assert.equal(state, 'refused');
  assert.match(unstored[0]?.why ?? '', /max_msg_size/);
  assert.ok((unstored[0]?.for_s ?? 0) > 15, 'long enough to be told');
  assert.equal(dropped.metric, 20);
  hub.respond = () => replyOf({ stream: 'FLEET', seq: 1 });
  await seconds(3);
  assert.equal(spool.stats().state, 'stored');
  hub.respond = () => refusal(10054, 'message size exceeds maximum allowed');
  metric(1, 'seldom');
  await ticker.pass(1);
  hub.respond = () => replyOf({ stream: 'FLEET', seq: 1 });
  await seconds(10);
  assert.equal(spool.stats().state, 'stored', 'one record of long ago says nothing of now');
});

test('a slim record is published at once and plainly, whatever of its subject waits', async () => {
  const { ticker, hub, sent, plain, spool, metric } = fakeHub();
  hub.respond = () => never;
  for (let n = 1; n <= 6; n++) metric(n); // the window is 4: two wait, and nobody answers the others
  spool.putSlim(
    { subject: 'm', priority: 'metric', body: { now: true }, headers: { 'X-A': ['1'] } },
    { keeps: true },
  );
  await ticker.pass(0);
  assert.equal(sent.length, 4);
  assert.deepEqual(plain, [{ subject: 'm', id: '', body: { now: true }, header: false }]);
  const { slim, slim_unsent, pending, published } = spool.stats();
  assert.deepEqual(
    { slim, slim_unsent, pending, published },
    { slim: 1, slim_unsent: 0, pending: 6, published: 0 },
  );
});

test('a record that slim ones have overtaken says that it is older', async () => {
  const { ticker, hub, sent, spool, metric } = fakeHub();
  hub.respond = () => never;
  for (let n = 1; n <= 5; n++) metric(n); // the window is 4
  spool.putSlim({ subject: 'm', priority: 'metric', body: { now: true } }, { keeps: true });
  await ticker.pass(1000); // one more is sent than the window allows
  assert.deepEqual(
    sent.map(({ body, header }) => [body['n'], header]),
    [1, 2, 3, 4, 5].map((n) => [n, n === 5]),
  );
});

test('where no stream takes the subject, a slim record of it comes no later', async () => {
  const { ticker, hub, plain, spool, metric } = fakeHub();
  hub.respond = async () => ({ kind: 'no_responders' });
  metric(1);
  await ticker.pass(10);
  assert.equal(spool.stats().state, 'failing');
  spool.putSlim({ subject: 'm', priority: 'metric', body: { now: 2 } }, { keeps: true });
  assert.deepEqual(
    plain.map(({ body }) => body),
    [{ now: 2 }],
  );
});

test('while the hub is known to be away a slim record is kept as any other, and stored once', async () => {
  for (const away of ['no answer', 'the leaf says so', 'no connection'] as const) {
    const { ticker, hub, sent, plain, spool, metric, connect } = fakeHub();
    metric(1);
    await ticker.pass(0);
    if (away === 'no connection') connect(false);
    else {
      hub.up = false;
      hub.respond = async () => ({ kind: 'no_responders' });
      if (away === 'no answer') spool.kick();
    }
    spool.putSlim({ subject: 'm', priority: 'metric', body: { slim: 2 } }, { keeps: true });
    await ticker.pass(5000);
    assert.equal(plain.length, 0, away);
    assert.equal(spool.stats().pending, 1, away);
    sent.length = 0;
    hub.up = true;
    hub.respond = () => replyOf({ stream: 'FLEET', seq: 1 });
    if (away === 'no connection') connect(true);
    else spool.kick();
    await ticker.pass(5000);
    assert.deepEqual(
      sent.map(({ id, body, header }) => [id, body, header]),
      [['u1-b-2', { slim: 2, backfill: true }, true]],
      away,
    );
    assert.deepEqual([spool.stats().stored, spool.stats().slim], [2, 0]);
    spool.putSlim({ subject: 'm', priority: 'metric', body: { slim: 3 } }, { keeps: true });
    assert.equal(plain.length, 1, 'and then plainly again');
  }
});

test('a slim record that asks is stored as any other where its subject is, so that the loss of the stream is noticed', async () => {
  const { ticker, hub, sent, plain, spool, metric, connect } = fakeHub();
  const ask = async (n: number, keeps = false): Promise<void> => {
    spool.putSlim({ subject: 'm', priority: 'metric', body: { n } }, { keeps, asks: true });
    await ticker.pass(10);
  };
  const bodies = (of: readonly { readonly body: unknown }[]) => of.map(({ body }) => body);
  await ask(1);
  assert.deepEqual(bodies(plain), [{ n: 1 }], 'nothing is known of the subject yet');
  metric(2);
  await ticker.pass(10);
  await ask(3);
  assert.deepEqual(bodies(sent).at(-1), { n: 3 });
  assert.equal(spool.stats().state, 'stored');
  hub.respond = async () => ({ kind: 'no_responders' });
  await ask(4);
  assert.equal(spool.stats().state, 'failing');
  assert.equal(spool.stats().pending, 1, 'it is kept until a stream takes it');
  await ask(5);
  assert.deepEqual(bodies(plain).at(-1), { n: 5 }, 'while one waits no other does');
  hub.respond = () => replyOf({ stream: 'FLEET', seq: 1 });
  await ticker.pass(60_000);
  assert.equal(spool.stats().pending, 0);
  const before = sent.length;
  connect(false);
  hub.up = undefined;
  await ask(6);
  assert.deepEqual([spool.stats().pending, spool.stats().slim_unsent, sent.length], [0, 1, before]);
});

test('by a profile that does not keep them they are counted and gone', async () => {
  const { ticker, hub, spool, metric, connect } = fakeHub();
  metric(1);
  await ticker.pass(0);
  connect(false);
  hub.up = undefined;
  spool.putSlim({ subject: 'm', priority: 'metric', body: { slim: 2 } }, { keeps: false });
  const { slim, slim_unsent, pending, dropped } = spool.stats();
  assert.deepEqual({ slim, slim_unsent, pending }, { slim: 0, slim_unsent: 1, pending: 0 });
  assert.deepEqual(dropped, { metric: 0, log: 0, event: 0 }, 'nobody promised them');
});

test('a subject that the server does not permit is not tried by slim records, and is again once it is permitted', async () => {
  const { ticker, hub, plain, spool, metric } = fakeHub();
  hub.respond = async () => ({ kind: 'denied' });
  metric(1);
  await ticker.pass(10);
  assert.equal(spool.stats().state, 'denied');
  spool.putSlim({ subject: 'm', priority: 'metric', body: {} }, { keeps: true });
  spool.putSlim({ subject: 'other', priority: 'metric', body: {} }, { keeps: true });
  assert.deepEqual(
    plain.map(({ subject }) => subject),
    ['other'],
  );
  assert.equal(spool.stats().slim_unsent, 1);
  hub.respond = () => replyOf({ stream: 'FLEET', seq: 1 });
  await ticker.pass(300_000);
  spool.putSlim({ subject: 'm', priority: 'metric', body: {} }, { keeps: true });
  assert.equal(plain.at(-1)?.subject, 'm');
});

test('without a hub slim records are published, too', async () => {
  const { hub, plain, spool } = fakeHub({ hub: false });
  hub.up = false; // a leaf without a hub says so
  spool.putSlim({ subject: 'm', priority: 'metric', body: {} }, { keeps: false });
  assert.equal(plain.length, 1);
});

test('how long an outage may last counts what is slim now and would be kept then', async () => {
  const { ticker, spool } = fakeHub();
  for (let n = 0; n < 60; n++) {
    spool.putSlim({ subject: 'm', priority: 'metric', body: { n } }, { keeps: true });
    await ticker.pass(1000);
  }
  const { capacity_s = 0 } = spool.stats();
  assert.ok(capacity_s > 350 && capacity_s < 550, `${capacity_s} s for 100 kB at some 210 B/s`);
  const other = fakeHub();
  for (let n = 0; n < 60; n++) {
    other.spool.putSlim({ subject: 'm', priority: 'metric', body: { n } }, { keeps: false });
    await other.ticker.pass(1000);
  }
  assert.equal(other.spool.stats().capacity_s, undefined, 'what is not kept takes no memory');
});

test('an acknowledged slim record that an outage would not keep takes no memory of one', async () => {
  const { ticker, spool, metric } = fakeHub();
  metric(0);
  await ticker.pass(30_000);
  const before = spool.stats().capacity_s ?? 0;
  for (let n = 1; n <= 20; n++) {
    spool.putSlim({ subject: 'm', priority: 'metric', body: { n } }, { keeps: false, asks: true });
    await ticker.pass(100);
  }
  assert.equal(spool.stats().stored, 21);
  assert.ok((spool.stats().capacity_s ?? 0) > before, `${before} s`);
});

test('a subject that was refused in the first set is not told as if nothing were stored', async () => {
  const { ticker, hub, spool, metric } = fakeHub();
  hub.respond = ({ subject }) =>
    subject === 'odd' ? { kind: 'no_responders' } : replyOf({ stream: 'FLEET', seq: 1 });
  metric(1);
  metric(1, 'odd');
  await ticker.pass(6000);
  assert.equal(spool.stats().state, 'partly', 'the next record of the other is not due yet');
  metric(2);
  metric(2, 'odd');
  await ticker.pass(29_000);
  assert.equal(spool.stats().state, 'partly', 'nor is it as soon as after a change');
});

test('a stream that only a heartbeat was refused by is not said to take others that were stored before', async () => {
  const { ticker, hub, spool, metric, sent } = fakeHub();
  const set = (): void => {
    for (const subject of ['heartbeat', 'rtt', 'nats']) metric(1, subject);
  };
  const slim = async (): Promise<void> => {
    spool.putSlim({ subject: 'heartbeat', priority: 'metric', body: {} }, { keeps: true, asks: true });
    spool.putSlim({ subject: 'rtt', priority: 'metric', body: {} }, { keeps: true });
    await ticker.pass(5000);
  };
  for (let n = 0; n < 3; n++) {
    set();
    await ticker.pass(120_000);
  }
  set();
  await ticker.pass(30_000);
  hub.respond = () => refusal(10077, 'maximum messages exceeded');
  await slim();
  assert.equal(spool.stats().state, 'refused', 'nothing is stored');
  hub.respond = ({ subject }) =>
    subject === 'heartbeat' ? refusal(10077, 'full') : replyOf({ stream: 'FLEET', seq: 1 });
  const before = sent.length;
  await slim();
  assert.equal(spool.stats().state, 'partly', 'the slim record of another has asked');
  await slim();
  await slim();
  assert.equal(sent.slice(before).filter(({ subject }) => subject === 'rtt').length, 1, 'once');
});

test('records that a change put in between are no sign that the next one comes as soon', async () => {
  const { ticker, hub, spool, metric } = fakeHub();
  hub.respond = ({ subject }) =>
    subject === 'odd' ? refusal(10077, 'full') : replyOf({ stream: 'FLEET', seq: 1 });
  for (let n = 0; n < 4; n++) {
    metric(n);
    await ticker.pass(120_000);
  }
  metric(5);
  await ticker.pass(5000);
  metric(6); // of a change
  metric(1, 'odd');
  await ticker.pass(100_000);
  assert.equal(spool.stats().state, 'partly', 'm is being stored, each two minutes');
});

test('what an earlier hub did not store is not told of the one that is back before it was asked', async () => {
  const { ticker, hub, spool, metric, connect } = fakeHub();
  hub.respond = ({ subject }) =>
    subject === 'odd' ? { kind: 'no_responders' } : replyOf({ stream: 'FLEET', seq: 1 });
  metric(1);
  metric(1, 'odd');
  await ticker.pass(20_000);
  assert.deepEqual([spool.stats().state, spool.stats().unstored[0]?.state], ['partly', 'plain']);
  connect(false);
  connect(true);
  await ticker.pass(3000);
  assert.deepEqual(spool.stats().unstored, []);
});
