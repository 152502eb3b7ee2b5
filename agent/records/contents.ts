import type { Headers } from '../wire/values.ts';
import type { Gap } from './gap.ts';
import type { FlowDeps, FlowLimits, FlowOptions } from './sender.ts';
import type { Entry, Lane, RecordClass } from './subjectqueue.ts';
import type { ClockStep } from './timecorrection.ts';

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
  /** Age of the oldest record that waits; missing when none does. Time that the machine was off is not in it. */
  readonly oldest_age_s?: number;
  /** How long an outage may last before records are given up, at the rate of the last half hour; missing at first. */
  readonly capacity_s?: number;
  /** Records acknowledged by a stream; `duplicates` of them the stream had already. */
  readonly stored: number;
  readonly duplicates: number;
  /** Of those, records that had never been sent before: the stream keeps what somebody else sent under their ids. */
  readonly duplicate_ids: number;
  /** Records published without an acknowledgement. */
  readonly published: number;
  readonly dropped: Readonly<Record<RecordClass, number>>;
}

/** A record that waits, as it may be kept and given back to another spool. */
export interface KeptRecord
  extends Pick<Entry, 'payload' | 'headers' | 'put_ms' | 'wall_ms' | 'shift_ms' | 'settled'> {
  /** `<unit>-<boot>-<seq>`, for good: by it a stream and its consumers know a record that they have already. */
  readonly id: string;
  readonly subject: string;
  readonly worth: RecordClass;
}

export interface Waiting {
  readonly records: readonly KeptRecord[];
  /** The seq of the record that was put last, whatever became of it; 0 before the first. */
  readonly last_seq: number;
  /** What was given up and is not reported yet. */
  readonly gap?: Gap;
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
  /** All that waits, in order. */
  waiting(): Waiting;
  /** Takes in what waited in an earlier run, as backlog before all that was put since. */
  restore(records: readonly KeptRecord[], gap?: Gap): void;
  /** Called when the state or the list of unstored subjects changed. */
  onChange(listener: () => void): () => void;
  /** Resolves true when nothing waits any more, or false after `limit_ms`. */
  drained(limit_ms: number): Promise<boolean>;
  stop(): void;
}
