// Which stretches of the flight recorder are worth a record: those around a change of the verdict. Pure; all times
// are monotonic ms.

/** A change of the verdict, as the record of it names it. */
export interface NotedChange {
  readonly mono_ms: number;
  readonly before?: unknown;
  readonly after?: unknown;
  readonly evidence: string;
}

/** A stretch that is complete and wants to be published. */
export interface Excerpt {
  readonly from_ms: number;
  readonly to_ms: number;
  /** The changes in it, or the first of them. */
  readonly changes: readonly NotedChange[];
  /** Changes that were too many to name. */
  readonly more_changes: number;
}

/** How long the stretches are and how often they may come. */
export interface ExcerptLimits {
  readonly lead_ms: number;
  readonly tail_ms: number;
  /** A stretch does not get longer than this between its first change and its end. */
  readonly longest_ms: number;
  /** Between two records; it doubles while changes go on, up to the longest, and is back after as long a calm. */
  readonly pause_ms: number;
  readonly longestPause_ms: number;
  readonly mostChanges: number;
}

/** From 60 s before to 10 s after; at worst one record of 3 min every quarter of an hour. */
export const usualLimits: ExcerptLimits = {
  lead_ms: 60_000,
  tail_ms: 10_000,
  longest_ms: 120_000,
  pause_ms: 60_000,
  longestPause_ms: 720_000, // the first change, its lead and all are then still in the ring
  mostChanges: 20,
};

export interface Excerpts {
  note(change: NotedChange): void;
  /** The stretch that is complete by now, once. Changes that came while records had to pause share the next one. */
  due(now_ms: number): Excerpt | undefined;
  /** What is under way, complete or not: for the last record before a stop. */
  rest(now_ms: number): Excerpt | undefined;
}

/** Collects changes into stretches. */
export function planExcerpts(limits: ExcerptLimits = usualLimits): Excerpts {
  let changes: NotedChange[] = [];
  let more = 0;
  let last_ms = -Infinity;
  let published_ms = -Infinity;
  let pause_ms = limits.pause_ms;

  const end_ms = (first_ms: number): number =>
    Math.min(last_ms + limits.tail_ms, first_ms + limits.longest_ms);

  function take(now_ms: number): Excerpt | undefined {
    const [first] = changes;
    if (first === undefined) return undefined;
    const to_ms = Math.min(end_ms(first.mono_ms), now_ms);
    const found = { from_ms: first.mono_ms - limits.lead_ms, to_ms, changes, more_changes: more };
    const isCalm = first.mono_ms - published_ms > pause_ms;
    pause_ms = isCalm ? limits.pause_ms : Math.min(limits.longestPause_ms, pause_ms * 2);
    published_ms = now_ms;
    changes = [];
    more = 0;
    return found;
  }

  return {
    note(change) {
      last_ms = change.mono_ms;
      if (changes.length < limits.mostChanges) changes.push(change);
      else more += 1;
    },
    due(now_ms) {
      const [first] = changes;
      if (first === undefined || now_ms < end_ms(first.mono_ms)) return undefined;
      return now_ms - published_ms < pause_ms ? undefined : take(now_ms);
    },
    rest: take,
  };
}
