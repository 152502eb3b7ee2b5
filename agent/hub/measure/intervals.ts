// What intervals agree on: the point that most of them cover (Marzullo). Pure.

export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** The narrowest span that `count` of the intervals cover, and no span is covered by more. */
export interface Agreement extends Interval {
  readonly count: number;
}

/** Undefined where there are no intervals; of several spans that as many cover, the lowest. */
export function agreementOf(intervals: readonly Interval[]): Agreement | undefined {
  const edges = intervals
    .flatMap(({ low, high }) => [
      { at: low, step: 1 },
      { at: high, step: -1 },
    ])
    .sort((a, b) => a.at - b.at || b.step - a.step); // intervals that touch agree
  let covered = 0;
  let best: Agreement | undefined;
  for (const [i, { at, step }] of edges.entries()) {
    covered += step;
    if (covered > (best?.count ?? 0)) best = { low: at, high: edges[i + 1]?.at ?? at, count: covered };
  }
  return best;
}

export const meets = (a: Interval, b: Interval): boolean => a.low <= b.high && b.low <= a.high;
