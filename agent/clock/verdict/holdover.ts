import type { ErrorBound, Verdict } from '../types.ts';
import { agedBound } from './bound.ts';
import { type ClockSettings, ntpLimits, ptpLimits } from './settings.ts';

/** How long a clock must have been locked to be trusted without its source. */
const earned_ms = 60_000;

/** A clock that runs on after its source was lost. */
export interface Holdover {
  readonly source: 'ptp' | 'ntp';
  readonly since_ms: number;
  readonly offset_ns: number;
  readonly bound: ErrorBound;
  /** When `bound` was true. */
  readonly boundAt_ms: number;
}

/** Holdover after `verdict`, last judged at `at_ms`; undefined when it was not locked for 60 s. */
export function beginHoldover(verdict: Verdict, at_ms: number, now_ms: number): Holdover | undefined {
  if (verdict.quality !== 'locked' || verdict.source === 'unsynced') return undefined;
  if (at_ms - verdict.since_ms < earned_ms) return undefined;
  const { source, bound, offset_ns = 0 } = verdict;
  return { source, since_ms: now_ms, offset_ns, bound, boundAt_ms: at_ms };
}

/** Half-width now, as far as the drift is what the config assumes. */
export const holdoverBound = (holdover: Holdover, now_ms: number, settings: ClockSettings): ErrorBound =>
  agedBound(holdover.bound, (now_ms - holdover.boundAt_ms) / 1e3, settings.drift_ppb);

/** Largest offset that still counts as tracking, by the source that was lost. */
export const holdoverLimit_ns = ({ source }: Holdover, settings: ClockSettings): number =>
  (source === 'ptp' ? ptpLimits(settings, false) : ntpLimits(settings)).tracking_ns;

/** Too long, or the clock may have drifted out of the tracking limit. */
export function isExpired(holdover: Holdover, now_ms: number, settings: ClockSettings): boolean {
  const age_s = (now_ms - holdover.since_ms) / 1e3;
  const drift_ns = ((now_ms - holdover.boundAt_ms) / 1e3) * settings.drift_ppb;
  return (
    age_s >= settings.holdover_s ||
    Math.abs(holdover.offset_ns) + drift_ns > holdoverLimit_ns(holdover, settings)
  );
}
