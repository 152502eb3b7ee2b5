// Servers that are none: the agent is told of them, loses no memory to them, and takes the real one when it is there.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { startServer } from '../kit/leaf/leafdaemon.ts';
import { garbageServer, type Speech, speeches } from '../kit/net/garbage.ts';
import { eventually, tempDir } from '../kit/process/daemon.ts';
import { reservePort } from '../kit/process/ports.ts';
import { cpu_ms, openFiles, smallFlags, watchMemory } from '../kit/process/strain.ts';
import { natsServers, need } from '../kit/process/tools.ts';
import { agentWith } from '../kit/unit/agents.ts';
import { startUnit } from '../kit/unit/site.ts';

const program = natsServers().newest ?? need('nats-server');
/** Of an agent that has no connection: 60 MB. */
const most_mb = 125;
const watched_ms = process.env['NUNECT_LONG'] === '1' ? 60_000 : 3000;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describe('servers that speak garbage, all at once', { concurrency: 4 }, () => {
  for (const [name, speech] of Object.entries(speeches)) {
    test(name, async (t) => {
      const server = await garbageServer(t, speech);
      const { agent, status } = await agentWith(
        t,
        `config leaf 'leaf'\n\toption mode 'external'\n\toption external_url 'nats://127.0.0.1:${server.port}'\n`,
        { nodeFlags: smallFlags },
      );
      const memory = watchMemory(agent.pid);
      await eventually('a connection', () => server.connections() > 0, 90_000);
      await eventually('its page', () => status().catch(() => undefined), 90_000);
      const cpuBefore_ms = cpu_ms(agent.pid);
      const begun = performance.now();
      let slowest_ms = 0;
      while (performance.now() < begun + watched_ms) {
        const asked = performance.now();
        await status();
        slowest_ms = Math.max(slowest_ms, performance.now() - asked);
        await pause(100);
      }
      const used = (cpu_ms(agent.pid) - cpuBefore_ms) / (performance.now() - begun);
      const peak_mb = memory.stop();
      t.diagnostic(
        `peak ${peak_mb.toFixed(0)} MB, ${(used * 100).toFixed(0)} % of a core, page within ${slowest_ms.toFixed(0)} ms, ${server.connections()} connections`,
      );
      assert.ok(peak_mb < most_mb, `${peak_mb} MB`);
      if (name.includes('PINGs'))
        // a million are answered before the buffers of both ends are full
        await eventually('it rests', async () => {
          const before_ms = cpu_ms(agent.pid);
          await pause(500);
          return cpu_ms(agent.pid) - before_ms < 150;
        });
      else assert.ok(used < 0.6, `${used} of a core`);
      assert.ok(slowest_ms < 8000, `${slowest_ms} ms for the status page`);
      assert.ok(server.connections() < 12, `${server.connections()} attempts`);
      assert.ok(server.open() <= 2, 'attempts leave no socket behind');
      assert.ok(openFiles(agent.pid) < 40);
      if (!name.includes('PINGs'))
        await eventually('it is told', async () =>
          /not connected to the external server: (no NATS server|the server does|timeout)/.test(
            (await status()).problems.join(),
          ),
        );
      for (const line of agent.output().split('\n'))
        assert.ok(line.length < 500, `one line of ${line.length} bytes`);
      assert.doesNotMatch(agent.output(), /crashed|reader closed/);
      await agent.end('SIGTERM');
    });
  }
});

test('mode off: the agent takes the hub when it stands where garbage came from', async (t) => {
  const port = await reservePort();
  const sockets = new Set<Socket>();
  const rubbish = createServer((socket) => {
    sockets.add(socket.on('error', () => {}));
    (speeches['random bytes'] as Speech)(socket);
  });
  await new Promise<void>((resolve) => rubbish.listen(port, '127.0.0.1', resolve));
  t.after(() => rubbish.close());
  const { agent, status } = await agentWith(
    t,
    `config hub 'hub'\n\tlist url 'nats://127.0.0.1:${port}'\nconfig leaf 'leaf'\n\toption mode 'off'\n`,
  );
  await eventually('it is told', async () => {
    const now = await status().catch(() => undefined);
    return (
      now?.link.cause === 'protocol' &&
      now.problems.some((text) => text.includes('not connected to the hub: no NATS server answers there'))
    );
  });
  rubbish.close();
  for (const socket of sockets) socket.destroy();
  const conf = join(tempDir(t, 'garbage-hub'), 'hub.conf');
  writeFileSync(conf, `listen: "127.0.0.1:${port}"\n`);
  await startServer(t, program, conf);
  await eventually('READY', () => agent.output().includes('READY demo-01'), 90_000);
  await eventually('the page says so', async () => (await status()).link.connected);
  assert.equal(agent.output().split('cannot connect').length - 1 <= 3, true, agent.output());
  await agent.end('SIGTERM');
});

test('mode managed: a hub that speaks garbage is not joined, and the leaf and the agent go on', async (t) => {
  const hub = await garbageServer(t, speeches['random bytes'] as Speech);
  const site = await startUnit(t, {
    dir: tempDir(t, 'garbage'),
    unit: 'demo-01',
    server: program,
    hubPort: hub.port,
    interval_s: 1,
  });
  const memory = watchMemory(site.agent().pid);
  const now = await eventually('it is told', async () => {
    const found = (await site.status()) as unknown as { status: string; problems: string[] };
    return found.problems.some((text) => text.startsWith('the hub is not joined')) && found;
  });
  assert.equal(now.status, 'degraded');
  await eventually('several attempts of the leaf', () => hub.connections() >= 2);
  assert.ok(memory.stop() < most_mb);
  assert.doesNotMatch(site.agent().output(), /crashed/);
});
