import { type Flow, type FlowDeps, type FlowLimits, type FlowOptions, startFlow } from './flow.ts';
import { collectGap, type Gap } from './gap.ts';
import {
  attach,
  bytesOf,
  detach,
  type Entry,
  type Lane,
  newLane,
  noneOf,
  oldestLane,
  type RecordClass,
  victim,
} from './lanes.ts';
import type { ClockStep } from './restamp.ts';
import { encodeRecord, type Headers } from './wire.ts';

export type { Gap } from './gap.ts';
export type { RecordClass } from './lanes.ts';

/** A record on its way to the hub. */
export interface SpoolRecord {
  readonly subject: string;
  /** What it is worth when memory runs out; one and the same for all records of a subject. */
  readonly worth: RecordClass;
  readonly body: object;
  readonly headers?: Headers;
}

/**
 * `stored`: a stream acknowledges. `plain`: nobody does, records are published without. `denied`: the server does
 * not permit it. `offline`: the way to the hub is closed and records wait. `starting`: nothing is known yet.
 */
export type SpoolState = 'starting' | 'stored' | 'plain' | 'denied' | 'failing' | 'offline';

export interface SpoolStats {
  readonly state: SpoolState;
  /** Subjects whose records are not stored although the hub is there, and why. */
  readonly unstored: readonly {
    readonly subject: string;
    readonly state: Lane['state'];
    readonly why: string;
  }[];
  readonly pending: number;
  readonly bytes: number;
  readonly budget_bytes: number;
  /** Age of the oldest record that waits; missing when none does. */
  readonly oldest_age_s?: number;
  /** Records acknowledged by a stream; `duplicates` of them the stream had already. */
  readonly stored: number;
  readonly duplicates: number;
  /** Records published without an acknowledgement. */
  readonly published: number;
  readonly dropped: Readonly<Record<RecordClass, number>>;
}

export interface SpoolDeps extends FlowDeps {
  /** Unix ms. */
  wall_ms(): number;
  /** Makes the record that reports a gap. */
  gapRecord(gap: Gap): SpoolRecord;
}

/** What may change without losing a record. */
export interface SpoolLimits extends FlowLimits {
  readonly memory_bytes: number;
}

export interface SpoolOptions extends SpoolLimits, Omit<FlowOptions, 'idPrefix'> {
  readonly unit: string;
  /** Names this spool: ids of records are counted from 1, so no two spools of a unit may ever share it. */
  readonly boot: string;
}

export interface Spool {
  /** Takes a record; it leaves when a stream has it. Gives its id, `<unit>-<boot>-<seq>`. */
  put(record: SpoolRecord): string;
  /** To be called when the state of the hub link changed. */
  kick(): void;
  /** The wall clock was set: what waits, and was made by the wrong clock, leaves with its times put right. */
  restamp(step: ClockStep): void;
  /** Goes on with other limits; what waits is kept as far as they allow. */
  configure(limits: SpoolLimits): void;
  stats(): SpoolStats;
  /** Called when the state or the list of unstored subjects changed. */
  onChange(listener: () => void): () => void;
  /** Resolves true when nothing waits any more, or false after `limit_ms`. */
  drained(limit_ms: number): Promise<boolean>;
  stop(): void;
}

const gapPause_ms = 10_000;

/** Keeps records in RAM, within a budget, until they are stored at the hub. */
export function openSpool(deps: SpoolDeps, opts: SpoolOptions): Spool {
  const { ticker } = deps;
  const lanes = new Map<string, Lane>();
  const listeners = new Set<() => void>();
  const idle = new Set<() => void>();
  const dropped = noneOf();
  const gap = collectGap();
  let limits: SpoolLimits = opts;
  let seq = 0;
  let pending = 0;
  let bytes = 0;
  let stored = 0;
  let duplicates = 0;
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

  const flow: Flow = startFlow(deps, { ...opts, idPrefix: `${opts.unit}-${opts.boot}` }, lanes, {
    stored(entry, duplicate) {
      leave(entry);
      stored += 1;
      if (duplicate) duplicates += 1;
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

  function laneOf(record: SpoolRecord): Lane {
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
    pending += 1;
    bytes += entry.bytes;
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
    const id = `${opts.unit}-${opts.boot}-${seq}`;
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

  /** All that was not given up or stored, and the ends of what was given up and is not reported yet. */
  function* kept(): Generator<Entry> {
    for (const lane of lanes.values()) yield* [...lane.fresh, ...lane.backlog];
    yield* flow.flying();
    yield* gap.ends();
  }

  return {
    put,
    kick: flow.kick,
    restamp({ provenUntil_ms, by_ms }) {
      for (const entry of kept()) {
        if (entry.put_ms > provenUntil_ms) entry.shift_ms = (entry.shift_ms ?? 0) + by_ms;
      }
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
      const oldest_ms = Math.min(...heads);
      return {
        state: state(),
        unstored: [...lanes.values()]
          .filter((lane) => lane.why !== '')
          .map((lane) => ({ subject: lane.subject, state: lane.state, why: lane.why })),
        pending,
        bytes,
        budget_bytes: limits.memory_bytes,
        ...(oldest_ms === Infinity ? {} : { oldest_age_s: (ticker.now_ms() - oldest_ms) / 1000 }),
        stored,
        duplicates,
        published,
        dropped: { ...dropped },
      };
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
