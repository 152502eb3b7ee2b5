// Everything that evidence says at one moment; the memory of earlier moments is the judge's.

import type { Evidence } from '../facts.ts';
import type { ErrorBound } from '../types.ts';
import { unbounded } from './bound.ts';
import type { Way } from './choose.ts';
import { crossCheck, type Doubt, steerers, utcDoubt } from './doubts.ts';
import { type NtpView, viewNtp } from './ntp.ts';
import { addOffset, noOffsets, type Offsets } from './offsets.ts';
import {
  type Blocked,
  boundOfNtp,
  boundOfPtp,
  type Candidate,
  chronyWay,
  directWay,
  isCandidate,
} from './paths.ts';
import { type PtpView, viewPtp } from './ptp.ts';
import type { ClockSettings } from './settings.ts';

/** What was learned before and bears on this moment. */
export interface Memory {
  readonly offsets: Offsets;
  /** When ptp4l was first seen measuring without being SLAVE, monotonic ms. */
  readonly measuringSince_ms?: number;
  /** chronyd's ref_time when somebody set the clock: what it says with it no longer holds. */
  readonly outdatedRef_s?: number;
}

/** All that was weighed at one moment. */
export interface Weighed {
  readonly ptp: PtpView;
  readonly ntp: NtpView;
  readonly ways: Ways;
  /** Speak against any lock. */
  readonly doubts: readonly Doubt[];
  /** Speaks only against a lock to PTP. */
  readonly utcDoubt?: Doubt;
  /** Bound that was measured of the system clock, also where the one who measures does not steer. */
  readonly measured: readonly ErrorBound[];
  readonly offsets: Offsets;
}

type Ways = Readonly<Record<Way, Candidate | Blocked>>;

/** The ways that the mode admits. Mode `ptp` admits chronyd only where PTP feeds, or should feed, it. */
function admitted(ways: Ways, { mode }: ClockSettings): Ways {
  if (mode === 'chrony') return { ...ways, direct: { sentence: '' } };
  const { chrony } = ways;
  const isPtpFed = isCandidate(chrony) ? chrony.source === 'ptp' : chrony.reason === 'refclock_unfed';
  return mode === 'ptp' && !isPtpFed ? { ...ways, chrony: { sentence: '' } } : ways;
}

function offsetsNow(before: Offsets, { live }: PtpView): Offsets {
  return live === undefined ? noOffsets : addOffset(before, live.sample, live.facts.timeStatus.gmIdentity);
}

/** Weighs the evidence. `now_ms` is monotonic. */
export function weigh(memory: Memory, evidence: Evidence, now_ms: number, settings: ClockSettings): Weighed {
  const ptp = viewPtp(evidence.ptp, now_ms, settings, memory.measuringSince_ms);
  const ntp = viewNtp(evidence, now_ms, settings, memory.outdatedRef_s);
  const offsets = offsetsNow(memory.offsets, ptp);
  const ptpBound = ptp.live ? boundOfPtp(ptp.live, offsets, settings) : unbounded(ptp.sentence);
  const ntpBound = ntp.live ? boundOfNtp(ntp.live, settings) : unbounded(ntp.sentence);
  const rivals = steerers(ptp, ntp, evidence);
  const conflict: Doubt = { reason: 'conflict', sentence: `${rivals.join(' and ')} steer the same clock` };
  const contradiction = crossCheck(evidence, ptp.live, ptpBound, ntp.live, ntpBound);
  const suspect = utcDoubt(ptp.live, ntp.live);
  const ways = {
    direct: directWay(ptp, offsets, evidence, settings),
    chrony: chronyWay(ptp, ntp, offsets, settings),
  };
  return {
    ptp,
    ntp,
    ways: admitted(ways, settings),
    doubts: [
      ...(rivals.length > 1 ? [conflict] : []),
      ...(contradiction === undefined ? [] : [contradiction]),
    ],
    ...(suspect === undefined ? {} : { utcDoubt: suspect }),
    measured: [
      ...(ptp.live?.clock === 'system' ? [ptpBound] : []),
      ...(ntp.live === undefined ? [] : [ntpBound]),
    ],
    offsets,
  };
}
