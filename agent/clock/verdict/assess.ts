// Everything that the evidence shows at one moment; what earlier moments showed is remembered by the judge.

import type { Evidence } from '../facts.ts';
import type { ErrorBound } from '../types.ts';
import {
  addOffset,
  confirmsSeconds,
  noOffsets,
  type Offsets,
  pathDelay_ns,
  relativeOnly,
  spreadOf,
  unbounded,
} from './bound.ts';
import { compareSources, type Doubt, grandmasterDoubts, pathDoubts, steerers } from './doubts.ts';
import { assessNtp, type NtpAssessment, type NtpMemory } from './ntp.ts';
import type { Updates } from './ntpbound.ts';
import { doubtOfPast, type Past } from './past/past.ts';
import {
  type BlockedPath,
  boundOfNtp,
  boundOfPtp,
  boundOfWitness,
  chronyPath,
  directPath,
  isSteering,
  type PathName,
  type SteeringPath,
} from './paths.ts';
import { assessPtp, type PtpAssessment, type PtpLive } from './ptp.ts';
import type { ClockSettings } from './settings.ts';

/** What was learned before and bears on this moment. */
export interface Remembered extends NtpMemory {
  readonly offsets: Offsets;
  readonly past: Past;
  /** When ptp4l was first seen measuring without being SLAVE, monotonic ms. */
  readonly measuringSince_ms?: number;
  /** What PTP and NTP were last seen to differ by, while nothing has refuted it. */
  readonly contradiction?: Contradiction;
  /** currentUtcOffset as the grandmaster gave it first, or as NTP has confirmed it since. */
  readonly utcOffset_s?: number;
  readonly followed?: Followed;
  /** Refclocks of chronyd that were selected while ptp4l was there to feed them. */
  readonly fedRefclocks: readonly string[];
}

/** What PTP and NTP contradicted each other in when chronyd answered last, monotonic ms. */
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
  /** Speak against any lock. */
  readonly doubts: readonly Doubt[];
  readonly ptpDoubts: PtpDoubts;
  /** Bound of the system clock by an NTP server that measures it; undefined where none does. */
  readonly witness?: ErrorBound;
  /** Bound that was measured of the system clock, also where the one who measures does not steer. */
  readonly measured: readonly ErrorBound[];
  readonly offsets: Offsets;
  readonly updates: Updates;
  readonly followed?: Followed;
  readonly contradiction?: Contradiction;
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

const offsetsNow = (before: Offsets, { live }: PtpAssessment): Offsets =>
  live === undefined ? noOffsets : addOffset(before, live.sample, live.regime);

/** A witness that is gone for so long takes its word with it; one that is restarted, or has lost its servers, does not. */
const goneFor_ms = 3_600_000;

/** What PTP and NTP contradict each other in now, or did when they were last compared. */
function contradictionNow(
  { contradiction: before }: Remembered,
  evidence: Evidence,
  now_ms: number,
  [ptp, ptpBound]: readonly [PtpAssessment, ErrorBound],
  [ntp, ntpBound]: readonly [NtpAssessment, ErrorBound],
): Contradiction | undefined {
  if (ptp.live !== undefined && ntp.live !== undefined) {
    const found = compareSources(evidence, ptp.live, ptpBound, ntp.live, ntpBound);
    return found && { ...found, heard_ms: now_ms };
  }
  if (before === undefined) return undefined;
  if (evidence.ntp.kind !== 'absent') return { ...before, heard_ms: now_ms };
  return now_ms - before.heard_ms > goneFor_ms ? undefined : before;
}

const sinceMeasured_ms = ({ facts }: PtpLive, { since_ms }: Followed, now_ms: number): number =>
  now_ms - Math.max(facts.delaySeen_ms, since_ms);

/** Whom ptp4l follows, and whether the path to it is measured. */
function followedNow(
  { followed }: Remembered,
  { live }: PtpAssessment,
  now_ms: number,
): Followed | undefined {
  if (live === undefined) return undefined;
  const now: Followed = followed?.whom === live.follows ? followed : { whom: live.follows, since_ms: now_ms };
  return sinceMeasured_ms(live, now, now_ms) > live.delayLimit_ms ? { ...now, delayLost_ms: now_ms } : now;
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
  const ages = {
    sinceMeasured_ms: sinceMeasured_ms(live, followed, now_ms),
    sinceLost_ms: now_ms - (followed.delayLost_ms ?? -Infinity),
  };
  return {
    path: pathDoubts(live, pathDelay_ns(live.facts, live.port), spreadOf(offsets), ages),
    grandmaster: grandmasterDoubts(live, remembered.utcOffset_s),
  };
}

/** Assesses the evidence of one moment. `now_ms` is monotonic. */
export function assess(
  remembered: Remembered,
  evidence: Evidence,
  now_ms: number,
  settings: ClockSettings,
): Assessment {
  const ptp = assessPtp(evidence.ptp, now_ms, settings, remembered.measuringSince_ms);
  const ntp = assessNtp(evidence, now_ms, settings, remembered);
  const offsets = offsetsNow(remembered.offsets, ptp);
  const ptpBound = ptp.live ? boundOfPtp(ptp.live, offsets, settings) : unbounded(ptp.explanation);
  const ntpBound = ntp.live ? boundOfNtp(ntp.live, settings) : unbounded(ntp.explanation);
  const programs = steerers(ptp, ntp, evidence);
  const conflict: Doubt = {
    reason: 'conflict',
    explanation: `${programs.join(' and ')} steer the same clock`,
  };
  const contradiction = contradictionNow(remembered, evidence, now_ms, [ptp, ptpBound], [ntp, ntpBound]);
  const jumped = doubtOfPast(remembered.past);
  const followed = followedNow(remembered, ptp, now_ms);
  const witness = contradiction === undefined ? boundOfWitness(ntp.live, settings) : undefined;
  const ptpDoubts = ptpDoubtsOf(remembered, ptp, offsets, followed, now_ms);
  const paths = {
    direct: directPath(ptp, offsets, evidence, settings),
    chrony: chronyPath(ptp, ntp, offsets, remembered.fedRefclocks, settings),
  };
  return {
    ptp,
    ntp,
    paths: admitted(paths, settings),
    doubts: [
      ...(programs.length > 1 ? [conflict] : []),
      ...(contradiction === undefined ? [] : [contradiction]),
      ...(jumped === undefined ? [] : [jumped]),
    ],
    ptpDoubts,
    measured: [
      ...(ptp.live?.clock === 'system' ? [boundOfDoubted(ptpBound, ptpDoubts)] : []),
      ...(ntp.live === undefined ? [] : [ntpBound]),
    ],
    offsets,
    updates: ntp.live?.updates ?? remembered.updates,
    ...(witness === undefined ? {} : { witness }),
    ...(contradiction === undefined ? {} : { contradiction }),
    ...(followed === undefined ? {} : { followed }),
  };
}

/** currentUtcOffset to believe from now on: the first that a grandmaster declares valid, or one that NTP confirms. */
export function utcOffsetNow({ utcOffset_s }: Remembered, { ptp, witness }: Assessment): number | undefined {
  const properties = ptp.live?.facts.timeProperties;
  if (properties === undefined || !properties.ptpTimescale || !properties.currentUtcOffsetValid)
    return utcOffset_s;
  return utcOffset_s === undefined || confirmsSeconds(witness) ? properties.currentUtcOffset_s : utcOffset_s;
}

const mostRefclocks = 8;

/** The refclocks that PTP was seen to feed. */
export function fedRefclocksNow({ fedRefclocks }: Remembered, { ntp, paths }: Assessment): readonly string[] {
  const isFed = isSteering(paths.chrony) && paths.chrony.notes.includes('refclock_via_chrony');
  const name = ntp.live?.selected.name;
  return !isFed || name === undefined || fedRefclocks.includes(name)
    ? fedRefclocks
    : [...fedRefclocks, name].slice(-mostRefclocks);
}
