import { isUsable, type Level } from './hysteresis.ts';

/** Which way steers the system clock: ptp4l (with phc2sys where needed), or chronyd. */
export type Way = 'direct' | 'chrony';

/** How long PTP must be locked before it takes over from a good chronyd. */
const takeover_ms = 10_000;

/** One live way, as the arbiter sees it. */
export interface Contender {
  readonly level: Level;
  /** Monotonic ms since when it is locked. */
  readonly lockedSince_ms?: number;
}

const rank: Readonly<Record<Level, number>> = { acquiring: 0, tracking: 1, locked: 2 };

/**
 * Chooses between live ways. A usable one is not left, but that PTP takes over once it is locked for 10 s;
 * an unusable one is left at once for a usable one.
 */
export function choose(
  active: Way | undefined,
  direct: Contender | undefined,
  chrony: Contender | undefined,
  now_ms: number,
): Way | undefined {
  if (direct === undefined || chrony === undefined)
    return direct === undefined ? chrony && 'chrony' : 'direct';
  if (active === 'direct') return isUsable(direct.level) || !isUsable(chrony.level) ? 'direct' : 'chrony';
  if (active === 'chrony') {
    const proven = direct.level === 'locked' && now_ms - (direct.lockedSince_ms ?? now_ms) >= takeover_ms;
    return !proven && (isUsable(chrony.level) || !isUsable(direct.level)) ? 'chrony' : 'direct';
  }
  return rank[direct.level] >= rank[chrony.level] ? 'direct' : 'chrony';
}
