// A source that has jumped: how far, and whether it is back.
import { known } from '../../../lib/known.ts';
import type { AddedOffset } from '../bounds/offsets.ts';
import type { Claim, Measured, Pending } from './pending.ts';
import { type Way, wayAfter } from './servomodel.ts';

/** By how much the present claims are away from the first ones, give or take `within_ns`, and since when. */
export interface Displaced {
  readonly ns: number;
  readonly within_ns: number;
  readonly since_ms: number;
  /** The claim of before, as long as it is known how far the clock has gone since. */
  readonly home?: Home;
}

interface Home {
  readonly by: Measured['by'];
  readonly lastId: string;
  readonly center_ns: number;
  readonly half_ns: number;
  readonly way?: Way;
  /** Samples since, and those of them, without a break, that lie within the claim. */
  readonly count: number;
  readonly inside: number;
}

/**
 * Samples within the claim of before that show that the source is back; and how many are looked at: by then the bound of
 * now is narrow again, so that a jump back excludes it, and how far the clock has gone is known no better than that.
 */
const samples = { servo: { back: 16, most: 96 }, chronyd: { back: 4, most: 12 } } as const;

/** What is remembered of the last claim when the source has moved away from it. */
function homeOf({ center_ns }: Claim, { by, lastId, half_ns, way }: Pending): Home | undefined {
  if (by === 'servo' && way === undefined) return undefined;
  return { by, lastId, center_ns, half_ns, ...known({ way }), count: 0, inside: 0 };
}

/** How far the source is away from its first claims, once it has moved; undefined where it is back by that. */
export function displacedNow(
  before: Displaced | undefined,
  last: Claim,
  pending: Pending,
  now_ms: number,
): Displaced | undefined {
  const { ns, half_ns } = pending;
  if (before === undefined)
    return { ns, within_ns: half_ns, since_ms: now_ms, ...known({ home: homeOf(last, pending) }) };
  const sum_ns = before.ns + ns;
  const within_ns = before.within_ns + half_ns;
  return Math.abs(sum_ns) <= within_ns ? undefined : { ...before, ns: sum_ns, within_ns, since_ms: now_ms };
}

/** With the clock moved by `size_ns`: set, or slewed by chronyd. */
export const movedWith = (displaced: Displaced, size_ns: number): Displaced =>
  displaced.home === undefined
    ? displaced
    : { ...displaced, home: { ...displaced.home, center_ns: displaced.home.center_ns + size_ns } };

function homeAfter(home: Home, added: AddedOffset, { gains, id }: Measured): Home | undefined {
  const { way: wayBefore, ...rest } = home;
  const way = wayBefore && gains && wayAfter(wayBefore, added, gains);
  if (home.by === 'servo' && way === undefined) return undefined;
  const isInside = Math.abs(added.offset_ns - home.center_ns + (way?.gone_ns ?? 0)) <= home.half_ns;
  const inside = isInside ? home.inside + 1 : 0;
  return { ...rest, lastId: id, count: home.count + 1, inside, ...known({ way }) };
}

/** The displacement after the samples of this moment; undefined once they lie within the claim of before. */
export function displacedAfter(displaced: Displaced, measured: Measured): Displaced | undefined {
  const { home: before, ...rest } = displaced;
  if (before === undefined || before.by !== measured.by || measured.isFirst) return rest;
  if (before.lastId === measured.id) return displaced;
  const home = measured.added.reduce<Home | undefined>(
    (so, one) => so && homeAfter(so, one, measured),
    before,
  );
  if (home === undefined || home.count > samples[home.by].most) return rest;
  return home.inside >= samples[home.by].back ? undefined : { ...rest, home };
}
