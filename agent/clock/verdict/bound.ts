// How far a clock that PTP steers can be from true time, each term named, and what is done with any bound.
// After facebook's fbclock; facts on time, section 3.
import type { ParentDataSet, PtpFacts, PtpPort, TimeProperties } from '../facts.ts';
import type { BoundTerm, ErrorBound } from '../types.ts';
import { clockAccuracy_ns, whyUntraceable } from './grandmaster.ts';
import type { OffsetSample } from './hysteresis.ts';

const mostOffsets = 64;
/** Fewer have no spread. */
export const fewestOffsets = 4;
/** An outlier counts in full for so many Syncs, and in the standard deviation for as long as it is remembered. */
const recentOffsets = 16;

/** The last offsets from one port of one grandmaster in one state of our port, oldest first, at most 64. */
export interface Offsets {
  /** What they were measured under; anything else starts the window anew. */
  readonly regime?: string;
  readonly lastId?: string;
  readonly values_ns: readonly number[];
}

export const noOffsets: Offsets = { values_ns: [] };

/** The window after one more sample. Another regime starts it anew; a sample seen before changes nothing. */
export function addOffset(before: Offsets, sample: OffsetSample, regime: string): Offsets {
  const same = before.regime === regime;
  if (before.lastId === sample.id) return same ? before : { regime, lastId: sample.id, values_ns: [] };
  const kept = same ? before.values_ns.slice(1 - mostOffsets) : [];
  return { regime, lastId: sample.id, values_ns: settled([...kept, sample.offset_ns]) };
}

const meanOf = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

function deviationOf(values: readonly number[]): number {
  const mean = meanOf(values);
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1));
}

/** Without what was before a servo settled, which it may do without a change of state (ntpshm): that is no jitter of now. */
function settled(values_ns: readonly number[]): readonly number[] {
  const recent = values_ns.slice(-recentOffsets);
  return recent.length === recentOffsets && 4 * deviationOf(recent) < deviationOf(values_ns)
    ? recent
    : values_ns;
}

/** Where offsets lie and how they scatter. */
export interface Spread {
  readonly mean_ns: number;
  /** Four standard deviations (as fbclock; more while there are few samples), or the farthest recent one from the mean. */
  readonly jitter_ns: number;
  /** From the last sample but one to the last. */
  readonly change_ns: number;
}

/** The spread of a window; undefined while there are too few samples for one. */
export function spreadOf({ values_ns }: Offsets): Spread | undefined {
  const count = values_ns.length;
  if (count < fewestOffsets) return undefined;
  const mean_ns = meanOf(values_ns);
  const deviations = values_ns.map((value) => Math.abs(value - mean_ns));
  const [last = 0, before = 0] = values_ns.slice(-2).reverse();
  return {
    mean_ns,
    jitter_ns: Math.max((4 + 16 / count) * deviationOf(values_ns), ...deviations.slice(-recentOffsets)),
    change_ns: last - before,
  };
}

const sum = (terms: readonly BoundTerm[]): number => terms.reduce((total, term) => total + term.ns, 0);

/** A bound that is the sum of these terms. */
export const sumOf = (terms: readonly BoundTerm[]): ErrorBound => ({ absolute_ns: sum(terms), terms });

/** Nothing bounds the clock, and why. */
export const unbounded = (why: string): ErrorBound => ({ terms: [], unbounded: why });

/** The bound without a claim on true time, and why. */
export const relativeOnly = ({ absolute_ns: _doubted, ...rest }: ErrorBound, why: string): ErrorBound => ({
  ...rest,
  unbounded: rest.unbounded ?? why,
});

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
  readonly syncInterval_ms: number;
}

/** |mean| + jitter + asymmetry + drift since the last Sync; absolute with the grandmaster's own accuracy. */
export function ptpBound(input: PtpBoundInput): ErrorBound {
  if (input.spread === undefined) return unbounded('too few Sync messages so far');
  const { mean_ns, jitter_ns, change_ns } = input.spread;
  // from one Sync to the next the clock wanders as the offsets show: that is the jitter
  const assumed_ns = (Math.max(0, input.sinceSync_ms - input.syncInterval_ms) / 1e3) * input.drift_ppb;
  const seen_ns = (input.sinceSync_ms / input.syncInterval_ms) * Math.abs(change_ns); // a clock on its way goes on
  return ptpPathBound(input, [
    { name: 'mean_offset', ns: Math.abs(mean_ns) },
    { name: 'jitter', ns: jitter_ns },
    { name: 'drift', ns: Math.max(assumed_ns, seen_ns) },
  ]);
}

/** The terms of the path and of the grandmaster on top of those given. */
export function ptpPathBound(
  input: Pick<PtpBoundInput, 'delay_ns' | 'hardware' | 'asymmetry_ns' | 'parent' | 'timeProperties'>,
  others: readonly BoundTerm[],
): ErrorBound {
  const { delay_ns, hardware, asymmetry_ns, parent, timeProperties } = input;
  if (asymmetry_ns < 0 && delay_ns === undefined) return unbounded('the path delay is not known');
  // it is half the round trip; all of that may lie in one direction, but for switches that stamp in hardware
  const share = hardware ? 0.05 : 1;
  const asymmetry = asymmetry_ns >= 0 ? asymmetry_ns : Math.abs(delay_ns ?? 0) * share;
  const relative = [...others, { name: 'asymmetry', ns: asymmetry }];
  const relative_ns = sum(relative);
  const accuracy = parent && clockAccuracy_ns(parent.gmClockAccuracy);
  const doubt = whyUntraceable(parent, timeProperties);
  if (doubt !== undefined || accuracy === undefined)
    return { relative_ns, terms: relative, ...(doubt === undefined ? {} : { unbounded: doubt }) };
  const terms = [...relative, { name: 'gm_accuracy', ns: accuracy }];
  return { ...sumOf(terms), relative_ns };
}

const prefixed = (prefix: string, terms: readonly BoundTerm[]): BoundTerm[] =>
  terms.map(({ name, ns }) => ({ name: `${prefix}_${name}`, ns }));

/** Of a clock steered through another one: the errors add, and it is bounded only if both are. */
export function chainedBound(near: ErrorBound, far: ErrorBound): ErrorBound {
  const steered_ns = near.absolute_ns;
  if (steered_ns === undefined) return near;
  return {
    ...(far.absolute_ns === undefined ? {} : { absolute_ns: steered_ns + far.absolute_ns }),
    ...(far.relative_ns === undefined ? {} : { relative_ns: steered_ns + far.relative_ns }),
    terms: [...near.terms, ...prefixed('ptp', far.terms)],
    ...(far.unbounded === undefined ? {} : { unbounded: far.unbounded }),
  };
}

/** Whether a witness is close enough to the truth to confirm whole seconds. */
export const confirmsSeconds = (witness: ErrorBound | undefined): boolean =>
  (witness?.absolute_ns ?? Infinity) < 5e8;

/** By these terms a clock moves, or is moved, between two measurements. */
const moving: ReadonlySet<string> = new Set(['mean_offset', 'jitter', 'drift', 'offset', 'last_offsets']);

/**
 * A bound that only ties to the grandmaster, with the claim on true time of a witness that measures the same clock: as
 * far as the clock has not been moved since by what steers it, of which `steered` is the bound.
 */
export function witnessedBound(
  { relative_ns }: ErrorBound,
  witness: ErrorBound,
  steered: ErrorBound,
): ErrorBound {
  const wander = { name: 'wander', ns: sum(steered.terms.filter(({ name }) => moving.has(name))) };
  const terms = [...prefixed('ntp', witness.terms), wander];
  return { ...sumOf(terms), ...(relative_ns === undefined ? {} : { relative_ns }) };
}

/** The bound with one more term, which counts against true time and against the grandmaster. */
export function widened(bound: ErrorBound, term: BoundTerm): ErrorBound {
  const { absolute_ns, relative_ns, terms } = bound;
  return {
    ...bound,
    ...(absolute_ns === undefined ? {} : { absolute_ns: absolute_ns + term.ns }),
    ...(relative_ns === undefined ? {} : { relative_ns: relative_ns + term.ns }),
    terms: terms.length === 0 ? terms : [...terms, term],
  };
}
