// What a unit's records in stream NUNECT tell of its last day: the shape of it. Pure.
import type { StatusChange } from '../../../../wire/reports.ts';
import type { ReportedClock, ReportedHealth } from '../../../fleet/record/fields.ts';

/** What its newest records said at a moment. What they did not say is missing. */
export interface UnitLook {
  /** When the hub took the newest of them, Unix ms. */
  readonly heard_ms: number;
  readonly interval_s?: number;
  readonly health?: ReportedHealth;
  readonly clock?: ReportedClock;
  readonly hub_rtt_us?: number;
  /** Records that waited in the unit. */
  readonly backlog?: number;
}

/** A look at a moment of the day, Unix ms. */
export interface MomentOfDay extends UnitLook {
  readonly at_ms: number;
}

/** A time without a record, Unix ms; without an end it lasts. */
export interface Silence {
  readonly from_ms: number;
  readonly to_ms?: number;
}

/** An event of the unit, as the stream has it. `at_ms`: by the unit, where it came late; else when the hub took it. */
export interface UnitEvent extends StatusChange {
  readonly at_ms: number;
}

/** A line of its log that it has sent, of level WARN or worse. */
export interface UnitLogLine {
  readonly at_ms: number;
  readonly level: string;
  readonly text: string;
}

/** The device as the unit's last record of it says. */
export interface UnitDevice {
  readonly at_ms: number;
  readonly board?: string;
  readonly firmware?: string;
  readonly uptime_s?: number;
  readonly load?: number;
  readonly cores?: number;
  readonly memory_total_bytes?: number;
  readonly memory_free_bytes?: number;
  readonly celsius?: number;
}

/** The last day of a unit. Times are those of the hub, Unix ms. */
export interface UnitHistory {
  readonly from_ms: number;
  readonly to_ms: number;
  /** From one moment that can be looked at to the next. */
  readonly step_ms: number;
  /** Oldest first. */
  readonly moments: readonly MomentOfDay[];
  readonly silences: readonly Silence[];
  /** Records that waited, from inside of silences: the unit sent them later. Oldest first. */
  readonly late: readonly { readonly at_ms: number; readonly backlog: number }[];
  /** Oldest first. */
  readonly events: readonly UnitEvent[];
  /** The newest of its log. Oldest first. */
  readonly lines: readonly UnitLogLine[];
  /** From when on all events are there; missing where the stream was not searched for them. */
  readonly events_from_ms?: number;
  readonly device?: UnitDevice;
  /** Moments that are still to be read. */
  readonly unread: number;
  /** What it has cost so far. */
  readonly cost: { readonly requests: number; readonly bytes: number };
  /** The stream takes so much in a day that rare records cannot be searched for. */
  readonly isLarge?: true;
  /** Why it is not all there, for people. */
  readonly trouble?: string;
}

/** One measurement of the hub, as a dot. */
export interface MeasuredDot {
  readonly at_ms: number;
  readonly offset_us: number;
  readonly path_us: number;
}
