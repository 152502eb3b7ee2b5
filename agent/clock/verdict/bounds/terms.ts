// What the terms of an error bound stand for, so that each can be counted where it belongs.
import type { BoundTerm, ErrorBound, OwnTermName } from '../../types.ts';

/**
 * `found`: where the clock was found to be. `scatter`: how its measurements scatter. `drift`: what it may have drifted
 * since. `source`: what the way to the source, and the source, may be wrong by. `past`: a bound of before.
 */
type TermKind = 'found' | 'scatter' | 'drift' | 'source' | 'past';

const kinds: Readonly<Record<OwnTermName, TermKind>> = {
  mean_offset: 'found',
  offset: 'found',
  last_offsets: 'found',
  jitter: 'scatter',
  drift: 'drift',
  holdover_drift: 'drift',
  wander: 'drift',
  clock_reading: 'drift',
  asymmetry: 'source',
  gm_accuracy: 'source',
  root_dispersion: 'source',
  half_root_delay: 'source',
  error_margin: 'source',
  falseticker: 'source',
  source_moved: 'source',
  known_before: 'past',
};

const byName: Readonly<Partial<Record<string, TermKind>>> = kinds;

/** Sum of the terms of these kinds; those of another clock in a chain count as `source`. */
export const sumOfKinds = ({ terms }: Pick<ErrorBound, 'terms'>, ...wanted: readonly TermKind[]): number =>
  terms.reduce((sum, { name, ns }) => (wanted.includes(byName[name] ?? 'source') ? sum + ns : sum), 0);

const sum = (terms: readonly BoundTerm[]): number => terms.reduce((total, { ns }) => total + ns, 0);

/** A bound that is the sum of these terms. */
export const sumOf = (terms: readonly BoundTerm[]): ErrorBound => ({ absolute_ns: sum(terms), terms });

/** The same without a claim on true time. */
export const relativeSumOf = (terms: readonly BoundTerm[]): ErrorBound => ({
  relative_ns: sum(terms),
  terms,
});

/** Nothing bounds the clock, and why. */
export const unbounded = (why: string): ErrorBound => ({ terms: [], unbounded: why });

/** The bound without a claim on true time, and why. */
export const relativeOnly = ({ absolute_ns: _doubted, ...rest }: ErrorBound, why: string): ErrorBound => ({
  ...rest,
  unbounded: rest.unbounded ?? why,
});

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

/** The wider one of two bounds on true time that may each be what is wrong; none where one has none. */
export function widerAbsolute(a: ErrorBound, b: ErrorBound): ErrorBound {
  if (a.absolute_ns === undefined || b.absolute_ns === undefined) return a.absolute_ns === undefined ? a : b;
  return b.absolute_ns > a.absolute_ns ? b : a;
}
