// A hub of three servers with the stream on each: killed one and two at a time, robbed of a store, its leader changed,
// all in an order by chance. What the unit has published is stored, and nothing twice.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import type { StatusSnapshot } from '../../agent/status/web/snapshot.ts';
import { type HubCluster, type HubServer, startHubCluster } from '../kit/hub/cluster.ts';
import { account, readStream, tellOutage } from '../kit/hub/storedids.ts';
import { seededRandom } from '../kit/lib/random.ts';
import { newOwner } from '../kit/process/cleanup.ts';
import { eventually, tempDir } from '../kit/process/daemon.ts';
import { reservePort } from '../kit/process/ports.ts';
import { natsServers, withoutNewest } from '../kit/process/tools.ts';
import { type RunningUnit, startUnit } from '../kit/unit/site.ts';

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
  eventually(
    what,
    async () => {
      const now = await status().catch(() => undefined);
      return now !== undefined && check(now) && now;
    },
    120_000,
    100,
  ).catch(async (error: Error) => {
    const { spool, problems } = await status();
    throw new Error(`${error.message}: ${JSON.stringify({ spool, problems })}`);
  });

/** The server that the leaf has joined last. */
function serverOfLeaf(): HubServer {
  const joined = [
    ...site
      .leaf()
      .output()
      .matchAll(/:(\d+) - lid:\d+ - Leafnode connection created/g),
  ];
  const index = hub.leafPorts.indexOf(Number(joined.at(-1)?.[1]));
  return hub.servers[index] ?? assert.fail('the leaf has joined none of them');
}

/** So many records at once, on their way when the next thing happens: each probe is answered and recorded. */
function burst(count: number): void {
  for (let n = 0; n < count; n++)
    hub.nc.request(`ops.cmd.leaf.${unit}`, 'HEALTH_PROBE', { timeout: 5000 }).catch(() => {});
}

/** What the stream has of one boot, once nothing is missing up to the last record. */
async function settled(boot: string, what: string): Promise<ReturnType<typeof account>> {
  let found = account([], boot);
  await eventually(
    `all is stored after: ${what}`,
    async () => {
      found = account(await readStream(hub.nc, 'NUNECT'), boot);
      return found.missing.length === 0;
    },
    60_000,
    500,
  ).catch((error: Error) => {
    throw new Error(`${error.message}; missing: ${found.missing}`);
  });
  assert.equal(found.doubled, 0, what);
  return found;
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
  ['the server of the leaf SIGKILL', () => outOfService([serverOfLeaf()])],
  ['two servers SIGKILL: no majority', () => outOfService(shuffled(hub.servers).slice(1))],
  ['all servers SIGKILL', () => outOfService(hub.servers)],
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
    const urls = hub.leafPorts.map((port) => `\tlist url 'nats://127.0.0.1:${port}'\n`).join('');
    site = await startUnit(owner, {
      dir,
      unit,
      server: program,
      hubPort: 0,
      plainHub: false,
      interval_s: 1,
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
      const enough = ((await status()).spool?.stored ?? 0) + 40; // also of records made after it
      burst(40);
      await sleep(random() * 60);
      await act();
      const { spool } = await until(
        `stored again after: ${what}`,
        ({ spool }) => spool?.state === 'stored' && spool.records <= 2 && spool.stored >= enough,
      );
      assert.equal(spool?.dropped, 0, what);
      const so_far = await settled(boot, what);
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
    await site.agent().end('SIGTERM');
    assert.doesNotMatch(site.agent().output(), /crashed|FATAL/);
    const { stored, last: published } = await settled(boot, 'the end');
    assert.equal(stored, published);
    assert.ok(stored >= (spool?.stored ?? 0), `${stored} are at the hub, ${spool?.stored} acknowledged`);
    assert.ok(stored > 200, `${stored} records in ${(performance.now() - begun) / 1000} s`);
  });
});
