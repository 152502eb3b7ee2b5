import { known } from '../lib/known.ts';
import { encodeRecord } from '../wire/values.ts';
import type {
  KeptRecord,
  Spool,
  SpoolDeps,
  SpoolLimits,
  SpoolOptions,
  SpoolRecord,
  SpoolState,
  Waiting,
} from './contents.ts';
import { collectGap } from './gap.ts';
import { putRate } from './putrate.ts';
import { type Flow, startFlow } from './sender.ts';
import {
  attach,
  bytesOf,
  detach,
  type Entry,
  type Lane,
  newLane,
  noneOf,
  oldestLane,
  putBack,
  victim,
} from './subjectqueue.ts';

export type * from './contents.ts';
export type { Gap } from './gap.ts';

const gapPause_ms = 10_000;
/** Records of an earlier run are ordered before all of this one. */
const firstRestored = -(2 ** 40);

/** Keeps records in RAM, within a budget, until they are stored at the hub. */
export function openSpool(deps: SpoolDeps, opts: SpoolOptions): Spool {
  const { ticker } = deps;
  const lanes = new Map<string, Lane>();
  const listeners = new Set<() => void>();
  const idle = new Set<() => void>();
  const dropped = noneOf();
  const gap = collectGap();
  const rate = putRate(ticker.now_ms());
  const idPrefix = `${opts.unit}-${opts.boot}`;
  let limits: SpoolLimits = opts;
  let seq = 0;
  let restored = firstRestored;
  let pending = 0;
  let bytes = 0;
  let stored = 0;
  let duplicates = 0;
  let foreign = 0;
  let published = 0;

  const leave = (entry: Entry): void => {
    pending -= 1;
    bytes -= entry.bytes;
    if (pending === 0) for (const resolve of idle) resolve();
  };

  function lose(lane: Lane, entry: Entry, why: string): void {
    leave(entry);
    dropped[lane.worth] += 1;
    gap.add(lane.worth, entry, why);
  }

  const flow: Flow = startFlow(deps, { ...opts, idPrefix }, lanes, {
    stored(entry, duplicate) {
      leave(entry);
      stored += 1;
      if (duplicate) duplicates += 1;
      if (duplicate === 'foreign') foreign += 1;
    },
    published(entry) {
      leave(entry);
      published += 1;
    },
    lost: lose,
    changed() {
      if (!flow.offline()) queueMicrotask(reportGap);
      for (const listener of listeners) listener();
    },
  });

  function reportGap(): void {
    const found = flow.offline() ? undefined : gap.take();
    if (found === undefined) return;
    const record = deps.gapRecord(found);
    enqueue(record); // may exceed the budget: it must not push out what it reports about
    flow.pump();
  }
  const cancelGapTimer = ticker.every(gapPause_ms, reportGap);

  function laneOf(record: Pick<SpoolRecord, 'subject' | 'worth'>): Lane {
    const found = lanes.get(record.subject);
    if (found !== undefined) return found;
    const lane = newLane(record.subject, record.worth);
    if (!limits.hub) detach(lane);
    lanes.set(record.subject, lane);
    return lane;
  }

  function enqueue(record: SpoolRecord): void {
    const lane = laneOf(record);
    const payload = encodeRecord(record.body);
    seq += 1;
    const entry: Entry = {
      seq,
      payload,
      bytes: bytesOf(payload, record.headers),
      put_ms: ticker.now_ms(),
      wall_ms: deps.wall_ms(),
      backlog: flow.offline(),
      ...(record.headers === undefined ? {} : { headers: record.headers }),
    };
    lane[entry.backlog ? 'backlog' : 'fresh'].push(entry);
    rate.add(entry.bytes, entry.put_ms);
    count(entry);
  }

  function count(entry: Entry): void {
    pending += 1;
    bytes += entry.bytes;
  }

  function takeBack({ subject, worth, ...record }: KeptRecord): void {
    const entry: Entry = {
      ...record,
      seq: restored++,
      bytes: bytesOf(record.payload, record.headers),
      backlog: true,
      tried: true,
    };
    putBack(laneOf({ subject, worth }), entry);
    count(entry);
  }

  function trim(): void {
    while (bytes > limits.memory_bytes) {
      const found = victim(lanes.values());
      const oldest = found?.lane[found.queue].shift();
      if (found === undefined || oldest === undefined) return; // the rest is on its way
      lose(found.lane, oldest, 'the memory for waiting records is full');
    }
  }

  function put(record: SpoolRecord): string {
    enqueue(record);
    const id = `${idPrefix}-${seq}`;
    trim();
    flow.pump();
    return id;
  }

  function state(): SpoolState {
    if (flow.offline()) return 'offline';
    const states = new Set([...lanes.values()].map((lane) => lane.state));
    const order = ['stored', 'plain', 'denied', 'failing'] as const;
    return order.find((one) => states.has(one)) ?? 'starting';
  }

  /** All that was neither given up nor stored. */
  function* kept(): Generator<readonly [Lane, Entry]> {
    for (const lane of lanes.values()) for (const one of [...lane.fresh, ...lane.backlog]) yield [lane, one];
    for (const { lane, entry } of flow.flying()) yield [lane, entry];
  }

  function shift(entry: Entry, by_ms: number, provenUntil_ms: number): void {
    if (entry.settled !== true && entry.put_ms > provenUntil_ms)
      entry.shift_ms = (entry.shift_ms ?? 0) + by_ms;
  }

  function waiting(): Waiting {
    const inOrder = [...kept()].sort(([, a], [, b]) => a.seq - b.seq);
    const records = inOrder.map(([{ subject, worth }, entry]) => {
      const { payload, headers, put_ms, wall_ms, shift_ms, settled } = entry;
      const id = entry.id ?? `${idPrefix}-${entry.seq}`;
      return { id, subject, worth, payload, put_ms, wall_ms, ...known({ headers, shift_ms, settled }) };
    });
    return { records, last_seq: seq, ...known({ gap: gap.seen() }) };
  }

  return {
    put,
    kick: flow.kick,
    restamp({ provenUntil_ms, by_ms }) {
      for (const [, entry] of kept()) shift(entry, by_ms, provenUntil_ms);
      for (const entry of gap.ends()) shift(entry, by_ms, provenUntil_ms);
    },
    configure(next) {
      if (next.hub !== limits.hub) for (const lane of lanes.values()) (next.hub ? attach : detach)(lane);
      limits = next;
      trim();
      flow.configure(next);
    },
    stats() {
      const heads = (['fresh', 'backlog'] as const).map(
        (queue) => oldestLane(lanes.values(), queue, () => true)?.[queue][0]?.put_ms ?? Infinity,
      );
      const oldest_ms = Math.min(...heads, ...[...flow.flying()].map(({ entry }) => entry.put_ms));
      const perSecond = rate.perSecond(ticker.now_ms());
      return {
        state: state(),
        unstored: [...lanes.values()]
          .filter((lane) => lane.why !== '')
          .map((lane) => ({ subject: lane.subject, state: lane.state, why: lane.why })),
        pending,
        bytes,
        budget_bytes: limits.memory_bytes,
        ...(oldest_ms === Infinity ? {} : { oldest_age_s: (ticker.now_ms() - oldest_ms) / 1000 }),
        ...known({ capacity_s: perSecond && Math.round(limits.memory_bytes / perSecond) }),
        stored,
        duplicates,
        duplicate_ids: foreign,
        published,
        dropped: { ...dropped },
      };
    },
    waiting,
    restore(records, lost) {
      for (const record of records) takeBack(record);
      if (lost !== undefined) enqueue(deps.gapRecord(lost));
      trim();
      flow.pump();
    },
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    drained(limit_ms) {
      if (pending === 0) return Promise.resolve(true);
      return new Promise((resolve) => {
        const finish = (empty: boolean): void => {
          idle.delete(whenEmpty);
          cancel();
          resolve(empty);
        };
        const whenEmpty = (): void => finish(true);
        const cancel = ticker.after(limit_ms, () => finish(false));
        idle.add(whenEmpty);
      });
    },
    stop() {
      cancelGapTimer();
      flow.stop();
    },
  };
}
