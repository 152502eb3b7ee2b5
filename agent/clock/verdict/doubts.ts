// What speaks against a lock though a source looks good: two programs that steer, and sources that contradict.

import { formatNs } from '../../lib/format.ts';
import type { ChronySource, Evidence } from '../facts.ts';
import type { ErrorBound } from '../types.ts';
import { isUtcOffsetSuspect } from './bound.ts';
import { isSourceAlive, type NtpAssessment, type NtpLive } from './ntp.ts';
import type { PtpAssessment, PtpLive } from './ptp.ts';
import type { ReasonCode } from './reasons.ts';

/** A reason not to call the clock locked. */
export interface Doubt {
  readonly reason: ReasonCode;
  readonly explanation: string;
}

/** Whether a chronyd source is a reference that linuxptp may feed: by their default refids, or PTP by habit. */
export const isPtpRefclock = (source: ChronySource): boolean =>
  source.mode === 'refclock' && /^(PHC|PTP|SHM)/.test(source.name);

/** phc2sys may fill a refclock of chronyd (`-E ntpshm`, timemaster) in place of steering the clock. */
export function phc2sysSteers({ disciplines, ntp }: Evidence): boolean {
  const sources = ntp.kind === 'fresh' ? ntp.value.sources : [];
  const feeds = sources.some((source) => source.mode === 'refclock' && /^(PTP|SHM)/.test(source.name));
  return disciplines.phc2sys === true && !feeds;
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

const taiMinusUtc_s = { least: 35, most: 39 }; // 37 since 2017; a wrong table is a second or two off

/** Whether a difference looks like forgotten leap seconds: whole seconds, and as many as lie between TAI and UTC. */
function isTaiUtcMistake(apart_ns: number, currentUtcOffset_s: number | undefined): boolean {
  const seconds = Math.round(Math.abs(apart_ns) / 1e9);
  const isWhole = Math.abs(Math.abs(apart_ns) - seconds * 1e9) < 1e8;
  const isKnown = seconds >= taiMinusUtc_s.least && seconds <= taiMinusUtc_s.most;
  return isWhole && seconds > 0 && (isKnown || seconds === currentUtcOffset_s);
}

/** An offset from PTP beside one from NTP, both of the same clock, and how far they may be apart. */
interface Pair {
  readonly apart_ns: number;
  readonly allowed_ns: number;
}

const graceWithoutBound_ns = 1e7;

/** How uncertain an offset is: its bound without the offset itself. */
const uncertainty_ns = ({ terms }: ErrorBound): number =>
  terms.length === 0
    ? graceWithoutBound_ns
    : terms.reduce(
        (sum, { name, ns }) => (name === 'mean_offset' || name === 'system_time' ? sum : sum + ns),
        0,
      );

function direct(ptp: PtpLive | undefined, ptpBound: ErrorBound, ntp: NtpLive, ntpBound: ErrorBound): Pair[] {
  if (ptp?.clock !== 'system' || isPtpRefclock(ntp.selected)) return [];
  const apart_ns = ptp.sample.offset_ns - ntp.sample.offset_ns;
  return [{ apart_ns, allowed_ns: uncertainty_ns(ptpBound) + uncertainty_ns(ntpBound) }];
}

function insideChrony(evidence: Evidence): Pair[] {
  const sources = evidence.ntp.kind === 'fresh' ? evidence.ntp.value.sources.filter(isSourceAlive) : [];
  const servers = sources.filter((source) => source.mode !== 'refclock');
  return sources.filter(isPtpRefclock).flatMap((refclock) =>
    servers.map((server) => ({
      apart_ns: (refclock.offset_s - server.offset_s) * 1e9,
      allowed_ns: Number.POSITIVE_INFINITY, // smaller differences are chronyd's own business
    })),
  );
}

/** Compares PTP with NTP wherever both measure the same clock. The first doubt found, or undefined. */
export function compareSources(
  evidence: Evidence,
  ptp: PtpLive | undefined,
  ptpBound: ErrorBound,
  ntp: NtpLive | undefined,
  ntpBound: ErrorBound,
): Doubt | undefined {
  if (ntp === undefined) return undefined;
  const utcOffset_s = ptp?.facts.timeProperties?.currentUtcOffset_s;
  for (const { apart_ns, allowed_ns } of [
    ...direct(ptp, ptpBound, ntp, ntpBound),
    ...insideChrony(evidence),
  ]) {
    const explanation = `PTP and NTP are ${formatNs(Math.abs(apart_ns))} apart`;
    if (isTaiUtcMistake(apart_ns, utcOffset_s))
      return { reason: 'tai_utc_mistake', explanation: `${explanation}, as TAI and UTC are` };
    if (Math.abs(apart_ns) > allowed_ns)
      return {
        reason: 'ptp_ntp_disagree',
        explanation: `${explanation}, more than the ${formatNs(allowed_ns)} allowed`,
      };
  }
  return undefined;
}

/** Whether whole seconds may be wrong: the grandmaster does not declare currentUtcOffset valid, and no NTP server confirms them. */
export function utcOffsetDoubt(ptp: PtpLive | undefined, ntp: NtpLive | undefined): Doubt | undefined {
  const properties = ptp?.facts.timeProperties;
  if (properties === undefined || !isUtcOffsetSuspect(properties)) return undefined;
  if (ntp?.witnessed === true) return undefined;
  return {
    reason: 'utc_offset_suspect',
    explanation: 'the grandmaster does not declare currentUtcOffset valid',
  };
}
