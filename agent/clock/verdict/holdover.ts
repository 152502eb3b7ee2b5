// A clock that was locked runs on after its source was lost, and its bound grows.
import type { ErrorBound, Verdict } from '../types.ts';
import type { Assessment } from './assess.ts';
import { widened } from './bounds/terms.ts';
import type { NtpLive } from './ntp.ts';
import type { PathName } from './paths.ts';
import { type ClockSettings, ntpLimits, ptpLimits } from './settings.ts';

/** How long a clock must have been locked to be trusted without its source. */
const earned_ms = 60_000;

/** A clock that runs on after its source was lost. */
export interface Holdover {
  readonly source: 'ptp' | 'ntp';
  readonly since_ms: number;
  readonly bound: ErrorBound;
  /** When `bound` was true. */
  readonly boundAt_ms: number;
  /** How fast the clock may drift now. */
  readonly drift_ppb: number;
}

/** What the judge remembers of the moment before, as far as holdover depends on it. */
export interface BeforeHoldover {
  readonly verdict: Verdict;
  readonly at_ms: number;
  readonly path?: PathName;
  readonly holdover?: Holdover;
  readonly ntpDrift_ppb?: number;
}

/** Holdover after the verdict of before; undefined when it was not locked for 60 s. */
function beginHoldover(
  { verdict, at_ms }: BeforeHoldover,
  drift_ppb: number,
  now_ms: number,
): Holdover | undefined {
  if (verdict.quality !== 'locked' || verdict.source === 'unsynced') return undefined;
  if (at_ms - verdict.since_ms < earned_ms) return undefined;
  return { source: verdict.source, since_ms: now_ms, bound: verdict.bound, boundAt_ms: at_ms, drift_ppb };
}

const drifted_ns = ({ boundAt_ms, drift_ppb }: Holdover, now_ms: number): number =>
  ((now_ms - boundAt_ms) / 1e3) * drift_ppb;

/** Half-width now, as far as the drift is what is assumed. */
export const holdoverBound = (holdover: Holdover, now_ms: number): ErrorBound =>
  widened(holdover.bound, { name: 'holdover_drift', ns: drifted_ns(holdover, now_ms) });

/** The bound up to which a clock counts as tracking, by the source that was lost. */
const holdoverLimit_ns = ({ source }: Holdover, settings: ClockSettings): number =>
  (source === 'ptp' ? ptpLimits(settings, false) : ntpLimits(settings)).tracking_ns;

/** Too long, or the clock may have drifted out of the tracking limit. */
function isExpired(holdover: Holdover, now_ms: number, settings: ClockSettings): boolean {
  const { absolute_ns, relative_ns } = holdoverBound(holdover, now_ms);
  const size_ns = absolute_ns ?? relative_ns ?? drifted_ns(holdover, now_ms);
  const age_s = (now_ms - holdover.since_ms) / 1e3;
  return age_s >= settings.holdover_s || size_ns > holdoverLimit_ns(holdover, settings);
}

/** How wrong the frequency of a crystal may be: a daemon that restarts or ends may drop all of its correction. */
const crystal_ppb = 20_000;

/** How wrong the frequency may be that this chronyd gave the clock: all of it, and what it does not know of it. */
export const driftOf_ppb = ({ tracking }: NtpLive): number =>
  (Math.abs(tracking.freq_ppm) + tracking.skew_ppm + Math.abs(tracking.resid_freq_ppm)) * 1e3;

/** How fast the clock may drift once nothing steers it: as configured, or by what the last correction may be worth. */
export const freeDrift_ppb = (
  { path, ntpDrift_ppb = crystal_ppb }: BeforeHoldover,
  { drift_ppb }: ClockSettings,
): number => Math.max(drift_ppb, path === 'chrony' ? ntpDrift_ppb : crystal_ppb);

/** Holdover, begun or going on, while no usable source is there; undefined when it was not earned or has ended. */
export function holdoverNow(
  before: BeforeHoldover,
  assessment: Assessment,
  path: PathName | undefined,
  now_ms: number,
  settings: ClockSettings,
): Holdover | undefined {
  const isOwnFault = path !== undefined && path === before.path; // still there, and bad: then it is known to be off
  const canBegin = !isOwnFault && before.path !== undefined;
  const begin = () => beginHoldover(before, freeDrift_ppb(before, settings), now_ms);
  const holdover = before.holdover ?? (canBegin ? begin() : undefined);
  if (holdover === undefined || isExpired(holdover, now_ms, settings)) return undefined;
  const { ptp, ntp } = assessment;
  const seen_ns = [
    ptp.live?.clock === 'system' ? ptp.live.sample.offset_ns : 0,
    ntp.live?.sample.offset_ns ?? 0,
  ];
  const limit_ns = holdoverLimit_ns(holdover, settings);
  return seen_ns.some((offset) => Math.abs(offset) > limit_ns) ? undefined : holdover;
}
