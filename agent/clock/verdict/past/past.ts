// What was claimed before, held against what is claimed now: the clock cannot jump unseen, so where two claims exclude
// each other a source has lied, then or now.
import { formatNs } from '../../../lib/format.ts';
import { known } from '../../../lib/known.ts';
import type { ErrorBound } from '../../types.ts';
import type { Doubt } from '../doubts.ts';
import { isTaiUtcMistake } from '../grandmaster.ts';
import { type Displaced, displacedAfter, displacedNow, movedWith } from './displaced.ts';
import { type Claim, hasMoved, type Measured, type Pending, pendingNow, wereLate } from './pending.ts';
import type { Integral } from './servomodel.ts';
import type { ChronyReport } from './slewed.ts';

/** The claims so far. */
interface Claims {
  readonly last?: Claim;
  /** Samples that exclude the last claim: until it is known whether they were only late, both may be true. */
  readonly pending?: Pending;
  /** Absent while the present claims agree with the first ones. */
  readonly displaced?: Displaced;
}

/** The claims so far, and what moves the clock since. */
export interface Past extends Claims {
  /** What chronyd has reported last, while it moves the clock. */
  readonly lastReport?: ChronyReport;
  /** What ptp4l's servo has learned of the oscillator, while it moves the clock. */
  readonly integral?: Integral;
}

export const noPast: Past = {};

/** The past with the clock moved by `size_ns` (positive: forward). */
export const pastMoved = ({ last, displaced, ...past }: Past, size_ns: number): Past => ({
  ...past,
  ...known({
    last: last && { ...last, center_ns: last.center_ns + size_ns },
    displaced: displaced && movedWith(displaced, size_ns),
  }),
});

/** A clock of which nothing is known may be anywhere, but hardly off by just the leap seconds, give or take so much. */
const leapTolerance_ns = 1e8;

/**
 * The past after the clock was set by `size_ns`. Where nothing was known of the clock, a step by the leap seconds is
 * suspect if PTP makes it: `byPtp`.
 */
export function pastAfterStep(past: Past, size_ns: number, byPtp: boolean, now_ms: number): Past {
  const { last, displaced } = past;
  if (last !== undefined) return pastMoved(past, size_ns);
  if (!byPtp || !isTaiUtcMistake(size_ns)) return past;
  const ns = (displaced?.ns ?? 0) - size_ns; // set back by as much again, it is where it was
  return Math.abs(ns) < leapTolerance_ns
    ? {}
    : { displaced: { ns, within_ns: leapTolerance_ns, since_ms: now_ms } };
}

/**
 * The past once nobody steers the clock any more: whether the samples were late is not found out. A servo has moved the
 * clock as far as it was followed, or anywhere up to the farthest of them.
 */
export function pastLeft({ pending, last, ...past }: Past): Past {
  if (last === undefined || pending === undefined) return { ...past, ...known({ last }) };
  const { by, way, ns } = pending;
  const unknown_ns = by === 'servo' && way === undefined ? Math.abs(ns) : 0;
  const { center_ns, half_ns } = last;
  return {
    ...past,
    last: { ...last, center_ns: center_ns - (way?.gone_ns ?? 0), half_ns: half_ns + unknown_ns },
  };
}

const halfNow_ns = ({ half_ns, at_ms, drift_ppb }: Claim, now_ms: number): number =>
  half_ns + ((now_ms - at_ms) / 1e3) * drift_ppb;

/** A displacement is believed for so long while nothing contradicts it: then the source is as good as one met first. */
export const forgiven_ms = 3_600_000;

/** What is left of a displacement: nothing once the source is back, or has said the same for long. */
function displacedStill({ displaced }: Past, measured: Measured, now_ms: number): Displaced | undefined {
  if (displaced === undefined || now_ms - displaced.since_ms > forgiven_ms) return undefined;
  return displacedAfter(displaced, measured);
}

/**
 * The claims after another one. `confirmed`: somebody else measures the same, so that what was claimed before is wrong.
 * `proven`: the source is good enough for a first claim.
 */
export function pastWith(
  before: Claims,
  measured: Measured,
  { confirmed, proven }: { readonly confirmed: boolean; readonly proven: boolean },
  now_ms: number,
): Claims {
  const { last, pending } = before;
  const { bound_ns, drift_ppb, offset_ns, uncertainty_ns } = measured;
  const claim = { center_ns: 0, half_ns: bound_ns, at_ms: now_ms, drift_ppb };
  if (confirmed) return { last: claim };
  const displaced = displacedStill(before, measured, now_ms);
  const agreed = { ...known({ displaced }), last: claim };
  if (before.displaced !== undefined && displaced === undefined) return agreed;
  if (last === undefined) return proven ? agreed : before;
  const half_ns = halfNow_ns(last, now_ms) + uncertainty_ns;
  const apart_ns = offset_ns - last.center_ns;
  if (pending === undefined && Math.abs(apart_ns) <= half_ns) return agreed;
  if (pending?.lastId === measured.id) return before; // the bound has grown by the very sample
  const now = pendingNow(pending, last, measured, half_ns);
  if (pending !== undefined && wereLate(now, apart_ns)) return agreed;
  if (!hasMoved(now)) return { ...known({ displaced }), last, pending: now };
  return { ...known({ displaced: displacedNow(displaced, last, now, now_ms) }), last: claim };
}

/** The doubt that follows from a displacement; NTP has no leap seconds to forget. */
export function doubtOfPast({ displaced }: Past, isPtp: boolean): Doubt | undefined {
  if (displaced === undefined) return undefined;
  const size = formatNs(Math.abs(displaced.ns));
  const explanation = `the source says that the clock was ${size} off, which excludes what was known of it before`;
  return isPtp && isTaiUtcMistake(displaced.ns)
    ? { reason: 'tai_utc_mistake', explanation: `${explanation}, and is as much as TAI and UTC differ` }
    : { reason: 'source_jumped', explanation };
}

/** The bound that the past still gives where nothing else does: steps since are counted. */
export function boundOfPast({ last, displaced }: Past, now_ms: number): ErrorBound | undefined {
  if (last === undefined || displaced !== undefined) return undefined;
  const ns = Math.abs(last.center_ns) + halfNow_ns(last, now_ms);
  return { absolute_ns: ns, terms: [{ name: 'known_before', ns }] };
}
