// What a grandmaster of ours announces of its clock (IEEE 1588-2019 tables 4 and 5, and 7.6.2): never more than is known.
import type { Reading } from '../../lib/reading.ts';
import { type ChronyFacts, selectedSource } from '../facts.ts';
import { clockAccuracyOctet } from '../verdict/grandmaster.ts';
import type { ClockVerdict } from '../verdict/judge.ts';
import { liveSource } from '../verdict/ntp.ts';

/** What ptp4l is told to announce, by the names of the standard. */
export interface Announcement {
  readonly clockClass: number;
  readonly clockAccuracy: number;
  readonly offsetScaledLogVariance: number;
  readonly currentUtcOffset_s: number;
  /** The second octet of flagField. */
  readonly flags: number;
  readonly timeSource: number;
}

/** What is seen at one moment. */
export interface ServerEvidence {
  readonly verdict: Pick<ClockVerdict, 'source' | 'quality' | 'bound'>;
  readonly ntp: Reading<ChronyFacts>;
  /** With stamps of the hardware ptp4l serves TAI, with those of software the system's UTC. */
  readonly hardware: boolean;
  /** Bound above which a clock without its reference is told to be none. */
  readonly tracking_ns: number;
}

const flag = {
  leap61: 0x01,
  leap59: 0x02,
  currentUtcOffsetValid: 0x04,
  ptpTimescale: 0x08,
  timeTraceable: 0x10,
  frequencyTraceable: 0x20,
} as const;

/** TAI minus UTC since 2017; after a leap second it is that of a newer version of this program. */
const utcOffset_s = 37;

/** Classes of the two timescales: PTP's own, and one that is as good but counts otherwise, such as UTC. */
const classes = {
  ptp: { reference: 6, holdover: 7 },
  arbitrary: { reference: 13, holdover: 14 },
} as const;
const unsynchronisedClass = 248;
const unknownAccuracy = 0xfe;
const unknownVariance = 0xffff;
const timeSources = { gnss: 0x20, oscillator: 0xa0 } as const;

/** A refclock that is not fed by PTP. */
const isReference = (name: string): boolean => !/^(PTP|PHC)/i.test(name);

type State = 'reference' | 'holdover' | 'unsynchronised';

/** The same while a reference that chronyd still holds to is silent, or none is left. */
function stateNow(before: Announcement | undefined, seen: ServerEvidence): State {
  const { quality, bound } = seen.verdict;
  const isBounded = (bound.absolute_ns ?? Infinity) <= seen.tracking_ns;
  if (seen.ntp.kind !== 'fresh' || !isBounded || !['locked', 'tracking'].includes(quality))
    return 'unsynchronised';
  const { value: facts } = seen.ntp;
  const live = liveSource(facts);
  if (live?.mode === 'refclock' && isReference(live.name)) return 'reference';
  const wasReference = before !== undefined && before.clockClass !== unsynchronisedClass;
  const other = live ?? selectedSource(facts);
  const isOwn = other === undefined || (other.mode === 'refclock' && isReference(other.name));
  return wasReference && isOwn ? 'holdover' : 'unsynchronised';
}

function leapFlags({ ntp }: ServerEvidence): number {
  const leap = ntp.kind === 'fresh' ? ntp.value.tracking.leap : 'normal';
  return leap === 'insert' ? flag.leap61 : leap === 'delete' ? flag.leap59 : 0;
}

/** A class can keep no finer accuracy than that in holdover. */
const finestInHoldover_ns = 100;
/** A bound must be so much smaller than an accuracy before that is announced, so that clients do not change at each look. */
const finer = 0.7;

/** The octet for a bound; the one of before where it is as good. */
function accuracyOf(bound_ns: number, before: Announcement | undefined): number {
  const now = clockAccuracyOctet(bound_ns);
  const isNearlyWorse = clockAccuracyOctet(bound_ns / finer) === before?.clockAccuracy;
  return isNearlyWorse && before !== undefined ? Math.max(now, before.clockAccuracy) : now;
}

/**
 * What to announce now. Traceable only while chronyd follows a reference other than PTP, and in holdover for as long as the
 * bound stays within the tracking limit.
 */
export function announce(before: Announcement | undefined, seen: ServerEvidence): Announcement {
  const state = stateNow(before, seen);
  // the timescale stays as it is whatever the state: who changes it moves all clients by 37 s
  const scale = seen.hardware ? flag.ptpTimescale | flag.currentUtcOffsetValid : 0;
  const common = { offsetScaledLogVariance: unknownVariance, currentUtcOffset_s: utcOffset_s };
  if (state === 'unsynchronised')
    return {
      ...common,
      clockClass: unsynchronisedClass,
      clockAccuracy: unknownAccuracy,
      flags: scale,
      timeSource: timeSources.oscillator,
    };
  const bound_ns = seen.verdict.bound.absolute_ns ?? Infinity;
  const isHeld = state === 'holdover';
  return {
    ...common,
    clockClass: classes[seen.hardware ? 'ptp' : 'arbitrary'][state],
    clockAccuracy: accuracyOf(isHeld ? Math.max(bound_ns, finestInHoldover_ns) : bound_ns, before),
    flags: scale | leapFlags(seen) | flag.timeTraceable | flag.frequencyTraceable,
    timeSource: isHeld ? timeSources.oscillator : timeSources.gnss,
  };
}
