// nunect-client on real nats-servers: logins of every kind, what happens to its connections, and what comes of its records.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import * as nats from '@nats-io/transport-node';
import {
  type Client,
  type ClientEvent,
  type ClientOptions,
  openClient,
} from '../../config/clients/nunect-client/src/index.ts';
import { newOperator, seedOf } from '../kit/hub/jwt.ts';
import { type NatsFleet, type NatsProcess, natsFleet, silentServer } from '../kit/hub/nats.ts';
import { type Gate, gateTo } from '../kit/net/gate.ts';
import { newOwner } from '../kit/process/cleanup.ts';
import { eventually, runToEnd } from '../kit/process/daemon.ts';
import { natsServers, need, projectRoot } from '../kit/process/tools.ts';

const owner = newOwner();
after(() => owner.end());
const program = natsServers().newest ?? need('nats-server');
const key = nats.nkeys.createUser();
const operator = newOperator();
let fleet: NatsFleet;
let server: NatsProcess;
let gate: Gate;
let watching: nats.NatsConnection;

const config = (password: string): string => `
authorization { users: [
  { user: app, password: ${password} }
  { user: watching, password: watching }
  { user: small, password: small, permissions: { publish: "ok.>", subscribe: ["_INBOX.>", "ok.>"] } }
  { nkey: ${key.getPublicKey()} }
] }`;
const login = { user: 'app', password: 'right' };

before(async () => {
  fleet = natsFleet(program);
  owner.after(() => fleet.stop());
  server = await fleet.server('one', config('right'));
  await server.start();
  gate = await gateTo(owner, server.port, () => 0.5);
  watching = await nats.connect({ servers: server.url, user: 'watching', pass: 'watching' });
  owner.after(() => watching.close());
});

/** A client, and all that happened to it. */
function opened(options: Partial<ClientOptions> = {}): {
  client: Client;
  events: ClientEvent[];
  types(): string[];
} {
  const client = openClient(nats, { servers: server.url, login, ...options });
  const events: ClientEvent[] = [];
  client.on((event) => events.push(event));
  owner.after(() => client.close());
  return { client, events, types: () => events.map(({ type }) => type) };
}

describe('logs in', () => {
  test('with user and password, and nkey', async () => {
    await opened().client.connected();
    await opened({ login: { nkeySeed: seedOf(key) } }).client.connected();
  });

  test('with a token, and with creds, of which a function gives new ones when the old have run out', async () => {
    const byToken = await fleet.server('token', 'authorization { token: secret }');
    const byJwt = await fleet.server('jwt', operator.config(true));
    await Promise.all([byToken.start(), byJwt.start()]);
    await opened({ servers: byToken.url, login: { token: 'secret' } }).client.connected();
    const old = operator.creds('app', { exp: Math.floor(Date.now() / 1000) - 60 });
    let renewed = false;
    const of = opened({
      servers: [byJwt.url],
      login: async () => ({ creds: renewed ? operator.creds('app') : old }),
    });
    await eventually('refused twice', () => of.types().filter((type) => type === 'refused').length >= 2);
    assert.equal(of.client.state(), 'refused');
    renewed = true;
    await of.client.connected();
    assert.equal(of.client.state(), 'connected');
  });

  test('and what cannot be is said at once, by name', () => {
    const { connect: _, ...without } = nats;
    assert.throws(
      () => openClient(without, { servers: 'nats://x' }),
      /^Error: nats:\/\/x: nats.js has no connect$/,
    );
    assert.throws(() => opened({ id: 'a.b' }), /^Error: id 'a\.b': allowed are 1 to 64/);
    for (const heartbeat_s of [NaN, -1, 0, 1e-9, 3e6])
      assert.throws(() => opened({ heartbeat_s }), /^Error: heartbeat_s \S+: allowed are 0\.1 to 86400$/);
  });
});

describe('its connection', () => {
  test('comes back when the server was away, with its subscriptions, and says all that happens', async () => {
    const of = opened({ servers: `nats://127.0.0.1:${gate.port}`, id: 'comes-back' });
    const got: string[] = [];
    of.client.subscribe('some.*.thing', (message) => got.push(`${message.subject} ${message.string()}`));
    const end = of.client.subscribe('all.>', (message) => got.push(message.subject));
    await of.client.connected();
    gate.set('shut');
    await eventually('a failed attempt', () => of.types().includes('failed'));
    assert.equal(of.client.state(), 'connecting');
    assert.equal(of.client.publish('lost'), false);
    await assert.rejects(of.client.request('lost'), /not connected/);
    gate.set('open');
    await of.client.connected();
    await of.client.request('ops.echo.comes-back'); // by now the server has its subscriptions
    watching.publish('some.odd.thing', 'ä');
    watching.publish('all.of.it');
    await eventually('both messages', () => got.length === 2);
    end();
    watching.publish('all.of.it');
    watching.publish('some.last.thing');
    await eventually('the last', () => got.includes('some.last.thing '));
    assert.deepEqual(got, ['some.odd.thing ä', 'all.of.it', 'some.last.thing ']);
    const [first, second, third] = of.events;
    assert.deepEqual([first?.type, second?.type, third?.type], ['connected', 'disconnected', 'failed']);
    assert.deepEqual(
      of.events.flatMap((event) => (event.type === 'connected' ? event.reconnects : [])),
      [0, 1],
    );
    await of.client.close();
    assert.equal(of.events.at(-1)?.type, 'closed');
    assert.equal(of.client.publish('late'), false);
    await assert.rejects(of.client.connected(), /not connected/);
  });

  test('is ended by the server and refused from then on: it says so, tries on, and is back', async () => {
    const of = opened();
    await of.client.connected();
    await server.reload(config('another'));
    await eventually('refusals', () => of.types().filter((type) => type === 'refused').length >= 3);
    assert.equal(of.types().indexOf('disconnected'), 1);
    const pauses = of.events.flatMap((event) => (event.type === 'refused' ? event.retry_ms : []));
    assert.ok((pauses[2] ?? 0) > (pauses[0] ?? 0) * 1.5, `pauses do not grow: ${pauses}`);
    await server.reload(config('right'));
    of.client.retryNow();
    await of.client.connected();
  });

  test('survives handlers and listeners that fail', async () => {
    const of = opened();
    const { error } = console;
    let reported = 0;
    console.error = () => {
      reported += 1;
    };
    const quiet = of.client.on(() => {
      throw new Error('a listener');
    });
    const quietToo = of.client.on(async () => {
      throw new Error('a listener, later');
    });
    of.client.subscribe('fail.now', () => {
      throw new Error('thrown');
    });
    of.client.subscribe('fail.later', async () => {
      throw new Error('rejected');
    });
    of.client.subscribe('not possible', () => {});
    await of.client.connected();
    await of.client.request(`ops.echo.${of.client.id}`);
    watching.publish('fail.now');
    watching.publish('fail.later');
    const failures = () => of.events.flatMap((one) => (one.type === 'handler_failed' ? one.subject : []));
    await eventually('all failures', () => failures().length === 3);
    console.error = error;
    quiet();
    quietToo();
    assert.deepEqual(failures(), ['not possible', 'fail.now', 'fail.later']);
    assert.equal(reported, 8, 'connected, and three failures, by each of both');
    assert.equal((await of.client.request(`ops.echo.${of.client.id}`, 'still')).string(), 'still');
  });

  test('tells what is not permitted, and stands', async () => {
    const of = opened({ login: { user: 'small', password: 'small' }, id: 'small' });
    await of.client.connected();
    of.client.publish('not.ok');
    const denied = () =>
      of.events.flatMap((one) => (one.type === 'denied' ? `${one.operation} ${one.subject}` : []));
    await eventually('both', () => denied().length === 2);
    assert.deepEqual(denied(), ['subscription ops.echo.small', 'publish not.ok']);
    await assert.rejects(of.client.request('ok.nobody'), /no responders/i);
    assert.throws(() => of.client.publish('no good'), /subject/);
    assert.throws(() => of.client.publish('ok.x', new Uint8Array(2e6)), /max_payload/);
    assert.equal(of.client.state(), 'connected');
  });

  test('to a server that hangs is given up after 5 s, and tried again', async () => {
    const silent = await silentServer();
    owner.after(() => silent.stop());
    const of = opened({ servers: `nats://127.0.0.1:${silent.port}` });
    await eventually('a second attempt', () => silent.accepted() >= 2);
    assert.deepEqual(of.types(), ['failed']);
    assert.match(JSON.stringify(of.events[0]), /timeout/i);
    await of.client.close();
  });
});

describe('its records', () => {
  test('of an outage arrive afterwards, none is lost, and none has two ids', async () => {
    const of = opened({ servers: `nats://127.0.0.1:${gate.port}`, id: 'logging' });
    const ids = new Map<string, Set<string>>();
    let late = 0;
    const sub = watching.subscribe('ops.log.*.logging', {
      callback: (_error, message) => {
        const { msg, backfill } = message.json<{ msg: string; backfill?: boolean }>();
        assert.equal(message.headers?.get('X-Backfill') === 'true', backfill === true);
        if (backfill) late += 1;
        const known = ids.get(msg) ?? new Set();
        ids.set(msg, known.add(message.headers?.get('Nats-Msg-Id') ?? ''));
      },
    });
    await watching.flush();
    const count = 600;
    for (let i = 0; i < count; i++) {
      of.client.logger.info(`record ${i}`);
      if (i % 150 === 75) gate.set('shut'); // in the midst of them, before the server has answered
      if (i % 150 === 125) gate.set('open');
      if (i % 10 === 0) await new Promise((resolve) => setTimeout(resolve, 10));
    }
    await of.client.connected();
    await eventually('all of them', () => ids.size === count && of.client.logged().waiting === 0);
    assert.ok(late > 0);
    assert.deepEqual(of.client.logged(), { waiting: 0, dropped: 0 });
    for (const [msg, known] of ids) assert.equal(known.size, 1, msg);
    sub.unsubscribe();
  });

  test('that a server took no more are counted: what arrives and what is dropped is all that was logged', async () => {
    const stopped = await fleet.server('stopped', '');
    await stopped.start();
    const path = await gateTo(owner, stopped.port, () => 0.5);
    const of = opened({ servers: `nats://127.0.0.1:${path.port}`, login: {}, id: 'stopped' });
    await of.client.connected();
    await stopped.kill('SIGSTOP');
    const count = 5000;
    for (let i = 0; i < count; i++) of.client.logger.info(`record ${i}`);
    await stopped.kill('SIGKILL');
    path.set('shut'); // until somebody listens
    await stopped.start();
    const arrived = new Set<string>();
    const told: unknown[] = [];
    const listening = await nats.connect({ servers: stopped.url });
    owner.after(() => listening.close());
    listening.subscribe('ops.log.*.stopped', {
      callback: (_error, message) => {
        const { lvl, msg, fields } = message.json<{ lvl: string; msg: string; fields?: unknown }>();
        if (lvl === 'WARN') told.push(fields);
        else arrived.add(msg);
      },
    });
    await listening.flush();
    path.set('open');
    of.client.retryNow();
    await eventually('the count', () => told.length > 0 && of.client.logged().waiting === 0);
    const { dropped } = of.client.logged();
    assert.deepEqual([arrived.size + dropped, told], [count, [{ count: dropped }]]);
  });

  test('are sent before it closes, and the last heartbeat says that it stops on purpose', async () => {
    const seen: string[] = [];
    const sub = watching.subscribe('ops.*.>', {
      callback: (_error, message) => {
        if (!message.subject.endsWith('.closing')) return;
        const { msg, stopping, status, problems } = message.json<Record<string, unknown>>();
        seen.push(JSON.stringify(msg ?? [status, problems, stopping]));
      },
    });
    await watching.flush();
    const health = () => ({ status: 'degraded', problems: ['no microphone'] }) as const;
    const of = opened({ id: 'closing', heartbeat_s: 60, health, echo: false });
    await of.client.connected();
    of.client.logger.info('the last');
    await of.client.close();
    await eventually('all of it', () => seen.length === 3);
    assert.deepEqual(seen, [
      '["degraded",["no microphone"],null]',
      '"the last"',
      '["degraded",["no microphone"],true]',
    ]);
    sub.unsubscribe();
  });
});

test('nunect-hub takes it for one of those that answer: echo, and top', async () => {
  const of = opened({ id: 'nats-ui-laptop-linux-a7b3', heartbeat_s: 1, version: '4.5.6' });
  await of.client.connected();
  const env = { ...process.env, NATS_URL: server.url, NATS_USER: 'watching', NATS_PASSWORD: 'watching' };
  const run = (...args: string[]) =>
    runToEnd(
      process.execPath,
      ['--require', join(projectRoot, 'build/register.cjs'), 'agent/hub/main.ts', ...args],
      {
        env,
        cwd: projectRoot,
      },
    );
  const [echo, top] = await Promise.all([
    run('echo', of.client.id, '-c', '3', '-i', '0.01'),
    run('top', '--once', '--json', '-i', '3'),
  ]);
  assert.match(echo.stdout, /\n--- nats-ui-laptop-linux-a7b3: 3 sent, 3 answered, 0 % lost\n/, echo.stderr);
  const [unit] = JSON.parse(top.stdout).units;
  assert.deepEqual([unit.unit, unit.state, unit.version], [of.client.id, 'healthy', '4.5.6'], top.stdout);
  assert.ok(unit.native_rtt_us > 0 && unit.app_rtt_us > 0, top.stdout);
});
