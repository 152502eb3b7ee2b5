// The usual round trip of each link, to tell one that is far slower than it usually is. Pure.
import { quantile } from '../../peers/window.ts';

/** Round trips that are kept of a link: the first ones soon, so that a usual one is known, then one in ten minutes: five hours. */
const kept = { most: 32, first: 8, soon_ms: 60_000, later_ms: 600_000 } as const;
/** From fewer nothing is concluded. */
const enough = 5;
/** What is slower by less than that matters to nobody. */
const least_us = 20_000;
const farSlower = 3;
/** Links that are known at once; the one that was seen least lately is forgotten. */
const mostLinks = 20_000;

interface Seen {
  readonly values: number[];
  next: number;
  at_ms: number;
}

/** What is usual for a link, and so many times that it is slower, where it is far slower. */
export interface Usual {
  readonly usual_us: number;
  readonly times_slower?: number;
}

export interface UsualRtts {
  /** Takes what a link has now, and gives what is usual for it; `at_ms`: monotonic. */
  take(link: string, rtt_us: number, at_ms: number): Usual | undefined;
}

const median = (values: readonly number[]): number | undefined =>
  quantile(
    values.toSorted((a, b) => a - b),
    0.5,
  );

function note(seen: Seen, rtt_us: number, at_ms: number): void {
  const { values } = seen;
  const isDue = at_ms - seen.at_ms >= (values.length < kept.first ? kept.soon_ms : kept.later_ms);
  if (!isDue) return;
  values[seen.next] = rtt_us;
  seen.next = (seen.next + 1) % kept.most;
  seen.at_ms = at_ms;
}

export function newUsualRtts(): UsualRtts {
  const links = new Map<string, Seen>();
  return {
    take(link, rtt_us, at_ms) {
      const seen = links.get(link) ?? { values: [], next: 0, at_ms: Number.NEGATIVE_INFINITY };
      links.delete(link);
      links.set(link, seen); // the last that was seen is the last to be forgotten
      if (links.size > mostLinks) for (const oldest of [...links.keys()].slice(0, 1)) links.delete(oldest);
      const usual_us = seen.values.length < enough ? undefined : median(seen.values);
      note(seen, rtt_us, at_ms);
      if (usual_us === undefined) return undefined;
      const isFar = rtt_us > farSlower * usual_us && rtt_us - usual_us > least_us;
      return { usual_us, ...(isFar ? { times_slower: rtt_us / usual_us } : {}) };
    },
  };
}
