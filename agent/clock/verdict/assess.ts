// Everything that the evidence shows at one moment; what earlier moments showed is remembered by the judge.

import type { Evidence } from '../facts.ts';
import type { ErrorBound } from '../types.ts';
import { addOffset, noOffsets, type Offsets, unbounded } from './bound.ts';
import { compareSources, type Doubt, steerers, utcOffsetDoubt } from './doubts.ts';
import { assessNtp, type NtpAssessment } from './ntp.ts';
import {
  type BlockedPath,
  boundOfNtp,
  boundOfPtp,
  chronyPath,
  directPath,
  isSteering,
  type PathName,
  type SteeringPath,
} from './paths.ts';
import { assessPtp, type PtpAssessment } from './ptp.ts';
import type { ClockSettings } from './settings.ts';

/** What was learned before and bears on this moment. */
export interface Remembered {
  readonly offsets: Offsets;
  /** When ptp4l was first seen measuring without being SLAVE, monotonic ms. */
  readonly measuringSince_ms?: number;
  /** chronyd's ref_time when somebody set the clock: what it says with it no longer holds. */
  readonly outdatedRef_s?: number;
}

/** What the evidence of one moment comes to. */
export interface Assessment {
  readonly ptp: PtpAssessment;
  readonly ntp: NtpAssessment;
  readonly paths: Paths;
  /** Speak against any lock. */
  readonly doubts: readonly Doubt[];
  /** Speaks only against a lock to PTP. */
  readonly utcOffsetDoubt?: Doubt;
  /** Bound that was measured of the system clock, also where the one who measures does not steer. */
  readonly measured: readonly ErrorBound[];
  readonly offsets: Offsets;
}

type Paths = Readonly<Record<PathName, SteeringPath | BlockedPath>>;

/** The paths that the mode admits. Mode `ptp` admits chronyd only where PTP feeds, or should feed, it. */
function admitted(paths: Paths, { mode }: ClockSettings): Paths {
  if (mode === 'chrony') return { ...paths, direct: { explanation: '' } };
  const { chrony } = paths;
  const isPtpFed = isSteering(chrony) ? chrony.source === 'ptp' : chrony.reason === 'refclock_unfed';
  return mode === 'ptp' && !isPtpFed ? { ...paths, chrony: { explanation: '' } } : paths;
}

function offsetsNow(before: Offsets, { live }: PtpAssessment): Offsets {
  return live === undefined ? noOffsets : addOffset(before, live.sample, live.facts.timeStatus.gmIdentity);
}

/** Assesses the evidence of one moment. `now_ms` is monotonic. */
export function assess(
  remembered: Remembered,
  evidence: Evidence,
  now_ms: number,
  settings: ClockSettings,
): Assessment {
  const ptp = assessPtp(evidence.ptp, now_ms, settings, remembered.measuringSince_ms);
  const ntp = assessNtp(evidence, now_ms, settings, remembered.outdatedRef_s);
  const offsets = offsetsNow(remembered.offsets, ptp);
  const ptpBound = ptp.live ? boundOfPtp(ptp.live, offsets, settings) : unbounded(ptp.explanation);
  const ntpBound = ntp.live ? boundOfNtp(ntp.live, settings) : unbounded(ntp.explanation);
  const programs = steerers(ptp, ntp, evidence);
  const conflict: Doubt = {
    reason: 'conflict',
    explanation: `${programs.join(' and ')} steer the same clock`,
  };
  const contradiction = compareSources(evidence, ptp.live, ptpBound, ntp.live, ntpBound);
  const suspect = utcOffsetDoubt(ptp.live, ntp.live);
  const paths = {
    direct: directPath(ptp, offsets, evidence, settings),
    chrony: chronyPath(ptp, ntp, offsets, settings),
  };
  return {
    ptp,
    ntp,
    paths: admitted(paths, settings),
    doubts: [
      ...(programs.length > 1 ? [conflict] : []),
      ...(contradiction === undefined ? [] : [contradiction]),
    ],
    ...(suspect === undefined ? {} : { utcOffsetDoubt: suspect }),
    measured: [
      ...(ptp.live?.clock === 'system' ? [ptpBound] : []),
      ...(ntp.live === undefined ? [] : [ntpBound]),
    ],
    offsets,
  };
}
