import type { ClockQuality, ClockSource, Verdict } from './types.ts';

/** The clock as headers and replies tell it. */
export interface ClockSummary {
  readonly source: ClockSource;
  readonly quality: ClockQuality;
  /** Half-width around true time; missing when nothing bounds it. */
  readonly error_bound_ns?: number;
}

/** An error bound in whole ns, rounded away from zero so that it stays a bound. */
export const wholeBound = (ns: number | undefined): number | undefined =>
  ns === undefined ? undefined : Math.ceil(ns);

/** The summary of a verdict. */
export function clockSummary(verdict: Verdict): ClockSummary {
  const bound = wholeBound(verdict.bound.absolute_ns);
  return {
    source: verdict.source,
    quality: verdict.quality,
    ...(bound === undefined ? {} : { error_bound_ns: bound }),
  };
}
