// The two paths by which time reaches the system clock, and which of them steers.
import type { ErrorBound } from '../types.ts';
import { isUsable, type Limits, type LockLevel, type OffsetSample } from './hysteresis.ts';
import type { ReasonCode } from './reasons.ts';

/** `direct`: ptp4l steers the system clock, with phc2sys where needed. `chrony`: chronyd does. */
export type PathName = 'direct' | 'chrony';

/** A path whose source is live and steers the system clock. */
export interface SteeringPath {
  readonly source: 'ptp' | 'ntp';
  readonly sample: OffsetSample;
  readonly limits: Limits;
  readonly bound: ErrorBound;
  /** By how much the bound will have grown when the clock is measured next. */
  readonly growth_ns: number;
  /** False when the sample is not of the system clock, so that it can be neither locked nor published. */
  readonly measured: boolean;
  readonly notes: readonly ReasonCode[];
  readonly explanation: string;
}

/** A path that does not steer, and why; without a reason when the mode leaves it out. */
export interface BlockedPath {
  readonly reason?: ReasonCode;
  readonly explanation: string;
}

/** Whether the path steers the system clock. */
export const isSteering = (path: SteeringPath | BlockedPath): path is SteeringPath => 'source' in path;

/** How long PTP must be locked before it takes over from a good chronyd. */
const takeover_ms = 10_000;

/** One path that steers, as it is compared with the other. */
export interface LivePath {
  readonly level: LockLevel;
  /** Monotonic ms since when it is locked. */
  readonly lockedSince_ms?: number;
}

const rank: Readonly<Record<LockLevel, number>> = { acquiring: 0, tracking: 1, locked: 2 };

/**
 * Chooses between paths that steer. A usable one is kept, except that PTP takes over once it is locked for 10 s;
 * an unusable one is left at once for a usable one.
 */
export function choosePath(
  active: PathName | undefined,
  direct: LivePath | undefined,
  chrony: LivePath | undefined,
  now_ms: number,
): PathName | undefined {
  if (direct === undefined || chrony === undefined)
    return direct === undefined ? chrony && 'chrony' : 'direct';
  if (active === 'direct') return isUsable(direct.level) || !isUsable(chrony.level) ? 'direct' : 'chrony';
  if (active === 'chrony') {
    const proven = direct.level === 'locked' && now_ms - (direct.lockedSince_ms ?? now_ms) >= takeover_ms;
    return !proven && (isUsable(chrony.level) || !isUsable(direct.level)) ? 'chrony' : 'direct';
  }
  return rank[direct.level] >= rank[chrony.level] ? 'direct' : 'chrony';
}
