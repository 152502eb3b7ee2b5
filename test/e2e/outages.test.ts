// What a real unit loses in an outage, counted at the hub by the ids of the records: nothing, unless it is killed itself.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { NatsConnection } from '@nats-io/transport-node';
import { parseAgentFile } from '../../agent/config/agentfile.ts';
import type { StatusSnapshot } from '../../agent/status/snapshot.ts';
import { jetstream } from '../kit/hub/fleet.ts';
import { account, readStream, type StoredRecord, tellOutage } from '../kit/hub/storedids.ts';
import { connectAs } from '../kit/leaf/leafdaemon.ts';
import { seededRandom } from '../kit/lib/random.ts';
import { type Gate, gateTo } from '../kit/net/gate.ts';
import { slowPath } from '../kit/net/slowpath.ts';
import { newOwner } from '../kit/process/cleanup.ts';
import { eventually, tempDir } from '../kit/process/daemon.ts';
import { reservePort } from '../kit/process/ports.ts';
import { natsServers, need, withoutNewest } from '../kit/process/tools.ts';
import { type Hub, type RunningUnit, startHub, startUnit } from '../kit/unit/site.ts';

const unit = 'demo-01';
const owner = newOwner();
const { debian, newest } = natsServers();
const program = newest ?? debian ?? need('nats-server');
const rssLimit_mb = 110;
const long = process.env['NUNECT_LONG'] === '1';
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

let hub: Hub;
let gate: Gate;
let site: RunningUnit;
let local: NatsConnection;
let snapshot: string;

const status = async (of = site): Promise<StatusSnapshot> => (await of.status()) as unknown as StatusSnapshot;
const waitingNow = async (of = site): Promise<number> => (await status(of)).spool?.records ?? 0;
const until = (what: string, check: (now: StatusSnapshot) => boolean, of = site): Promise<StatusSnapshot> =>
  eventually(
    what,
    async () => {
      const now = await status(of).catch(() => undefined);
      return now !== undefined && check(now) && now;
    },
    90_000,
    50,
  );
const bootOf = (of = site): string => /boot=(\w+)/.exec(of.agent().output())?.[1] ?? '';
const rss_mb = (pid: number): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
const asLocal = (): Promise<NatsConnection> =>
  connectAs(
    parseAgentFile(readFileSync(join(site.stateDir, '../agent.json'), 'utf8'), 'agent.json').connection,
    unit,
  );

/** Waits until the hub is answered by a unit: the way there and back is whole now. */
const heard = (of = unit): Promise<unknown> =>
  eventually(
    'it hears probes',
    () => hub.nc.request(`ops.cmd.leaf.${of}`, 'HEALTH_PROBE', { timeout: 5000 }).catch(() => undefined),
    90_000,
  );

/** Has `count` records made at once: each probe is answered and recorded. Gives how many were answered. */
async function burst(count: number, of = unit): Promise<() => number> {
  let answered = 0;
  for (let n = 0; n < count; n++)
    hub.nc
      .request(`ops.cmd.leaf.${of}`, 'HEALTH_PROBE', { timeout: 20_000 })
      .then(() => answered++)
      .catch(() => {});
  await hub.nc.flush().catch(() => {});
  return () => answered;
}

/** The records of one boot after `from`, once all of them up to the last have come. */
async function settled(boot: string, from: number, of = site) {
  await until('all is sent', ({ spool }) => spool?.state === 'stored' && spool.records <= 2, of);
  return eventually(
    'no record is missing',
    async () => {
      const records = await readStream(hub.nc, 'NUNECT');
      const found = account(records, boot, from);
      return (
        found.missing.length === 0 && {
          ...found,
          records: records.filter((one) => one.boot === boot && one.seq > from),
        }
      );
    },
    90_000,
    500,
  ).catch(async (error: Error) => {
    const { missing } = account(await readStream(hub.nc, 'NUNECT'), boot, from);
    throw new Error(`${error.message}: ${missing.length} missing, ${missing.slice(0, 20)}`);
  });
}

/** Echoes through the local server, as an app on the LAN would ask, until stopped. */
function echoing(nc: NatsConnection) {
  let asked = 0;
  let answered = 0;
  let stopped = false;
  const done = (async () => {
    while (!stopped || asked < 10) {
      asked += 1;
      const text = `echo ${asked}`;
      const answer = await nc.request(`ops.echo.${unit}`, text, { timeout: 2000 }).catch(() => undefined);
      if (answer?.string() === text) answered += 1;
      await sleep(50);
    }
  })();
  return async (): Promise<void> => {
    stopped = true;
    await done;
    assert.equal(answered, asked, 'every echo is answered while the hub is away');
  };
}

interface Outage {
  readonly what: string;
  /** Makes it and ends it. */
  act(): Promise<void>;
  /** What heartbeats of that time say. */
  readonly health?: 'DEGRADED' | 'CRITICAL';
  readonly problem?: RegExp;
  /** Whether the local server is there all the time. */
  readonly echoes?: boolean;
  /** The hub may store records twice: it forgets ids in less time than the outage lasts. */
  readonly doubles?: boolean;
}

async function suffer({
  what,
  act,
  health,
  problem,
  echoes = true,
  doubles = false,
}: Outage): Promise<StoredRecord[]> {
  const boot = bootOf();
  await heard(); // all can be stored while a link that broke is not joined again yet
  const from = (await settled(boot, 0)).last;
  const begun = performance.now();
  let rssMax = 0;
  const watch = setInterval(() => {
    rssMax = Math.max(rssMax, rss_mb(site.agent().pid));
  }, 100);
  const stopEchoes = echoes ? echoing(local) : async () => {};
  try {
    await act();
    await stopEchoes();
  } finally {
    clearInterval(watch);
  }
  const { spool } = await status();
  const { stored, doubled, last, records } = await settled(boot, from);
  const seconds = (performance.now() - begun) / 1000;
  tellOutage(what, {
    records: last - from,
    stored,
    doubled,
    lost: last - from - stored,
    rss_mb: rssMax,
    seconds,
  });
  assert.ok(stored >= 15, `${stored} records`);
  if (!doubles) assert.equal(doubled, 0);
  assert.equal(spool?.dropped, 0);
  assert.ok((spool?.bytes ?? 0) <= (spool?.budget_bytes ?? 0));
  assert.ok(rssMax > 20 && rssMax < rssLimit_mb, `${rssMax} MB`);
  if (health === undefined) return records;
  const said = records.map(
    (one) => `${one.health} ${one.body()['problems'] ?? one.body()['evidence'] ?? ''}`,
  );
  assert.ok(
    said.some((text) => text.startsWith(health)),
    `no heartbeat of then says ${health}`,
  );
  assert.ok(
    said.some((text) => problem?.test(text)),
    `${said}`,
  );
  return records;
}

const noHub = /the hub (is not joined|does not answer)/;

describe('a unit in an outage', () => {
  before(async () => {
    const dir = tempDir(owner, 'outages');
    snapshot = join(dir, 'spool.snapshot');
    hub = await startHub(owner, dir, program);
    gate = await gateTo(owner, hub.leafPort, seededRandom(5));
    site = await startUnit(owner, {
      dir,
      unit,
      server: program, // an old leaf would go past the gate, to the address that the hub advertises
      hubPort: gate.port,
      interval_s: 1,
      traffic: 'lan', // of each heartbeat it must be known; trafficoutages.test.ts has the other profiles
      time: [`option chrony_port '${await reservePort()}'`],
      more: `config spool 'spool'\n\toption snapshot_file '${snapshot}'\n`,
    });
    local = await asLocal();
  });
  after(async () => {
    await local?.close().catch(() => {});
    await owner.end();
  });

  test('the hub is killed with records on their way to it', () =>
    suffer({
      what: 'hub SIGKILL, 300 records on their way',
      health: 'DEGRADED',
      problem: noHub,
      async act() {
        await burst(300);
        await sleep(60);
        await hub.server().end('SIGKILL');
        await until('records wait', ({ spool }) => spool?.state === 'offline' && spool.records >= 15);
        await hub.restart();
      },
    }).then((records) => {
      assert.ok(records.some((one) => one.backfill && one.body()['backfill'] === true));
    }));

  test('the hub is restarted', async () => {
    await suffer({
      what: 'hub SIGTERM and start',
      health: 'DEGRADED',
      problem: noHub,
      async act() {
        await hub.server().end('SIGTERM');
        await until('records wait', ({ spool }) => spool?.state === 'offline' && spool.records >= 15);
        await hub.restart();
      },
    });
  });

  test('the leaf is killed', async () => {
    await suffer({
      what: 'leaf SIGKILL, 200 requests on their way',
      echoes: false,
      health: 'CRITICAL',
      problem: /not connected to the local server/,
      async act() {
        await burst(200);
        await site.leaf().end('SIGKILL');
        await until('records wait', ({ link, spool }) => !link.connected && (spool?.records ?? 0) >= 15);
        await until('it is told', (now) => now.status === 'critical');
        await sleep(2500); // two heartbeats
        await site.restartLeaf();
        local = await asLocal();
      },
    });
  });

  test('half of all connections break for a while', { skip: withoutNewest() }, async () => {
    await suffer({
      what: 'link that breaks half of its connections',
      async act() {
        const before = gate.ended();
        for (let n = 0; n < (long ? 60 : 8) || (gate.ended() - before < 3 && n < 60); n++) {
          gate.unreliable(0.5);
          await burst(10);
          await sleep(800);
        }
        gate.unreliable(0);
        assert.ok(gate.ended() - before >= 3, `${gate.ended() - before} connections broke`);
      },
    });
  });

  test('an outage longer than the hub knows ids: it stores twice, and by the ids nothing counts twice', {
    skip: withoutNewest(),
  }, async () => {
    const { config } = (await jetstream(hub.nc, 'STREAM.INFO.NUNECT')) as { config?: object };
    const window = (duplicate_window: number) =>
      jetstream(hub.nc, 'STREAM.UPDATE.NUNECT', { ...config, duplicate_window });
    assert.equal((await window(2e9)).error, undefined);
    const records = await suffer({
      what: 'link cut for 4 s and more, hub knows ids for 2 s',
      doubles: true,
      health: 'DEGRADED',
      problem: noHub,
      async act() {
        gate.set('deaf'); // records arrive, but not the word of it
        try {
          const before = await hub.stored();
          await eventually('a record arrives', async () => (await hub.stored()) > before, 90_000);
          gate.set('shut');
          await until('it is told', ({ problems }) => problems.some((text) => noHub.test(text)));
          await sleep(4000); // twice what the hub knows ids for
        } finally {
          gate.set('open');
        }
      },
    });
    const times = new Map<string, StoredRecord[]>();
    for (const one of records) times.set(one.id, [...(times.get(one.id) ?? []), one]);
    const twice = [...times.values()].filter((same) => same.length > 1);
    assert.ok(twice.length > 0, 'what arrived unacknowledged is stored again');
    for (const [first, second] of twice) {
      const { backfill, ...late } = second?.body() ?? {};
      assert.deepEqual(late, first?.body(), 'the same record');
      assert.equal(backfill, true);
    }
    assert.equal((await window(3_600_000_000_000)).error, undefined);
  });

  test('a slow link that loses packets', async () => {
    const random = seededRandom(7);
    // what a lost packet looks like to whoever reads from a TCP connection: it and all after it come later
    const delay = (): number => 150 + (random() < 0.05 ? 200 : 0);
    const port = await slowPath(owner, hub.leafPort, { there: delay, back: delay });
    const slow = await startUnit(owner, {
      dir: tempDir(owner, 'slow'),
      unit: 'demo-02',
      server: program,
      hubPort: port,
      interval_s: 1,
      traffic: 'lan', // it is about acknowledgements that take their time
      time: [`option chrony_port '${await reservePort()}'`],
    });
    const begun = performance.now();
    await until('joined', ({ link }) => link.hub_up === true && (link.hub_rtt_us ?? 0) > 250_000, slow);
    await heard('demo-02');
    const answered = await burst(300, 'demo-02');
    await eventually('probes are answered, and recorded', () => answered() > 50, 90_000);
    await sleep(long ? 60_000 : 3000);
    const { stored, doubled, last } = await settled(bootOf(slow), 0, slow);
    const seconds = (performance.now() - begun) / 1000;
    const rss = rss_mb(slow.agent().pid);
    tellOutage('link of 300 ms, 5 % lost', {
      records: last,
      stored,
      doubled,
      lost: last - stored,
      rss_mb: rss,
      seconds,
    });
    assert.ok(stored > 30, `${stored}`);
    assert.equal(doubled, 0);
    await slow.agent().end('SIGTERM');
  });

  test('the agent is stopped and killed in an outage: what waited is kept, what came after is named', async () => {
    const first = bootOf();
    const from = (await settled(first, 0)).last;
    await hub.server().end('SIGKILL');
    await until('records wait', ({ spool }) => (spool?.records ?? 0) >= 15);
    await site.agent().end('SIGTERM');
    const header = JSON.parse(readFileSync(snapshot, 'utf8').split('\n')[0] ?? '') as Record<string, unknown>;
    assert.equal(header['boot'], first);
    assert.equal(header['ended'], 'stop');
    const waited = Number(header['records']);
    assert.ok(waited >= 15);

    await site.startAgent();
    const second = bootOf();
    assert.notEqual(second, first);
    await until('they are back, with new ones', ({ spool }) => (spool?.records ?? 0) >= waited + 40);
    const held = await waitingNow();
    await site.agent().end('SIGKILL');
    const kept = Number(
      (JSON.parse(readFileSync(snapshot, 'utf8').split('\n')[0] ?? '') as { records: number }).records,
    );
    await hub.restart();
    await site.startAgent();
    const third = bootOf();
    await settled(third, 0);
    const records = await readStream(hub.nc, 'NUNECT');

    const old = account(records, first, from);
    assert.equal(old.last, header['last_seq'], 'all of the first run, up to its last record');
    assert.deepEqual([old.missing, old.doubled], [[], 0]);
    const killed = account(records, second);
    assert.deepEqual(killed.missing, []);
    const start = records
      .find(
        (one) =>
          one.boot === third && one.subject.startsWith('ops.status') && one.body()['event'] === 'start',
      )
      ?.body();
    const before = start?.['before'] as Record<string, unknown>;
    assert.deepEqual([before['boot'], before['ended'], before['last_seq']], [second, 'running', killed.last]);
    assert.match(String(start?.['evidence']), /ended without a stop/);
    assert.deepEqual(start?.['after'], { boot: third, restored: kept, broken: 0 });
    tellOutage('agent SIGTERM, start, SIGKILL in an outage', {
      records: held,
      stored: kept,
      doubled: killed.doubled,
      lost: held - kept,
      rss_mb: rss_mb(site.agent().pid),
      seconds: 0,
    });
    assert.match(site.agent().output(), /WARN spool: the previous run ended without a stop/);
    await eventually('the file goes', () => !existsSync(snapshot), 90_000);
  });

  test('the agent is killed with records on their way: at most those are lost, and none is doubled', async () => {
    const boot = bootOf();
    const from = (await settled(boot, 0)).last;
    const answered = await burst(200);
    await eventually('some are answered', () => answered() > 20);
    await site.agent().end('SIGKILL');
    await sleep(500); // answers that are under way
    const asked = answered();
    await site.startAgent();
    await settled(bootOf(), 0);
    const records = (await readStream(hub.nc, 'NUNECT')).filter((one) => one.boot === boot && one.seq > from);
    const stored = records.filter(
      (one) => one.subject.startsWith('ops.status') && one.body()['event'] === 'health',
    ).length;
    const { doubled } = account(records, boot, from);
    tellOutage('agent SIGKILL, 200 records on their way', {
      records: asked,
      stored: Math.min(stored, asked),
      doubled,
      lost: Math.max(0, asked - stored),
      rss_mb: rss_mb(site.agent().pid),
      seconds: 0,
    });
    assert.equal(doubled, 0);
    assert.ok(asked - stored <= 200);
  });

  test('after all of it the unit is healthy', async () => {
    await until('healthy', (now) => now.status === 'healthy' && now.link.hub_up === true);
    assert.doesNotMatch(site.agent().output(), /crashed|FATAL/);
  });
});
