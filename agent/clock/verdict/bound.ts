// How far the system clock can be from true time, each term named. Formulas: facts on time, section 3,
// after facebook's fbclock (PTP) and the chrony documentation (NTP).
import type { ChronyTracking, ParentDataSet, PtpFacts, PtpPort, TimeProperties } from '../facts.ts';
import type { BoundTerm, ErrorBound } from '../types.ts';
import type { OffsetSample } from './hysteresis.ts';

/** From 0x17 on: six steps each in ps (1588-2019), ns, us and ms, then 1 s and 10 s. */
const accuracies_ns: readonly number[] = [
  ...[1e-3, 1, 1e3, 1e6].flatMap((unit) => [1, 2.5, 10, 25, 100, 250].map((step) => step * unit)),
  1e9,
  10e9,
];
const firstAccuracy = 0x17;

/** Upper bound in ns of a clockAccuracy octet (IEEE 1588-2019 table 5); undefined for ">10 s", unknown, profile and reserved values. */
export const clockAccuracy_ns = (octet: number): number | undefined => accuracies_ns[octet - firstAccuracy];

/** clockClass of a grandmaster that is at its primary reference, or within specification of it (6, 7; G.8275: 135). */
const traceableClasses: ReadonlySet<number> = new Set([6, 7, 135]);

/** Why a grandmaster's time cannot be tied to UTC; undefined when it can. */
export function whyUntraceable(parent?: ParentDataSet, properties?: TimeProperties): string | undefined {
  if (parent === undefined || properties === undefined)
    return 'the data sets of the grandmaster are not known';
  if (!traceableClasses.has(parent.gmClockClass))
    return `clockClass ${parent.gmClockClass} of the grandmaster is not tied to a primary reference`;
  if (!properties.timeTraceable) return 'timeTraceable of the grandmaster is 0';
  if (clockAccuracy_ns(parent.gmClockAccuracy) === undefined)
    return `clockAccuracy 0x${parent.gmClockAccuracy.toString(16)} of the grandmaster gives no accuracy`;
  if (isUtcOffsetSuspect(properties)) return 'currentUtcOffset is not valid, whole seconds may be wrong';
  return undefined;
}

/** The grandmaster counts in TAI but does not declare its currentUtcOffset valid. */
export const isUtcOffsetSuspect = (properties: TimeProperties): boolean =>
  properties.ptpTimescale && !properties.currentUtcOffsetValid;

const mostOffsets = 64;
const fewestOffsets = 4;

/** The last offsets from one grandmaster, oldest first, at most 64. */
export interface Offsets {
  readonly grandmaster?: string;
  readonly lastId?: string;
  readonly values_ns: readonly number[];
}

export const noOffsets: Offsets = { values_ns: [] };

/** The window after one more sample. Another grandmaster starts it anew; a sample seen before changes nothing. */
export function addOffset(before: Offsets, sample: OffsetSample, grandmaster: string): Offsets {
  const same = before.grandmaster === grandmaster;
  if (same && before.lastId === sample.id) return before;
  const kept = same ? before.values_ns.slice(1 - mostOffsets) : [];
  return { grandmaster, lastId: sample.id, values_ns: [...kept, sample.offset_ns] };
}

/** Where offsets lie and how they scatter. */
export interface Spread {
  readonly mean_ns: number;
  /** Four standard deviations (as fbclock), or the farthest sample from the mean where that is more. */
  readonly jitter_ns: number;
}

/** The spread of a window; undefined while there are too few samples for one. */
export function spreadOf({ values_ns }: Offsets): Spread | undefined {
  const count = values_ns.length;
  if (count < fewestOffsets) return undefined;
  const mean_ns = values_ns.reduce((sum, value) => sum + value, 0) / count;
  const deviations = values_ns.map((value) => Math.abs(value - mean_ns));
  const stddev = Math.sqrt(deviations.reduce((sum, d) => sum + d * d, 0) / (count - 1));
  return { mean_ns, jitter_ns: Math.max(4 * stddev, ...deviations) };
}

const sum = (terms: readonly BoundTerm[]): number => terms.reduce((total, term) => total + term.ns, 0);

/** Nothing bounds the clock, and why. */
export const unbounded = (why: string): ErrorBound => ({ terms: [], unbounded: why });

/** Path delay in ns as the port measures it; undefined where it does not. */
export function pathDelay_ns(facts: PtpFacts, port: PtpPort): number | undefined {
  if (port.delayMechanism === 2) return port.peerMeanPathDelay_ns;
  return facts.current?.meanPathDelay_ns;
}

/** What the PTP formula is fed with. */
export interface PtpBoundInput {
  /** Undefined while there are too few samples. Left out of the sum where another clock is judged by it. */
  readonly spread?: Spread | undefined;
  readonly delay_ns: number | undefined;
  readonly hardware: boolean;
  /** As the option: -1 derives it from the delay. */
  readonly asymmetry_ns: number;
  readonly parent?: ParentDataSet | undefined;
  readonly timeProperties?: TimeProperties | undefined;
  readonly drift_ppb: number;
  readonly sinceSync_ms: number;
}

/** |mean| + jitter + asymmetry + drift since the last Sync; absolute with the grandmaster's own accuracy. */
export function ptpBound(input: PtpBoundInput): ErrorBound {
  if (input.spread === undefined) return unbounded('too few Sync messages so far');
  return ptpPathBound(input, [
    { name: 'mean_offset', ns: Math.abs(input.spread.mean_ns) },
    { name: 'jitter', ns: input.spread.jitter_ns },
    { name: 'drift', ns: (input.sinceSync_ms / 1e3) * input.drift_ppb },
  ]);
}

/** The terms of the path and of the grandmaster on top of those given. */
export function ptpPathBound(
  input: Pick<PtpBoundInput, 'delay_ns' | 'hardware' | 'asymmetry_ns' | 'parent' | 'timeProperties'>,
  others: readonly BoundTerm[],
): ErrorBound {
  const { delay_ns, hardware, asymmetry_ns, parent, timeProperties } = input;
  if (asymmetry_ns < 0 && delay_ns === undefined) return unbounded('the path delay is not known');
  const share = hardware ? 0.05 : 0.5; // without hardware stamps the whole delay may lie in one direction
  const asymmetry = asymmetry_ns >= 0 ? asymmetry_ns : Math.abs(delay_ns ?? 0) * share;
  const relative = [...others, { name: 'asymmetry', ns: asymmetry }];
  const relative_ns = sum(relative);
  const accuracy = parent && clockAccuracy_ns(parent.gmClockAccuracy);
  const doubt = whyUntraceable(parent, timeProperties);
  if (doubt !== undefined || accuracy === undefined)
    return { relative_ns, terms: relative, ...(doubt === undefined ? {} : { unbounded: doubt }) };
  const terms = [...relative, { name: 'gm_accuracy', ns: accuracy }];
  return { absolute_ns: sum(terms), relative_ns, terms };
}

/** What the NTP formula is fed with. */
interface NtpBoundInput {
  readonly tracking: ChronyTracking;
  /** Age of tracking.ref_time_s. */
  readonly refAge_s: number;
  /** Age of the report itself. */
  readonly reportAge_s: number;
  readonly drift_ppb: number;
}

/**
 * |system_time| + root dispersion + half the root delay, with the drift that chronyd does not count itself:
 * it assumes 1 ppm + skew + residual frequency since ref_time.
 */
export function ntpBound({ tracking, refAge_s, reportAge_s, drift_ppb }: NtpBoundInput): ErrorBound {
  const counted_ppb = (1 + tracking.skew_ppm + Math.abs(tracking.resid_freq_ppm)) * 1e3;
  const terms = [
    { name: 'system_time', ns: Math.abs(tracking.system_time_s) * 1e9 },
    { name: 'root_dispersion', ns: tracking.root_dispersion_s * 1e9 },
    { name: 'half_root_delay', ns: (tracking.root_delay_s * 1e9) / 2 },
    {
      name: 'drift',
      ns: Math.max(0, drift_ppb - counted_ppb) * Math.max(0, refAge_s) + drift_ppb * Math.max(0, reportAge_s),
    },
  ];
  return { absolute_ns: sum(terms), terms };
}

/** Of a clock steered through another one: the errors add, and it is bounded only if both are. */
export function chainedBound(near: ErrorBound, far: ErrorBound): ErrorBound {
  const steered_ns = near.absolute_ns;
  if (steered_ns === undefined) return near;
  return {
    ...(far.absolute_ns === undefined ? {} : { absolute_ns: steered_ns + far.absolute_ns }),
    ...(far.relative_ns === undefined ? {} : { relative_ns: steered_ns + far.relative_ns }),
    terms: [...near.terms, ...far.terms.map(({ name, ns }) => ({ name: `ptp_${name}`, ns }))],
    ...(far.unbounded === undefined ? {} : { unbounded: far.unbounded }),
  };
}

/** The bound `age_s` after nothing steers the clock any more. */
export function agedBound(last: ErrorBound, age_s: number, drift_ppb: number): ErrorBound {
  const ns = age_s * drift_ppb;
  return {
    ...last,
    ...(last.absolute_ns === undefined ? {} : { absolute_ns: last.absolute_ns + ns }),
    ...(last.relative_ns === undefined ? {} : { relative_ns: last.relative_ns + ns }),
    terms: [...last.terms, { name: 'holdover_drift', ns }],
  };
}
