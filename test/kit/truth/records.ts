import type { Measured } from '../../../agent/hub/fleet/model.ts';
import type { Truth } from './vclock.ts';

/** What a record of `ops.metric.time` says, as far as it is judged. */
export interface TimeRecord {
  readonly active_source: 'ptp' | 'ntp' | 'unsynced';
  readonly clock_quality: 'locked' | 'tracking' | 'acquiring' | 'freerun';
  readonly holdover: boolean;
  readonly reasons: readonly string[];
  readonly evidence: string;
  readonly error_bound_ns?: number;
  readonly error_rel_ns?: number;
  readonly ptp_offset_ns?: number;
  readonly ntp_offset_ms?: number;
}

/** A record and the truth at its arrival. */
export interface Row {
  /** Since the unit was made. */
  readonly at_s: number;
  readonly record: TimeRecord;
  readonly truth: Truth;
}

/** What the hub has measured of a unit, and the truth when that was seen. */
export interface MeasuredRow {
  /** Since the unit was made. */
  readonly at_s: number;
  readonly measured: Measured;
  readonly truth: Truth;
}

/** A time at which something was done to the unit. */
export interface Mark {
  readonly at_s: number;
  readonly what: string;
}

/** What is to be so in a span in which nothing happens, besides that the verdict stands still. */
export interface Steadiness {
  /** The verdict all the while, as `verdictOf` has it. */
  readonly verdict?: string;
  /** The most that the median of the bounds may be. */
  readonly median_ns?: number;
}

/** A span in which nothing happened. */
export interface Span extends Steadiness {
  readonly from_s: number;
  readonly to_s: number;
}
