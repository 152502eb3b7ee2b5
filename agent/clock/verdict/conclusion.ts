// Puts what was found into the words of a verdict.

import { formatAgo } from '../../lib/format.ts';
import type { ErrorBound, Verdict } from '../types.ts';
import type { Weighed } from './assess.ts';
import { unbounded } from './bound.ts';
import type { Way } from './choose.ts';
import type { Doubt } from './doubts.ts';
import { type Held, heldBound } from './holdover.ts';
import type { Level } from './hysteresis.ts';
import { type Blocked, type Candidate, isCandidate } from './paths.ts';
import type { ReasonCode } from './reasons.ts';
import type { ClockSettings } from './settings.ts';

/** A verdict that does not know yet since when it holds. */
export type Finding = Omit<Verdict<ReasonCode>, 'since_ms'>;

/** What of the past still explains the present. */
interface Past {
  readonly spent: boolean;
  readonly stepped: boolean;
}

const doubtsOf = ({ source }: Candidate, { doubts, utcDoubt }: Weighed): readonly Doubt[] =>
  source === 'ptp' && utcDoubt !== undefined ? [...doubts, utcDoubt] : doubts;

/** The level that may be claimed: `locked` needs a measured clock and no doubt. */
export const capped = (level: Level, candidate: Candidate, weighed: Weighed): Level =>
  level === 'locked' && (!candidate.measured || doubtsOf(candidate, weighed).length > 0) ? 'tracking' : level;

const notThere: ReadonlySet<ReasonCode> = new Set(['ptp_absent', 'ntp_absent']);

/** Why the other way is not used, unless it simply is not there or feeds this one. */
const aside = (chosen: Candidate, other: Candidate | Blocked): readonly ReasonCode[] =>
  chosen.notes.includes('refclock_via_chrony') ||
  isCandidate(other) ||
  other.reason === undefined ||
  notThere.has(other.reason)
    ? []
    : [other.reason];

function mainReason(candidate: Candidate, level: Level): ReasonCode {
  const isFar = Math.abs(candidate.sample.offset_ns) >= candidate.limits.tracking_ns;
  return candidate.source === 'ntp' && level === 'acquiring' && isFar
    ? 'ntp_slewing'
    : `${candidate.source}_${level}`;
}

const unique = (codes: readonly ReasonCode[]): ReasonCode[] => [...new Set(codes)];

const sentences = (...parts: readonly string[]): string =>
  [...new Set(parts)].filter((part) => part !== '').join('; ');

const contradicted = 'PTP and NTP contradict each other';

const hasDoubt = (doubts: readonly Doubt[], ...reasons: readonly ReasonCode[]): boolean =>
  doubts.some(({ reason }) => reasons.includes(reason));

/** Contradicted, no bound holds; with a rival the wider one does, since either may have the last word. */
function boundUnder(doubts: readonly Doubt[], candidate: Candidate, { measured }: Weighed): ErrorBound {
  if (hasDoubt(doubts, 'tai_utc_mistake', 'ptp_ntp_disagree')) {
    const { absolute_ns: _contradicted, ...rest } = candidate.bound;
    return { ...rest, unbounded: contradicted };
  }
  const size = (bound: ErrorBound): number => bound.absolute_ns ?? 0;
  if (!hasDoubt(doubts, 'conflict') || candidate.bound.absolute_ns === undefined) return candidate.bound;
  return measured.reduce((widest, other) => (size(other) > size(widest) ? other : widest), candidate.bound);
}

/** A live source steers the clock. */
export function sayCandidate(
  way: Way,
  candidate: Candidate,
  level: Level,
  weighed: Weighed,
  past: Past,
): Finding {
  const { source, measured, notes, sample, sentence } = candidate;
  const doubts = doubtsOf(candidate, weighed);
  return {
    source,
    quality: level,
    ...(measured ? { offset_ns: sample.offset_ns } : {}),
    bound: boundUnder(doubts, candidate, weighed),
    reasons: unique([
      mainReason(candidate, level),
      ...doubts.map((doubt) => doubt.reason),
      ...notes,
      ...(past.stepped ? (['clock_stepped'] as const) : []),
      ...aside(candidate, weighed.ways[way === 'direct' ? 'chrony' : 'direct']),
    ]),
    evidence: sentences(sentence, ...doubts.map((doubt) => doubt.sentence)),
  };
}

/** Why each way is blocked. A daemon that simply is not there says nothing beside one that is. */
function blockers({ ways }: Weighed): readonly Blocked[] {
  const blocked = [ways.direct, ways.chrony].filter((way): way is Blocked => !isCandidate(way));
  const speaking = blocked.filter(({ reason }) => reason === undefined || !notThere.has(reason));
  return speaking.some(({ reason }) => reason !== undefined) ? speaking : blocked;
}

const reasonsOf = (blocked: readonly Blocked[]): readonly ReasonCode[] =>
  blocked.flatMap(({ reason }) => (reason === undefined ? [] : [reason]));

/** The source is lost, and the clock runs on. */
export function sayHeld(held: Held, weighed: Weighed, now_ms: number, settings: ClockSettings): Finding {
  const blocked = blockers(weighed);
  return {
    source: 'unsynced',
    quality: 'tracking',
    holdover: { since_ms: held.since_ms, source: held.source },
    bound: heldBound(held, now_ms, settings),
    reasons: unique(['holdover', ...reasonsOf(blocked)]),
    evidence: sentences(
      `${held.source} was lost ${formatAgo(now_ms - held.since_ms)}`,
      ...blocked.map(({ sentence }) => sentence),
    ),
  };
}

function measuredBound({ measured, doubts }: Weighed): ErrorBound {
  if (hasDoubt(doubts, 'tai_utc_mistake', 'ptp_ntp_disagree')) return unbounded(contradicted);
  const absolute = measured.find(({ absolute_ns }) => absolute_ns !== undefined);
  return absolute ?? measured[0] ?? unbounded('nothing measures the system clock');
}

/** Nothing steers the clock. The bound is that of whoever measures it all the same. */
export function sayUnsynced(weighed: Weighed, past: Past): Finding {
  const { ptp, ntp } = weighed;
  const blocked = blockers(weighed);
  const reasons = reasonsOf(blocked);
  const acquiring =
    reasons.includes('ptp_uncalibrated') || (reasons.includes(ntp.reason ?? 'starting') && ntp.acquiring);
  const nobody = ptp.reason === 'ptp_absent' && ntp.reason === 'ntp_absent';
  return {
    source: 'unsynced',
    quality: acquiring ? 'acquiring' : 'freerun',
    bound: measuredBound(weighed),
    reasons: unique([
      ...(past.spent ? (['holdover_expired'] as const) : []),
      ...(past.stepped ? (['clock_stepped'] as const) : []),
      ...(nobody ? (['no_daemon'] as const) : reasons),
      ...weighed.doubts.map((doubt) => doubt.reason),
    ]),
    evidence: sentences(
      ...blocked.map(({ sentence }) => sentence),
      ...weighed.doubts.map((doubt) => doubt.sentence),
    ),
  };
}
