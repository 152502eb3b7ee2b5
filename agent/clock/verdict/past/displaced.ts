// A source that has jumped: how far, and whether it is back.
import { known } from '../../../lib/known.ts';
import type { By, Claim, Pending } from './pending.ts';
import type { Measurement } from './servomodel.ts';

/** By how much the present claims are away from the first ones, give or take `within_ns`, and since when. */
export interface Displaced {
  readonly ns: number;
  readonly within_ns: number;
  readonly since_ms: number;
  /** The claim of before, as long as it is known how far the clock has gone since. */
  readonly home?: Home;
}

interface Home {
  readonly by: By;
  readonly center_ns: number;
  readonly half_ns: number;
  /** Samples since, and those of them, without a break, that lie within the claim. */
  readonly count: number;
  readonly inside: number;
}

/**
 * Samples within the claim of before that show that the source is back; and how many are looked at: how far the clock has
 * gone is known no better than that.
 */
const samples = { servo: { back: 16, most: 96 }, chronyd: { back: 4, most: 12 } } as const;

/** How far the source is away from its first claims, once it has moved; undefined where it is back by that. */
export function displacedNow(
  before: Displaced | undefined,
  { center_ns }: Claim,
  { by, ns, half_ns, isTracked }: Pending,
  now_ms: number,
): Displaced | undefined {
  const home = isTracked ? { by, center_ns, half_ns, count: 0, inside: 0 } : undefined;
  if (before === undefined) return { ns, within_ns: half_ns, since_ms: now_ms, ...known({ home }) };
  const sum_ns = before.ns + ns;
  const within_ns = before.within_ns + half_ns;
  return Math.abs(sum_ns) <= within_ns ? undefined : { ...before, ns: sum_ns, within_ns, since_ms: now_ms };
}

/** With the clock moved by `size_ns`: set, or by who steers it. */
export const movedWith = (displaced: Displaced, size_ns: number): Displaced =>
  displaced.home === undefined
    ? displaced
    : { ...displaced, home: { ...displaced.home, center_ns: displaced.home.center_ns + size_ns } };

/** The displacement after another sample; undefined once the source is back, or has said the same for so long. */
export function displacedAfter(
  displaced: Displaced,
  by: By,
  { offset_ns, moved_ns }: Measurement,
  now_ms: number,
  forgiven_ms: number,
): Displaced | undefined {
  const { home, ...rest } = displaced;
  if (now_ms - displaced.since_ms > forgiven_ms) return undefined;
  if (home === undefined || home.by !== by || moved_ns === undefined) return rest;
  const inside = Math.abs(offset_ns - home.center_ns) <= home.half_ns ? home.inside + 1 : 0;
  if (inside >= samples[by].back) return undefined;
  return home.count >= samples[by].most
    ? rest
    : { ...rest, home: { ...home, count: home.count + 1, inside } };
}
