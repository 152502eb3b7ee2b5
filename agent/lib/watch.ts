import { type AbsentReason, absent, fresh, type Reading, stale } from './reading.ts';

/** A probe that runs: what it saw last, and a word when it sees something new. */
export interface Watch<T, S> {
  /** How things are now. It ages by itself: old facts are never fresh, even if the probe is stuck. */
  read(): Reading<T>;
  /** Calls `fn` when facts or presence have changed. Gives its cancellation. */
  onChange(fn: () => void): () => void;
  /** What the probe itself has cost so far. */
  stats(): S;
  stop(): Promise<void>;
}

/** Those who want to hear of a change, and when to tell them. */
export interface Changes {
  add(fn: () => void): () => void;
  /** Something new was seen. */
  note(): void;
  /** Calls all, if something new was noted or the reading has become fresh, stale or absent. */
  tell(): void;
}

/** `read` tells whether the reading is fresh, stale or absent by now. */
export function changes(read: () => Reading<unknown>): Changes {
  const all = new Set<() => void>();
  let news = false;
  let presence = '';
  return {
    add(fn) {
      const own = (): void => fn(); // the same function may be added twice
      all.add(own);
      return () => all.delete(own);
    },
    note() {
      news = true;
    },
    tell() {
      const reading = read();
      const now = reading.kind === 'absent' ? reading.why : reading.kind;
      if (!news && now === presence) return;
      news = false;
      presence = now;
      for (const fn of all) fn();
    },
  };
}

/** Why a daemon cannot be heard just now. */
export interface Trouble {
  readonly why: AbsentReason;
  readonly detail?: string;
}

/** How often a daemon may miss its poll before its facts are stale, and before they are gone. */
const polls = { stale: 3, gone: 10 } as const;

/** Facts by their age: fresh, stale, and in the end absent for the reason of `trouble`. */
export function aged<T>(
  seen: { readonly value: T; readonly at_ms: number } | undefined,
  now_ms: number,
  poll_ms: number,
  trouble: Trouble,
): Reading<T> {
  const missed = seen === undefined ? Number.POSITIVE_INFINITY : (now_ms - seen.at_ms) / poll_ms;
  if (seen === undefined || missed > polls.gone) return absent(trouble.why, trouble.detail);
  if (missed <= polls.stale) return fresh(seen.value, seen.at_ms);
  return stale(seen.value, seen.at_ms, trouble.detail ?? trouble.why);
}
