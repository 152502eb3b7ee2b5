// Samples that exclude what was claimed before: whether they are late, or their source has moved.
import { known } from '../../../lib/known.ts';
import type { AddedOffset } from '../bounds/offsets.ts';
import { type Gains, type Way, wayAfter } from './servomodel.ts';

/** Where the clock was against true time by the last claim: `center_ns` ± `half_ns`, and by how much it may drift since. */
export interface Claim {
  readonly center_ns: number;
  readonly half_ns: number;
  readonly at_ms: number;
  readonly drift_ppb: number;
}

/** A claim of this moment: an offset, how uncertain it is by itself, and the bound on true time that is made of it. */
export interface Measured {
  /** What the servo that follows each sample does with it, and its way from before them; undefined where that is not known. */
  readonly gains?: Gains;
  readonly start?: Way;
  /** `servo`: of one that follows each sample. `chronyd`: of one that tells how far it goes. */
  readonly by: 'servo' | 'chronyd';
  readonly id: string;
  /** They are the first ones of their source. */
  readonly isFirst: boolean;
  /** The last of them; after the start of a window the farthest. */
  readonly offset_ns: number;
  /** Those that are new. */
  readonly added: readonly AddedOffset[];
  readonly uncertainty_ns: number;
  readonly bound_ns: number;
  readonly drift_ppb: number;
}

/** The samples since one has excluded the last claim. */
export interface Pending {
  readonly by: Measured['by'];
  readonly lastId: string;
  /** They began with the first ones of a source. */
  readonly isFirst: boolean;
  /** How far a sample could be from the last claim when the first of these came. */
  readonly half_ns: number;
  /** The one that is farthest away. */
  readonly ns: number;
  /** How far one was on the other side. */
  readonly back_ns: number;
  readonly count: number;
  /** Where a servo has moved the clock since; undefined where that is not known. */
  readonly way?: Way;
}

const farthest = (a: number, b: number): number => (Math.abs(a) < Math.abs(b) ? b : a);

const oppositeOf = (ns: number, apart_ns: number): number => (ns * apart_ns < 0 ? Math.abs(apart_ns) : 0);

/** The samples that exclude the last claim, with another one. */
function withSample({ center_ns }: Claim, before: Pending, added: AddedOffset, gains?: Gains): Pending {
  const { way: wayBefore, ...rest } = before;
  const way = wayBefore && gains && wayAfter(wayBefore, added, gains);
  const apart_ns = added.offset_ns - center_ns + (way?.gone_ns ?? 0);
  return {
    ...rest,
    ns: farthest(before.ns, apart_ns),
    back_ns: Math.max(before.back_ns, oppositeOf(before.ns, apart_ns)),
    count: before.count + 1,
    ...known({ way }),
  };
}

/** The samples that exclude the claim `last` by more than `half_ns`, with those of this moment. */
export function pendingNow(
  pending: Pending | undefined,
  last: Claim,
  measured: Measured,
  half_ns: number,
): Pending {
  const { by, id, isFirst, offset_ns, added, gains, start } = measured;
  const ns = farthest(offset_ns - last.center_ns, pending?.ns ?? 0);
  const begun = { by, lastId: id, isFirst, half_ns, ns, back_ns: 0, count: 0 };
  const before = pending?.by === by ? pending : { ...begun, ...known({ way: start }) };
  return {
    ...added.reduce<Pending>((all, one) => withSample(last, all, one, gains), before),
    lastId: id,
  };
}

/**
 * Whether so many samples show that the source has moved: late ones do not follow each other for as long, and chronyd has
 * gone there or not. Where it is not known what a servo does, it has gone most of its way by then.
 */
export const hasMoved = ({ by, way, count }: Pending): boolean =>
  count >= (by === 'chronyd' ? 4 : way === undefined ? 48 : 16);

/** A servo overshoots by less than this share when it goes to where its source has jumped; after a late sample by more. */
const overshoot = 0.5;

/**
 * Whether the samples were only late: then they lie within the last claim again, the way that the clock has gone since
 * counted. Where that is not known, they must be as far on the other side.
 */
export function wereLate({ by, isFirst, ns, back_ns, half_ns, way }: Pending, apart_ns: number): boolean {
  if (by === 'chronyd') return Math.abs(apart_ns) <= half_ns;
  if (way === undefined) return !isFirst && back_ns >= overshoot * Math.abs(ns);
  return Math.abs(apart_ns + way.gone_ns) <= half_ns;
}
