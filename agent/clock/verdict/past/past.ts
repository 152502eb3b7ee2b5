// What was claimed before, held against what is claimed now: the clock cannot jump unseen, so where two claims exclude
// each other a source has lied, then or now. How far the clock was moved meanwhile is known of chronyd, and of most servos.
import { formatNs } from '../../../lib/format.ts';
import { known } from '../../../lib/known.ts';
import { kernelMost_ppb } from '../../facts.ts';
import { noiseOf } from '../../numbers.ts';
import type { ErrorBound } from '../../types.ts';
import type { Doubt } from '../doubts.ts';
import { isTaiUtcMistake } from '../grandmaster.ts';
import { type Displaced, displacedAfter, displacedNow, movedWith } from './displaced.ts';
import {
  type By,
  type Claim,
  halfNow_ns,
  isLate,
  type Pending,
  pendingAfter,
  samplesToMove,
} from './pending.ts';
import type { Measurement, Servo } from './servomodel.ts';
import type { ChronyReport } from './slewed.ts';

/** The claims so far. */
interface Claims {
  readonly last?: Claim;
  /** Samples that exclude the last claim: until it is known whether they were only late, both may be true. */
  readonly pending?: Pending;
  /** Absent while the present claims agree with the first ones. */
  readonly displaced?: Displaced;
  /** How far the last samples were from where the one before them had put the clock. */
  readonly scatter?: Scatter;
}

interface Scatter {
  readonly by: By;
  /** Absolute values, oldest first, at most 16. */
  readonly values_ns: readonly number[];
}

/** The claims so far, and what moves the clock since. */
export interface Past extends Claims {
  /** What chronyd has reported last, while it moves the clock. */
  readonly lastReport?: ChronyReport;
  /** What ptp4l's servo does, while it moves the clock and is known. */
  readonly servo?: Servo;
}

export const noPast: Past = {};

/** The past with the clock moved by `size_ns` (positive: forward). */
export const pastMoved = <T extends Claims>({ last, displaced, ...past }: T, size_ns: number) => ({
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

/** The past once nobody measures any more whether samples were late: the clock may have gone anywhere up to the farthest. */
export function pastLeft({ pending, last, ...past }: Past): Past {
  if (last === undefined || pending === undefined) return { ...past, ...known({ last }) };
  const unknown_ns = pending.isTracked ? 0 : Math.abs(pending.ns);
  return { ...past, last: { ...last, half_ns: last.half_ns + unknown_ns } };
}

/** A displacement is believed for so long while nothing contradicts it: then the source is as good as one met first. */
export const forgiven_ms = 3_600_000;

/** Samples of one look, and what they are worth. */
export interface SampledLook {
  readonly by: By;
  readonly samples: readonly Measurement[];
  /** What the way to the source, and the source, may be wrong by. */
  readonly source_ns: number;
  /** The bound on true time that is published now; undefined where there is none. */
  readonly bound_ns?: number;
  /** How fast the clock may drift from one sample to the next, and when nothing steers it. */
  readonly drift_ppb: number;
  readonly freeDrift_ppb: number;
  /** A longer pause than this between two samples is none of a steered clock. */
  readonly pause_ms: number;
  /** Monotonic ms at which the last sample had not been taken yet: whoever steers has moved the clock by it since, at most. */
  readonly after_ms: number;
}

const mostScatter = 16;
const fewestScatter = 4;

/** Three standard deviations of the samples; undefined while there are too few. */
export function noise_ns({ scatter }: Pick<Claims, 'scatter'>, by: By): number | undefined {
  const values_ns = scatter?.by === by ? scatter.values_ns : [];
  if (values_ns.length < fewestScatter) return undefined;
  return 3 * noiseOf(values_ns);
}

function scatterAfter({ scatter }: Claims, by: By, apart_ns: number): Scatter {
  const before = scatter?.by === by ? scatter.values_ns : [];
  return { by, values_ns: [...before.slice(1 - mostScatter), Math.abs(apart_ns)] };
}

/** A servo that is not known follows a sample at once or by and by, and may overshoot by so much. */
const unknownServo = 1.2;

/**
 * How far a sample that is `apart_ns` from the last claim is from where the clock can be by it. A servo that is not known
 * goes towards its source, or on as it did before, by `went_ns`.
 */
function beyondOf(
  apart_ns: number,
  { center_ns }: Claim,
  { moved_ns, interval_s }: Measurement,
  went_ns: number,
): number {
  if (moved_ns !== undefined) return apart_ns;
  const most_ns = kernelMost_ppb * interval_s;
  const furthest_ns = -unknownServo * center_ns;
  const low_ns = Math.max(-most_ns, Math.min(0, furthest_ns) - went_ns);
  const high_ns = Math.min(most_ns, Math.max(0, furthest_ns) + went_ns);
  return apart_ns - Math.max(low_ns, Math.min(high_ns, apart_ns));
}

/** A claim of this moment. */
const claimOf = (
  { drift_ppb, freeDrift_ppb, after_ms }: SampledLook,
  center_ns: number,
  half_ns: number,
  now_ms: number,
): Claim => ({ center_ns, half_ns, at_ms: now_ms, followed_ms: after_ms, drift_ppb, freeDrift_ppb });

/** The claims with the clock followed to that moment. */
const followedTo = ({ last, ...claims }: Claims, followed_ms: number): Claims => ({
  ...claims,
  ...known({ last: last && { ...last, followed_ms } }),
});

/** The claims after another sample. */
function afterSample(before: Claims, sample: Measurement, measured: SampledLook, now_ms: number): Claims {
  const { by, source_ns, bound_ns, pause_ms, after_ms } = measured;
  const claims = followedTo(pastMoved(before, -(sample.moved_ns ?? 0)), after_ms);
  const noise = noise_ns(claims, by);
  const reach_ns = noise === undefined ? bound_ns : noise + source_ns;
  const displaced = claims.displaced && displacedAfter(claims.displaced, by, sample, now_ms, forgiven_ms);
  const { last, pending } = claims;
  const isBack = claims.displaced !== undefined && displaced === undefined;
  // without a claim on true time the last one goes on: the clock is followed from there
  const isClaimed = bound_ns !== undefined && reach_ns !== undefined;
  const now = isClaimed ? claimOf(measured, sample.offset_ns, reach_ns, now_ms) : last;
  const agreed = { ...known({ last: now, displaced, scatter: claims.scatter }) };
  if (last === undefined || isBack) return agreed;
  const isPause = now_ms - last.at_ms > pause_ms;
  const half_ns =
    halfNow_ns(last, now_ms, isPause ? last.freeDrift_ppb : last.drift_ppb) + (reach_ns ?? Infinity);
  const apart_ns = sample.offset_ns - last.center_ns;
  const beyond_ns = beyondOf(apart_ns, last, sample, unknownServo * (claims.scatter?.values_ns.at(-1) ?? 0));
  if (pending === undefined && Math.abs(beyond_ns) <= half_ns)
    return { ...agreed, scatter: scatterAfter(claims, by, apart_ns) };
  const next = pendingAfter(pending, by, sample, { apart_ns, half_ns, now_ms });
  if (pending !== undefined && isLate(next, apart_ns)) return agreed;
  if (next.count < samplesToMove(next)) return { ...claims, ...known({ displaced }), pending: next };
  const { displaced: _before, ...moved } = agreed;
  return { ...moved, ...known({ displaced: displacedNow(displaced, last, next, now_ms) }) };
}

/** A claim on true time that is missing for longer has been given up; a data set may be missing once. */
const wordless_ms = 60_000;

/** The claims after the samples of a look. */
export function pastWith(past: Past, measured: SampledLook, now_ms: number): Claims {
  const { lastReport: _report, servo: _servo, ...claims } = past;
  const { pending, last } = claims;
  const { by, bound_ns, samples } = measured;
  const isGivenUp = bound_ns === undefined && last !== undefined && now_ms - last.at_ms > wordless_ms;
  const { last: _last, pending: _pending, ...others } = claims;
  const isOther = pending !== undefined && pending.by !== by;
  const start = isGivenUp ? others : isOther ? pastLeft(claims) : claims;
  return samples.reduce<Claims>((so, sample) => afterSample(so, sample, measured, now_ms), start);
}

/** The claims once others have confirmed what is measured now. */
export function pastConfirmed({ scatter }: Claims, measured: SampledLook, now_ms: number): Claims {
  const { samples, bound_ns } = measured;
  const center_ns = samples.at(-1)?.offset_ns ?? 0;
  const last = bound_ns === undefined ? undefined : claimOf(measured, center_ns, bound_ns, now_ms);
  return known({ scatter, last });
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

/** The bound that the past still gives where nothing else does: steps since are counted, and what a servo does meanwhile. */
export function boundOfPast(
  { last, displaced, servo, scatter }: Past,
  now_ms: number,
): ErrorBound | undefined {
  if (last === undefined || displaced !== undefined) return undefined;
  const age_s = (now_ms - last.followed_ms) / 1e3;
  const moved_ns = servo === undefined ? 0 : (servo.rate_ppb - servo.usual_ppb) * age_s;
  const unknown_ns =
    servo === undefined && scatter?.by === 'servo' ? unknownServo * Math.abs(last.center_ns) : 0;
  // it began to move some time after `followed_ms`
  const reach_ns = Math.max(Math.abs(last.center_ns), Math.abs(last.center_ns - moved_ns));
  const ns = reach_ns + unknown_ns + halfNow_ns(last, now_ms, last.freeDrift_ppb);
  return { absolute_ns: ns, terms: [{ name: 'known_before', ns }] };
}
