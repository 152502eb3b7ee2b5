// Far more than a unit is meant to take, of everything that can be sent to it: it keeps its memory, its heartbeat and
// its answers to others, and it is the same process afterwards.
import assert from 'node:assert/strict';
import { request } from 'node:http';
import { type Socket, connect as tcp } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { connect, headers, type Msg, type NatsConnection } from '@nats-io/transport-node';
import { newOwner } from '../kit/process/cleanup.ts';
import { eventually, tempDir } from '../kit/process/daemon.ts';
import {
  beatsOf,
  collected_mb,
  collectFlags,
  type EchoTimes,
  gapsOf,
  openFiles,
  quietClient,
  rss_mb,
  slowdown,
  smallFlags,
  watchMemory,
} from '../kit/process/strain.ts';
import { natsServers, need } from '../kit/process/tools.ts';
import { type Hub, operator, type RunningUnit, startHub, startUnit } from '../kit/unit/site.ts';

const unit = 'demo-01';
const server = natsServers().newest ?? need('nats-server');
const long = process.env['NUNECT_LONG'] === '1' ? 5 : 1;
const interval_ms = 1000;
/**
 * Resident memory above that of a unit that has answered a few thousand echoes, in MB. With the flags for devices of
 * little memory, as node's defaults leave up to 130 MB of garbage lie around where there is room: that says nothing.
 */
const bound = { peak: 96, after: 96, collected: 56 };
const owner = newOwner();

let hub: Hub;
let site: RunningUnit;
/** Its own connection, so that the flood does not stand in the queue of the one that measures. */
let flooder: NatsConnection;
let lan: NatsConnection;
let pid: number;
let idle_mb: number;
let idleHeap_mb: number;
let idleFiles: number;
const seen: Msg[] = [];

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Sends `count` requests, at most `window` at once; gives how many were answered. Silence counts after `patience_ms`. */
async function requests(
  nc: NatsConnection,
  subject: string,
  payload: Uint8Array | string,
  count: number,
  window: number,
  more: { readonly headers?: ReturnType<typeof headers>; readonly patience_ms?: number } = {},
): Promise<number> {
  let sent = 0;
  let answered = 0;
  const { patience_ms: timeout = 20_000, ...options } = more;
  const worker = async (): Promise<void> => {
    while (sent < count) {
      sent += 1;
      await nc.request(subject, payload, { timeout, ...options }).then(
        () => {
          answered += 1;
        },
        () => {},
      );
    }
  };
  await Promise.all(Array.from({ length: window }, worker));
  return answered;
}

const shown = ({ count, lost, p50_ms, p99_ms }: EchoTimes): string =>
  `${count} echoes p50 ${p50_ms.toFixed(2)} p99 ${p99_ms.toFixed(2)} ms, ${lost} lost`;

/** Runs a flood and judges what the agent has made of it. */
async function endure(say: (line: string) => void, flood: () => Promise<unknown>): Promise<EchoTimes> {
  const subject = `ops.echo.${unit}`;
  const slowerBefore = await slowdown();
  const from = seen.length;
  const memory = watchMemory(pid);
  const quiet = quietClient(hub.nc, subject);
  const begun = performance.now();
  await flood();
  const took_ms = performance.now() - begun;
  const during = await quiet.stop();
  const peak_mb = memory.stop();
  const back_mb = await eventually(
    `memory back to ${idle_mb} + ${bound.after} MB`,
    () => rss_mb(pid) < idle_mb + bound.after && rss_mb(pid),
    5000,
    100,
  ).catch(() => rss_mb(pid));
  const afterwards = await eventually('echoes are quick again', async () => {
    const calm = quietClient(hub.nc, subject);
    await pause(400);
    const times = await calm.stop();
    return times.lost === 0 && times.p50_ms < 20 && times;
  });
  await eventually('two heartbeats after it', () => beatsOf(seen.slice(from)).length >= 2);
  const { longest_ms, missing } = gapsOf(beatsOf(seen.slice(from)));
  say(
    `${took_ms.toFixed(0)} ms; idle ${idle_mb.toFixed(0)} peak ${peak_mb.toFixed(0)} back ${back_mb.toFixed(0)} MB`,
  );
  const slower = Math.max(slowerBefore, await slowdown()); // others may have begun meanwhile
  say(`machine ${slower.toFixed(1)} times slower than alone`);
  say(`during ${shown(during)}; after ${shown(afterwards)}; longest between heartbeats ${longest_ms} ms`);
  assert.ok(peak_mb < idle_mb + bound.peak, `peak of ${peak_mb} MB, idle ${idle_mb} MB`);
  assert.ok(back_mb < idle_mb + bound.after, `${back_mb} MB afterwards, idle ${idle_mb} MB`);
  assert.deepEqual(missing, [], 'no heartbeat is missing');
  assert.ok(
    longest_ms < slower * (2 * interval_ms + 300),
    `${longest_ms} ms without a heartbeat, on a machine ${slower.toFixed(1)} times slower than alone`,
  );
  return during;
}

describe('a unit that is flooded', () => {
  before(async () => {
    const dir = tempDir(owner, 'floods');
    hub = await startHub(owner, dir, server);
    hub.nc.subscribe('ops.heartbeat.>', { callback: (_error, message) => void seen.push(message) });
    site = await startUnit(owner, {
      dir,
      unit,
      server,
      hubPort: hub.leafPort,
      interval_s: 1,
      nodeFlags: [...smallFlags, ...collectFlags],
      time: [`list ptp_socket '${dir}/none'`],
      more: `config user 'lan'
	option password 'lan-secret'
	list publish 'ops.echo.${unit}'
	list publish 'ops.time.sync.${unit}'
	list publish 'app.>'
	list subscribe 'app.>'
	list subscribe '_INBOX.>'
`,
    });
    assert.ok(smallFlags.includes('--optimize-for-size'), 'the launcher has flags for little memory');
    pid = site.agent().pid;
    flooder = await connect({ servers: hub.url, user: operator.user, pass: operator.password });
    lan = await connect({ servers: `127.0.0.1:${site.leafPort}`, user: 'lan', pass: 'lan-secret' });
    owner.after(() => Promise.all([flooder.close(), lan.close()]));
    await eventually('stored', async () => (await hub.stored()) > 5);
    await requests(flooder, `ops.echo.${unit}`, 'warm', 5000, 64);
    await pause(1000);
    idleHeap_mb = await collected_mb(site.agent());
    idle_mb = rss_mb(pid);
    idleFiles = openFiles(pid);
  });
  after(() => owner.end());

  test('echo requests from the hub and the LAN at once, thousands under way', async (t) => {
    let answered = 0;
    await endure(t.diagnostic.bind(t), async () => {
      const both = [flooder, lan].map((nc) =>
        requests(nc, `ops.echo.${unit}`, 'x'.repeat(64), 20_000 * long, 2000),
      );
      answered = (await Promise.all(both)).reduce((sum, count) => sum + count, 0);
    });
    assert.equal(answered, 40_000 * long, 'each is answered');
  });

  test('the largest payloads, and larger ones', async (t) => {
    const largest = new Uint8Array((flooder.info?.max_payload ?? 0) - 2048).fill(120);
    const full = new Uint8Array(flooder.info?.max_payload ?? 0).fill(120);
    let answered = 0;
    await endure(t.diagnostic.bind(t), async () => {
      const [fits, tooLarge] = await Promise.all([
        requests(flooder, `ops.echo.${unit}`, largest, 150 * long, 16),
        requests(flooder, `ops.echo.${unit}`, full, 50 * long, 4),
      ]);
      answered = fits + tooLarge;
    });
    assert.equal(answered, 200 * long, 'with the payload, or with what it was too large for');
  });

  test('thousands of headers', async (t) => {
    const many = headers();
    for (let at = 0; at < 3000; at++) many.append(`X-Header-${at}`, 'some value');
    const few = headers();
    for (let at = 0; at < 150; at++) few.append(`H${at}`, 'v');
    await endure(t.diagnostic.bind(t), async () => {
      const answered = await Promise.all([
        requests(flooder, `ops.echo.${unit}`, 'x', 500 * long, 100, { headers: many }),
        requests(flooder, `ops.echo.${unit}`, 'x', 1000 * long, 100, { headers: few }),
      ]);
      assert.deepEqual(answered, [500 * long, 1000 * long]);
    });
  });

  test('requests without a reply subject, and with one that is not ours to speak on', async (t) => {
    await endure(t.diagnostic.bind(t), async () => {
      for (let at = 0; at < 20_000 * long; at++) {
        flooder.publish(`ops.echo.${unit}`, 'x');
        flooder.publish(`ops.echo.${unit}`, 'x', { reply: `ops.heartbeat.other-${at}` });
        flooder.publish(`ops.time.sync.${unit}`, 'x', { reply: `app.${at}` });
        if (at % 1000 === 0) await flooder.flush();
      }
      await flooder.request(`ops.echo.${unit}`, 'the last', { timeout: 20_000 }); // it waits behind the others
    });
  });

  test('commands, time requests and service requests', async (t) => {
    const storedBefore = await hub.stored();
    await endure(t.diagnostic.bind(t), async () => {
      const answered = await Promise.all([
        requests(flooder, `ops.cmd.leaf.${unit}`, 'HEALTH_PROBE', 3000 * long, 500),
        requests(flooder, `ops.cmd.leaf.${unit}`, 'x'.repeat(5000), 2000 * long, 500),
        requests(flooder, `ops.time.sync.${unit}`, '{"t1_us":1}', 5000 * long, 500),
        requests(lan, `ops.time.sync.${unit}`, '{"t1_us":1}', 5000 * long, 500),
        requests(flooder, '$SRV.PING', '', 2000 * long, 200),
        requests(flooder, `$SRV.STATS.nunect.${unit}`, '', 2000 * long, 200),
      ]);
      assert.deepEqual(
        answered,
        [3000, 2000, 5000, 5000, 2000, 2000].map((count) => count * long),
      );
    });
    const stored = (await hub.stored()) - storedBefore;
    assert.ok(
      stored < 600 * long,
      `${stored} records of it at the hub: who probes must not push out what matters`,
    );
  });

  test('subscribers at the hub and on the LAN that do not read', async (t) => {
    const deaf = (port: number, user: string, pass: string, subject: string): Socket => {
      const socket = tcp(port, '127.0.0.1');
      socket.on('error', () => {});
      socket.once('data', () => {
        socket.write(`CONNECT {"user":"${user}","pass":"${pass}","verbose":false}\r\nSUB ${subject} 1\r\n`);
        socket.pause();
      });
      owner.after(() => socket.destroy());
      return socket;
    };
    const hubPort = Number(new URL(hub.url).port);
    const sockets = [
      deaf(hubPort, operator.user, operator.password, '>'),
      deaf(hubPort, operator.user, operator.password, 'ops.>'),
      deaf(site.leafPort, 'lan', 'lan-secret', '_INBOX.>'),
    ];
    await pause(200);
    await endure(t.diagnostic.bind(t), () =>
      requests(flooder, `ops.echo.${unit}`, new Uint8Array(100_000), 1500 * long, 64),
    );
    for (const socket of sockets) socket.destroy();
  });

  test('HTTP: thousands of connections, half requests, pipelines and viewers that never read', async (t) => {
    const { port } = new URL(site.statusUrl);
    const sockets: Socket[] = [];
    t.after(() => {
      for (const socket of sockets) socket.destroy();
    });
    const open = (speak: (socket: Socket) => void): void => {
      const socket = tcp(Number(port), '127.0.0.1');
      socket.on('error', () => {});
      socket.once('connect', () => speak(socket));
      sockets.push(socket);
    };
    const get = 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n';
    await endure(t.diagnostic.bind(t), async () => {
      for (let at = 0; at < 20; at++) {
        open((socket) => {
          socket.pause();
          socket.write(get.repeat(5000));
        });
      }
      await pause(1500);
      for (const socket of sockets.splice(0)) socket.destroy();
      for (let at = 0; at < 20; at++) {
        open((socket) => {
          socket.pause();
          socket.write('GET /recorder.json HTTP/1.1\r\nHost: localhost\r\n\r\n'.repeat(50));
        });
      }
      await pause(1000);
      for (const socket of sockets.splice(0)) socket.destroy();
      for (let at = 0; at < 1000 * long; at++) {
        open(() => {});
        open((socket) => void socket.write('GET / HTTP/1.1\r\nHo'));
        if (at % 100 === 0) await pause(20);
      }
      await pause(500);
    });
    for (const socket of sockets.splice(0)) socket.destroy();
    const page = await eventually('the page is served again', () =>
      fetch(site.statusUrl).then(
        (reply) => reply.ok,
        () => false,
      ),
    );
    assert.ok(page);
  });

  test('HTTP: viewers that never read do not keep others out for ever', async (t) => {
    const { port } = new URL(site.statusUrl);
    const sockets = Array.from({ length: 64 }, () => {
      const socket = tcp(Number(port), '127.0.0.1');
      socket.on('error', () => {});
      socket.pause();
      socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'.repeat(500));
      return socket;
    });
    t.after(() => {
      for (const socket of sockets) socket.destroy();
    });
    await eventually(
      'somebody else is served',
      () =>
        new Promise<boolean>((resolve) => {
          const asked = request(`${site.statusUrl}healthz`, { agent: false, timeout: 1000 }, (reply) => {
            reply.resume();
            resolve(reply.statusCode === 200);
          });
          asked.on('timeout', () => asked.destroy());
          asked.on('error', () => resolve(false));
          asked.end();
        }),
      30_000,
      250,
    );
  });

  test('after all of it nothing is held: what memory there is more is garbage, and pages that malloc keeps', async (t) => {
    const heap_mb = await collected_mb(site.agent());
    await pause(1000);
    t.diagnostic(
      `heap ${idleHeap_mb.toFixed(1)} -> ${heap_mb.toFixed(1)} MB, resident ${idle_mb.toFixed(0)} -> ${rss_mb(pid).toFixed(0)} MB`,
    );
    assert.ok(heap_mb < idleHeap_mb + 4, `${heap_mb} MB on the heap, ${idleHeap_mb} MB before`);
    const limit_mb = idle_mb + bound.collected;
    // V8 gives pages back by itself, some seconds after it has collected
    await eventually(`below ${limit_mb} MB again`, () => rss_mb(pid) < limit_mb, 60_000, 1000);
    t.diagnostic(`resident ${rss_mb(pid).toFixed(0)} MB then`);
  });

  test('after all of it the agent is the same process, with no file left open and nothing dropped', async () => {
    process.kill(pid, 0);
    assert.equal(site.agent().pid, pid);
    assert.doesNotMatch(site.agent().output(), /crashed|FATAL|reader closed/);
    await eventually('files closed', () => openFiles(pid) <= idleFiles + 1, 20_000);
    const { spool } = (await site.status()) as unknown as { spool: { dropped: number; records: number } };
    assert.equal(spool.dropped, 0);
    await eventually('all is stored', async () => {
      const now = (await site.status()) as unknown as { spool: { state: string; records: number } };
      return now.spool.state === 'stored' && now.spool.records < 5;
    });
  });
});
