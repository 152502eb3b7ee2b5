// What a unit says that its link to the hub has carried, held against what a proxy in between has counted.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { askByHttp } from '../../agent/leaf/watch/ask.ts';
import type { LinkBytes } from '../../agent/leaf/watch/linkbook.ts';
import { watchLinkBytes } from '../../agent/leaf/watch/linkbytes.ts';
import { type AskSockets, askSs } from '../../agent/leaf/watch/sockets.ts';
import { watchLeaf } from '../../agent/leaf/watch/watch.ts';
import { logTo } from '../../agent/lib/log.ts';
import { systemTicker } from '../../agent/lib/ticker.ts';
import { openLink } from '../../agent/nats/link.ts';
import { countingProxy } from '../kit/hub/countingproxy.ts';
import { type NatsProcess, natsFleet } from '../kit/hub/nats.ts';
import { authority } from '../kit/leaf/leafdaemon.ts';
import { type NetnsEnd, netnsPair, noNetns } from '../kit/net/netns.ts';
import { agentSpawn, daemon, eventually, tempDir } from '../kit/process/daemon.ts';
import { reservePort } from '../kit/process/ports.ts';
import { lacking, natsServers, withoutNewest } from '../kit/process/tools.ts';

/** For what asks the kernel every five minutes, an hour passes in twelve seconds. */
const faster = 300;
const real = systemTicker();
const ticker = { now_ms: () => real.now_ms() * faster };

const realSs = askSs(agentSpawn);
const noSs = askSs((command, args) => agentSpawn(`/nowhere/${command}`, args));

/** What a hub and a leaf are to each other. */
interface Kind {
  readonly name: string;
  readonly program: string;
  readonly compression?: string;
  /** Files of a hub's certificate, by which the link is over TLS. */
  readonly tls?: boolean;
}

/** Leaves are told of the proxy alone. */
const hubConfig = (port: number, proxyPort: number, tls: string): string => `
leafnodes { listen: "127.0.0.1:${port}", advertise: "127.0.0.1:${proxyPort}"${tls} }
accounts { HUB { users: [ { user: "u1", password: "right" }, { user: "ops", password: "ops" } ] } }
`;

const leafConfig = (httpPort: number, port: number, more: string): string => `
http: "127.0.0.1:${httpPort}"
ping_interval: 1
leafnodes { reconnect: 1, remotes: [ { url: "nats://u1:right@127.0.0.1:${port}"${more} } ] }
`;

/** JSON as units and apps send it, with some of it like in the message before. */
const body = (n: number): string =>
  JSON.stringify({
    ts: Date.now(),
    seq: n,
    unit_id: 'u1',
    fix: randomBytes(n % 60).toString('hex'),
    text: 'position report '.repeat(n % 9),
  });

interface Site {
  readonly hub: NatsProcess;
  readonly leaf: NatsProcess;
  readonly proxy: Awaited<ReturnType<typeof countingProxy>>;
  bytes(): LinkBytes;
  /** Apps on the LAN and at the hub talk for a while. */
  talk(ms: number): Promise<void>;
  /** The agent ends, gently or not, and is started again. */
  restartAgent(gently: boolean): Promise<void>;
  /** Waits until the kernel was asked once more, from now on. */
  asked(): Promise<void>;
  /** Until the link stands, through the proxy. */
  joined(): Promise<true>;
}

/** A hub with a leaf behind a counting proxy, and the agent's watches; the leaf starts after them. */
async function site(t: TestContext, { program, compression, tls }: Kind, ask: AskSockets): Promise<Site> {
  const fleet = natsFleet(program);
  const ending = new AbortController();
  const open = new Set<NatsConnection>();
  t.after(async () => {
    ending.abort();
    for (const nc of open) await nc.close();
    await fleet.stop();
  });
  const [hubPort, httpPort] = await Promise.all([reservePort(), reservePort()]);
  const proxy = await countingProxy(t, hubPort);
  const { ca, issue } = authority(join(fleet.dir, 'tls'));
  const own = issue('hub', '/CN=hub');
  const hubTls = tls ? `, tls { cert_file: "${own.cert}", key_file: "${own.key}" }` : '';
  const leafTls = tls ? `, tls { ca_file: "${ca}" }` : '';
  const compressed = compression === undefined ? '' : `, compression: ${compression}`;
  const hub = await fleet.server('hub', hubConfig(hubPort, proxy.port, hubTls));
  const leaf = await fleet.server('leaf', leafConfig(httpPort, proxy.port, compressed + leafTls));
  await hub.start();
  const looks = { begun: 0, ended: 0 }; // one at a time
  const askSockets: AskSockets = async (ports) => {
    looks.begun += 1;
    const sockets = await ask(ports);
    looks.ended = looks.begun;
    return sockets;
  };
  const file = join(tempDir(t, 'linkbytes'), 'link.bytes');
  const start = () => {
    const abort = new AbortController();
    ending.signal.addEventListener('abort', () => abort.abort());
    const watch = watchLeaf(
      { ask: askByHttp(`http://127.0.0.1:${httpPort}`, 2000), ticker: real },
      { intervalMs: 50 },
      abort.signal,
    );
    const bytes = watchLinkBytes(
      { leaf: watch, askSockets, ticker, wall_ms: (ms) => 1.8e12 + ms, isDated: () => false },
      { file, boot: 'b', ping_s: faster, lookEvery_ms: 50 * faster },
    );
    return { abort, watch, bytes };
  };
  let agent = start();
  await agent.watch.look(); // nobody is there yet
  await leaf.start();
  const client = async (url: string, login = {}): Promise<NatsConnection> => {
    const nc = await connect({ servers: url, ...login });
    open.add(nc);
    return nc;
  };
  const joined = () =>
    eventually('joined', async () => {
      await agent.watch.look();
      return agent.watch.hubUp() === true;
    });
  await joined();
  return {
    hub,
    leaf,
    proxy,
    joined,
    bytes: () => agent.bytes.read() ?? assert.fail('nothing was counted'),
    async talk(ms) {
      const [ops, lan] = [await client(hub.url, { user: 'ops', pass: 'ops' }), await client(leaf.url)];
      ops.subscribe('app.up.>');
      lan.subscribe('app.down.>');
      ops.subscribe('app.ask', { callback: (_error, message) => void message.respond(body(50)) });
      await Promise.all([ops.flush(), lan.flush()]);
      for (const end = performance.now() + ms; performance.now() < end; ) {
        for (let n = 0; n < 40; n += 1) {
          lan.publish(`app.up.boat-${n}.position`, body(n));
          if (n % 4 === 0) ops.publish(`app.down.boat-${n}.order`, body(n));
        }
        await lan.request('app.ask', 'now', { timeout: 1000 }).catch(() => {});
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      for (const nc of [ops, lan]) {
        await nc.close();
        open.delete(nc);
      }
    },
    async restartAgent(gently) {
      if (gently) await agent.bytes.stop();
      agent.abort.abort();
      agent = start();
    },
    async asked() {
      const { begun } = looks; // one that is under way has seen some of what passed, and not all
      await eventually('the kernel was asked', () => looks.ended > begun);
      await agent.watch.look();
    },
  };
}

/** How far the unit is from the proxy, as a share of what that has counted; both ways. */
function errors({ bytes, proxy }: Site): { readonly sent: number; readonly received: number } {
  const { there, back } = proxy.carried();
  const { sent_bytes, received_bytes } = bytes().month;
  return { sent: sent_bytes / there - 1, received: received_bytes / back - 1 };
}

function assertTrue(all: Site, most = 0.02): void {
  const found = errors(all);
  for (const [way, error] of Object.entries(found))
    assert.ok(Math.abs(error) <= most, `${way}: ${(error * 100).toFixed(2)} % off`);
}

const { debian, newest } = natsServers();
const kinds: readonly Kind[] = [
  ...(debian === undefined ? [] : [{ name: '2.9', program: debian }]),
  ...(newest === undefined
    ? []
    : [
        { name: 'newest, no compression', program: newest, compression: 'off' },
        { name: 'newest, s2_best', program: newest, compression: 's2_best' },
        { name: 'newest, TLS, no compression', program: newest, compression: 'off', tls: true },
      ]),
];

for (const kind of kinds)
  describe(`the bytes of a link, server ${kind.name}`, { skip: lacking('ss') }, () => {
    test('are those on the wire: over cuts, restarts of the leaf and of the agent', async (t) => {
      const all = await site(t, kind, realSs);
      await all.talk(2500);
      await all.asked();
      assertTrue(all);
      assert.equal(all.bytes().hour.basis, 'wire');

      for (let n = 0; n < 3; n += 1) {
        const talked = all.talk(1500);
        await all.asked();
        all.proxy.cut();
        all.proxy.mend();
        await all.joined();
        await talked;
      }
      await all.talk(500);
      await all.asked();
      assertTrue(all);

      await all.leaf.kill('SIGTERM');
      await all.leaf.start();
      await all.joined();
      await all.talk(1500);
      await all.asked();
      assertTrue(all);

      for (const gently of [true, false]) {
        await all.restartAgent(gently);
        await all.talk(1500);
        await all.asked();
        assertTrue(all);
      }
    });

    test('are at most what is said where ss is missing, and are said to be reckoned', async (t) => {
      const all = await site(t, kind, noSs);
      await all.talk(1500);
      all.proxy.cut();
      all.proxy.mend();
      await all.joined();
      await all.talk(1500);
      await all.joined();
      const { sent, received } = errors(all);
      assert.ok(sent >= 0 && received >= 0, `${sent}, ${received}`);
      assert.equal(all.bytes().month.basis, 'messages');
      assert.equal(all.bytes().month.with_headers_bytes, undefined);
    });
  });

for (const way of ['plain', 'TLS', 'TLS first'] as const)
  test(`the agent without a leaf counts what is on the wire: ${way}`, {
    skip: withoutNewest(),
  }, async (t) => {
    const fleet = natsFleet(newest ?? '');
    t.after(() => fleet.stop());
    const { ca, issue } = authority(join(fleet.dir, 'tls'));
    const own = issue('hub', '/CN=hub');
    const first = way === 'TLS first';
    const tls = `tls { cert_file: "${own.cert}", key_file: "${own.key}", handshake_first: ${first} }`;
    const hub = await fleet.server('hub', way === 'plain' ? '' : tls);
    await hub.start();
    const proxy = await countingProxy(t, hub.port);
    const ending = new AbortController();
    const link = openLink(
      { ticker: real, log: logTo(() => {}) },
      {
        servers: [`nats://127.0.0.1:${proxy.port}`],
        name: 'test',
        inboxPrefix: '_INBOX_u1',
        ...(way !== 'plain' && { tls: { caFile: ca, ...(first && { handshakeFirst: true as const }) } }),
      },
      ending.signal,
    );
    t.after(async () => {
      ending.abort();
      await link.stop();
    });
    for (const times of [1, 2]) {
      await eventually('connected', () => link.state().connected);
      for (let n = 0; n < 200; n += 1) link.publish('app.up', body(n));
      await link.flushRtt_us(5000);
      const { there, back } = proxy.carried();
      const { out_bytes, in_bytes } = link.counters();
      const farewell = way === 'plain' ? 0 : 24 * (times - 1); // the end of TLS, to a connection that was cut
      assert.deepEqual([out_bytes, in_bytes], [there + farewell, back], `connection ${times}`);
      proxy.cut();
      await eventually('disconnected', () => !link.state().connected);
      proxy.mend();
    }
  });

/** Says 500 times what is answered in short, and stays. */
const chatter = `
const { connect, createServer } = require('node:net');
const [role, host] = process.argv.slice(1);
if (role === 'server') createServer((peer) => peer.setNoDelay(true).on('data', (data) => peer.write(data.subarray(0, 20)))).listen(7422, () => console.log('ready'));
else {
  let n = 0;
  const say = () => { n += 1; if (n <= 500) link.write(Buffer.alloc(300 + n)); else console.log('done'); };
  const link = connect({ host, port: 7422, noDelay: true }, say).on('data', say);
}`;

test('with the headers of its packets it is what has passed the interface, but for Ethernet', {
  skip: noNetns() ?? lacking('ss'),
}, async (t) => {
  const [unit, hub] = netnsPair(t);
  const program = (end: NetnsEnd, ...words: string[]) => {
    const [command = '', ...before] = end.exec;
    return daemon(t, command, [...before, process.execPath, '-e', chatter, ...words]);
  };
  interface Passed {
    readonly bytes: number;
    readonly packets: number;
  }
  /** Both ways, without the 14 bytes of Ethernet. */
  const passed = (): number => {
    const text = unit.run('ip', '-s', '-j', 'link', 'show', 'dev', unit.interface);
    const [{ stats64 }] = JSON.parse(text) as [{ stats64: { rx: Passed; tx: Passed } }];
    return [stats64.rx, stats64.tx].reduce((sum, { bytes, packets }) => sum + bytes - 14 * packets, 0);
  };
  const server = program(hub, 'server');
  await eventually('the server listens', () => server.output().includes('ready'));
  const before = passed();
  const client = program(unit, 'client', hub.address);
  await eventually('all was said', () => client.output().includes('done'));
  const ask = askSs((command, args) => {
    const [first = '', ...words] = [...unit.exec, command, ...args];
    return agentSpawn(first, words);
  });
  const socket = await eventually('the connection is told', async () => (await ask([7422]))?.[0]);
  const told = socket.sent + socket.received + socket.headers;
  const share = told / (passed() - before);
  assert.ok(Math.abs(share - 1) <= 0.02, `${told}: ${share} of what passed`);
  assert.ok(socket.headers > 0.1 * (socket.sent + socket.received));
});
