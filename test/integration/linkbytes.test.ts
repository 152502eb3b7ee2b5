// What a unit says that its link to the hub has carried, held against what a proxy in between has counted.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { askByHttp } from '../../agent/leaf/watch/ask.ts';
import type { LinkBytes } from '../../agent/leaf/watch/linkbook.ts';
import { watchLinkBytes } from '../../agent/leaf/watch/linkbytes.ts';
import { type AskSockets, askSs } from '../../agent/leaf/watch/sockets.ts';
import { watchLeaf } from '../../agent/leaf/watch/watch.ts';
import { spawnSafely } from '../../agent/lib/child.ts';
import { systemTicker } from '../../agent/lib/ticker.ts';
import { countingProxy } from '../kit/hub/countingproxy.ts';
import { type NatsProcess, natsFleet } from '../kit/hub/nats.ts';
import { eventually, tempDir } from '../kit/process/daemon.ts';
import { reservePort } from '../kit/process/ports.ts';
import { lacking, natsServers } from '../kit/process/tools.ts';

/** For what asks the kernel every five minutes, an hour passes in twelve seconds. */
const faster = 300;
const real = systemTicker();
const ticker = { now_ms: () => real.now_ms() * faster };

const spawnIn = (path: string | undefined) =>
  spawnSafely((command, args) => spawn(command, args, { env: { PATH: path } }));
const realSs = askSs(spawnIn(process.env['PATH']));

/** Leaves are told of the proxy alone. */
const hubConfig = (port: number, proxyPort: number): string => `
leafnodes { listen: "127.0.0.1:${port}", advertise: "127.0.0.1:${proxyPort}" }
accounts { HUB { users: [ { user: "u1", password: "right" }, { user: "ops", password: "ops" } ] } }
`;

const leafConfig = (httpPort: number, port: number, compression?: string): string => `
http: "127.0.0.1:${httpPort}"
ping_interval: 1
leafnodes { reconnect: 1, remotes: [ { url: "nats://u1:right@127.0.0.1:${port}"${compression === undefined ? '' : `, compression: ${compression}`} } ] }
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
  readonly told: { readonly looks: number };
  bytes(): LinkBytes;
  /** Apps on the LAN and at the hub talk for a while. */
  talk(ms: number): Promise<void>;
  /** The agent ends, gently or not, and is started again. */
  restartAgent(gently: boolean): Promise<void>;
  /** Waits until the kernel was asked once more. */
  asked(): Promise<void>;
  /** Until the link stands, through the proxy. */
  joined(): Promise<true>;
}

/** A hub with a leaf behind a counting proxy, and the agent's watches; the leaf starts after them. */
async function site(t: TestContext, program: string, ask: AskSockets, compression?: string): Promise<Site> {
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
  const hub = await fleet.server('hub', hubConfig(hubPort, proxy.port));
  const leaf = await fleet.server('leaf', leafConfig(httpPort, proxy.port, compression));
  await hub.start();
  const told = { looks: 0 };
  const askSockets: AskSockets = async (ports) => {
    const sockets = await ask(ports);
    told.looks += 1;
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
      { file, boot: 'b', ping_s: faster },
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
    told,
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
      const before = told.looks;
      await eventually('the kernel was asked', () => told.looks > before);
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
const cases = [
  ...(debian === undefined ? [] : [{ name: '2.9', program: debian, compression: undefined }]),
  ...(newest === undefined
    ? []
    : ['off', 's2_best'].map((compression) => ({
        name: `newest, ${compression}`,
        program: newest,
        compression,
      }))),
];

for (const { name, program, compression } of cases)
  describe(`the bytes of a link, server ${name}`, { skip: lacking('ss') }, () => {
    test('are those on the wire: over cuts, restarts of the leaf and of the agent', async (t) => {
      const all = await site(t, program, realSs, compression);
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
      console.log(name, errors(all), all.bytes().month, all.told);
    });

    test('are at most what is said where ss is missing, and are said to be reckoned', async (t) => {
      const all = await site(t, program, askSs(spawnIn('/nowhere')), compression);
      await all.talk(1500);
      all.proxy.cut();
      all.proxy.mend();
      await all.joined();
      await all.talk(1500);
      await all.joined();
      const { sent, received } = errors(all);
      console.log(name, 'no ss', { sent, received });
      assert.ok(sent >= 0 && received >= 0, `${sent}, ${received}`);
      assert.equal(all.bytes().month.basis, 'messages');
      assert.equal(all.bytes().month.with_headers_bytes, undefined);
    });
  });
