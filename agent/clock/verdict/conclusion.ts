// From an assessment to what is published: source, quality, bound, reasons and evidence.

import { formatAgo } from '../../lib/format.ts';
import type { ErrorBound, Verdict } from '../types.ts';
import type { Assessment } from './assess.ts';
import { unbounded } from './bound.ts';
import type { Doubt } from './doubts.ts';
import { type Holdover, holdoverBound } from './holdover.ts';
import type { LockLevel } from './hysteresis.ts';
import { type BlockedPath, isSteering, type PathName, type SteeringPath } from './paths.ts';
import type { ReasonCode } from './reasons.ts';
import type { ClockSettings } from './settings.ts';

/** A verdict without the time since when it holds. */
export type Conclusion = Omit<Verdict<ReasonCode>, 'since_ms'>;

/** What of the past still explains the present. */
interface Past {
  readonly expired: boolean;
  readonly stepped: boolean;
}

const doubtsOf = ({ source }: SteeringPath, { doubts, utcOffsetDoubt }: Assessment): readonly Doubt[] =>
  source === 'ptp' && utcOffsetDoubt !== undefined ? [...doubts, utcOffsetDoubt] : doubts;

/** The level that may be claimed: `locked` needs a measured clock and no doubt. */
export const capped = (level: LockLevel, steering: SteeringPath, assessment: Assessment): LockLevel =>
  level === 'locked' && (!steering.measured || doubtsOf(steering, assessment).length > 0)
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

const contradicted = 'PTP and NTP contradict each other';

const hasDoubt = (doubts: readonly Doubt[], ...reasons: readonly ReasonCode[]): boolean =>
  doubts.some(({ reason }) => reasons.includes(reason));

/** Contradicted, no bound holds; with two that steer, the wider one does, since either may set the clock last. */
function boundUnder(doubts: readonly Doubt[], steering: SteeringPath, { measured }: Assessment): ErrorBound {
  if (hasDoubt(doubts, 'tai_utc_mistake', 'ptp_ntp_disagree')) {
    const { absolute_ns: _contradicted, ...rest } = steering.bound;
    return { ...rest, unbounded: contradicted };
  }
  const size = (bound: ErrorBound): number => bound.absolute_ns ?? 0;
  if (!hasDoubt(doubts, 'conflict') || steering.bound.absolute_ns === undefined) return steering.bound;
  return measured.reduce((widest, other) => (size(other) > size(widest) ? other : widest), steering.bound);
}

/** A live source steers the clock. */
export function concludeSource(
  path: PathName,
  steering: SteeringPath,
  level: LockLevel,
  assessment: Assessment,
  past: Past,
): Conclusion {
  const { source, measured, notes, sample, explanation } = steering;
  const doubts = doubtsOf(steering, assessment);
  return {
    source,
    quality: level,
    ...(measured ? { offset_ns: sample.offset_ns } : {}),
    bound: boundUnder(doubts, steering, assessment),
    reasons: unique([
      mainReason(steering, level),
      ...doubts.map((doubt) => doubt.reason),
      ...notes,
      ...(past.stepped ? (['clock_stepped'] as const) : []),
      ...otherReasons(steering, assessment.paths[path === 'direct' ? 'chrony' : 'direct']),
    ]),
    evidence: joined(explanation, ...doubts.map((doubt) => doubt.explanation)),
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

/** The source is lost, and the clock runs on. */
export function concludeHoldover(
  holdover: Holdover,
  assessment: Assessment,
  now_ms: number,
  settings: ClockSettings,
): Conclusion {
  const blocked = blockedPaths(assessment);
  return {
    source: 'unsynced',
    quality: 'tracking',
    holdover: { since_ms: holdover.since_ms, source: holdover.source },
    bound: holdoverBound(holdover, now_ms, settings),
    reasons: unique(['holdover', ...reasonsOf(blocked)]),
    evidence: joined(
      `${holdover.source} was lost ${formatAgo(now_ms - holdover.since_ms)}`,
      ...blocked.map(({ explanation }) => explanation),
    ),
  };
}

function measuredBound({ measured, doubts }: Assessment): ErrorBound {
  if (hasDoubt(doubts, 'tai_utc_mistake', 'ptp_ntp_disagree')) return unbounded(contradicted);
  const absolute = measured.find(({ absolute_ns }) => absolute_ns !== undefined);
  return absolute ?? measured[0] ?? unbounded('nothing measures the system clock');
}

/** Nothing steers the clock. The bound is that of whoever measures it all the same. */
export function concludeUnsynced(assessment: Assessment, past: Past): Conclusion {
  const { ptp, ntp } = assessment;
  const blocked = blockedPaths(assessment);
  const reasons = reasonsOf(blocked);
  const acquiring =
    reasons.includes('ptp_uncalibrated') || (reasons.includes(ntp.reason ?? 'starting') && ntp.acquiring);
  const nobody = ptp.reason === 'ptp_absent' && ntp.reason === 'ntp_absent';
  return {
    source: 'unsynced',
    quality: acquiring ? 'acquiring' : 'freerun',
    bound: measuredBound(assessment),
    reasons: unique([
      ...(past.expired ? (['holdover_expired'] as const) : []),
      ...(past.stepped ? (['clock_stepped'] as const) : []),
      ...(nobody ? (['no_daemon'] as const) : reasons),
      ...assessment.doubts.map((doubt) => doubt.reason),
    ]),
    evidence: joined(
      ...blocked.map(({ explanation }) => explanation),
      ...assessment.doubts.map((doubt) => doubt.explanation),
    ),
  };
}
