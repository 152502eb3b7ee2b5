// What is judged of the clock: the words on the wire and the shapes that carry their evidence.

/** What steers the system clock; `unsynced` too while it only runs on in holdover. */
export const clockSources = ['ptp', 'ntp', 'unsynced'] as const;
export type ClockSource = (typeof clockSources)[number];

/** How well: the four values of the wire contract. Holdover is `tracking` with `holdover` set. */
export const clockQualities = ['locked', 'tracking', 'acquiring', 'freerun'] as const;
export type ClockQuality = (typeof clockQualities)[number];

/** A term of a clock's own bound; docs/clock.md says what each stands for. */
export type OwnTermName =
  | 'mean_offset'
  | 'offset'
  | 'last_offsets'
  | 'jitter'
  | 'drift'
  | 'holdover_drift'
  | 'wander'
  | 'clock_reading'
  | 'asymmetry'
  | 'gm_accuracy'
  | 'root_dispersion'
  | 'half_root_delay'
  | 'error_margin'
  | 'falseticker'
  | 'source_moved'
  | 'known_before';

/** One term of an error bound, so that a person can see what it is made of. */
export interface BoundTerm {
  /** Prefixed where it is of the bound of another clock, by which this one is steered or measured. */
  readonly name: OwnTermName | `ptp_${OwnTermName}` | `ntp_${OwnTermName}`;
  readonly ns: number;
}

/**
 * How far the system clock can be from true time, as a half-width.
 * `absolute_ns` is missing when nothing bounds it; `relative_ns` then still bounds it relative to the grandmaster.
 */
export interface ErrorBound {
  readonly absolute_ns?: number;
  readonly relative_ns?: number;
  readonly terms: readonly BoundTerm[];
  /** Why there is no absolute bound. */
  readonly unbounded?: string;
}

/** The state of the clock as a person would say it, with its reasons. Times are monotonic ms. */
export interface Verdict<Reason extends string = string> {
  readonly source: ClockSource;
  readonly quality: ClockQuality;
  /** When source, quality and holdover last changed. */
  readonly since_ms: number;
  /** Set while the clock runs on after its source was lost. */
  readonly holdover?: { readonly since_ms: number; readonly source: 'ptp' | 'ntp' };
  /** Local minus reference of the active source; missing without one, and where nobody measures the system clock. */
  readonly offset_ns?: number;
  readonly bound: ErrorBound;
  readonly reasons: readonly Reason[];
  /** One sentence that a person can check. */
  readonly evidence: string;
}

/** The clock as headers and replies tell it. */
export interface ClockSummary {
  readonly source: ClockSource;
  readonly quality: ClockQuality;
  /** Half-width around true time; missing when nothing bounds it. */
  readonly error_bound_ns?: number;
  /** The same around the grandmaster's time; missing when nothing bounds that. */
  readonly error_rel_ns?: number;
}

/** The clock before it is judged: nothing is known of it. */
export const unjudged = { source: 'unsynced', quality: 'freerun' } as const satisfies ClockSummary;

/** An error bound in whole ns, rounded away from zero so that it stays a bound. */
export const wholeBound = (ns: number | undefined): number | undefined =>
  ns === undefined ? undefined : Math.ceil(ns);

/** The summary of a verdict whose bounds have grown by `drifted_ns` since. Each echo has it: nothing is copied for it. */
export function clockSummary({ source, quality, bound }: Verdict, drifted_ns = 0): ClockSummary {
  const summary: { -readonly [K in keyof ClockSummary]: ClockSummary[K] } = { source, quality };
  const { absolute_ns, relative_ns } = bound;
  if (absolute_ns !== undefined) summary.error_bound_ns = Math.ceil(absolute_ns + drifted_ns);
  if (relative_ns !== undefined) summary.error_rel_ns = Math.ceil(relative_ns + drifted_ns);
  return summary;
}
