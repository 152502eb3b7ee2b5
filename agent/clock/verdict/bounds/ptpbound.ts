// How far a clock that PTP steers can be from true time, each term named, and what is done with any bound.
// After facebook's fbclock; facts on time, section 3.
import type { ParentDataSet, PtpFacts, PtpPort, TimeProperties } from '../../facts.ts';
import type { BoundTerm, ErrorBound, OwnTermName } from '../../types.ts';
import { clockAccuracy_ns, whyUntraceable } from '../grandmaster.ts';
import type { Spread } from './offsets.ts';
import { relativeSumOf, sumOf, sumOfKinds, unbounded } from './terms.ts';

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
  const { mean_ns, jitter_ns, change_ppb } = input.spread;
  // from one Sync to the next the clock wanders as the offsets show: that is the jitter
  const assumed_ns = (Math.max(0, input.sinceSync_ms - input.syncInterval_ms) / 1e3) * input.drift_ppb;
  const seen_ns = (input.sinceSync_ms / 1e3) * Math.abs(change_ppb); // a clock on its way goes on
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
  const relative = relativeSumOf([...others, { name: 'asymmetry', ns: asymmetry }]);
  const accuracy = parent && clockAccuracy_ns(parent.gmClockAccuracy);
  const doubt = whyUntraceable(parent, timeProperties);
  if (doubt !== undefined || accuracy === undefined)
    return { ...relative, ...(doubt === undefined ? {} : { unbounded: doubt }) };
  return { ...relative, ...sumOf([...relative.terms, { name: 'gm_accuracy', ns: accuracy }]) };
}

const isOwn = (name: BoundTerm['name']): name is OwnTermName => !/^(ptp|ntp)_/.test(name);

/** The terms of another clock's bound. One that is chained itself keeps its names. */
const prefixed = (prefix: 'ptp' | 'ntp', terms: readonly BoundTerm[]): BoundTerm[] =>
  terms.map(({ name, ns }) => ({ name: isOwn(name) ? `${prefix}_${name}` : name, ns }));

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

/**
 * A bound that only ties to the grandmaster, with the claim on true time of a witness that measures the same clock: as
 * far as the clock has not been moved by what steers it since the witness measured it. `steered` is the bound of that,
 * `largest_ns` the largest offset from it since then.
 */
export function witnessedBound(
  { relative_ns }: ErrorBound,
  witness: ErrorBound,
  steered: ErrorBound,
  largest_ns: number,
): ErrorBound {
  const wander_ns = Math.max(largest_ns, sumOfKinds(steered, 'found', 'scatter', 'drift'));
  const terms = [...prefixed('ntp', witness.terms), { name: 'wander', ns: wander_ns } as const];
  return { ...sumOf(terms), ...(relative_ns === undefined ? {} : { relative_ns }) };
}
