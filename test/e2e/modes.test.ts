// A unit whose server is not ours: somebody else's leaf, or none at all.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Msg } from '@nats-io/transport-node';
import { startServer } from '../kit/leaf/leafdaemon.ts';
import { newOwner } from '../kit/process/cleanup.ts';
import { eventually, tempDir } from '../kit/process/daemon.ts';
import { reservePort } from '../kit/process/ports.ts';
import { natsServers, need } from '../kit/process/tools.ts';
import { agentWith as startAgent } from '../kit/unit/agents.ts';
import { type Hub, startHub } from '../kit/unit/site.ts';

const unit = 'demo-01';
const login = `option user '${unit}'\n\toption password 'change-me-${unit}'`;
const program = natsServers().newest ?? need('nats-server');
const owner = newOwner();
let hub: Hub;
const seen: Msg[] = [];

before(async () => {
  hub = await startHub(owner, tempDir(owner, 'modes-hub'), program);
  hub.nc.subscribe('ops.>', { callback: (_error, message) => void seen.push(message) });
  await hub.nc.flush();
});
after(() => owner.end());

const agentWith = (sections: string) => startAgent(owner, sections, { unit });
const echoed = (): Promise<Msg> =>
  eventually('an echo', () =>
    hub.nc.request(`ops.echo.${unit}`, 'hi', { timeout: 1000 }).catch(() => undefined),
  );

test('off: the agent is a client of the hub, its records are stored, and it says when the hub is gone', async () => {
  const hubPort = new URL(hub.url).port;
  const { agent, status } = await agentWith(
    `config hub 'hub'\n\tlist url 'nats://127.0.0.1:${hubPort}'\n\t${login}\nconfig leaf 'leaf'\n\toption mode 'off'\n`,
  );
  await eventually('READY', () => agent.output().includes(`READY ${unit}`));
  assert.equal((await echoed()).string(), 'hi');
  await eventually('stored', async () => (await status()).spool.state === 'stored');
  const stored = await hub.stored();
  assert.ok(stored > 0);
  const carried = await eventually('its own bytes', async () => {
    const { bytes } = (await status()).link;
    return bytes !== undefined && bytes.month.received_bytes > 0 && bytes;
  });
  assert.equal(carried.month.basis, 'wire');
  assert.ok(carried.month.sent_bytes > 1000, String(carried.month.sent_bytes));
  await hub.server().end('SIGKILL');
  const lost = await eventually('it is told', async () => {
    const now = await status();
    return now.status === 'critical' && now;
  });
  assert.match(lost.problems[0] ?? '', /not connected to the hub/);
  await hub.restart();
  await eventually('stored again', async () => {
    const now = await status();
    return now.spool.state === 'stored' && now.link.connected;
  });
  await eventually('more records', async () => (await hub.stored()) > stored);
  assert.doesNotMatch(agent.output(), /crashed/);
  await agent.end('SIGTERM');
});

test('external: the agent is a client of a leaf that somebody else runs, and watches it over HTTP', async () => {
  const [leafPort, monitorPort] = [await reservePort(), await reservePort()];
  const dir = tempDir(owner, 'modes-leaf');
  const conf = join(dir, 'leaf.conf');
  writeFileSync(
    conf,
    `listen: "127.0.0.1:${leafPort}"
http: "127.0.0.1:${monitorPort}"
leafnodes { reconnect: 1, remotes: [ { url: "nats://${unit}:change-me-${unit}@127.0.0.1:${hub.leafPort}", account: APP } ] }
accounts { APP { users: [ { user: "agent", password: "agent-secret" } ] } }
`,
  );
  const leaf = await startServer(owner, program, conf);
  const { agent, status } = await agentWith(
    `config hub 'hub'\n\tlist url 'nats://127.0.0.1:${hub.leafPort}'
config leaf 'leaf'\n\toption mode 'external'\n\toption external_url 'nats://127.0.0.1:${leafPort}'
\toption external_user 'agent'\n\toption external_password 'agent-secret'
\toption external_monitor_url 'http://127.0.0.1:${monitorPort}'\n`,
  );
  await eventually('READY', () => agent.output().includes(`READY ${unit}`));
  const before = seen.length;
  assert.equal((await echoed()).string(), 'hi');
  const now = await eventually('joined and stored', async () => {
    const found = await status();
    return found.link.hub_up === true && found.spool.state === 'stored' && found;
  });
  assert.ok(!now.problems.some((text) => /hub|server|leaf/.test(text)), now.problems.join());
  const beat = await eventually('a heartbeat', () =>
    seen.slice(before).find(({ subject }) => subject === `ops.heartbeat.${unit}`),
  );
  assert.equal(beat.headers?.get('X-Unit-ID'), unit); // a slim one has it there alone
  await leaf.end('SIGKILL');
  const lost = await eventually('it is told', async () => {
    const found = await status();
    return found.status === 'critical' && found;
  });
  assert.match(lost.problems[0] ?? '', /not connected to the external server/);
  await agent.end('SIGTERM');
});

test('a local unit without a hub survives the end of its server, and goes on when it is back', async () => {
  const port = await reservePort();
  const dir = tempDir(owner, 'modes-local');
  const conf = join(dir, 'nats.conf');
  writeFileSync(conf, `listen: "127.0.0.1:${port}"\n`);
  let server = await startServer(owner, program, conf);
  const { agent, status } = await agentWith(
    `config leaf 'leaf'\n\toption mode 'external'\n\toption external_url 'nats://127.0.0.1:${port}'\n`,
  );
  await eventually('plain', async () => (await status().catch(() => undefined))?.spool.state === 'plain');
  for (let i = 0; i < 2; i++) {
    await server.end('SIGKILL');
    await eventually('offline', async () => (await status()).spool.state === 'offline');
    server = await startServer(owner, program, conf);
    await eventually('plain again', async () => (await status()).spool.state === 'plain');
  }
  const told = agent.output().split('records wait').length - 1;
  assert.equal(told, 2, 'once each time');
  await agent.end('SIGTERM');
});
