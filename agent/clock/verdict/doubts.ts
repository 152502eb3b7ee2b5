// What speaks against a lock though a source looks good: two programs that steer, and sources that contradict.

import { formatAgo, formatNs } from '../../lib/format.ts';
import type { Evidence } from '../facts.ts';
import type { ErrorBound } from '../types.ts';
import type { Spread } from './bounds/offsets.ts';
import { sumOfKinds } from './bounds/terms.ts';
import { isTaiUtcMistake, isUtcOffsetSuspect, whyImplausible } from './grandmaster.ts';
import { isSourceAlive, type NtpAssessment, type NtpLive } from './ntp.ts';
import type { PtpAssessment, PtpLive } from './ptp.ts';
import type { ReasonCode } from './reasons.ts';

/** A reason not to call the clock locked. */
export interface Doubt {
  readonly reason: ReasonCode;
  readonly explanation: string;
}

/** phc2sys may fill a refclock of chronyd (`-E ntpshm`, timemaster) in place of steering the clock. */
export function phc2sysSteers({ disciplines, ntp }: Evidence): boolean {
  const sources = ntp.kind === 'fresh' ? ntp.value.sources : [];
  return disciplines.phc2sys === true && !sources.some(({ mode }) => mode === 'refclock');
}

/** Programs that steer the system clock now. An unknown `-x` counts as steering. */
export function steerers(ptp: PtpAssessment, ntp: NtpAssessment, evidence: Evidence): readonly string[] {
  return [
    ...(ptp.state === 'slave' && ptp.live?.clock === 'system' ? ['ptp4l'] : []),
    ...(phc2sysSteers(evidence) ? ['phc2sys'] : []),
    ...(ntp.live !== undefined && ntp.reason === undefined ? ['chronyd'] : []),
    ...(evidence.disciplines.otherNtp === undefined ? [] : [evidence.disciplines.otherNtp]),
  ];
}

/** That two programs steer the clock, by what is seen of them or by what one of them says. */
export function conflictOf(programs: readonly string[], { disciplines }: Evidence): Doubt[] {
  const { interference } = disciplines;
  if (programs.length > 1)
    return [{ reason: 'conflict', explanation: `${programs.join(' and ')} steer the same clock` }];
  return interference === undefined
    ? []
    : [{ reason: 'conflict', explanation: `${interference} says that something else changes the clock` }];
}

/** An offset from PTP beside one from NTP, both of the same clock, and how far they may be apart. */
interface Pair {
  readonly apart_ns: number;
  readonly allowed_ns: number;
}

const graceWithoutBound_ns = 1e7;

/** How uncertain an offset is: its bound without the offset itself. */
const uncertainty_ns = (bound: ErrorBound): number =>
  bound.terms.length === 0 ? graceWithoutBound_ns : sumOfKinds(bound, 'scatter', 'drift', 'source', 'past');

function direct(ptp: PtpLive, ptpBound: ErrorBound, ntp: NtpLive, ntpBound: ErrorBound): Pair[] {
  if (ptp.clock !== 'system' || ntp.selected.mode === 'refclock') return [];
  const apart_ns = ptp.sample.offset_ns - ntp.measured_ns;
  return [{ apart_ns, allowed_ns: uncertainty_ns(ptpBound) + uncertainty_ns(ntpBound) }];
}

function insideChrony(evidence: Evidence): Pair[] {
  const sources = evidence.ntp.kind === 'fresh' ? evidence.ntp.value.sources.filter(isSourceAlive) : [];
  const servers = sources.filter((source) => source.mode !== 'refclock');
  return sources
    .filter(({ mode }) => mode === 'refclock')
    .flatMap((refclock) =>
      servers.map((server) => ({
        apart_ns: (refclock.offset_s - server.offset_s) * 1e9,
        allowed_ns: Number.POSITIVE_INFINITY, // smaller differences are chronyd's own business
      })),
    );
}

/** Compares PTP with NTP wherever both measure the same clock: the first doubt found. Undefined: there was nothing to compare. */
export function compareSources(
  evidence: Evidence,
  ptp: PtpLive,
  ptpBound: ErrorBound,
  ntp: NtpLive,
  ntpBound: ErrorBound,
): Doubt | 'agree' | undefined {
  const utcOffset_s = ptp.facts.timeProperties?.currentUtcOffset_s;
  const pairs = [...direct(ptp, ptpBound, ntp, ntpBound), ...insideChrony(evidence)];
  for (const { apart_ns, allowed_ns } of pairs) {
    const explanation = `PTP and NTP were measured ${formatNs(Math.abs(apart_ns))} apart`;
    if (isTaiUtcMistake(apart_ns, utcOffset_s))
      return { reason: 'tai_utc_mistake', explanation: `${explanation}, as TAI and UTC are` };
    if (Math.abs(apart_ns) > allowed_ns)
      return {
        reason: 'ptp_ntp_disagree',
        explanation: `${explanation}, more than the ${formatNs(allowed_ns)} allowed`,
      };
  }
  return pairs.length === 0 ? undefined : 'agree';
}

/** Noise may make a short path measure below zero by so much. */
const noisyDelay_ns = (spread: Spread | undefined): number => Math.max(1000, spread?.jitter_ns ?? 0);

/** How long ago the path delay was measured, whether that is too long, and how long ago it was so. */
export interface DelayAges {
  readonly sinceMeasured_ms: number;
  readonly isOld: boolean;
  readonly sinceLost_ms: number;
}

/** What speaks against the path to the grandmaster: no bound of any kind holds then. */
export function pathDoubts(
  ptp: PtpLive,
  delay_ns: number | undefined,
  spread: Spread | undefined,
  { sinceMeasured_ms, isOld, sinceLost_ms }: DelayAges,
): Doubt[] {
  const negative: Doubt = {
    reason: 'path_delay_negative',
    explanation: `the path delay is ${formatNs(delay_ns ?? 0)}, which cannot be`,
  };
  const unmeasured: Doubt = {
    reason: 'path_delay_unmeasured',
    explanation: isOld
      ? `the path delay was measured last ${formatAgo(sinceMeasured_ms)}`
      : 'the path delay has not been measured often enough since that was interrupted',
  };
  return [
    ...((delay_ns ?? 0) < -noisyDelay_ns(spread) ? [negative] : []),
    ...(isOld || sinceLost_ms < ptp.delayFilter_ms ? [unmeasured] : []),
  ];
}

/** What speaks against what the grandmaster says of true time. `utcOffset_s` is what was believed before. */
export function grandmasterDoubts(ptp: PtpLive, utcOffset_s: number | undefined): Doubt[] {
  const { parent, timeProperties } = ptp.facts;
  const now_s = timeProperties?.ptpTimescale ? timeProperties.currentUtcOffset_s : undefined;
  const isOther = now_s !== undefined && utcOffset_s !== undefined && now_s !== utcOffset_s;
  const implausible =
    whyImplausible(parent, timeProperties) ??
    (isOther ? `the grandmaster says currentUtcOffset ${now_s}, which was ${utcOffset_s} before` : undefined);
  const isSuspect = timeProperties !== undefined && isUtcOffsetSuspect(timeProperties);
  const doubts: Doubt[] = [];
  if (implausible !== undefined) doubts.push({ reason: 'gm_implausible', explanation: implausible });
  if (isSuspect)
    doubts.push({
      reason: 'utc_offset_suspect',
      explanation: 'the grandmaster does not declare currentUtcOffset valid',
    });
  return doubts;
}
