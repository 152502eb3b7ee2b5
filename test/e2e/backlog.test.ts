// Many records at once, through real servers: none is lost or doubled, and what does not fit is told.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { trafficProfileOf } from '../../agent/config/traffic.ts';
import { systemTicker, type Ticker } from '../../agent/lib/ticker.ts';
import type { Link } from '../../agent/nats/link.ts';
import type { Gap } from '../../agent/records/record.ts';
import { openSpool, type Spool, type SpoolOptions } from '../../agent/records/spool.ts';
import { startPublisher } from '../../agent/status/publisher.ts';
import { subjectsOf } from '../../agent/wire/subjects.ts';
import { createStream, type HubAndLeaf, hubAndLeaf, serversToTest } from '../kit/hub/fleet.ts';
import { account, readStream, type StoredRecord, tellOutage } from '../kit/hub/storedids.ts';
import { fakeTicker } from '../kit/lib/faketicker.ts';
import { eventually } from '../kit/process/daemon.ts';
import { agentFileOf, fakeWall, unitStateOf } from '../kit/unit/unitfakes.ts';

const day_s = 86_400;
const subjects = subjectsOf('u1', 'leaf');
const gapRecord = (gap: Gap) => ({ subject: subjects.status, priority: 'event' as const, body: { gap } });
const rss_mb = (): number => process.memoryUsage.rss() / 2 ** 20;

const metric = (n: number, subject = subjects.metric.rtt) => ({
  subject,
  priority: 'metric' as const,
  body: { ts: Date.now(), unit_id: 'u1', seq: n, fill: 'x'.repeat(200) },
});

for (const { name, program } of serversToTest()) {
  describe(`a backlog through ${name} servers`, () => {
    let fleet: HubAndLeaf;
    let link: Link;
    let spool: Spool | undefined;
    let boots = 0;
    let boot = '';
    let up = true;
    before(async () => {
      fleet = await hubAndLeaf(program);
      link = fleet.agent();
      await eventually('connected', () => link.state().connected);
      await createStream(await fleet.operator(fleet.hub), {
        subjects: ['ops.heartbeat.>', 'ops.metric.>', 'ops.status.>', 'ops.time.config'],
      });
    });
    after(async () => {
      spool?.stop();
      await fleet?.stop();
    });

    function open(more: Partial<SpoolOptions> = {}, ticker: Ticker = systemTicker()): Spool {
      spool?.stop();
      boots += 1;
      boot = `b${boots}`;
      spool = openSpool(
        { random: Math.random, link, hubUp: () => up, ticker, log: fleet.log, wall_ms: Date.now, gapRecord },
        { unit: 'u1', boot, window: 64, memory_bytes: 64e6, hub: true, ...more },
      );
      return spool;
    }
    const stored = async (): Promise<StoredRecord[]> =>
      (await readStream(await fleet.operator(fleet.hub), 'FLEET')).filter((one) => one.boot === boot);

    /** Waits until all is sent, and counts at the hub what was put: each record once. */
    async function drained(what: string, of: Spool, put: number, limit_s: number): Promise<StoredRecord[]> {
      const begun = performance.now();
      assert.equal(await of.drained(limit_s * 1000), true, JSON.stringify(of.stats()));
      const seconds = (performance.now() - begun) / 1000;
      const records = await stored();
      const { doubled, stored: unique } = account(records, boot);
      tellOutage(`${name}: ${what}`, {
        records: put,
        stored: unique,
        doubled,
        lost: put - unique,
        rss_mb: rss_mb(),
        seconds,
      });
      assert.equal(doubled, 0);
      assert.equal(unique, put - Object.values(of.stats().dropped).reduce((sum, count) => sum + count, 0));
      return records;
    }

    async function takeHubAway(of: Spool): Promise<void> {
      await fleet.hub.kill('SIGKILL');
      up = false;
      of.kick();
      await eventually('offline', () => of.stats().state === 'offline');
    }

    async function giveHubBack(of: Spool): Promise<void> {
      await fleet.hub.start();
      up = true;
      await eventually(
        'the first is stored',
        () => {
          of.kick();
          return of.stats().stored > 0;
        },
        30_000,
        200,
      );
    }

    test('the hub is killed in mid-flight and returns', async () => {
      const of = open();
      for (let n = 1; n <= 3000; n++) of.put(metric(n));
      await eventually('some are stored', () => of.stats().stored > 300);
      await takeHubAway(of);
      for (let n = 3001; n <= 4000; n++) of.put(metric(n, subjects.metric.time));
      assert.ok(of.stats().pending >= 1000, `${of.stats().pending} wait`);
      await giveHubBack(of);
      const records = await drained('hub SIGKILL in mid-flight', of, 4000, 40);
      const outage = records.filter(({ subject }) => subject === subjects.metric.time);
      assert.ok(outage.every((record) => record.backfill && record.body()['backfill'] === true));
      const order = outage.map((record) => record.body()['seq'] as number);
      assert.deepEqual(
        order,
        Array.from({ length: 1000 }, (_, i) => 3001 + i),
        'backlog arrives in order',
      );
      assert.equal(of.stats().stored, 4000);
    });

    /** For what takes long and does not depend on the server. */
    const once: typeof test | (() => void) =
      name === 'newest' || serversToTest().length === 1 ? test : () => {};
    once('the leaf is killed and started again', async () => {
      const of = open();
      for (let n = 1; n <= 2000; n++) of.put(metric(n));
      await eventually('some are stored', () => of.stats().stored > 100);
      await fleet.leaf.kill('SIGKILL');
      for (let n = 2001; n <= 2500; n++) of.put(metric(n));
      await fleet.leaf.start();
      await fleet.joined();
      await drained('leaf SIGKILL in mid-flight', of, 2500, 40);
    });

    test('twenty thousand waiting records drain in seconds', async () => {
      const of = open();
      await takeHubAway(of);
      for (let n = 1; n <= 20_000; n++) of.put(metric(n));
      assert.equal(of.stats().pending, 20_000);
      await giveHubBack(of);
      const begun = performance.now();
      await drained('20,000 records drain', of, 20_000, 40);
      assert.ok(performance.now() - begun < 40_000);
    });

    /** A day of what a unit publishes at its default interval, made in seconds while the hub is away. */
    async function aDayAway(memory_bytes: number) {
      const fake = fakeTicker();
      const real = systemTicker();
      const started_ms = real.now_ms() - fake.now_ms();
      let made_ms: number | undefined; // while it is made, its time is the publisher's
      const now_ms = (): number =>
        made_ms === undefined ? started_ms + fake.now_ms() : real.now_ms() + made_ms;
      const of = open({ memory_bytes }, { ...real, now_ms });
      await takeHubAway(of);
      const state = unitStateOf();
      let sequence = 0;
      let put = 0;
      const counting = {
        put(record: Parameters<Spool['put']>[0]) {
          put += 1;
          return of.put(record);
        },
        putSlim: of.putSlim,
      };
      const publisher = startPublisher(
        {
          spool: counting,
          ticker: fake,
          wall: fakeWall(fake),
          firstTried: async () => {},
          async look() {
            sequence += 1;
            return state;
          },
          random: () => 0.5,
        },
        {
          name: { unit: 'u1', version: '0' },
          subjects,
          interval_s: 5,
          traffic: trafficProfileOf('lan'), // the most there is to keep
          boot_delay_s: 0,
          time: agentFileOf().config.time,
        },
      );
      for (let hour = 1; hour <= 24; hour++) {
        await fake.pass((day_s / 24) * 1000);
        counting.put({ subject: subjects.status, priority: 'event', body: { event: 'hourly', hour } });
      }
      publisher.stop();
      made_ms = now_ms() - real.now_ms();
      assert.equal(sequence, day_s / 5 + 1, 'a heartbeat each 5 s');
      assert.equal(put, 5 * sequence + 1 + 24);
      return { of, put };
    }

    once('a day without the hub, with memory for all of it', async () => {
      const { of, put } = await aDayAway(200e6);
      const { bytes, pending, oldest_age_s, capacity_s = 0 } = of.stats();
      assert.equal(pending, put);
      assert.ok((oldest_age_s ?? 0) >= day_s - 5, `${oldest_age_s}`);
      const expected_s = (200e6 / bytes) * day_s;
      assert.ok(Math.abs(capacity_s / expected_s - 1) < 0.05, `${capacity_s} s of ${expected_s} s`);
      console.log(`# a day at the default interval: ${put} records, ${(bytes / 1e6).toFixed(1)} MB`);
      await giveHubBack(of);
      const records = await drained('24 h at the default interval', of, put, 120);
      const beats = records
        .filter(({ subject }) => subject === subjects.heartbeat)
        .map((one) => one.body()['sequence']);
      assert.equal(beats.length, day_s / 5 + 1);
      assert.ok(records.every(({ backfill }) => backfill));
    });

    once('a day without the hub, with the default memory', async () => {
      const budget = 4096 * 1024;
      const { of, put } = await aDayAway(budget);
      const { bytes, pending, dropped, oldest_age_s = 0, capacity_s = 0 } = of.stats();
      assert.ok(bytes <= budget && bytes > budget * 0.99, `${bytes}`);
      assert.equal(dropped.log + dropped.event, 0);
      assert.equal(dropped.metric, put - pending);
      console.log(
        `# 4 MiB at the default interval: ${pending} records, the last ${(capacity_s / 60).toFixed(0)} min`,
      );
      await giveHubBack(of);
      await eventually('the gap is reported', () => of.stats().pending === 0, 30_000);
      const records = await drained('24 h with 4 MiB', of, put + 1, 60); // and the report
      const hours = records.filter(
        (one) => one.subject === subjects.status && one.body()['event'] === 'hourly',
      );
      assert.equal(hours.length, 24, 'events survive');
      const gaps = records.filter((one) => one.subject === subjects.status && 'gap' in one.body());
      assert.deepEqual(
        gaps.map((one) => (one.body()['gap'] as Gap).count),
        [dropped.metric],
      );
      const beats = records
        .filter(({ subject }) => subject === subjects.heartbeat)
        .map((one) => one.body()['sequence'] as number);
      assert.equal(Math.max(...beats), day_s / 5 + 1, 'the newest are kept');
      assert.ok(
        Math.abs(beats.length * 5 - capacity_s) < 0.05 * capacity_s,
        `${beats.length} heartbeats, ${capacity_s} s`,
      );
      assert.ok(oldest_age_s > 0);
    });
  });
}
