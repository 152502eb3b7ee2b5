// From an assessment to what is published: source, quality, bound, reasons and evidence.

import { formatAgo, formatNs } from '../../lib/format.ts';
import type { ErrorBound, Verdict } from '../types.ts';
import { type Assessment, boundOfDoubted } from './assess.ts';
import { largestSince_ns } from './bounds/offsets.ts';
import { confirmsSeconds, witnessedBound } from './bounds/ptpbound.ts';
import { relativeOnly, unbounded, widened, widerAbsolute } from './bounds/terms.ts';
import type { Doubt } from './doubts.ts';
import { type Holdover, holdoverBound } from './holdover.ts';
import { farOutside, type LockLevel } from './hysteresis.ts';
import { boundOfPast, doubtOfPast, type Past } from './past/past.ts';
import { type BlockedPath, isSteering, type PathName, type SteeringPath } from './paths.ts';
import type { ReasonCode } from './reasons.ts';

/** A verdict without the time since when it holds. */
export type Conclusion = Omit<Verdict<ReasonCode>, 'since_ms'>;

/** What of the past still bears on the present. */
export interface Background {
  readonly now_ms: number;
  readonly past: Past;
  readonly readingError_ns: number;
  /** Holdover has ended, and no source is back. */
  readonly expired: boolean;
  /** The clock was set, and no source has proven itself since. */
  readonly stepped: boolean;
}

/** A doubt that a witness removes: the second is confirmed by somebody else. */
const isSecondConfirmed = ({ reason }: Doubt, { witness }: Assessment): boolean =>
  reason === 'utc_offset_suspect' && confirmsSeconds(witness);

/** What speaks against any lock: at this moment, or by what was claimed before. */
function commonDoubts({ doubts }: Assessment, past: Past, isPtp: boolean): readonly Doubt[] {
  const jumped = doubtOfPast(past, isPtp);
  return jumped === undefined ? doubts : [...doubts, jumped];
}

/** All that speaks against this path. */
function doubtsOf({ source }: SteeringPath, assessment: Assessment, past: Past): readonly Doubt[] {
  const { ptpDoubts } = assessment;
  const doubts = commonDoubts(assessment, past, source === 'ptp');
  if (source !== 'ptp') return doubts;
  const open = ptpDoubts.grandmaster.filter((doubt) => !isSecondConfirmed(doubt, assessment));
  return [...doubts, ...ptpDoubts.path, ...open];
}

function confirmedNotes({ source }: SteeringPath, assessment: Assessment): ReasonCode[] {
  const isOne = assessment.ptpDoubts.grandmaster.some((doubt) => isSecondConfirmed(doubt, assessment));
  return source === 'ptp' && isOne ? ['utc_offset_confirmed'] : [];
}

/** The level that may be claimed: `locked` needs a measured clock and no doubt. */
export const capped = (
  level: LockLevel,
  steering: SteeringPath,
  assessment: Assessment,
  past: Past,
): LockLevel =>
  level === 'locked' && (!steering.measured || doubtsOf(steering, assessment, past).length > 0)
    ? 'tracking'
    : level;

const notThere: ReadonlySet<ReasonCode> = new Set(['ptp_absent', 'ntp_absent']);

/** Why the other path is not used, unless it simply is not there or feeds this one. */
const otherReasons = (chosen: SteeringPath, other: SteeringPath | BlockedPath): readonly ReasonCode[] =>
  chosen.notes.includes('refclock_via_chrony') ||
  isSteering(other) ||
  other.reason === undefined ||
  notThere.has(other.reason)
    ? []
    : [other.reason];

function mainReason(steering: SteeringPath, level: LockLevel): ReasonCode {
  const isFar = Math.abs(steering.sample.offset_ns) >= steering.limits.tracking_ns;
  return steering.source === 'ntp' && level === 'acquiring' && isFar
    ? 'ntp_slewing'
    : `${steering.source}_${level}`;
}

const unique = (codes: readonly ReasonCode[]): ReasonCode[] => [...new Set(codes)];

const joined = (...parts: readonly string[]): string =>
  [...new Set(parts)].filter((part) => part !== '').join('; ');

const hasDoubt = (doubts: readonly Doubt[], wanted: ReasonCode): boolean =>
  doubts.some(({ reason }) => reason === wanted);

const contradictions: ReadonlySet<ReasonCode> = new Set([
  'tai_utc_mistake',
  'ptp_ntp_disagree',
  'source_jumped',
]);

/** What leaves no claim on true time: that it is contradicted. */
const contradictionIn = (doubts: readonly Doubt[]): Doubt | undefined =>
  doubts.find(({ reason }) => contradictions.has(reason));

/** With two that steer, either may set the clock last: the wider bound holds, and no claim on true time where one has none. */
function widest(bound: ErrorBound, { measured }: Assessment): ErrorBound {
  const wide = measured.reduce(widerAbsolute, bound);
  return wide.absolute_ns === undefined
    ? relativeOnly(bound, wide.unbounded ?? 'another source has none')
    : wide;
}

/** After a step of the clock: the claim of before, with the step, until a source has proven that it is less. */
function boundSoFar(bound: ErrorBound, { past, now_ms, stepped }: Background): ErrorBound {
  const before = stepped ? boundOfPast(past, now_ms) : undefined;
  if (before === undefined || (bound.absolute_ns === undefined && bound.relative_ns !== undefined))
    return bound;
  return (bound.absolute_ns ?? 0) < (before.absolute_ns ?? 0) ? before : bound;
}

/** The bound with the offset that is told beside it, which may lie outside a claim of before. */
function withOffset(bound: ErrorBound, { measured, sample }: SteeringPath): ErrorBound {
  const missing_ns = measured ? Math.abs(sample.offset_ns) - (bound.absolute_ns ?? Infinity) : 0;
  return missing_ns > 0 ? widened(bound, { name: 'offset', ns: missing_ns }) : bound;
}

/** While it is not known whether the source has jumped, what it claims and what was claimed before may each be true. */
function withPending(bound: ErrorBound, { past: { pending } }: Background): ErrorBound {
  if (pending === undefined || bound.absolute_ns === undefined) return bound;
  const { relative_ns } = bound; // of the grandmaster nothing else is known than before
  const wide = widened(bound, { name: 'source_moved', ns: Math.abs(pending.ns) + pending.half_ns });
  return { ...wide, ...(relative_ns === undefined ? {} : { relative_ns }) };
}

/** Contradicted, no bound on true time holds. Where the grandmaster cannot give one, a server that measures the clock does. */
function boundUnder(
  doubts: readonly Doubt[],
  steering: SteeringPath,
  assessment: Assessment,
  background: Background,
): ErrorBound {
  const isPtp = steering.source === 'ptp';
  const bound = isPtp ? boundOfDoubted(steering.bound, assessment.ptpDoubts) : steering.bound;
  const contradiction = contradictionIn(doubts);
  if (contradiction !== undefined) return relativeOnly(bound, contradiction.explanation);
  const { witness, offsets } = assessment;
  if (isPtp && bound.absolute_ns === undefined && witness !== undefined)
    return witnessedBound(bound, witness, steering.bound, largestSince_ns(offsets, witness.measured_ms));
  const ofAll = hasDoubt(doubts, 'conflict') ? widest(bound, assessment) : bound;
  return withPending(withOffset(boundSoFar(ofAll, background), steering), background);
}

/** The bound of a time that is read: reading the clock has an error of its own. */
const asRead = (bound: ErrorBound, { readingError_ns }: Background): ErrorBound =>
  widened(bound, { name: 'clock_reading', ns: readingError_ns });

/** No lock beside a bound that is far above its limit: that of a witness may be. */
const withinBound = (
  level: LockLevel,
  { absolute_ns = 0 }: ErrorBound,
  { limits }: SteeringPath,
): LockLevel => (level === 'locked' && absolute_ns > farOutside * limits.locked_ns ? 'tracking' : level);

const pendingText = ({ past: { pending } }: Background): string =>
  pending === undefined
    ? ''
    : `the source seems to have moved by ${formatNs(Math.abs(pending.ns))}, unless its messages were late` +
      (pending.by === 'servo' && !pending.isTracked
        ? "; how ptp4l's servo moves the clock is not known"
        : '');

/** A live source steers the clock. */
export function concludeSource(
  path: PathName,
  steering: SteeringPath,
  earned: LockLevel,
  assessment: Assessment,
  background: Background,
): Conclusion {
  const { source, measured, notes, sample, explanation } = steering;
  const { past } = background;
  const doubts = doubtsOf(steering, assessment, past);
  const bound = asRead(boundUnder(doubts, steering, assessment, background), background);
  const level = withinBound(capped(earned, steering, assessment, past), bound, steering);
  return {
    source,
    quality: level,
    ...(measured ? { offset_ns: sample.offset_ns } : {}),
    bound,
    reasons: unique([
      mainReason(steering, level),
      ...doubts.map((doubt) => doubt.reason),
      ...notes,
      ...confirmedNotes(steering, assessment),
      ...(background.stepped ? (['clock_stepped'] as const) : []),
      ...otherReasons(steering, assessment.paths[path === 'direct' ? 'chrony' : 'direct']),
    ]),
    evidence: joined(explanation, ...doubts.map((doubt) => doubt.explanation), pendingText(background)),
  };
}

/** Why each path is blocked. A daemon that simply is not there needs no mention beside one that is. */
function blockedPaths({ paths }: Assessment): readonly BlockedPath[] {
  const blocked = [paths.direct, paths.chrony].filter((path): path is BlockedPath => !isSteering(path));
  const speaking = blocked.filter(({ reason }) => reason === undefined || !notThere.has(reason));
  return speaking.some(({ reason }) => reason !== undefined) ? speaking : blocked;
}

const reasonsOf = (blocked: readonly BlockedPath[]): readonly ReasonCode[] =>
  blocked.flatMap(({ reason }) => (reason === undefined ? [] : [reason]));

/** Who steers already, though nobody can rely on it yet, may have moved the clock as far as its own bound reaches. */
function boundInHoldover(
  holdover: Holdover,
  steering: SteeringPath | undefined,
  doubts: readonly Doubt[],
  assessment: Assessment,
  background: Background,
): ErrorBound {
  const bound = holdoverBound(holdover, background.now_ms);
  if (steering === undefined) return bound;
  const other = boundUnder(doubts, steering, assessment, background);
  return widerAbsolute(bound, asRead(other, background));
}

/** The source is lost, and the clock runs on. `steering`: what steers it meanwhile. */
export function concludeHoldover(
  holdover: Holdover,
  steering: SteeringPath | undefined,
  assessment: Assessment,
  background: Background,
): Conclusion {
  const { now_ms, past } = background;
  const blocked = blockedPaths(assessment);
  const doubts = steering === undefined ? [] : doubtsOf(steering, assessment, past);
  return {
    source: 'unsynced',
    quality: 'tracking',
    holdover: { since_ms: holdover.since_ms, source: holdover.source },
    bound: boundInHoldover(holdover, steering, doubts, assessment, background),
    reasons: unique(['holdover', ...doubts.map(({ reason }) => reason), ...reasonsOf(blocked)]),
    evidence: joined(
      `${holdover.source} was lost ${formatAgo(now_ms - holdover.since_ms)}, the bound assumes a drift of at most ${(holdover.drift_ppb / 1e3).toFixed(0)} ppm`,
      ...(steering === undefined ? [] : [steering.explanation]),
      ...doubts.map(({ explanation }) => explanation),
      ...blocked.map(({ explanation }) => explanation),
    ),
  };
}

function measuredBound({ measured }: Assessment, doubts: readonly Doubt[]): ErrorBound {
  const contradiction = contradictionIn(doubts);
  if (contradiction !== undefined) return unbounded(contradiction.explanation);
  const absolute = measured.find(({ absolute_ns }) => absolute_ns !== undefined);
  return absolute ?? measured[0] ?? unbounded('nothing measures the system clock');
}

/** Nothing steers the clock. The bound is that of whoever measures it all the same. */
export function concludeUnsynced(assessment: Assessment, background: Background): Conclusion {
  const { ptp, ntp } = assessment;
  const blocked = blockedPaths(assessment);
  const doubts = commonDoubts(assessment, background.past, ptp.live !== undefined);
  const reasons = reasonsOf(blocked);
  const acquiring =
    reasons.includes('ptp_uncalibrated') || (reasons.includes(ntp.reason ?? 'starting') && ntp.acquiring);
  const nobody = ptp.reason === 'ptp_absent' && ntp.reason === 'ntp_absent';
  return {
    source: 'unsynced',
    quality: acquiring ? 'acquiring' : 'freerun',
    bound: asRead(boundSoFar(measuredBound(assessment, doubts), background), background),
    reasons: unique([
      ...(background.expired ? (['holdover_expired'] as const) : []),
      ...(background.stepped ? (['clock_stepped'] as const) : []),
      ...(nobody ? (['no_daemon'] as const) : reasons),
      ...doubts.map((doubt) => doubt.reason),
    ]),
    evidence: joined(
      ...blocked.map(({ explanation }) => explanation),
      ...doubts.map((doubt) => doubt.explanation),
    ),
  };
}
