// What a grandmaster says of itself: whether its time is tied to UTC, and whether it can be so at all.
import type { ParentDataSet, PtpFacts, TimeProperties } from '../facts.ts';
import type { ReasonCode } from './reasons.ts';

/** From 0x17 on: six steps each in ps (1588-2019), ns, us and ms, then 1 s and 10 s. */
const accuracies_ns: readonly number[] = [
  ...[1e-3, 1, 1e3, 1e6].flatMap((unit) => [1, 2.5, 10, 25, 100, 250].map((step) => step * unit)),
  1e9,
  10e9,
];
const firstAccuracy = 0x17;

/** Upper bound in ns of a clockAccuracy octet (IEEE 1588-2019 table 5); undefined for ">10 s", unknown, profile and reserved values. */
export const clockAccuracy_ns = (octet: number): number | undefined => accuracies_ns[octet - firstAccuracy];

/** The finest clockAccuracy octet that such a bound keeps; 0x31 for more than 10 s. */
export function clockAccuracyOctet(bound_ns: number): number {
  const at = accuracies_ns.findIndex((one) => bound_ns <= one);
  return firstAccuracy + (at < 0 ? accuracies_ns.length : at);
}

const hex = (octet: number): string => `0x${octet.toString(16).padStart(2, '0')}`;

/** clockClass of a grandmaster that is at its primary reference, or within specification of it (6, 7; G.8275: 135). */
const traceableClasses: ReadonlySet<number> = new Set([6, 7, 135]);

/** Why a grandmaster's time is not tied to UTC; undefined when it is. */
export function whyUntraceable(parent?: ParentDataSet, properties?: TimeProperties): string | undefined {
  if (parent === undefined || properties === undefined)
    return 'the data sets of the grandmaster are not known';
  if (!traceableClasses.has(parent.gmClockClass))
    return `clockClass ${parent.gmClockClass} of the grandmaster is not tied to a primary reference`;
  if (!properties.timeTraceable) return 'timeTraceable of the grandmaster is 0';
  if (clockAccuracy_ns(parent.gmClockAccuracy) === undefined)
    return `clockAccuracy ${hex(parent.gmClockAccuracy)} of the grandmaster gives no accuracy`;
  return undefined;
}

/** What is told beside a lock to a grandmaster that is not tied to UTC. */
export const grandmasterNotes = ({ facts }: { readonly facts: PtpFacts }): ReasonCode[] =>
  whyUntraceable(facts.parent, facts.timeProperties) === undefined ? [] : ['gm_not_traceable'];

/** TAI minus UTC since 2017. It has never become less. */
const leastUtcOffset_s = 37;

/** Classes that only the PTP timescale has (IEEE 1588-2019 table 4); on an arbitrary one they are 13 and 14. */
const ptpTimescaleClasses: ReadonlySet<number> = new Set([6, 7]);

/** The finest clockAccuracy that a class can keep; a clock in holdover, or that runs free, is not within 25 ns. */
function finestAccuracy_ns(clockClass: number): number {
  if (clockClass === 6 || clockClass === 13) return 0;
  return clockClass === 7 || clockClass === 14 || clockClass === 135 ? 100 : 1000;
}

/** What a grandmaster says of itself that cannot be true; undefined when all of it can. */
export function whyImplausible(parent?: ParentDataSet, properties?: TimeProperties): string | undefined {
  if (parent === undefined || properties === undefined) return undefined;
  const { gmClockClass, gmClockAccuracy } = parent;
  const { ptpTimescale, currentUtcOffset_s } = properties;
  if (ptpTimescale && currentUtcOffset_s < leastUtcOffset_s)
    return `the grandmaster says currentUtcOffset ${currentUtcOffset_s}, which has been ${leastUtcOffset_s} or more since 2017`;
  if (!ptpTimescale && ptpTimescaleClasses.has(gmClockClass))
    return `the grandmaster says clockClass ${gmClockClass} and ptpTimescale 0, which exclude each other`;
  const accuracy_ns = clockAccuracy_ns(gmClockAccuracy);
  if (accuracy_ns !== undefined && accuracy_ns < finestAccuracy_ns(gmClockClass))
    return `the grandmaster says clockAccuracy ${hex(gmClockAccuracy)}, finer than clockClass ${gmClockClass} can keep`;
  return undefined;
}

/** The grandmaster counts in TAI but does not declare its currentUtcOffset valid. */
export const isUtcOffsetSuspect = (properties: TimeProperties): boolean =>
  properties.ptpTimescale && !properties.currentUtcOffsetValid;

const taiMinusUtc_s = { least: 35, most: 39 }; // 37 since 2017; a wrong table is a second or two off

/** Whether a difference looks like forgotten leap seconds: whole seconds, and as many as lie between TAI and UTC. */
export function isTaiUtcMistake(apart_ns: number, currentUtcOffset_s?: number): boolean {
  const seconds = Math.round(Math.abs(apart_ns) / 1e9);
  const isWhole = Math.abs(Math.abs(apart_ns) - seconds * 1e9) < 1e8;
  const isKnown = seconds >= taiMinusUtc_s.least && seconds <= taiMinusUtc_s.most;
  return isWhole && seconds > 0 && (isKnown || seconds === currentUtcOffset_s);
}
