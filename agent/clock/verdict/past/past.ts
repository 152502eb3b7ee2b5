// What was claimed before, held against what is claimed now: the clock cannot jump unseen, so where two claims exclude
// each other a source has lied, then or now.
import { formatNs } from '../../../lib/format.ts';
import { known } from '../../../lib/known.ts';
import type { ErrorBound } from '../../types.ts';
import type { Doubt } from '../doubts.ts';
import { isTaiUtcMistake } from '../grandmaster.ts';
import type { Moves } from './moves.ts';
import { type Gains, noWay, type Way, wayAfter } from './servo.ts';

/** Where the clock was against true time by the last claim: `center_ns` ± `half_ns`, and by how much it may drift since. */
interface Claim {
  readonly center_ns: number;
  readonly half_ns: number;
  readonly at_ms: number;
  readonly drift_ppb: number;
}

/** The claims so far. */
export interface Past {
  readonly last?: Claim;
  /** Samples that exclude the last claim: until it is known whether they were only late, both may be true. */
  readonly pending?: Pending;
  /** Absent while the present claims agree with the first ones. */
  readonly displaced?: Displaced;
  /** How chronyd has moved the clock, while it does. */
  readonly moves?: Moves;
}

/** By how much the present claims are away from the first ones, give or take `within_ns`, and since when. */
interface Displaced {
  readonly ns: number;
  readonly within_ns: number;
  readonly since_ms: number;
}

/** The samples since one has excluded the last claim. */
interface Pending {
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

export const noPast: Past = {};

/** A claim of this moment: an offset, how uncertain it is by itself, and the bound on true time that is made of it. */
export interface Measured {
  /** What the servo that follows each sample does with it; undefined where that is not known. */
  readonly gains?: Gains;
  /** `servo`: of one that follows each sample. `chronyd`: of one that tells how far it goes. */
  readonly by: 'servo' | 'chronyd';
  readonly id: string;
  /** They are the first ones of their source. */
  readonly isFirst: boolean;
  /** The last of them; after the start of a window the farthest. */
  readonly offset_ns: number;
  /** Those that are new. */
  readonly added_ns: readonly number[];
  readonly uncertainty_ns: number;
  readonly bound_ns: number;
  readonly drift_ppb: number;
}

/** A clock of which nothing is known may be anywhere, but hardly off by just the leap seconds, give or take so much. */
const leapTolerance_ns = 1e8;

/**
 * The past after the clock was set by `size_ns` (positive: forward). Where nothing was known of the clock, a step by the
 * leap seconds is suspect if PTP makes it: `byPtp`.
 */
export function pastAfterStep(past: Past, size_ns: number, byPtp: boolean, now_ms: number): Past {
  const { last, displaced } = past;
  if (last !== undefined) return { ...past, last: { ...last, center_ns: last.center_ns + size_ns } };
  if (!byPtp || !isTaiUtcMistake(size_ns)) return past;
  const ns = (displaced?.ns ?? 0) - size_ns; // set back by as much again, it is where it was
  return Math.abs(ns) < leapTolerance_ns
    ? {}
    : { displaced: { ns, within_ns: leapTolerance_ns, since_ms: now_ms } };
}

/** The past after chronyd has slewed the clock by `size_ns`. */
export const pastAfterSlew = ({ last, ...past }: Past, size_ns: number): Past =>
  last === undefined ? past : { ...past, last: { ...last, center_ns: last.center_ns + size_ns } };

const halfNow_ns = ({ half_ns, at_ms, drift_ppb }: Claim, now_ms: number): number =>
  half_ns + ((now_ms - at_ms) / 1e3) * drift_ppb;

/** A displacement is believed for so long while nothing contradicts it: then the source is as good as one met first. */
export const forgiven_ms = 3_600_000;

const stillDisplaced = ({ displaced }: Past, now_ms: number): Past =>
  displaced === undefined || now_ms - displaced.since_ms > forgiven_ms ? {} : { displaced };

const farthest = (a: number, b: number): number => (Math.abs(a) < Math.abs(b) ? b : a);

const oppositeOf = (ns: number, apart_ns: number): number => (ns * apart_ns < 0 ? Math.abs(apart_ns) : 0);

/** The samples that exclude the last claim, with another one, `offset_ns`. */
function withSample({ center_ns }: Claim, before: Pending, offset_ns: number, gains?: Gains): Pending {
  const { way: wayBefore, ...rest } = before;
  const way = wayBefore && gains && wayAfter(wayBefore, offset_ns, gains);
  const apart_ns = offset_ns - center_ns + (way?.gone_ns ?? 0);
  return {
    ...rest,
    ns: farthest(before.ns, apart_ns),
    back_ns: Math.max(before.back_ns, oppositeOf(before.ns, apart_ns)),
    count: before.count + 1,
    ...known({ way }),
  };
}

/** The samples that exclude the last claim, with those of this moment. */
function pendingNow(past: Past, last: Claim, measured: Measured, half_ns: number): Pending {
  const { by, id, isFirst, offset_ns, added_ns, gains } = measured;
  const ns = farthest(offset_ns - last.center_ns, past.pending?.ns ?? 0);
  const begun = { by, lastId: id, isFirst, half_ns, ns, back_ns: 0, count: 0 };
  const before = past.pending?.by === by ? past.pending : { ...begun, ...(isFirst ? {} : { way: noWay }) };
  return {
    ...added_ns.reduce<Pending>((all, offset) => withSample(last, all, offset, gains), before),
    lastId: id,
  };
}

/**
 * So many samples show that the source has moved: late ones do not follow each other for as long, and chronyd has gone
 * there or not. Where it is not known what a servo does, it has gone most of its way by then.
 */
const samplesToJump = ({ by, way }: Pending): number => (by === 'chronyd' ? 4 : way === undefined ? 48 : 16);

/** A servo overshoots by less than this share when it goes to where its source has jumped; after a late sample by more. */
const overshoot = 0.5;

/**
 * Whether the samples were only late: then they lie within the last claim again, the way that the clock has gone since
 * counted. Where that is not known, they must be as far on the other side.
 */
function wereLate({ by, isFirst, ns, back_ns, half_ns, way }: Pending, apart_ns: number): boolean {
  if (by === 'chronyd') return Math.abs(apart_ns) <= half_ns;
  if (way === undefined) return !isFirst && back_ns >= overshoot * Math.abs(ns);
  return Math.abs(apart_ns + way.gone_ns) <= half_ns;
}

/** How far the source is away from its first claims, once it has jumped; undefined where it is back. */
function displacedNow({ displaced }: Past, { ns, half_ns }: Pending, now_ms: number): Displaced | undefined {
  const now = {
    ns: (displaced?.ns ?? 0) + ns,
    within_ns: (displaced?.within_ns ?? 0) + half_ns,
    since_ms: now_ms,
  };
  return displaced !== undefined && Math.abs(now.ns) <= now.within_ns ? undefined : now;
}

/**
 * The past after another claim. `confirmed`: somebody else measures the same, so that what was claimed before is wrong.
 * `proven`: the source is good enough for a first claim.
 */
export function pastWith(
  past: Past,
  measured: Measured,
  { confirmed, proven }: { readonly confirmed: boolean; readonly proven: boolean },
  now_ms: number,
): Past {
  const { last, moves } = past;
  const { bound_ns, drift_ppb, offset_ns, uncertainty_ns } = measured;
  const claim = { center_ns: 0, half_ns: bound_ns, at_ms: now_ms, drift_ppb };
  const agreed = (now: Past): Past => ({ ...now, last: claim, ...(moves === undefined ? {} : { moves }) });
  if (confirmed) return agreed({});
  if (last === undefined) return proven ? agreed(stillDisplaced(past, now_ms)) : past;
  const half_ns = halfNow_ns(last, now_ms) + uncertainty_ns;
  const apart_ns = offset_ns - last.center_ns;
  if (past.pending === undefined && Math.abs(apart_ns) <= half_ns)
    return agreed(stillDisplaced(past, now_ms));
  if (past.pending?.lastId === measured.id) return past; // the bound has grown by the very sample
  const pending = pendingNow(past, last, measured, half_ns);
  if (past.pending !== undefined && wereLate(pending, apart_ns)) return agreed(stillDisplaced(past, now_ms));
  if (pending.count < samplesToJump(pending)) return { ...past, pending };
  return agreed(known({ displaced: displacedNow(past, pending, now_ms) }));
}

/** The doubt that follows from a displacement. */
export function doubtOfPast({ displaced }: Past): Doubt | undefined {
  if (displaced === undefined) return undefined;
  const size = formatNs(Math.abs(displaced.ns));
  const explanation = `the source says that the clock was ${size} off, which excludes what was known of it before`;
  return isTaiUtcMistake(displaced.ns)
    ? { reason: 'tai_utc_mistake', explanation: `${explanation}, and is as much as TAI and UTC differ` }
    : { reason: 'source_jumped', explanation };
}

/** The bound that the past still gives where nothing else does: steps since are counted. */
export function boundOfPast({ last, displaced }: Past, now_ms: number): ErrorBound | undefined {
  if (last === undefined || displaced !== undefined) return undefined;
  const ns = Math.abs(last.center_ns) + halfNow_ns(last, now_ms);
  return { absolute_ns: ns, terms: [{ name: 'known_before', ns }] };
}
