// What each traffic profile costs a real link, and what whoever listens at the hub sees of the unit.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Msg } from '@nats-io/transport-node';
import { parseAgentFile } from '../../agent/config/agentfile.ts';
import { type Traffic, trafficProfileOf } from '../../agent/config/traffic.ts';
import { budgets } from '../kit/budgets.ts';
import { carriedSince } from '../kit/hub/countingproxy.ts';
import { connectAs } from '../kit/leaf/leafdaemon.ts';
import { recordComplaints } from '../kit/lib/schema.ts';
import { type Cleanup, newOwner } from '../kit/process/cleanup.ts';
import { eventually } from '../kit/process/daemon.ts';
import { withoutNewest } from '../kit/process/tools.ts';
import { trafficSite } from '../kit/unit/trafficsite.ts';

const beat = 'ops.heartbeat.demo-01';

/** A unit of that profile at an interval of 2 s, and all that comes of it to the hub. */
async function listening(owner: Cleanup, traffic: Traffic, leaf: readonly string[] = []) {
  const seen: Msg[] = [];
  const site = await trafficSite(owner, traffic, { interval_s: 2, leaf });
  site.hub.nc.subscribe('ops.>', { callback: (_error, message) => void seen.push(message) });
  await site.hub.nc.flush();
  const beats = (): Msg[] => seen.filter(({ subject }) => subject === beat);
  const locked = (): Promise<unknown> =>
    eventually(
      'the clock is locked',
      () => beats().at(-1)?.headers?.get('X-Clock-Quality') === 'locked',
      60_000,
    );
  return { ...site, seen, beats, locked };
}
type Listening = Awaited<ReturnType<typeof listening>>;

const middle = (of: readonly number[]): number => of.toSorted((a, b) => a - b)[of.length >> 1] ?? Number.NaN;

/** It was sent as a record that a stream acknowledges. */
const isAcknowledged = (message: Msg | undefined): boolean => message?.headers?.has('Nats-Msg-Id') === true;

/**
 * Bytes over the link, both ways, from one heartbeat to the next: the middle one, as an event or a PING may fall between
 * two. Of the intervals whose heartbeat is `wanted`.
 */
async function bytesPerInterval(
  { proxy, beats }: Listening,
  count: number,
  wanted: (heartbeat: Msg | undefined) => boolean = () => true,
): Promise<number> {
  const costs: number[] = [];
  let before = proxy.carried();
  for (let n = beats().length; costs.length < count; n = beats().length) {
    await eventually('the next heartbeat', () => beats().length > n, 20_000, 5);
    await new Promise((resolve) => setTimeout(resolve, 600)); // the rest of the set, and its acknowledgements
    const now = proxy.carried();
    const { there, back } = carriedSince(before, now);
    if (wanted(beats().at(-1))) costs.push(there + back);
    before = now;
  }
  return middle(costs);
}

/** Bytes over the link, both ways, of what is done while the agent is stopped. */
async function carriedBy({ proxy }: Listening, act: () => Promise<unknown>): Promise<number> {
  const before = proxy.carried();
  await act();
  const { there, back } = carriedSince(before, proxy.carried());
  return there + back;
}

const agentConnection = ({ unit }: Listening) =>
  parseAgentFile(readFileSync(join(unit.stateDir, '../agent.json'), 'utf8'), 'agent.json').connection;

const bodyOf = (message: Msg | undefined): Record<string, unknown> => message?.json() ?? {};
const isFull = (message: Msg | undefined): boolean => 'problems' in bodyOf(message);

/** Who only knows the fields of the Go guardian sees of a unit, from its messages alone. */
function guardianView(messages: readonly Msg[]) {
  const last = (subject: string): Msg | undefined => messages.filter((one) => one.subject === subject).at(-1);
  const heartbeat = last(beat);
  const header = (name: string): string | undefined => heartbeat?.headers?.get(name);
  return {
    unit: header('X-Unit-ID'),
    sequence: Number(header('X-Sequence')),
    age_ms: Date.now() - Number(header('X-Timestamp')),
    rtts: [header('X-Native-RTT'), header('X-App-RTT')],
    clock: [header('X-Clock-Source'), header('X-Clock-Quality')],
    load: [header('X-Health-Status'), header('X-CPU-Load'), header('X-Memory-Usage'), header('X-Uptime')],
    rtt: bodyOf(last('ops.metric.rtt.demo-01')),
    time: bodyOf(last('ops.metric.time.demo-01')),
  };
}

describe('traffic', { skip: withoutNewest() }, () => {
  const owner = newOwner();
  after(() => owner.end());
  /**
   * Bytes: of a full set with its acknowledgements and static facts, of the slim records, of the same with an acknowledged
   * heartbeat, of a slim heartbeat, of 15 minutes.
   */
  const cost = { full: 0, slim: 0, asked: 0, heartbeat: 0, minutes: 0 };

  for (const traffic of ['standard', 'satellite'] as const)
    describe(traffic, () => {
      let site: Listening;
      before(async () => {
        site = await listening(owner, traffic);
        await site.locked();
      });

      test('who knows only the fields of the Go guardian sees the unit', async () => {
        await eventually(
          'round trips, and a slim heartbeat',
          () => {
            const { rtts, rtt } = guardianView(site.seen);
            const isMeasured = rtts.every((text) => text !== undefined) && 'app_rtt_us' in rtt;
            return isMeasured && !isFull(site.beats().at(-1));
          },
          30_000,
        );
        const { unit, sequence, age_ms, rtts, clock, load, rtt, time } = guardianView(site.seen);
        assert.equal(unit, 'demo-01');
        assert.ok(sequence > 1 && age_ms < 30_000, `${sequence} ${age_ms}`);
        for (const text of rtts) assert.match(text ?? '', /^[\d.]+(µs|ms)$/);
        assert.deepEqual(clock, ['ntp', 'locked']);
        assert.match(load.join(' '), /^\w+ \d+% \d+% \d+$/);
        assert.ok(Number(rtt['native_rtt_us']) > 0 && Number(rtt['app_rtt_us']) > 0);
        assert.deepEqual([rtt['unit_id'], time['unit_id']], ['demo-01', 'demo-01']);
        assert.equal(time['active_source'], 'ntp');
        assert.equal(typeof time['ntp_offset_ms'], 'number');
      });

      test('each sequence comes once, and each slim heartbeat names the full one before it', () => {
        const numbers = site.beats().map((one) => Number(one.headers?.get('X-Sequence')));
        assert.equal(new Set(numbers).size, numbers.length);
        let full = 0;
        for (const one of site.beats())
          if (isFull(one)) full = Number(bodyOf(one)['sequence']);
          else if (full > 0 && 'full' in bodyOf(one)) assert.equal(bodyOf(one)['full'], full);
      });

      test('the slim records of an interval are counted', async () => {
        cost[traffic === 'standard' ? 'slim' : 'heartbeat'] = await bytesPerInterval(site, 9);
      });

      if (traffic === 'standard')
        test('those with a heartbeat that a stream acknowledges are counted', async () => {
          const isAsked = (one: Msg | undefined): boolean => isAcknowledged(one) && !isFull(one);
          cost.asked = await bytesPerInterval(site, 2, isAsked);
          assert.ok(cost.asked > cost.slim, `${cost.asked} and ${cost.slim}`);
        });

      test('a clock that loses its source is told in full at once, without the static facts', async () => {
        const from = site.seen.length;
        await site.chrony.end('SIGKILL');
        await eventually(
          'the event',
          () => site.seen.slice(from).some((one) => bodyOf(one)['event'] === 'clock'),
          90_000,
        );
        const at = site.seen.findIndex((one, n) => n >= from && bodyOf(one)['event'] === 'clock');
        const later = (): Msg[] => site.seen.slice(at).filter(({ subject }) => subject === beat);
        await eventually('heartbeats', () => later().length >= 4, 30_000);
        assert.ok(later().slice(0, 4).some(isFull), 'before two more intervals have passed');
        const system = site.seen.slice(at).find(({ subject }) => subject === 'ops.metric.system.demo-01');
        assert.ok(system !== undefined && !('firmware' in (bodyOf(system)['host'] as object)));
      });

      test('a hub that is new to it gets all, with the static facts', async () => {
        site.proxy.cut();
        await eventually(
          'it is gone',
          async () => (await site.unit.status())['status'] !== 'healthy',
          60_000,
        );
        const from = site.seen.length;
        site.proxy.mend();
        const host = await eventually(
          'a set',
          () => {
            const system = site.seen
              .slice(from)
              .filter(({ subject }) => subject === 'ops.metric.system.demo-01');
            return system.map((one) => bodyOf(one)['host'] as object).find((one) => 'firmware' in one);
          },
          90_000,
        );
        assert.ok('cores' in host);
      });

      if (traffic === 'satellite')
        test('a stop sends the minutes so far', async () => {
          await site.unit.agent().end('SIGTERM');
          const minutes = await eventually('minutes', () =>
            site.seen.find(({ subject }) => subject === 'ops.metric.minutes.demo-01'),
          );
          const { rows, columns } = bodyOf(minutes) as { rows: unknown[][]; columns: unknown[] };
          assert.ok(rows.length >= 1 && rows.every((row) => row.length === columns.length));
          const made = bodyOf(minutes);
          assert.deepEqual(recordComplaints.get('metric.minutes')?.(made), []);
          const quarter = Array.from({ length: 15 }, (_, n) =>
            rows[0]?.map((cell) => (typeof cell === 'number' ? cell + 37 * n : cell)),
          );
          const nc = await connectAs(agentConnection(site), 'demo-01');
          owner.after(() => nc.close());
          cost.minutes = await carriedBy(site, () =>
            nc.request('ops.metric.minutes.demo-01', JSON.stringify({ ...made, rows: quarter })),
          );
        });
      else
        test('it is stopped', async () => {
          await site.unit.agent().end('SIGTERM');
          await eventually('its word', () => bodyOf(site.beats().at(-1))['stopping'] === true);
        });
    });

  test('a full set is counted where each is full', async () => {
    const site = await listening(owner, 'lan', ["option compression 's2_best'"]);
    await site.locked();
    cost.full = await bytesPerInterval(site, 7);
    assert.ok(site.beats().every(isFull));
    await site.unit.agent().end('SIGTERM');
  });

  for (const traffic of ['standard', 'wan', 'satellite'] as const)
    test(`${traffic}: an hour of these is within ${budgets.trafficKB[traffic]} KB`, (t) => {
      const { interval_s, full_s, asked_s, slim, minutes_s, ping_interval_s } = trafficProfileOf(traffic);
      const full = 3600 / full_s;
      const minutes = minutes_s === 0 ? 0 : 3600 / minutes_s; // records
      const asked = asked_s === 0 ? 0 : 3600 / asked_s - full;
      const parts = {
        asked: asked * cost.asked,
        slim: (3600 / interval_s - full - asked) * (slim.length > 1 ? cost.slim : cost.heartbeat),
        full: full * cost.full,
        minutes: minutes * cost.minutes,
        pings: (3600 / ping_interval_s + 30) * 2 * 24, // the hub's own are each two minutes
      };
      const sum_kb = Object.values(parts).reduce((sum, one) => sum + one, 0) / 1000;
      t.diagnostic(`${sum_kb.toFixed(1)} KB an hour: ${JSON.stringify(parts)} of ${JSON.stringify(cost)}`);
      assert.ok(Object.values(cost).every((one) => one > 0));
      assert.ok(sum_kb <= budgets.trafficKB[traffic], `${sum_kb} KB`);
    });
});
