// A hub of three servers with the stream on each: killed one and two at a time, robbed of a store, its leader changed,
// PubAcks lost, all in an order by chance. What the unit has published is stored, and nothing twice.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import type { StatusSnapshot } from '../../agent/status/snapshot.ts';
import { type HubCluster, type HubServer, startHubCluster } from '../kit/hub/cluster.ts';
import { allStored, tellOutage } from '../kit/hub/storedids.ts';
import { seededRandom } from '../kit/lib/random.ts';
import type { Gate } from '../kit/net/gate.ts';
import { newOwner } from '../kit/process/cleanup.ts';
import { eventually, tempDir } from '../kit/process/daemon.ts';
import { reservePort } from '../kit/process/ports.ts';
import { natsServers, withoutNewest } from '../kit/process/tools.ts';
import { type RunningUnit, startUnit } from '../kit/unit/site.ts';
import { until as untilOf } from '../kit/unit/until.ts';

const unit = 'demo-01';
const owner = newOwner();
const program = natsServers().newest ?? '';
/** The same order for the same seed. NUNECT_LONG: every event four times, in another order each. */
const seed = Number(process.env['NUNECT_SEED'] ?? 3);
const random = seededRandom(seed);
const rounds = process.env['NUNECT_LONG'] === '1' ? 4 : 1;
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const oneOf = <T>(all: readonly T[]): T => all[Math.floor(random() * all.length)] as T;
const shuffled = <T>(all: readonly T[]): T[] =>
  all
    .map((one) => ({ one, at: random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ one }) => one);

let hub: HubCluster;
let site: RunningUnit;

const status = async (): Promise<StatusSnapshot> => (await site.status()) as unknown as StatusSnapshot;
const until = (what: string, check: (now: StatusSnapshot) => boolean): Promise<StatusSnapshot> =>
  untilOf(site, what, check, 120_000);

/** The server that the leaf has joined last, and the way there. */
function serverOfLeaf(): { readonly server: HubServer; readonly gate: Gate } {
  const joined = [
    ...site
      .leaf()
      .output()
      .matchAll(/:(\d+) - lid:\d+ - Leafnode connection created/g),
  ];
  const index = hub.gates.findIndex(({ port }) => port === Number(joined.at(-1)?.[1]));
  const [server, gate] = [hub.servers[index], hub.gates[index]];
  if (server === undefined || gate === undefined) assert.fail('the leaf has joined none of them');
  return { server, gate };
}

/** So many records at once, on their way when the next thing happens: each probe is answered and recorded. */
function burst(count: number): void {
  for (let n = 0; n < count; n++)
    hub.nc.request(`ops.cmd.leaf.${unit}`, 'HEALTH_PROBE', { timeout: 5000 }).catch(() => {});
}

/** Down for 1 to 4 s: less and more than the others need to elect a leader. */
async function outOfService(servers: readonly HubServer[], meanwhile = (): void => {}): Promise<void> {
  await Promise.all(servers.map((one) => hub.kill(one)));
  await sleep(1000 + random() * 3000);
  meanwhile();
  await Promise.all(servers.map((one) => hub.start(one)));
}

const events: readonly (readonly [string, () => Promise<void>])[] = [
  ['any server SIGKILL', () => outOfService([oneOf(hub.servers)])],
  ['the leader SIGKILL', async () => outOfService([await hub.leader()])],
  ['the server of the leaf SIGKILL', () => outOfService([serverOfLeaf().server])],
  ['two servers SIGKILL: no majority', () => outOfService(shuffled(hub.servers).slice(1))],
  ['all servers SIGKILL', () => outOfService(hub.servers)],
  [
    "PubAcks lost, leader and leaf's server SIGKILL", // both may be one
    async () => {
      const { server, gate } = serverOfLeaf();
      const before = await hub.stored();
      gate.set('deaf');
      await eventually('records arrive, unacknowledged', async () => (await hub.stored()) >= before + 3);
      const gone = new Set([server, await hub.leader()]);
      await outOfService([...gone], () => gate.set('open'));
    },
  ],
  ['the leader steps down', async () => void (await hub.stepDown())],
  [
    "one server's store lost",
    async () => {
      await hub.whole(); // with a copy missing elsewhere the cluster itself may lose records
      const poor = oneOf(hub.servers);
      await outOfService([poor], () => hub.loseStore(poor));
      await hub.whole();
    },
  ],
];

describe('a hub of three servers, the stream on each', { skip: withoutNewest() }, () => {
  before(async () => {
    const dir = tempDir(owner, 'cluster');
    hub = await startHubCluster(owner, dir, program);
    const urls = hub.gates.map(({ port }) => `\tlist url 'nats://127.0.0.1:${port}'\n`).join('');
    site = await startUnit(owner, {
      dir,
      unit,
      server: program,
      hubPort: 0,
      plainHub: false,
      interval_s: 1,
      traffic: 'lan', // all that it sends is acknowledged, and so in the books
      time: [`option chrony_port '${await reservePort()}'`],
      more: `config hub 'hub'\n${urls}\toption user '${unit}'\n\toption password 'change-me-${unit}'\n`,
    });
    await until('records are stored', ({ spool }) => spool?.state === 'stored' && spool.stored > 5);
  });
  after(() => owner.end());

  test(`whatever happens to its servers (seed ${seed}), what is published is stored, none twice`, async () => {
    const boot = /boot=(\w+)/.exec(site.agent().output())?.[1] ?? '';
    const begun = performance.now();
    let last = 0;
    for (const [what, act] of Array.from({ length: rounds }, () => shuffled(events)).flat()) {
      const from = performance.now();
      const enough = ((await status()).spool?.stored ?? 0) + 25; // also of records made after it
      burst(40);
      await sleep(random() * 60);
      await act();
      const { spool } = await until(
        `stored again after: ${what}`,
        ({ spool }) => spool?.state === 'stored' && spool.records <= 2 && spool.stored >= enough,
      );
      assert.equal(spool?.dropped, 0, what);
      const so_far = await allStored(hub.nc, 'NUNECT', boot);
      assert.equal(so_far.doubled, 0, what);
      tellOutage(`hub of three: ${what}`, {
        records: so_far.last - last,
        stored: so_far.last - last,
        doubled: 0,
        lost: 0,
        rss_mb:
          Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${site.agent().pid}/status`, 'utf8'))?.[1]) / 1024,
        seconds: (performance.now() - from) / 1000,
      });
      last = so_far.last;
    }
    await hub.whole();
    const { spool } = await status();
    const { stored, doubled, last: published } = await allStored(hub.nc, 'NUNECT', boot);
    assert.deepEqual([stored, doubled], [published, 0]);
    assert.ok(stored >= (spool?.stored ?? 0), `${stored} are at the hub, ${spool?.stored} acknowledged`);
    assert.ok(stored > 200, `${stored} records in ${(performance.now() - begun) / 1000} s`);
    assert.doesNotMatch(site.agent().output(), /crashed|FATAL/);
  });
});
