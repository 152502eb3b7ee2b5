import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { connect, NoRespondersError, TimeoutError } from '@nats-io/transport-node';
import { type AskLeaf, askByHttp, askBySystemAccount, type SystemLink } from '../../agent/leaf/watch/ask.ts';
import { type LeafWatch, watchLeaf } from '../../agent/leaf/watch/watch.ts';
import { freshValue } from '../../agent/lib/reading.ts';
import { systemTicker } from '../../agent/lib/ticker.ts';
import { type NatsProcess, natsFleet, silentServer } from '../kit/hub/nats.ts';
import { eventually } from '../kit/process/daemon.ts';
import { reservePort } from '../kit/process/ports.ts';
import { natsServers } from '../kit/process/tools.ts';

const hubConfig = (leafPort: number): string => `
leafnodes { listen: "127.0.0.1:${leafPort}" }
accounts { HUB { users: [ { user: "u1", password: "right" } ] } }
`;

/** Quick pings, so that a hub that hangs is noticed within seconds. */
const leafConfig = (httpPort: number, remotes: string): string => `
http: "127.0.0.1:${httpPort}"
ping_interval: 1
ping_max: 2
leafnodes { reconnect: 1, remotes: [ ${remotes} ] }
accounts { APP { users: [ { user: "app", password: "app" } ] }, SYS { users: [ { user: "sys", password: "sys" } ] } }
system_account: SYS
`;

const remote = (port: number, password = 'right'): string =>
  `{ url: "nats://u1:${password}@127.0.0.1:${port}", account: APP }`;

interface Bench {
  readonly hub: NatsProcess;
  readonly leaf: NatsProcess;
  readonly hubPort: number;
  readonly httpPort: number;
  readonly http: AskLeaf;
  config(remotes: string): string;
  watch(ask?: AskLeaf): LeafWatch;
}

/** A hub and a leaf, neither started, cleaned up after the test. */
async function bench(t: TestContext, program: string): Promise<Bench> {
  const fleet = natsFleet(program);
  const abort = new AbortController();
  t.after(async () => {
    abort.abort();
    await fleet.stop();
  });
  const [hubPort, httpPort] = await Promise.all([reservePort(), reservePort()]);
  const config = (remotes: string): string => leafConfig(httpPort, remotes);
  const http = askByHttp(`http://127.0.0.1:${httpPort}`, 2000);
  return {
    hub: await fleet.server('hub', hubConfig(hubPort)),
    leaf: await fleet.server('leaf', config(remote(hubPort))),
    hubPort,
    httpPort,
    http,
    config,
    watch: (ask = http) => watchLeaf({ ask, ticker: systemTicker() }, { intervalMs: 20 }, abort.signal),
  };
}

const hubIs = (watch: LeafWatch, want: boolean | undefined): Promise<true> =>
  eventually(`hubUp() is ${want}`, () => watch.hubUp() === want);

/** Watches for a while and gives every answer of hubUp() that was seen, and every last error. */
async function seenFor(watch: LeafWatch, ms: number): Promise<{ up: Set<unknown>; errors: Set<string> }> {
  const up = new Set<unknown>();
  const errors = new Set<string>();
  for (const end = performance.now() + ms; performance.now() < end; ) {
    await watch.look();
    up.add(watch.hubUp());
    const error = freshValue(watch.read())?.hub_trouble;
    if (error !== undefined) errors.add(error.replace(/:\d+/g, ':PORT'));
  }
  return { up, errors };
}

/** A connection to the system account as the agent's Link would offer it. */
async function systemLink(t: TestContext, url: string): Promise<SystemLink> {
  const nc = await connect({ servers: url, user: 'sys', pass: 'sys', maxReconnectAttempts: -1 });
  t.after(() => nc.close());
  return {
    async request(subject, payload, { timeout_ms }) {
      try {
        return { kind: 'reply', message: await nc.request(subject, payload, { timeout: timeout_ms }) };
      } catch (error) {
        if (error instanceof TimeoutError) return { kind: 'timeout' };
        return { kind: error instanceof NoRespondersError ? 'no_responders' : 'closed' };
      }
    },
  };
}

for (const [age, program] of Object.entries(natsServers())) {
  const skip = program === undefined ? `no ${age} nats-server: run 'make tools'` : false;
  const server = program ?? '';

  test(`${age} server: the hub is up, killed, back, hung and back`, { skip }, async (t) => {
    const { hub, leaf, hubPort, watch: start } = await bench(t, server);
    await hub.start();
    await leaf.start();
    const watch = start();
    const begin = performance.now();
    await hubIs(watch, true);
    t.diagnostic(`link up and measured ${Math.round(performance.now() - begin)} ms after the leaf was ready`);

    const facts = freshValue(watch.read());
    assert.equal(facts?.server.name, 'leaf');
    assert.equal(facts?.server.remotes[0], `127.0.0.1:${hubPort}`);
    assert.equal(facts?.links.length, 1);
    assert.equal(facts?.links[0]?.port, hubPort);
    const rtt_us = facts?.hub.rtt_us ?? 0;
    assert.ok(rtt_us > 10 && rtt_us < 5_000_000, `rtt ${rtt_us}`); // microseconds, also on a busy machine

    const changesBefore = facts?.hub.changes ?? 0;
    await hub.kill('SIGKILL');
    const killed = performance.now();
    await hubIs(watch, false);
    t.diagnostic(`hub killed: seen after ${Math.round(performance.now() - killed)} ms`);
    assert.equal(freshValue(watch.read())?.hub.changes, changesBefore + 1);

    await hub.start();
    await hubIs(watch, true);
    assert.equal(freshValue(watch.read())?.hub.changes, changesBefore + 2);

    await hub.kill('SIGSTOP');
    const hung = performance.now();
    await hubIs(watch, false);
    t.diagnostic(
      `hub hung: seen after ${Math.round(performance.now() - hung)} ms with ping_interval 1, ping_max 2`,
    );
    await seenFor(watch, 500);
    assert.equal(watch.hubUp(), false, 'it accepts connections through the kernel, and does not answer');
    await hub.kill('SIGCONT');
    await hubIs(watch, true);
  });

  test(`${age} server: a hub that refuses the password is down`, { skip }, async (t) => {
    const { hub, leaf, hubPort, config, watch } = await bench(t, server);
    await hub.start();
    await leaf.start(config(remote(hubPort, 'wrong')));
    assert.deepEqual((await seenFor(watch(), 4000)).up, new Set([false]));
  });

  test(`${age} server: a hub that accepts and stays silent is down`, { skip }, async (t) => {
    const { leaf, config, watch } = await bench(t, server);
    const silent = await silentServer();
    t.after(() => silent.stop());
    await leaf.start(config(remote(silent.port)));
    const { up, errors } = await seenFor(watch(), 4000);
    assert.deepEqual(up, new Set([false]));
    assert.ok(errors.has('no link to the hub (127.0.0.1:PORT)'));
  });

  test(`${age} server: a hub that greets and then says nothing is down`, { skip }, async (t) => {
    const { leaf, config, http, watch } = await bench(t, server);
    // with client_id and leafnode_urls it is a leafnode port to the server, which then counts the link as made
    const greeting = {
      server_id: 'HUB',
      version: '2.10.0',
      max_payload: 1_048_576,
      client_id: 5,
      leafnode_urls: ['127.0.0.1:1'],
    };
    const sockets = new Set<Socket>();
    const hub = createTcpServer((socket) => {
      sockets.add(socket.on('error', () => {}));
      socket.write(`INFO ${JSON.stringify(greeting)}\r\n`);
    });
    await new Promise<void>((resolve) => hub.listen(0, '127.0.0.1', resolve));
    t.after(() => {
      hub.close();
      for (const socket of sockets) socket.destroy();
    });
    await leaf.start(config(remote((hub.address() as AddressInfo).port)));
    const links = async (): Promise<unknown[]> => JSON.parse(await http('leafz')).leafs ?? [];
    await eventually('the link is made', async () => (await links()).length > 0); // the first look sees it
    const { up, errors } = await seenFor(watch(), 4000);
    assert.deepEqual(up, new Set([undefined, false]), 'it is not known of a young link');
    assert.ok(
      errors.has('hub 127.0.0.1:PORT accepts the link but has not answered on it'),
      [...errors].join('; '),
    );
  });

  test(`${age} server: a hub that is not there is down, and no hub is no trouble`, { skip }, async (t) => {
    const { leaf, config, watch: start } = await bench(t, server);
    await leaf.start();
    const watch = start();
    assert.deepEqual((await seenFor(watch, 500)).up, new Set([false]));
    await leaf.kill('SIGTERM');
    await hubIs(watch, undefined);
    await leaf.start(config(''));
    const local = start();
    await hubIs(local, false);
    assert.equal(freshValue(local.read())?.hub_trouble, undefined);
  });

  test(`${age} server: a leaf that dies, returns and hangs is told`, { skip }, async (t) => {
    const { leaf, httpPort, watch: start } = await bench(t, server);
    const watch = start(askByHttp(`http://127.0.0.1:${httpPort}`, 300));
    await eventually('refused', () => {
      const reading = watch.read();
      return reading.kind === 'absent' && reading.why === 'refused';
    });
    await leaf.start();
    const first = await eventually('fresh', () => freshValue(watch.read()));
    await leaf.kill('SIGKILL');
    await eventually('stale', () => watch.read().kind === 'stale');
    assert.equal(watch.hubUp(), undefined);
    await leaf.start();
    const second = await eventually('fresh', () => freshValue(watch.read()));
    assert.notEqual(second.server.id, first.server.id);
    assert.match(second.hub_trouble ?? 'no link', /no link/, 'that it was away is no trouble of the hub');
    await leaf.kill('SIGSTOP');
    await eventually('stale', () => watch.read().kind === 'stale');
    await leaf.kill('SIGCONT');
    await eventually('fresh', () => watch.read().kind === 'fresh');
  });

  test(`${age} server: the system account tells the same as the monitoring port`, { skip }, async (t) => {
    const { hub, leaf, http, watch: start } = await bench(t, server);
    await hub.start();
    await leaf.start();
    const link = await systemLink(t, leaf.url);
    const watch = start(askBySystemAccount(link, 2000));
    await hubIs(watch, true);
    const plain = start(http);
    await hubIs(plain, true);
    const [a, b] = [freshValue(watch.read()), freshValue(plain.read())];
    assert.deepEqual(
      { ...a?.links[0], rtt_us: 0, in_bytes: 0, in_msgs: 0 },
      { ...b?.links[0], rtt_us: 0, in_bytes: 0, in_msgs: 0 },
    );
    assert.equal(a?.server.id, b?.server.id);
    assert.equal(a?.server.version, b?.server.version);
    await leaf.kill('SIGSTOP');
    const hung = start(askBySystemAccount(link, 100));
    await eventually('no reply', () => {
      const reading = hung.read();
      return reading.kind === 'absent' && reading.why === 'no_reply';
    });
    await leaf.kill('SIGCONT');
  });
}

test('a monitoring port that talks rubbish is no server', async (t) => {
  const replies: { status: number; body: string }[] = [];
  const server = createServer((_request, response) => {
    const { status, body } = replies[0] ?? { status: 200, body: '' };
    response.writeHead(status).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  const ask = askByHttp(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, 5000);
  replies[0] = { status: 404, body: 'no' };
  await assert.rejects(ask('varz'), { code: 'garbled', message: /varz: HTTP 404$/ });
  replies[0] = { status: 200, body: 'x'.repeat(5 * 1024 * 1024) };
  await assert.rejects(ask('leafz'), { code: 'no_reply', message: /more than 4194304 bytes/ });
  replies[0] = { status: 200, body: 'µ' };
  assert.equal(await ask('varz'), 'µ');
});
