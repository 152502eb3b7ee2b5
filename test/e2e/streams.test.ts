// The quiet failures of the hub's stream, at a whole unit: what status, heartbeats and events say, and what is missing in
// the end, by the books of the hub.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { jetstream, serversToTest } from '../kit/hub/fleet.ts';
import { account, readStream, type StoredRecord } from '../kit/hub/storedids.ts';
import { eventually, tempDir } from '../kit/process/daemon.ts';
import { projectRoot } from '../kit/process/tools.ts';
import { type Hub, type RunningUnit, startHub, startUnit, type UnitOptions } from '../kit/unit/site.ts';
import { until } from '../kit/unit/until.ts';

const unit = 'demo-01';
const base = JSON.parse(readFileSync(join(projectRoot, 'config/hub/stream.json'), 'utf8')) as object;

async function site(
  t: TestContext,
  program: string,
  options: Partial<UnitOptions> = {},
): Promise<{ hub: Hub; one: RunningUnit }> {
  const dir = tempDir(t, 'streams');
  const hub = await startHub(t, dir, program);
  const one = await startUnit(t, {
    dir,
    unit,
    server: program,
    hubPort: hub.leafPort,
    interval_s: 1,
    ...options,
  });
  await until(one, 'stored', ({ spool, status }) => spool?.state === 'stored' && status === 'healthy');
  return { hub, one };
}

const update = async ({ nc }: Hub, settings: object, how = 'UPDATE'): Promise<void> => {
  const { error } = await jetstream(nc, `STREAM.${how}.NUNECT`, { ...base, ...settings });
  assert.equal(error, undefined);
};

/** What is missing of a run by the ids in the hub's streams, and what its events tell of it. */
function books(records: readonly StoredRecord[], boot: string) {
  const told = records
    .filter((one) => one.boot === boot && one.subject.startsWith('ops.status.'))
    .map((one) => one.body() as { event?: string; after?: { count: number } })
    .flatMap(({ event, after }) => (event === 'records_dropped' ? (after?.count ?? 0) : []));
  return {
    missing: account(records, boot).missing.length,
    told: told.reduce((sum, count) => sum + count, 0),
  };
}

const bootOf = (one: RunningUnit): string => /boot=(\w+)/.exec(one.agent().output())?.[1] ?? '';

for (const { name, program } of serversToTest())
  describe(`a stream that takes nothing, ${name} servers`, { concurrency: 4 }, () => {
    for (const [what, settings, words] of [
      [
        'full',
        async (hub: Hub) => ({ discard: 'new', max_msgs: await hub.stored() }),
        /maximum messages exceeded/,
      ],
      ['sealed', async () => ({ sealed: true }), /sealed/],
    ] as const)
      test(`${what}: degraded, in the words of the stream; heartbeats, page and /healthz too`, async (t) => {
        const { hub, one } = await site(t, program, { traffic: 'lan' }); // else by the next full set only
        const beats: string[] = [];
        hub.nc.subscribe(`ops.heartbeat.${unit}`, {
          callback: (_error, message) => void beats.push(message.headers?.get('X-Health-Status') ?? ''),
        });
        await update(hub, await settings(hub));
        const { spool, problems } = await until(one, 'degraded', ({ status }) => status === 'degraded');
        assert.equal(spool?.state, 'refused');
        assert.match(problems.join('\n'), words);
        assert.match(await (await fetch(`${one.statusUrl}healthz`)).text(), /degraded/);
        await eventually('a heartbeat that says so', () => beats.at(-1) === 'DEGRADED', 60_000);
      });

    test('critical when the memory is nearly full; what was dropped is told once there is room again', async (t) => {
      const { hub, one } = await site(t, program, {
        more: "config spool\n\toption memory_kb '64'\n",
        traffic: 'lan', // whose records all wait for the stream
      });
      await update(hub, { discard: 'new', max_msgs: await hub.stored() });
      await until(one, 'critical', ({ status }) => status === 'critical', 90_000);
      await until(one, 'dropped', ({ spool }) => (spool?.dropped ?? 0) > 10, 90_000);
      await update(hub, { max_msgs: -1 });
      await until(
        one,
        'stored again',
        ({ spool }) => spool?.state === 'stored' && spool.records === 0,
        90_000,
      );
      await eventually('all that is missing is told', async () => {
        const { missing, told } = books(await readStream(hub.nc, 'NUNECT'), bootOf(one));
        return missing > 0 && missing === told;
      });
    });

    // it takes a minute, and is no matter of the server: test/integration/spool.test.ts has both
    if (name !== serversToTest().at(-1)?.name) return;
    test('deleted, and the agent restarted: what was published meanwhile is told when a stream is back', async (t) => {
      const { hub, one } = await site(t, program);
      await jetstream(hub.nc, 'STREAM.DELETE.NUNECT');
      await one.restartAgent();
      const { problems } = await until(one, 'plain', ({ spool }) => spool?.state === 'plain');
      assert.match(problems.join('\n'), /the hub stores no records: no stream takes this subject/);
      await until(one, 'counted', ({ spool }) => (spool?.published ?? 0) > 20);
      await update(hub, {}, 'CREATE');
      await until(one, 'stored', ({ spool }) => spool?.state === 'stored', 120_000);
      await eventually('all that is missing is told', async () => {
        const { missing, told } = books(await readStream(hub.nc, 'NUNECT'), bootOf(one));
        return missing > 20 && missing <= told; // some were stored before the unit knew of the new stream
      });
    });
  });
