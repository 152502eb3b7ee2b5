import type { Headers } from '../wire/values.ts';

/** What a record is worth when memory runs out: metrics go first, events and errors last. */
export const recordClasses = ['metric', 'log', 'event'] as const;
export type RecordClass = (typeof recordClasses)[number];

/** A count for each class, all zero. */
export const noneOf = (): Record<RecordClass, number> => ({ metric: 0, log: 0, event: 0 });

/** A record that waits for its PubAck. */
export interface Entry {
  /** Tells the order, and with that the id, unless it has one already. */
  readonly seq: number;
  /** Its whole id, when it was put in an earlier run. */
  readonly id?: string;
  /** JSON text of an object. */
  readonly payload: string;
  readonly headers?: Headers;
  /** Bytes of memory that it is counted with. */
  readonly bytes: number;
  /** Monotonic ms and Unix ms at which it was put. */
  readonly put_ms: number;
  readonly wall_ms: number;
  /** It could not be sent when it was made. */
  backlog: boolean;
  /** By how much the wall clock was wrong when it was made, as far as that came out since. */
  shift_ms?: number;
  /** It was sent before, or may have been: that the stream has it already is no surprise. */
  tried?: boolean;
  /** Made before this boot of the machine: a step of its clock tells nothing of it. */
  readonly settled?: boolean;
}

/** Measured on Node 20: what an entry and each of its headers cost besides their characters. */
const entryOverhead_bytes = 200;
const headerOverhead_bytes = 80;

/** Bytes of memory that a record takes while it waits. */
export function bytesOf(payload: string, headers: Headers | undefined): number {
  let bytes = entryOverhead_bytes + Buffer.byteLength(payload);
  for (const [name, values] of Object.entries(headers ?? {})) {
    for (const value of values) bytes += headerOverhead_bytes + name.length + value.length;
  }
  return bytes;
}

/** The records of one subject with what is known of the way to whoever stores them. */
export interface Lane {
  readonly subject: string;
  readonly worth: RecordClass;
  /** What waits, in order of seq: put lately, and left over from before. */
  readonly fresh: Entry[];
  readonly backlog: Entry[];
  state: 'untried' | 'stored' | 'failing' | 'plain' | 'denied';
  /** Why it is not stored, in words. */
  why: string;
  /** Monotonic ms since when it fails; counted only while the hub is there. */
  failing_ms: number | undefined;
  /** Nothing is sent before this; 0 when it is not held back. */
  hold_ms: number;
  /** Length of the last hold. */
  pause_ms: number;
  inFlight: number;
  everStored: boolean;
}

export const newLane = (subject: string, worth: RecordClass): Lane => ({
  subject,
  worth,
  fresh: [],
  backlog: [],
  state: 'untried',
  why: '',
  failing_ms: undefined,
  hold_ms: 0,
  pause_ms: 0,
  inFlight: 0,
  everStored: false,
});

/** The lane may be tried at once, and its failures so far are forgotten. */
export function release(lane: Lane): void {
  lane.hold_ms = 0;
  if (lane.state !== 'failing') return;
  Object.assign(lane, { state: 'untried', failing_ms: undefined, pause_ms: 0 });
}

/** Records of the lane go out plainly: no hub is configured that could store them. */
export function detach(lane: Lane): void {
  Object.assign(lane, { state: 'plain', why: 'no hub is configured', hold_ms: Infinity });
}

/** There is a hub now: whether it stores the lane is to be found out. */
export function attach(lane: Lane): void {
  Object.assign(lane, { state: 'untried', why: '', hold_ms: 0, pause_ms: 0, failing_ms: undefined });
}

/** A lane that is not known to work sends one record at a time. */
const mayProbeOnly = (lane: Lane): boolean => lane.state === 'failing' || lane.state === 'denied';

/** Whether the lane may send something now. */
export const isOpen = (lane: Lane, now_ms: number): boolean =>
  lane.hold_ms <= now_ms && !(mayProbeOnly(lane) && lane.inFlight > 0);

/** When the first lane that is held back, and has something to send, may try again. */
export function nextTry_ms(lanes: Iterable<Lane>, now_ms: number): number | undefined {
  let next_ms = Infinity;
  for (const lane of lanes) {
    const waits = lane.state !== 'plain' && lane.fresh.length + lane.backlog.length > 0;
    if (waits && lane.hold_ms > now_ms) next_ms = Math.min(next_ms, lane.hold_ms);
  }
  return next_ms === Infinity ? undefined : next_ms;
}

const older = (a: Lane | undefined, b: Lane, queue: 'fresh' | 'backlog'): Lane =>
  a === undefined || (b[queue][0]?.seq ?? Infinity) < (a[queue][0]?.seq ?? Infinity) ? b : a;

/** The lane whose oldest entry of that queue is the oldest of all, among those that pass. */
export function oldestLane(
  lanes: Iterable<Lane>,
  queue: 'fresh' | 'backlog',
  pass: (lane: Lane) => boolean,
): Lane | undefined {
  let found: Lane | undefined;
  for (const lane of lanes) if (lane[queue].length > 0 && pass(lane)) found = older(found, lane, queue);
  return found;
}

/** Puts an entry back where it belongs by its seq; it belongs to the backlog from now on. */
export function putBack(lane: Lane, entry: Entry): void {
  entry.backlog = true;
  let at = 0;
  for (let end = lane.backlog.length; at < end; ) {
    const middle = (at + end) >> 1;
    if ((lane.backlog[middle]?.seq ?? 0) < entry.seq) at = middle + 1;
    else end = middle;
  }
  lane.backlog.splice(at, 0, entry);
}

/** Everything that waits is backlog from now on. */
export function shelve(lane: Lane): void {
  for (const entry of lane.fresh) {
    entry.backlog = true;
    lane.backlog.push(entry); // what is fresh is younger than what was left over
  }
  lane.fresh.length = 0;
}

/** Which lane gives up its oldest entry when memory runs out. */
export function victim(lanes: Iterable<Lane>): { lane: Lane; queue: 'fresh' | 'backlog' } | undefined {
  const all = [...lanes];
  for (const worth of recordClasses) {
    for (const denied of [true, false]) {
      const pass = (lane: Lane): boolean => lane.worth === worth && (lane.state === 'denied') === denied;
      for (const queue of ['backlog', 'fresh'] as const) {
        const lane = oldestLane(all, queue, pass);
        if (lane !== undefined) return { lane, queue };
      }
    }
  }
  return undefined;
}
