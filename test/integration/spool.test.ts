import assert from 'node:assert/strict';
import { after, before, describe, type TestContext, test } from 'node:test';
import { systemTicker } from '../../agent/lib/ticker.ts';
import type { Link } from '../../agent/nats/link.ts';
import type { Gap } from '../../agent/records/record.ts';
import { openSpool, type Spool, type SpoolOptions } from '../../agent/records/spool.ts';
import { createStream, type HubAndLeaf, hubAndLeaf, jetstream, serversToTest } from '../kit/hub/fleet.ts';
import { eventually } from '../kit/process/daemon.ts';

const gapRecord = (gap: Gap) => ({
  subject: 'ops.status.leaf.u1',
  priority: 'event' as const,
  body: { gap },
});
let boot = 0;

function spoolOn(
  fleet: HubAndLeaf,
  link: Link,
  hubUp: () => boolean | undefined,
  more: Partial<SpoolOptions> = {},
) {
  boot += 1;
  return openSpool(
    {
      random: Math.random,
      link,
      hubUp,
      ticker: systemTicker(),
      log: fleet.log,
      wall_ms: Date.now,
      gapRecord,
    },
    { unit: 'u1', boot: `b${boot}`, window: 64, memory_bytes: 64e6, hub: true, ...more },
  );
}

const metric = (n: number, subject = 'ops.metric.rtt.u1') => ({
  subject,
  priority: 'metric' as const,
  body: { ts: Date.now(), unit_id: 'u1', seq: n, fill: 'x'.repeat(200) },
});

for (const { name, program } of serversToTest()) {
  describe(`spool through ${name} servers`, () => {
    let fleet: HubAndLeaf;
    let link: Link;
    let spool: Spool | undefined;
    before(async () => {
      fleet = await hubAndLeaf(program);
      link = fleet.agent();
      await eventually('connected', () => link.state().connected);
      await createStream(await fleet.operator(fleet.hub));
    });
    after(async () => {
      spool?.stop();
      await fleet?.stop();
    });

    test('a subject that no stream takes goes plain and holds up nothing else', async () => {
      spool = spoolOn(fleet, link, () => true, { patience_ms: 1500, silentPatience_ms: 1500, ack_ms: 1000 });
      const seen: string[] = [];
      const operator = await fleet.operator(fleet.hub);
      operator.subscribe('ops.time.config', {
        callback: (_error, message) => void seen.push(message.string()),
      });
      await operator.flush();
      spool.put(metric(0)); // once stored, a subject is given minutes: a hub that stands still does not make it plain
      await eventually('the first metric is stored', () => spool?.stats().stored === 1);
      spool.put({ subject: 'ops.time.config', priority: 'metric', body: { mode: 'auto' } });
      for (let n = 1; n <= 200; n++) spool.put(metric(n));
      await eventually('the metrics are stored', () => spool?.stats().stored === 201, 30_000);
      await eventually('plain', () => spool?.stats().unstored[0]?.state === 'plain', 30_000).catch(
        (error: Error) => {
          throw new Error(`${error.message}: ${JSON.stringify(spool?.stats())}`);
        },
      );
      assert.equal(await spool.drained(10_000), true);
      assert.ok(seen.length >= 1);
      const { published, unstored } = spool.stats();
      assert.equal(published, 1);
      assert.equal(unstored[0]?.subject, 'ops.time.config');
      spool.put(metric(201));
      assert.equal(await spool.drained(10_000), true);
      assert.equal(spool.stats().state, 'partly');
      spool.stop();
    });

    test('a hub without a stream gets plain records, and stored ones once there is a stream', async () => {
      const operator = await fleet.operator(fleet.hub);
      await jetstream(operator, 'STREAM.DELETE.FLEET');
      spool = spoolOn(fleet, link, () => true, { patience_ms: 1000, silentPatience_ms: 1000, ack_ms: 1000 });
      const seen: string[] = [];
      operator.subscribe('ops.metric.>', { callback: (_error, message) => void seen.push(message.string()) });
      await operator.flush();
      spool.put(metric(1));
      await eventually('plain', () => spool?.stats().state === 'plain', 30_000);
      await spool.drained(5000);
      for (let n = 2; n <= 10; n++) spool.put(metric(n));
      assert.equal(spool.stats().pending, 0);
      assert.equal(spool.stats().published, 10);
      await eventually(
        'seen at the hub',
        () => new Set(seen.map((text) => JSON.parse(text).seq)).size === 10,
      );
      await createStream(operator);
      spool.kick(); // else the next probe would be tried within seconds
      spool.put(metric(11));
      await eventually('stored', () => spool?.stats().state === 'stored');
      assert.equal(spool.stats().published, 10);
      spool.stop();
    });

    test('a full stream is reported and tried again until there is room', async () => {
      const operator = await fleet.operator(fleet.hub);
      await jetstream(operator, 'STREAM.DELETE.FLEET');
      await createStream(operator, { max_msgs: 5, discard: 'new' });
      spool = spoolOn(fleet, link, () => true);
      for (let n = 1; n <= 8; n++) spool.put(metric(n));
      await eventually('refused', () => spool?.stats().unstored[0]?.why.includes('maximum messages'));
      assert.equal(spool.stats().stored, 5);
      assert.equal(spool.stats().pending, 3);
      await jetstream(operator, 'STREAM.PURGE.FLEET');
      assert.equal(await spool.drained(20_000), true);
      assert.equal(spool.stats().stored, 8);
      spool.stop();
    });

    for (const [what, trouble, why] of [
      ['sealed', { sealed: true }, /sealed/],
      ['full', { max_msgs: 1, discard: 'new' }, /maximum messages/],
      [
        'full for a subject',
        { max_msgs_per_subject: 1, discard: 'new', discard_new_per_subject: true },
        /maximum messages per subject/,
      ],
      ['narrowed', { subjects: ['ops.heartbeat.>'] }, /no stream takes this subject/],
    ] as const)
      test(`a stream that is ${what} while another subject is idle is told in its own words`, async () => {
        const operator = await fleet.operator(fleet.hub);
        await jetstream(operator, 'STREAM.DELETE.FLEET');
        await createStream(operator);
        spool = spoolOn(fleet, link, () => true);
        spool.put({ subject: 'ops.status.leaf.u1', priority: 'event', body: {} });
        spool.put(metric(1));
        assert.equal(await spool.drained(10_000), true);
        assert.equal(spool.stats().state, 'stored');
        const made = await createStream(operator, trouble, 'UPDATE');
        assert.equal(made.error, undefined, JSON.stringify(made));
        spool.put(metric(2));
        await eventually('told', () => why.test(spool?.stats().unstored[0]?.why ?? ''));
        assert.ok(['refused', 'failing'].includes(spool.stats().state));
        spool.stop();
      });

    test('a stream without acknowledgements is told as that', async () => {
      const operator = await fleet.operator(fleet.hub);
      await jetstream(operator, 'STREAM.DELETE.FLEET');
      await createStream(operator, { no_ack: true });
      spool = spoolOn(fleet, link, () => true, { ack_ms: 500 });
      spool.put(metric(1));
      await eventually('told', () => /no_ack/.test(spool?.stats().unstored[0]?.why ?? ''));
      assert.equal(spool.stats().stored, 0);
      spool.stop();
    });

    test('a subject that the server does not permit is reported as denied', async () => {
      const deny = ', permissions: { publish: { deny: ["ops.status.>"] } }';
      await fleet.leaf.reload(fleet.leafConfig(deny));
      await eventually('connected again', () => link.state().connected);
      await jetstream(await fleet.operator(fleet.hub), 'STREAM.DELETE.FLEET');
      await createStream(await fleet.operator(fleet.hub));
      spool = spoolOn(fleet, link, () => true);
      spool.put({ subject: 'ops.status.leaf.u1', priority: 'event', body: { event: 'clock' } });
      spool.put(metric(1));
      await eventually('denied', () => spool?.stats().unstored[0]?.state === 'denied');
      await eventually('the other is stored', () => spool?.stats().stored === 1);
      assert.deepEqual(link.denied(), ['publish ops.status.leaf.u1']);
      await fleet.leaf.reload(fleet.leafConfig());
      assert.equal(await spool.drained(20_000), true, JSON.stringify(spool.stats()));
      await eventually('permitted again', () => link.denied().length === 0);
      spool.stop();
    });
  });
}

for (const { name, program } of serversToTest()) {
  const withLeafStream = async (t: TestContext, domain: string, limits: object = {}) => {
    const fleet = await hubAndLeaf(program, domain);
    t.after(() => fleet.stop());
    const link = fleet.agent();
    await eventually('connected', () => link.state().connected);
    const hub = await fleet.operator(fleet.hub);
    await createStream(hub);
    const local = { name: 'LOCAL', subjects: ['ops.metric.>'], storage: 'memory', ...limits };
    await jetstream(await fleet.operator(fleet.leaf), 'STREAM.CREATE.LOCAL', local);
    let hubUp = true;
    const spool = spoolOn(fleet, link, () => hubUp, { ack_ms: 1000 });
    t.after(() => spool.stop());
    const joined = (isUp: boolean): void => {
      hubUp = isUp;
      spool.kick();
    };
    return { fleet, hub, spool, joined };
  };

  test(`a stream of the leaf does not stand for that of the hub: ${name}`, async (t) => {
    const { fleet, hub, spool, joined } = await withLeafStream(t, 'u1');
    for (let n = 1; n <= 5; n++) spool.put(metric(n));
    assert.equal(await spool.drained(20_000), true, JSON.stringify(spool.stats()));
    await fleet.hub.kill('SIGKILL');
    joined(false);
    for (let n = 6; n <= 10; n++) spool.put(metric(n));
    await eventually('told', () => spool.stats().state === 'offline');
    await new Promise((resolve) => setTimeout(resolve, 4000));
    assert.equal(spool.stats().stored, 5, 'only those that the hub has');
    await fleet.hub.start();
    await jetstream(hub, 'STREAM.INFO.FLEET');
    joined(true);
    assert.equal(await spool.drained(30_000), true, JSON.stringify(spool.stats()));
    assert.equal((await jetstream(hub, 'STREAM.INFO.FLEET')).state?.messages, 10);
  });

  for (const limits of [{ max_msg_size: 50 }, { max_msgs: 1, discard: 'new' }])
    test(`a stream of the leaf with ${Object.keys(limits)[0]} gives up no record of the hub: ${name}`, async (t) => {
      const { fleet, hub, spool, joined } = await withLeafStream(t, 'u1', limits);
      for (let n = 1; n <= 10; n++) spool.put(metric(n));
      assert.equal(await spool.drained(20_000), true, JSON.stringify(spool.stats()));
      await fleet.hub.kill('SIGKILL');
      joined(false);
      for (let n = 11; n <= 20; n++) spool.put(metric(n));
      await new Promise((resolve) => setTimeout(resolve, 4000));
      assert.equal(spool.stats().state, 'offline');
      await fleet.hub.start();
      await jetstream(hub, 'STREAM.INFO.FLEET');
      joined(true);
      assert.equal(await spool.drained(30_000), true, JSON.stringify(spool.stats()));
      assert.deepEqual(
        [spool.stats().stored, spool.stats().dropped.metric],
        [20, 0],
        JSON.stringify(spool.stats()),
      );
      assert.equal((await jetstream(hub, 'STREAM.INFO.FLEET')).state?.messages, 20);
    });

  test(`where no domain tells whose stream acknowledges, nothing counts as stored: ${name}`, async (t) => {
    const { spool } = await withLeafStream(t, '');
    spool.put(metric(1));
    await eventually('told', () => /has no domain/.test(spool.stats().unstored[0]?.why ?? ''));
    assert.equal(spool.stats().stored, 0);
  });
}
