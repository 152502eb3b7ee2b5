// The last day of a unit, read of a real stream as init makes it. The day is one of some seconds, with all its steps shortened
// alike: what the stream then holds is listed whole by a consumer, and the truth at each moment is reckoned from that list.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { connect, type NatsConnection, headers as natsHeaders } from '@nats-io/transport-node';
import { streamsOf } from '../../agent/hub/kit/streams.ts';
import { historyOf, newDay } from '../../agent/hub/page/unit/past/day.ts';
import type { UnitHistory } from '../../agent/hub/page/unit/past/history.ts';
import { readDay } from '../../agent/hub/page/unit/past/read.ts';
import { readRecording } from '../../agent/hub/page/unit/recorder.ts';
import { logTo } from '../../agent/lib/log.ts';
import { systemTicker } from '../../agent/lib/ticker.ts';
import { type Link, openLink } from '../../agent/nats/link.ts';
import { jetstream } from '../kit/hub/fleet.ts';
import { natsFleet } from '../kit/hub/nats.ts';
import {
  eventRecord,
  fullRecords,
  type SimRecord,
  type SimRun,
  type SimState,
  slimRecords,
  usualState,
} from '../kit/hub/simrecords.ts';
import { newOwner } from '../kit/process/cleanup.ts';
import { eventually } from '../kit/process/daemon.ts';
import { hubServers, withoutNewest } from '../kit/process/tools.ts';

const skip = withoutNewest();
const grid = { span_ms: 7200, step_ms: 60 };
const interval_s = 0.03;
const mib = 1024 ** 2;

/** A record as the stream has it, by the server's own listing. */
interface Listed {
  readonly subject: string;
  readonly at_ms: number;
  readonly body: Readonly<Record<string, unknown>>;
  readonly bound_ns: number | undefined;
}

const runOf = (unit: string): SimRun => ({
  ...{ unit, boot: 'b1', started_ms: Date.now(), clock_ms: Date.now(), link_ms: Date.now() },
  ...{ sequence: 0, n: 0 },
});
const stateOf = (change: Partial<SimState> = {}): SimState => ({ ...usualState(1), interval_s, ...change });
const boundAt = (share: number): number => Math.round(share < 0.8 ? 600_000 : 600_000 + (share - 0.8) * 2e8);

function send(nc: NatsConnection, records: readonly SimRecord[], more: object = {}): void {
  for (const { subject, body, headers } of records) {
    const all = natsHeaders();
    for (const [name, [value = '']] of Object.entries(headers)) all.set(name, value);
    nc.publish(subject, JSON.stringify({ ...JSON.parse(body), ...more }), { headers: all });
  }
}

/** What unit `one` says, at that share of the day. */
function stateAt(share: number): SimState {
  const free = share >= 0.8;
  const { clock } = stateOf();
  return stateOf({
    status: free ? 'critical' : 'healthy',
    hub_rtt_us: 38_000 + Math.round(share * 1000),
    clock: {
      ...clock,
      ...(free ? { source: 'unsynced' as const, quality: 'freerun' as const } : {}),
      error_bound_ns: boundAt(share),
    },
  });
}

/** From when to when unit `one` is silent, in shares of the day; and when unit `dead` dies. */
const silent = [0.3, 0.42] as const;
const dies = 0.15;

/** Runs the day; resolves when all of it is sent. */
async function runDay(nc: NatsConnection): Promise<void> {
  const runs = { one: runOf('one'), dead: runOf('dead'), flap: runOf('flap') };
  const others = Array.from({ length: 5 }, (_, i) => runOf(`other-${i}`));
  const began_ms = Date.now();
  let isSilent = false;
  let isFree = false;
  for (let beat = 0; ; beat++) {
    const now_ms = Date.now();
    const share = (now_ms - began_ms) / grid.span_ms;
    if (share >= 1) break;
    const all = (run: SimRun, state: SimState): void => {
      run.sequence += 1;
      const isFull = beat % 8 === 0;
      send(
        nc,
        isFull ? fullRecords(run, state, now_ms, beat === 0) : slimRecords(run, state, now_ms, 1, false),
      );
    };
    const isNow = share > silent[0] && share < silent[1];
    if (isSilent && !isNow) late(nc, runs.one, began_ms);
    if (!isNow) all(runs.one, stateAt(share));
    isSilent = isNow;
    if (share >= 0.8 && !isFree) {
      const change = {
        before: { source: 'ntp' },
        after: { source: 'unsynced' },
        evidence: 'no server answers',
      };
      send(nc, [eventRecord(runs.one, stateOf(), now_ms, { event: 'clock', ...change })]);
      recorded(nc, 'one', now_ms);
      const line = { comp: 'clock', msg: 'lost its source', fields: { servers: 2 } };
      for (const level of ['INFO', 'WARN']) nc.publish(`ops.log.${level}.one`, JSON.stringify(line));
      isFree = true;
    }
    if (share < dies) all(runs.dead, stateOf());
    all(runs.flap, stateOf());
    for (const n of [1, 2])
      send(nc, [
        eventRecord(runs.flap, stateOf(), now_ms, { event: 'hub', before: n === 1, after: n !== 1 }),
      ]);
    for (const run of others) all(run, stateOf());
    await new Promise((resolve) => setTimeout(resolve, interval_s * 1000));
  }
  await nc.flush();
}

/** What it recorded around the change of its clock. */
function recorded(nc: NatsConnection, unit: string, wall_ms: number): void {
  const columns = ['mono_ms', 'wall_ms', 'source', 'quality', 'offset_ns', 'error_bound_ns'];
  const rows = Array.from({ length: 70 }, (_, i) => {
    const at_ms = wall_ms + (i - 60) * 1000;
    return [i * 1000, at_ms, i < 60 ? 'ntp' : 'unsynced', 'locked', i, ''];
  });
  const changes = [{ mono_ms: 60_000, evidence: 'no server answers' }];
  nc.publish(`ops.metric.recorder.${unit}`, JSON.stringify({ ts: wall_ms, changes, columns, rows }));
}

/** What waited while it was silent comes at once: 4 records of the link, of which the last says the most. */
function late(nc: NatsConnection, run: SimRun, began_ms: number): void {
  for (const [at, pending] of [20, 60, 90, 112].entries()) {
    const ts = began_ms + grid.span_ms * (silent[0] + 0.02 * (at + 1));
    const records = fullRecords(run, stateOf({ backlog: pending }), ts, false);
    send(nc, records, { backfill: true });
  }
}

/** All that the stream has, in its order, asked one by one of its leader. */
async function listed(nc: NatsConnection): Promise<Listed[]> {
  const { state } = await jetstream(nc, 'STREAM.INFO.NUNECT');
  const count = state?.messages ?? 0;
  const found: Listed[] = new Array(count);
  let next = 0;
  const reader = async (): Promise<void> => {
    while (next < count) {
      const at = next++;
      const reply = await nc.request('$JS.API.STREAM.MSG.GET.NUNECT', JSON.stringify({ seq: at + 1 }));
      const { message } = reply.json() as { message: Record<'subject' | 'time' | 'data' | 'hdrs', string> };
      const [, fraction = '0'] = /\.\d{3}(\d*)Z$/.exec(message.time) ?? [];
      const head = Buffer.from(message.hdrs ?? '', 'base64').toString();
      found[at] = {
        subject: message.subject,
        at_ms: Date.parse(message.time) + Number(`0.${fraction}`),
        body: JSON.parse(Buffer.from(message.data, 'base64').toString()),
        bound_ns: Number(/X-Clock-Error-Bound: (\d+)/.exec(head)?.[1]),
      };
    }
  };
  await Promise.all(Array.from({ length: 64 }, reader));
  return found;
}

/** The last record of a kind before that moment. */
const lastBefore = (all: readonly Listed[], subject: string, at_ms: number): Listed | undefined =>
  all.findLast((one) => one.subject === subject && one.at_ms < at_ms);

/** What is true at a moment: when it was heard, and by what was said then; undefined where it is silent. */
function truthAt(all: readonly Listed[], unit: string, at_ms: number, now_ms: number) {
  const [beat, rtt] = [`ops.heartbeat.${unit}`, `ops.metric.rtt.${unit}`].map((one) =>
    lastBefore(all, one, at_ms),
  );
  const kinds = ['heartbeat', 'metric.rtt', 'metric.time', 'metric.nats'];
  const subjects = kinds.map((kind) => `ops.${kind}.${unit}`);
  const heard_ms = all.findLast((one) => subjects.includes(one.subject) && one.at_ms < at_ms)?.at_ms ?? 0;
  const next_ms = all.find((one) => subjects.includes(one.subject) && one.at_ms >= at_ms)?.at_ms ?? now_ms;
  const last_ms = Math.floor(next_ms / grid.step_ms) * grid.step_ms; // of the moments before it is heard again
  if (last_ms - Math.floor(heard_ms) > 4000 * interval_s) return undefined;
  const isLate = (one: Listed | undefined): boolean => one?.body['backfill'] === true;
  return {
    bound_ns: isLate(beat) ? undefined : beat?.bound_ns,
    rtt_us: isLate(rtt) ? undefined : rtt?.body['hub_rtt_us'],
  };
}

for (const [index, program] of (skip === false ? hubServers() : ['']).entries())
  describe(`the last day of a unit, of server ${index}`, { skip }, () => {
    const owner = newOwner();
    let nc: NatsConnection;
    let link: Link;
    let all: Listed[];
    let now_ms = 0;
    const read = async (unit: string, day = newDay()): Promise<UnitHistory> => {
      const opts = { unit, grid, now_ms, interval_s, silences: [], linked_ms: all[0]?.at_ms ?? 0 };
      await readDay(link, day, opts, () => performance.now());
      return historyOf(day, opts);
    };

    before(async () => {
      const fleet = natsFleet(program);
      owner.after(() => fleet.stop());
      const store = join(fleet.dir, 'js');
      const server = await fleet.server('hub', `jetstream { store_dir: "${store}", max_file: 256M }`);
      await server.start();
      nc = await connect({ servers: server.url });
      owner.after(() => nc.close());
      const [records] = streamsOf({ days: 1, bytes: 64 * mib }, 1);
      await jetstream(nc, 'STREAM.CREATE.NUNECT', records?.config ?? {});
      const ending = new AbortController();
      const deps = { ticker: systemTicker(), log: logTo(() => {}) };
      link = openLink(deps, { servers: [server.url], name: 'page', inboxPrefix: '_INBOX' }, ending.signal);
      owner.after(async () => {
        await link.stop();
        ending.abort();
      });
      await runDay(nc);
      now_ms = Date.now();
      await eventually('the link is there', () => link.state().connected);
      all = await listed(nc);
    });
    after(() => owner.end());

    test('each moment of the day is as the stream has it', async () => {
      const { moments, unread, trouble, cost, from_ms, step_ms } = await read('one');
      assert.equal(trouble, undefined);
      assert.equal(unread, 0);
      assert.ok(cost.requests <= 300 && cost.bytes < 400_000, JSON.stringify(cost));
      const told = new Map(moments.map((moment) => [moment.at_ms, moment]));
      let heard = 0;
      const begun_ms = all[0]?.at_ms ?? 0;
      for (let at_ms = Math.ceil(from_ms / step_ms) * step_ms; at_ms <= now_ms - step_ms; at_ms += step_ms) {
        if (at_ms <= begun_ms + 1) continue;
        const truth = truthAt(all, 'one', at_ms, now_ms);
        const { clock, hub_rtt_us } = told.get(at_ms) ?? {};
        assert.equal(told.has(at_ms), truth !== undefined, `heard at ${at_ms - begun_ms}`);
        assert.equal(clock?.error_bound_ns, truth?.bound_ns, `bound at ${at_ms - begun_ms}`);
        assert.equal(hub_rtt_us, truth?.rtt_us, `round trip at ${at_ms - begun_ms}`);
        heard += truth === undefined ? 0 : 1;
      }
      assert.ok(heard > 60, `${heard} moments were compared`);
      assert.equal(moments.at(-1)?.clock?.source, 'unsynced');
      assert.ok((moments.at(-1)?.clock?.error_bound_ns ?? 0) > 30e6);
    });

    test('a silence has its begin and its end, and what waited in it', async () => {
      const { silences, late } = await read('one');
      const beats = all.filter(({ subject }) => subject.endsWith('.one'));
      const gaps = beats
        .map(({ at_ms }, at) => ({ from_ms: at_ms, for_ms: (beats[at + 1]?.at_ms ?? at_ms) - at_ms }))
        .sort((a, b) => b.for_ms - a.for_ms);
      const [longest] = gaps;
      assert.ok(longest !== undefined && longest.for_ms > 0.1 * grid.span_ms);
      const silence = silences.find(({ from_ms }) => from_ms === Math.floor(longest.from_ms));
      assert.ok(silence !== undefined, JSON.stringify({ silences, longest }));
      assert.equal(silence.to_ms, Math.floor(longest.from_ms + longest.for_ms));
      assert.deepEqual(
        late.map(({ backlog }) => backlog),
        [20, 60, 90, 112],
      );
      assert.ok(late.every(({ at_ms }) => at_ms > silence.from_ms && at_ms < (silence.to_ms ?? 0)));
    });

    test('events, log and device are those of the unit', async () => {
      const { events, lines, events_from_ms, device } = await read('one');
      assert.deepEqual(
        lines.map(({ level, text }) => `${level} ${text}`),
        ['WARN clock: lost its source {"servers":2}'],
      );
      assert.deepEqual(
        events.map(({ event, evidence }) => [event, evidence]),
        [['clock', 'no server answers']],
      );
      assert.ok((events_from_ms ?? now_ms) <= now_ms - grid.span_ms);
      assert.deepEqual(
        [device?.board, device?.firmware, device?.load],
        ['Bananapi BPI-R4', 'OpenWrt 24.10.2', 0.21],
      );
    });

    test('the recording of a change is found by its time, and none of a time after the last', async () => {
      const [event] = (await read('one')).events;
      const found = await readRecording(link, 'one', event?.at_ms ?? 0);
      assert.ok(found.ok);
      const truth = all.find(({ subject }) => subject === 'ops.metric.recorder.one');
      assert.equal(found.value.at_ms, Math.floor(truth?.at_ms ?? 0));
      assert.deepEqual([found.value.seconds.length, found.value.seconds[64]?.offset_ns], [70, 64]);
      assert.equal(found.value.changes[0]?.evidence, 'no server answers');
      assert.equal((await readRecording(link, 'one', now_ms + 60_000)).ok, false);
      assert.equal((await readRecording(link, 'flap', now_ms - 5000)).ok, false);
    });

    test('of a unit whose link flaps the newest events are read, and it is told from when on', async () => {
      const { events, events_from_ms = 0, cost } = await read('flap');
      const truth = all.filter(({ subject }) => subject === 'ops.status.leaf.flap');
      assert.ok(truth.length > 300, `${truth.length} events`);
      const since = truth.filter(({ at_ms }) => at_ms >= events_from_ms);
      assert.ok(events.length > 60 && events.length <= 250, `${events.length} events`);
      assert.deepEqual(
        events.map(({ at_ms }) => at_ms),
        since.map(({ at_ms }) => Math.floor(at_ms)),
      );
      assert.ok(cost.requests <= 300);
    });

    test('a unit that is dead costs few requests, and lasts to be silent; an unknown one has no day', async () => {
      const dead = await read('dead');
      const last = all.findLast(({ subject }) => subject.endsWith('.dead'));
      assert.deepEqual(dead.silences.at(-1), { from_ms: Math.floor(last?.at_ms ?? 0) });
      assert.ok(dead.moments.every(({ at_ms }) => at_ms < (last?.at_ms ?? 0) + 4000 * interval_s));
      assert.ok(dead.cost.requests < 50, `${dead.cost.requests} requests`);
      const nobody = await read('nobody');
      assert.deepEqual([nobody.moments, nobody.silences, nobody.unread], [[], [], 0]);
      assert.ok(nobody.cost.requests < 10, `${nobody.cost.requests} requests`);
    });

    test('what was read is not read again', async () => {
      const day = newDay();
      const first = await read('one', day);
      const second = await read('one', day);
      assert.deepEqual(second.moments, first.moments);
      assert.ok(second.cost.requests - first.cost.requests < 12);
    });
  });
