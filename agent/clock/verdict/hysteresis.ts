// When a clock counts as locked or tracking: with inertia in both directions, so that noise near a limit flips nothing.
import type { ClockQuality } from '../types.ts';

const samplesToEnter = 4;
const samplesToLeave = 3;

/** A condition with inertia: on after 4 samples in a row below the limit, off after 3 in a row above twice the limit. */
interface Latch {
  readonly on: boolean;
  /** Samples in a row that speak against the present state. */
  readonly against: number;
}

const unlatched: Latch = { on: false, against: 0 };

/** The latch after one more sample. `size` and `limit` are of one unit. */
function latch(before: Latch, size: number, limit: number): Latch {
  const speaksAgainst = before.on ? !(size <= 2 * limit) : size < limit; // NaN is never good
  const against = speaksAgainst ? before.against + 1 : 0;
  const enough = before.on ? samplesToLeave : samplesToEnter;
  return against >= enough ? { on: !before.on, against: 0 } : { on: before.on, against };
}

/** Offsets below which a clock is locked or tracking. */
export interface Limits {
  readonly locked_ns: number;
  readonly tracking_ns: number;
}

/** How good a live source is. */
export type LockLevel = Exclude<ClockQuality, 'freerun'>;

/** One measurement: `id` is new exactly when the measurement is. */
export interface OffsetSample {
  readonly id: string;
  readonly offset_ns: number;
}

/** What one source has earned over time. */
export interface LockHistory {
  readonly lastId?: string;
  readonly locked: Latch;
  readonly tracking: Latch;
  /** Monotonic ms at which it became locked. */
  readonly lockedSince_ms?: number;
  /** The limits under which all this was earned. */
  readonly limits?: Limits;
}

/** A source of which nothing is known yet. */
export const noHistory: LockHistory = { locked: unlatched, tracking: unlatched };

/** A lost source: all that was earned is gone, but its last sample does not count a second time. */
export const afterLoss = (before: LockHistory): LockHistory =>
  before.lastId === undefined ? noHistory : { ...noHistory, lastId: before.lastId };

/**
 * The source after `sample`; a sample seen before changes nothing, however often it is polled.
 * What was earned under wider limits (chronyd going from NTP to a PTP refclock) does not count under narrower ones.
 */
export function withSample(
  source: LockHistory,
  sample: OffsetSample,
  limits: Limits,
  now_ms: number,
): LockHistory {
  if (sample.id === source.lastId) return source;
  const narrower = source.limits !== undefined && limits.locked_ns < source.limits.locked_ns;
  const before = narrower ? noHistory : source;
  const size = Math.abs(sample.offset_ns);
  const locked = latch(before.locked, size, limits.locked_ns);
  return {
    lastId: sample.id,
    locked,
    tracking: latch(before.tracking, size, limits.tracking_ns),
    limits,
    ...(locked.on ? { lockedSince_ms: before.lockedSince_ms ?? now_ms } : {}),
  };
}

/** What a followed source has earned. */
export const levelOf = (source: LockHistory): LockLevel =>
  source.locked.on ? 'locked' : source.tracking.on ? 'tracking' : 'acquiring';

/** Whether a source is good enough to rely on. */
export const isUsable = (level: LockLevel): boolean => level !== 'acquiring';
