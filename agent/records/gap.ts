import { type Entry, noneOf, type RecordClass, recordClasses } from './subjectqueue.ts';

/** Records that were given up, to be reported as a record itself. Times are Unix ms of the records. */
export interface Gap {
  readonly count: number;
  readonly of: Readonly<Record<RecordClass, number>>;
  readonly from_ms: number;
  readonly to_ms: number;
  readonly why: string;
}

/** Gathers what was given up until it can be reported. */
export interface GapCollector {
  add(worth: RecordClass, entry: Entry, why: string): void;
  /** The gap so far, which is then forgotten; undefined when nothing was given up. */
  take(): Gap | undefined;
  /** The gap so far. */
  seen(): Gap | undefined;
  /** The first and the last that was given up, as their times may yet be put right. */
  ends(): Iterable<Entry>;
}

/** Unix ms at which it was made, as far as is known by now. */
const wallOf = ({ wall_ms, shift_ms = 0 }: Entry): number => wall_ms + shift_ms;

export function collectGap(): GapCollector {
  let gap: { of: Record<RecordClass, number>; first: Entry; last: Entry; why: string } | undefined;
  function seen(): Gap | undefined {
    if (gap === undefined) return undefined;
    const { of, first, last, why } = gap;
    const count = recordClasses.reduce((sum, worth) => sum + of[worth], 0);
    return { count, of: { ...of }, from_ms: wallOf(first), to_ms: wallOf(last), why };
  }
  return {
    add(worth, entry, why) {
      const bare: Entry = { ...entry, payload: '' }; // its times only: the rest is to be forgotten
      gap ??= { of: noneOf(), first: bare, last: bare, why };
      gap.of[worth] += 1;
      if (entry.put_ms < gap.first.put_ms) gap.first = bare;
      if (entry.put_ms >= gap.last.put_ms) gap.last = bare;
      gap.why = why;
    },
    take() {
      const found = seen();
      gap = undefined;
      return found;
    },
    seen,
    ends: () => (gap === undefined ? [] : new Set([gap.first, gap.last])),
  };
}
