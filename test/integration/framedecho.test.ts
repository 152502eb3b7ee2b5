// Echoes through a real server, plain and over TLS: of every size, hundreds at once, over restarts, and where refused.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { answerEcho } from '../../agent/answers/echo.ts';
import { logTo } from '../../agent/lib/log.ts';
import { systemTicker } from '../../agent/lib/ticker.ts';
import { type Link, openLink } from '../../agent/nats/link.ts';
import type { LinkOptions } from '../../agent/nats/session.ts';
import { natsFleet } from '../kit/hub/nats.ts';
import { authority } from '../kit/leaf/leafdaemon.ts';
import { seededRandom } from '../kit/lib/random.ts';
import { scriptedServer } from '../kit/net/scripted.ts';
import { eventually, tempDir } from '../kit/process/daemon.ts';
import { natsServers, need, withoutNewest } from '../kit/process/tools.ts';

const program = natsServers().newest ?? need('nats-server');
const subject = 'ops.echo.u1';
const clock = () => ({ source: 'ntp', quality: 'locked', error_bound_ns: 4000 }) as const;
const now_us = (): number => Date.now() * 1000;
/** Up to here all are answered where they lie. */
const framedLimit_bytes = 64 * 1024;

/** A server with that config, a client of it, and a link that answers echoes; how many of them went the general way. */
async function echoing(t: TestContext, config: string, options: Partial<LinkOptions> = {}, tls?: object) {
  const fleet = natsFleet(program);
  const server = await fleet.server('solo', `max_payload: 2MB\n${config}`);
  await server.start();
  const controller = new AbortController();
  const lines: string[] = [];
  const link = openLink(
    { ticker: systemTicker(), log: logTo((entry) => lines.push(`${entry.level} ${entry.msg}`)) },
    { servers: [server.url], name: 't', inboxPrefix: '_INBOX_u1', ...options },
    controller.signal,
  );
  let general = 0;
  const subscribe: Link['subscribe'] = (name, handler, framed) =>
    link.subscribe(
      name,
      (message) => {
        general += 1;
        return handler(message);
      },
      framed,
    );
  const deps = { link: { ...link, subscribe }, now_us, clock };
  const echo = answerEcho(deps, { subject, unit: 'u1', replySubjects: ['_INBOX.>'] });
  await eventually('connected', () => link.state().connected); // the library has one kind of socket at a time
  const nc = await connect({
    servers: server.url,
    user: 'ops',
    pass: 'ops',
    maxReconnectAttempts: -1,
    reconnectTimeWait: 50,
    ...(tls === undefined ? {} : { tls }),
  });
  t.after(async () => {
    await nc.close();
    await link.stop();
    await fleet.stop();
  });
  await eventually('answered', () => nc.request(subject).catch(() => undefined));
  return { server, link, echo, nc, lines, general: () => general };
}

const hash = (data: Uint8Array): string => createHash('sha256').update(data).digest('hex');

/** Asks with a payload of that size, and looks at the answer. */
async function ask(nc: NatsConnection, size: number, random: () => number): Promise<void> {
  const data = Buffer.allocUnsafe(size);
  for (let i = 0; i < size; i += 1 + (size >> 6)) data[i] = random() * 256;
  const answer = await nc.request(subject, data, { timeout: 30_000 });
  assert.equal(hash(answer.data), hash(data), `${size} bytes`);
  const [received, sent] = ['Received', 'Sent'].map(
    (word) => answer.headers?.get(`X-Server-${word}-At`) ?? '',
  );
  assert.match(`${received} ${sent}`, /^1\d{15} 1\d{15}$/);
  assert.ok(Number(received) <= Number(sent) + 1);
}

for (const [what, first] of [
  ['plain', undefined],
  ['TLS', false],
  ['TLS from the first byte', true],
] as const)
  test(`${what}: payloads of every size come back whole, one by one and 256 at once`, {
    skip: first === true && withoutNewest(),
  }, async (t) => {
    const dir = tempDir(t, 'framedecho');
    const ca = first === undefined ? undefined : authority(join(dir, 'ca'));
    const own = ca?.issue('server', '/CN=127.0.0.1');
    const secure =
      own === undefined
        ? ''
        : `tls { cert_file: "${own.cert}", key_file: "${own.key}" ${first ? ', handshake_first: true' : ''} }`;
    const given =
      ca === undefined ? undefined : { caFile: ca.ca, ...(first ? { handshakeFirst: true as const } : {}) };
    const { nc, link, echo, general } = await echoing(t, secure, given ? { tls: given } : {}, given);
    const random = seededRandom(7);
    const sizes = [0, 1, 100, 128, 129, 4095, 4096, 16_000, 40_000, 65_535, framedLimit_bytes];
    for (const size of sizes) await ask(nc, size, random);
    const before = general();
    await Promise.all(
      Array.from({ length: 256 }, async () => {
        for (let i = 0; i < 8; i++) await ask(nc, Math.floor(random() ** 6 * framedLimit_bytes), random);
      }),
    );
    if (first === undefined) assert.equal(general(), 0, 'all are answered where they lie');
    else assert.ok(general() - before < 512, `${general()} of 2048: the fifth that is cut and larger`);
    for (const size of [80_000, 200_000, 1_000_000]) await ask(nc, size, random);
    assert.ok(general() >= 3);
    await Promise.all(
      Array.from({ length: 40 }, (_, i) =>
        ask(nc, i % 4 === 0 ? 300_000 : Math.floor(random() * 5000), random),
      ),
    );
    const { errors, ignored } = echo.counters();
    assert.deepEqual({ errors, ignored }, { errors: 0, ignored: 0 });
    assert.equal(link.counters().reconnects, 0);
  });

test('a restart of the server changes nothing, and what is ended answers no more', async (t) => {
  const { server, nc, link, echo, general } = await echoing(t, '');
  await server.kill('SIGKILL');
  await eventually('gone', () => !link.state().connected);
  await server.start();
  await eventually('answered again', () => nc.request(subject).catch(() => undefined));
  for (let i = 0; i < 50; i++) await ask(nc, i, Math.random);
  assert.equal(general(), 0);
  const { in_msgs, out_msgs, in_bytes, out_bytes } = link.counters();
  assert.ok(in_msgs >= 50 && out_msgs === in_msgs && out_bytes > in_bytes, JSON.stringify(link.counters()));
  echo.stop();
  await link.flushRtt_us(5000);
  await assert.rejects(nc.request(subject, 'x', { timeout: 5000 }), /no responders/);
});

test('a reply subject that is refused is told once, and its end when it is used again', async (t) => {
  const users = (rule: string): string =>
    `authorization { users: [ { user: u, password: p ${rule} }, { user: ops, password: ops } ] }`;
  const denied = ', permissions: { publish: { deny: "_INBOX.bad" } }';
  const { server, nc, link, lines, general } = await echoing(t, users(denied), { user: 'u', password: 'p' });
  const answers: string[] = [];
  nc.subscribe('_INBOX.bad', { callback: (_, message) => void answers.push(message.string()) });
  nc.publish(subject, 'one', { reply: '_INBOX.bad' });
  await eventually('refused', () => link.denied().length === 1);
  assert.deepEqual(link.denied(), ['publish _INBOX.>']);
  await server.reload(users(''));
  await eventually('permitted again', () => {
    nc.publish(subject, 'two', { reply: '_INBOX.bad' });
    return link.denied().length === 0;
  });
  assert.equal(general(), 0);
  assert.equal(lines.filter((line) => line === 'warn not permitted by the server').length, 1);
  assert.equal(lines.filter((line) => line === 'info permitted again').length, 1);
  await eventually('answered', () => answers.includes('two'));
});

test('what is still under way to a subscription that was ended is not answered', async (t) => {
  const { port, peers } = await scriptedServer(t, 1 << 20);
  const options = { servers: [`127.0.0.1:${port}`], name: 't', inboxPrefix: '_INBOX_u1' };
  const deps = { ticker: systemTicker(), log: logTo(() => {}) };
  const link = openLink(deps, options, new AbortController().signal);
  const echo = answerEcho({ link, now_us, clock }, { subject, unit: 'u1', replySubjects: ['_INBOX.>'] });
  await eventually('connected', () => link.state().connected);
  const [peer] = peers;
  assert.ok(peer);
  const answers = async (): Promise<number> => {
    await peer.tell([Buffer.from(`MSG ${subject} 1 _INBOX.a 1\r\nx\r\n`)]);
    assert.ok((await link.flushRtt_us(20_000)) !== undefined);
    return peer.said().filter(({ line }) => line.startsWith('HPUB _INBOX.a ')).length;
  };
  assert.equal(await answers(), 1);
  echo.stop();
  assert.equal(await answers(), 0);
  await link.stop();
});
