// What was claimed before, held against what is claimed now: the clock cannot jump unseen, so where two claims exclude
// each other a source has lied, then or now.
import { formatNs } from '../../../lib/format.ts';
import type { ErrorBound } from '../../types.ts';
import type { Doubt } from '../doubts.ts';
import { isTaiUtcMistake } from '../grandmaster.ts';

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
  /** A sample that excludes the last claim; the next one shows whether it alone was late. */
  readonly pending?: { readonly sampleId: string; readonly ns: number };
  /** By how much the present claims are away from the first ones, and since when; absent while they agree. */
  readonly displaced?: { readonly ns: number; readonly since_ms: number };
}

export const noPast: Past = {};

/** A claim of this moment: an offset, how uncertain it is by itself, and the bound on true time that is made of it. */
export interface Measured {
  readonly id: string;
  /** It is the first of its source, so that it cannot be a late one among others. */
  readonly isFirst: boolean;
  readonly offset_ns: number;
  readonly uncertainty_ns: number;
  readonly bound_ns: number;
  readonly drift_ppb: number;
}

/** A clock of which nothing is known may be anywhere, but hardly off by just the leap seconds, give or take so much. */
const unknown_ns = 1e8;

/**
 * The past after the clock was set by `size_ns` (positive: forward). Where nothing was known of the clock, a step by the
 * leap seconds is suspect if PTP makes it: `byPtp`.
 */
export function pastAfterStep(past: Past, size_ns: number, byPtp: boolean, now_ms: number): Past {
  const { last, displaced } = past;
  if (last !== undefined) return { ...past, last: { ...last, center_ns: last.center_ns + size_ns } };
  if (!byPtp || !isTaiUtcMistake(size_ns)) return past;
  const ns = (displaced?.ns ?? 0) - size_ns; // set back by as much again, it is where it was
  return Math.abs(ns) < unknown_ns ? {} : { displaced: { ns, since_ms: now_ms } };
}

const halfNow_ns = ({ half_ns, at_ms, drift_ppb }: Claim, now_ms: number): number =>
  half_ns + ((now_ms - at_ms) / 1e3) * drift_ppb;

/** How far the clock may be from true time by the last claim, steps since counted; undefined without one. */
const remembered_ns = ({ last }: Past, now_ms: number): number | undefined =>
  last && Math.abs(last.center_ns) + halfNow_ns(last, now_ms);

/** A displacement is believed for so long while nothing contradicts it: then the source is taken for mended. */
const forgiven_ms = 3_600_000;

const stillDisplaced = ({ displaced }: Past, now_ms: number): Past =>
  displaced === undefined || now_ms - displaced.since_ms > forgiven_ms ? {} : { displaced };

const larger = (a: number, b: number): number => (Math.abs(a) < Math.abs(b) ? b : a);

/**
 * What a sample says that excludes the last claim. A late one is followed by a servo at once, which overshoots, so that
 * the next lies on the other side; only a further one on the same side shows that the source has jumped.
 */
function excluded(
  past: Past,
  { id, isFirst }: Measured,
  apart_ns: number,
  half_ns: number,
  now_ms: number,
): Past {
  const { displaced } = past;
  const pending = isFirst ? { sampleId: '', ns: apart_ns } : past.pending;
  if (pending === undefined) return { ...past, pending: { sampleId: id, ns: apart_ns } };
  if (pending.sampleId === id) return past;
  if (pending.ns * apart_ns < 0) return { ...past, pending: { sampleId: id, ns: pending.ns } };
  const ns = (displaced?.ns ?? 0) + larger(pending.ns, apart_ns);
  return Math.abs(ns) <= half_ns ? {} : { displaced: { ns, since_ms: now_ms } };
}

/**
 * The past after another claim. `confirmed`: somebody else measures the same, so that what was claimed before is wrong.
 * `proven`: the source is good enough for its claim to take the place of the last one.
 */
export function pastWith(
  past: Past,
  measured: Measured,
  { confirmed, proven }: { readonly confirmed: boolean; readonly proven: boolean },
  now_ms: number,
): Past {
  const { bound_ns, drift_ppb, offset_ns, uncertainty_ns } = measured;
  const claim = { center_ns: 0, half_ns: bound_ns, at_ms: now_ms, drift_ppb };
  const { last } = past;
  if (confirmed) return { last: claim };
  if (last === undefined) return proven ? { ...stillDisplaced(past, now_ms), last: claim } : past;
  const half_ns = halfNow_ns(last, now_ms) + uncertainty_ns;
  const apart_ns = offset_ns - last.center_ns;
  const isSame = past.pending?.sampleId === measured.id;
  if (Math.abs(apart_ns) <= half_ns && isSame) return past; // the bound has grown by the very sample
  if (Math.abs(apart_ns) <= half_ns) return { ...stillDisplaced(past, now_ms), last: proven ? claim : last };
  const now = excluded(past, measured, apart_ns, half_ns, now_ms);
  return now.pending === undefined ? { ...now, last: claim } : now;
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

/** The bound that the past still gives where nothing else does. */
export function boundOfPast(past: Past, now_ms: number): ErrorBound | undefined {
  const ns = past.displaced === undefined ? remembered_ns(past, now_ms) : undefined;
  return ns === undefined ? undefined : { absolute_ns: ns, terms: [{ name: 'known_before', ns }] };
}
