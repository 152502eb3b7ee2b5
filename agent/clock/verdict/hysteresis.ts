// When a clock counts as locked or tracking: by its bound, with inertia near a limit so that noise flips nothing.
import type { ClockQuality } from '../types.ts';

const samplesToEnter = 4;
const samplesToLeave = 3;
/** Beyond the limit times this, one sample is enough to leave. */
export const farOutside = 2;

/** It is entered well below the limit, so that a bound near it flips nothing. */
const wellBelow = 0.8;

/** A condition with inertia: on after 4 samples in a row well below the limit, off after 3 in a row above it, or 1 above twice the limit. */
interface Latch {
  readonly on: boolean;
  /** Samples in a row that speak against the present state. */
  readonly against: number;
}

const unlatched: Latch = { on: false, against: 0 };

/** How far a clock may be off: now, and when it will be measured next, so that a bound that grows until then flips nothing. */
export interface Size {
  readonly now_ns: number;
  readonly next_ns: number;
}

/** The latch after one more sample. */
function latch(before: Latch, { now_ns, next_ns }: Size, limit: number): Latch {
  if (!(now_ns <= farOutside * limit)) return unlatched; // NaN is never good
  const speaksAgainst = before.on ? now_ns > limit : Math.max(now_ns, next_ns) < wellBelow * limit;
  const against = speaksAgainst ? before.against + 1 : 0;
  const enough = before.on ? samplesToLeave : samplesToEnter;
  return against >= enough ? { on: !before.on, against: 0 } : { on: before.on, against };
}

/** Bounds below which a clock is locked or tracking. */
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

/** A level that the bound has left far behind is lost between two samples, too. */
const notFarOutside = (before: Latch, { now_ns }: Size, limit_ns: number): Latch =>
  now_ns <= farOutside * limit_ns ? before : unlatched;

/**
 * The source after a look at it. A sample seen before counts for nothing, however often it is polled, except that the
 * bound may have grown beyond a limit meanwhile.
 * What was earned under wider limits (chronyd going from NTP to a PTP refclock) does not count under narrower ones.
 */
export function withSample(
  source: LockHistory,
  id: string,
  size: Size,
  limits: Limits,
  now_ms: number,
): LockHistory {
  const narrower = source.limits !== undefined && limits.locked_ns < source.limits.locked_ns;
  const before = narrower ? noHistory : source;
  const step = id === source.lastId ? notFarOutside : latch;
  const locked = step(before.locked, size, limits.locked_ns);
  return {
    lastId: id,
    locked,
    tracking: step(before.tracking, size, limits.tracking_ns),
    limits,
    ...(locked.on ? { lockedSince_ms: before.lockedSince_ms ?? now_ms } : {}),
  };
}

/** What a followed source has earned. */
export const levelOf = (source: LockHistory): LockLevel =>
  source.locked.on ? 'locked' : source.tracking.on ? 'tracking' : 'acquiring';

/** Whether a source is good enough to rely on. */
export const isUsable = (level: LockLevel): boolean => level !== 'acquiring';
