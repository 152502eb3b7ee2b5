// Samples that exclude what was claimed before: whether they are late, or their source has moved.
import type { Measurement } from './servomodel.ts';

/** Who moves the clock by the samples. `servo`: it follows each one. `chronyd`: it tells how far it goes. */
export type By = 'servo' | 'chronyd';

/** Where the clock was against true time by the last claim: `center_ns` ± `half_ns`, and by how much it may drift since. */
export interface Claim {
  readonly center_ns: number;
  readonly half_ns: number;
  readonly at_ms: number;
  /** At least up to then `center_ns` has followed the clock. */
  readonly followed_ms: number;
  /** While it is steered, and alone. */
  readonly drift_ppb: number;
  readonly freeDrift_ppb: number;
}

/** The half-width of a claim after a drift of so much. */
export const halfNow_ns = ({ half_ns, at_ms }: Claim, now_ms: number, drift_ppb: number): number =>
  half_ns + ((now_ms - at_ms) / 1e3) * drift_ppb;

/** The samples since one has excluded the last claim, which stands meanwhile. */
export interface Pending {
  readonly by: By;
  readonly since_ms: number;
  /** How far a sample could be from the last claim when the first of these came. */
  readonly half_ns: number;
  /** The one that is farthest away. */
  readonly ns: number;
  /** How far one was on the other side. */
  readonly back_ns: number;
  readonly count: number;
  /** How far the clock was moved meanwhile is known. */
  readonly isTracked: boolean;
}

/** A sample beside the last claim: how far it is away, and how far it could be. */
interface Beside {
  readonly apart_ns: number;
  readonly half_ns: number;
  readonly now_ms: number;
}

/** The samples that exclude the last claim, with another one. */
export function pendingAfter(
  before: Pending | undefined,
  by: By,
  { moved_ns }: Measurement,
  { apart_ns, half_ns, now_ms }: Beside,
): Pending {
  const isKnown = moved_ns !== undefined;
  if (before === undefined)
    return { by, since_ms: now_ms, half_ns, ns: apart_ns, back_ns: 0, count: 1, isTracked: isKnown };
  const isOpposite = before.ns * apart_ns < 0;
  return {
    ...before,
    ns: Math.abs(before.ns) < Math.abs(apart_ns) ? apart_ns : before.ns,
    back_ns: isOpposite ? Math.max(before.back_ns, Math.abs(apart_ns)) : before.back_ns,
    count: before.count + 1,
    isTracked: before.isTracked && isKnown,
  };
}

/**
 * So many samples show that the source has moved: late ones do not follow each other for as long, and chronyd has gone
 * there or not. Where it is not known what a servo does, it has gone most of its way by then.
 */
export const samplesToMove = ({ by, isTracked }: Pending): number =>
  by === 'chronyd' ? 4 : isTracked ? 16 : 48;

/** A servo overshoots by less than this share when it goes to where its source has jumped; after a late sample by more. */
const overshoot = 0.5;

/**
 * Whether the samples were only late: then they lie within the last claim again, which has moved with the clock. Where it
 * is not known how a servo has moved it, one must be as far on the other side.
 */
export const isLate = ({ by, isTracked, ns, back_ns, half_ns }: Pending, apart_ns: number): boolean =>
  isTracked || by === 'chronyd' ? Math.abs(apart_ns) <= half_ns : back_ns >= overshoot * Math.abs(ns);
