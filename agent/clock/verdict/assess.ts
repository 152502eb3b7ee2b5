// Everything that the evidence shows at one moment; what earlier moments showed is remembered by the judge.

import { known } from '../../lib/known.ts';
import type { Evidence } from '../facts.ts';
import type { ErrorBound } from '../types.ts';
import type { Updates } from './bounds/ntpbound.ts';
import { addOffsets, noOffsets, type Offsets, spreadOf } from './bounds/offsets.ts';
import { confirmsSeconds, pathDelay_ns } from './bounds/ptpbound.ts';
import { boundOfNtp, boundOfPtp, boundOfWitness, type WitnessBound } from './bounds/sources.ts';
import { relativeOnly, unbounded } from './bounds/terms.ts';
import { chronyPath, type FedRefclocks } from './chronypath.ts';
import { directPath } from './directpath.ts';
import { compareSources, conflictOf, type Doubt, grandmasterDoubts, pathDoubts, steerers } from './doubts.ts';
import { whyImplausible } from './grandmaster.ts';
import { type Leap, leapNow, type UtcOffset, utcOffsetAfter } from './leap.ts';
import { assessNtp, type NtpAssessment, type NtpMemory } from './ntp.ts';
import { forgiven_ms, type Past } from './past/past.ts';
import { type BlockedPath, isSteering, type PathName, type SteeringPath } from './paths.ts';
import { assessPtp, type PtpAssessment, type PtpLive, type PtpMemory } from './ptp.ts';
import type { ClockSettings } from './settings.ts';

/** What was learned before and bears on this moment. */
export interface Remembered extends NtpMemory {
  readonly offsets: Offsets;
  readonly past: Past;
  readonly measuringSince_ms?: PtpMemory['measuringSince_ms'];
  /** What PTP and NTP were last seen to differ by, while nothing has refuted it. */
  readonly contradiction?: Contradiction;
  readonly utcOffset?: UtcOffset;
  readonly leap?: Leap;
  readonly followed?: Followed;
  readonly fedRefclocks: FedRefclocks;
}

/** What PTP and NTP contradicted each other in, and when both were there last, monotonic ms. */
interface Contradiction extends Doubt {
  readonly heard_ms: number;
}

/** A master that ptp4l follows without a break. */
interface Followed {
  readonly whom: string;
  readonly since_ms: number;
  /** When the path delay was last seen not to be measured, monotonic ms. */
  readonly delayLost_ms?: number;
}

/** What the evidence of one moment comes to. */
export interface Assessment {
  readonly ptp: PtpAssessment;
  readonly ntp: NtpAssessment;
  readonly paths: Paths;
  /** Speak against any lock, beside what the past says. */
  readonly doubts: readonly Doubt[];
  readonly ptpDoubts: PtpDoubts;
  /** Bound of the system clock by an NTP server that measures it; undefined where none does. */
  readonly witness?: WitnessBound;
  /** Bound that was measured of the system clock, also where the one who measures does not steer. */
  readonly measured: readonly ErrorBound[];
  readonly offsets: Offsets;
  readonly updates: Updates;
  readonly followed?: Followed;
  readonly contradiction?: Contradiction;
  readonly leap?: Leap;
}

/** What speaks only against a lock to PTP. */
export interface PtpDoubts {
  /** Against the path to the grandmaster: no bound of any kind holds. */
  readonly path: readonly Doubt[];
  /** Against what the grandmaster claims: none on true time holds. */
  readonly grandmaster: readonly Doubt[];
}

/** The bound of PTP without what the doubts exclude. */
export function boundOfDoubted(bound: ErrorBound, { path, grandmaster }: PtpDoubts): ErrorBound {
  const [pathDoubt] = path;
  const [claimDoubt] = grandmaster;
  if (pathDoubt !== undefined) return unbounded(pathDoubt.explanation);
  return claimDoubt === undefined ? bound : relativeOnly(bound, claimDoubt.explanation);
}

type Paths = Readonly<Record<PathName, SteeringPath | BlockedPath>>;

/** The paths that the mode admits. Mode `ptp` admits chronyd only where PTP feeds, or should feed, it. */
function admitted(paths: Paths, { mode }: ClockSettings): Paths {
  if (mode === 'chrony') return { ...paths, direct: { explanation: '' } };
  const { chrony } = paths;
  const isPtpFed = isSteering(chrony) ? chrony.source === 'ptp' : chrony.reason === 'refclock_unfed';
  return mode === 'ptp' && !isPtpFed ? { ...paths, chrony: { explanation: '' } } : paths;
}

const offsetsNow = (before: Offsets, { live }: PtpAssessment, now_ms: number): Offsets =>
  live === undefined
    ? { ...noOffsets, peaks: before.peaks }
    : addOffsets(before, live.facts.syncs, live.regime, now_ms);

/** One of the two that is gone for so long takes its word with it; a chronyd that is restarted, or has lost its servers, does not. */
const goneFor_ms = 3_600_000;

/** What PTP and NTP contradict each other in now, or did when they were last compared. */
function contradictionNow(
  { contradiction: before }: Remembered,
  evidence: Evidence,
  now_ms: number,
  [ptp, ptpBound]: readonly [PtpAssessment, ErrorBound],
  [ntp, ntpBound]: readonly [NtpAssessment, ErrorBound],
): Contradiction | undefined {
  const found = ptp.live && ntp.live && compareSources(evidence, ptp.live, ptpBound, ntp.live, ntpBound);
  if (found === 'agree') return undefined;
  if (found !== undefined) return { ...found, heard_ms: now_ms };
  if (before === undefined) return undefined;
  if (ptp.live !== undefined && evidence.ntp.kind !== 'absent') return { ...before, heard_ms: now_ms };
  return now_ms - before.heard_ms > goneFor_ms ? undefined : before;
}

/** How long ago the path delay was measured by the sign that is most overdue, and by how much that is too long. */
function delayAge({ delaySigns }: PtpLive, { since_ms }: Pick<Followed, 'since_ms'>, now_ms: number) {
  const ages = delaySigns.map(({ seen_ms, limit_ms }) => {
    const sinceMeasured_ms = now_ms - Math.max(seen_ms, since_ms);
    return { sinceMeasured_ms, over_ms: sinceMeasured_ms - limit_ms };
  });
  const unwatched = { sinceMeasured_ms: 0, over_ms: 0 };
  return ages.reduce((most, age) => (age.over_ms > most.over_ms ? age : most), ages[0] ?? unwatched);
}

/** Whom ptp4l follows, and whether the path to it is measured. */
function followedNow(
  { followed }: Remembered,
  { live, reason }: PtpAssessment,
  now_ms: number,
): Followed | undefined {
  const isPause = reason === 'ptp_stale_sync' || reason === 'ptp_no_answer';
  if (live === undefined) return isPause ? followed : undefined;
  const now: Followed = followed?.whom === live.follows ? followed : { whom: live.follows, since_ms: now_ms };
  return delayAge(live, now, now_ms).over_ms > 0 ? { ...now, delayLost_ms: now_ms } : now;
}

/** What speaks only against a lock to PTP. */
function ptpDoubtsOf(
  remembered: Remembered,
  { live }: PtpAssessment,
  offsets: Offsets,
  followed: Followed | undefined,
  now_ms: number,
): PtpDoubts {
  if (live === undefined || followed === undefined) return { path: [], grandmaster: [] };
  const { sinceMeasured_ms, over_ms } = delayAge(live, followed, now_ms);
  const sinceLost_ms = now_ms - (followed.delayLost_ms ?? -Infinity);
  const ages = { sinceMeasured_ms, isOld: over_ms > 0, sinceLost_ms };
  return {
    path: pathDoubts(live, pathDelay_ns(live.facts, live.port), spreadOf(offsets), ages),
    grandmaster: grandmasterDoubts(live, remembered.utcOffset?.believed_s),
  };
}

/** Assesses the evidence of one moment. `now_ms` is monotonic. */
export function assess(
  remembered: Remembered,
  evidence: Evidence,
  now_ms: number,
  settings: ClockSettings,
): Assessment {
  const ptp = assessPtp(evidence.ptp, now_ms, settings, {
    ...known({ measuringSince_ms: remembered.measuringSince_ms, follows: remembered.followed?.whom }),
  });
  const ntp = assessNtp(evidence, now_ms, settings, remembered);
  const offsets = offsetsNow(remembered.offsets, ptp, now_ms);
  const ptpBound = ptp.live ? boundOfPtp(ptp.live, offsets, settings) : unbounded(ptp.explanation);
  const ntpBound = ntp.live ? boundOfNtp(ntp.live, settings) : unbounded(ntp.explanation);
  const contradiction = contradictionNow(remembered, evidence, now_ms, [ptp, ptpBound], [ntp, ntpBound]);
  const followed = followedNow(remembered, ptp, now_ms);
  const witness = contradiction === undefined ? boundOfWitness(ntp.live, settings, now_ms) : undefined;
  const ptpDoubts = ptpDoubtsOf(remembered, ptp, offsets, followed, now_ms);
  const paths = {
    direct: directPath(ptp, ptpBound, evidence, settings),
    chrony: chronyPath(ptp, ntp, ptpBound, remembered.fedRefclocks, settings),
  };
  return {
    ptp,
    ntp,
    paths: admitted(paths, settings),
    doubts: [
      ...conflictOf(steerers(ptp, ntp, evidence), evidence),
      ...(contradiction === undefined ? [] : [contradiction]),
    ],
    ptpDoubts,
    measured: [
      ...(ptp.live?.clock === 'system' ? [boundOfDoubted(ptpBound, ptpDoubts)] : []),
      ...(ntp.live === undefined ? [] : [ntpBound]),
    ],
    offsets,
    updates: ntp.live?.updates ?? remembered.updates,
    ...known({ witness, contradiction, followed, leap: leapNow(remembered.leap, evidence, now_ms) }),
  };
}

/** currentUtcOffset to believe from now on. */
export function utcOffsetNow(
  { utcOffset }: Remembered,
  { ptp, witness, leap }: Assessment,
  now_ms: number,
): UtcOffset | undefined {
  const { timeProperties: properties, parent } = ptp.live?.facts ?? {};
  const isSaid = properties?.ptpTimescale === true && properties.currentUtcOffsetValid;
  if (!isSaid || whyImplausible(parent, properties) !== undefined)
    return utcOffset && { believed_s: utcOffset.believed_s };
  const { currentUtcOffset_s } = properties;
  return utcOffsetAfter(utcOffset, currentUtcOffset_s, confirmsSeconds(witness), leap, now_ms, forgiven_ms);
}
