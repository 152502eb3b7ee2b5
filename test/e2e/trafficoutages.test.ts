// What a real unit loses in an outage by each profile, counted at the hub: as docs/traffic.md says, and not a record more.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import type { Msg } from '@nats-io/transport-node';
import type { Traffic } from '../../agent/config/traffic.ts';
import type { StatusSnapshot } from '../../agent/status/snapshot.ts';
import { account, readStream, type StoredRecord } from '../kit/hub/storedids.ts';
import { newOwner } from '../kit/process/cleanup.ts';
import { eventually, tempDir } from '../kit/process/daemon.ts';
import { withoutNewest } from '../kit/process/tools.ts';
import { type TrafficSite, trafficSite } from '../kit/unit/trafficsite.ts';

const beat = 'ops.heartbeat.demo-01';

/** A unit of that profile with a heartbeat each second. */
async function running(owner: ReturnType<typeof newOwner>, traffic: Traffic) {
  const more = `config spool 'spool'\n\toption snapshot_file '${join(tempDir(owner, 'kept'), 'spool')}'\n`;
  const site = await trafficSite(owner, traffic, { interval_s: 1, more });
  await until(site, 'all is stored', ({ spool, link }) => link.hub_up === true && spool?.state === 'stored');
  await heard(site, 4);
  return site;
}

const until = (
  site: TrafficSite,
  what: string,
  check: (now: StatusSnapshot) => boolean,
): Promise<StatusSnapshot> =>
  eventually(
    what,
    async () => {
      const now = (await site.unit.status().catch(() => undefined)) as unknown as StatusSnapshot | undefined;
      return now !== undefined && check(now) && now;
    },
    90_000,
    50,
  );

/** Waits for so many heartbeats at the hub, and gives the sequence of the last. */
async function heard({ hub }: TrafficSite, count: number): Promise<number> {
  const seen: Msg[] = [];
  const subscription = hub.nc.subscribe(beat, { callback: (_error, message) => void seen.push(message) });
  await eventually('heartbeats', () => seen.length >= count, 60_000);
  subscription.unsubscribe();
  return Number(seen.at(-1)?.headers?.get('X-Sequence'));
}

const bootOf = ({ unit }: TrafficSite): string => /boot=(\w+)/.exec(unit.agent().output())?.[1] ?? '';

/**
 * Cuts the link until the agent knows and `act` is done, mends it, and waits until all that was kept is stored. Gives the
 * sequence of a heartbeat that had come before: a start is an outage, too, until the leaf has joined.
 */
async function outage(site: TrafficSite, act: () => Promise<unknown>): Promise<number> {
  const before = await heard(site, 1);
  site.proxy.cut();
  await until(site, 'it is known', ({ link, spool }) => link.hub_up === false && spool?.state === 'offline');
  await act();
  site.proxy.mend();
  await until(site, 'all is sent', ({ spool, link }) => link.hub_up === true && spool?.records === 0);
  await heard(site, 3);
  return before;
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Ends the agent and gives all that the hub has of it; whatever has an id is there once, none is missing. */
async function books(site: TrafficSite): Promise<readonly StoredRecord[]> {
  const boot = bootOf(site);
  await site.unit.agent().end('SIGTERM');
  const records = await eventually(
    'no record is missing',
    async () => {
      const all = await readStream(site.hub.nc, 'NUNECT');
      return account(all, boot).missing.length === 0 && all;
    },
    60_000,
    500,
  );
  assert.equal(account(records, boot).doubled, 0);
  return records;
}

/** The heartbeats, each of which came once; the sequences after `from` that did not come, and those that came late. */
function beatsOf(records: readonly StoredRecord[], from: number) {
  const beats = records.filter(({ subject }) => subject === beat);
  const bySequence = new Map(beats.map((one) => [one.sequence, one]));
  assert.equal(bySequence.size, beats.length, 'no heartbeat came twice');
  const last = Math.max(...bySequence.keys());
  const missing = Array.from({ length: last - from }, (_, n) => from + n + 1).filter(
    (n) => !bySequence.has(n),
  );
  const late = beats
    .filter(({ backfill, sequence }) => backfill && sequence > from)
    .map(({ sequence }) => sequence);
  return { beats, missing, late };
}

const isRun = (numbers: readonly number[]): boolean =>
  numbers.every((n, at) => at === 0 || n === (numbers[at - 1] ?? 0) + 1);

describe('an outage by traffic profile', { skip: withoutNewest() }, () => {
  const owner = newOwner();
  after(() => owner.end());

  test('lan: nothing is lost', async () => {
    const site = await running(owner, 'lan');
    const from = await outage(site, () => pause(5000));
    const { missing, late, beats } = beatsOf(await books(site), from);
    assert.deepEqual(missing, []);
    assert.ok(late.length >= 4, `${late}`);
    assert.ok(beats.every(({ id }) => id !== ''));
  });

  test('standard: only what was sent before it was noticed is lost, and what was kept comes once', async () => {
    const site = await running(owner, 'standard');
    const from = await outage(site, () => pause(8000));
    const { missing, late, beats } = beatsOf(await books(site), from);
    assert.ok(late.length >= 7, `${late}`);
    // a heartbeat that asks is late, and not lost, also where it was sent before
    assert.ok(isRun([...missing, ...late].sort((a, b) => a - b)), `${missing}, ${late}`);
    const known = late.filter((n) => n > (missing.at(-1) ?? 0));
    assert.ok(late.length - known.length <= 1, `nothing is lost once it is known: ${missing}, ${late}`);
    const kept = beats.filter(({ sequence, id }) => late.includes(sequence) && id !== '');
    assert.equal(kept.length, late.length, 'as acknowledged records');
    assert.ok(
      kept.some((one) => one.health === 'DEGRADED' && !('problems' in one.body())),
      'slim ones among them',
    );
  });

  test('standard: that the stream is gone is noticed by a heartbeat, long before the next full set', async () => {
    const site = await running(owner, 'standard');
    const full: Msg[] = [];
    site.hub.nc.subscribe('ops.metric.system.demo-01', {
      callback: (_error, message) => void full.push(message),
    });
    await eventually('a full set', () => full.length > 0, 150_000);
    await site.hub.nc.request('$JS.API.STREAM.DELETE.NUNECT', '', { timeout: 10_000 });
    const began = performance.now();
    await until(site, 'it is noticed', ({ spool }) => spool?.state === 'failing');
    const took_s = (performance.now() - began) / 1000;
    assert.ok(took_s < 75, `${took_s} s`); // it asks each 30 s, and then tries for some time; a full set comes after 120 s
  });

  test('wan: slim records of the outage are absent, and full sets are kept', async () => {
    const site = await running(owner, 'wan');
    const from = await outage(site, () => pause(8000));
    const records = await books(site);
    const { missing, late } = beatsOf(records, from);
    assert.ok(missing.length >= 5, `${missing}`);
    assert.ok(late.length >= 1, 'the change was told in a full set');
    const gone = [...missing, ...late].sort((a, b) => a - b);
    assert.ok(isRun(gone), `nothing else is missing: ${gone}`);
    assert.ok(
      records.filter(({ backfill, subject }) => backfill && subject === beat).every(({ id }) => id !== ''),
    );
  });

  test('satellite: every minute comes once, over an outage and a stop in it', async () => {
    const site = await running(owner, 'satellite');
    const boots = [bootOf(site)];
    site.proxy.cut();
    await until(site, 'it is known', ({ spool }) => spool?.state === 'offline');
    await pause(62_000); // more than one minute
    await site.unit.restartAgent();
    boots.push(bootOf(site));
    await until(site, 'they wait', ({ spool }) => (spool?.records ?? 0) > 5);
    site.proxy.mend();
    await until(site, 'all is sent', ({ spool, link }) => link.hub_up === true && spool?.records === 0);
    await heard(site, 3);
    const records = await books(site);
    const minutes = records.filter(({ subject }) => subject === 'ops.metric.minutes.demo-01');
    assert.deepEqual(
      minutes.map(({ boot }) => boot),
      boots,
      'one of each run',
    );
    const begins = minutes.flatMap((one) => {
      const { since_ms, rows } = one.body() as { since_ms: number; rows: number[][] };
      return rows.map(([at_s = 0]) => since_ms + at_s * 1000);
    });
    assert.ok(begins.length >= 3, `${begins.length} rows`);
    for (const [n, at] of begins.entries())
      if (n > 0) assert.ok(at > (begins[n - 1] ?? 0), 'each later than the one before');
    const [first] = minutes;
    assert.equal(first?.backfill, true);
    assert.equal(account(records, boots[0] ?? '').missing.length, 0);
  });
});
