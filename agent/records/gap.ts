import { noRecords, type QueuedRecord, type RecordCounts, type RecordPriority, totalOf } from './record.ts';

/** Records that were dropped, to be reported in a record. Times are Unix ms of the records. */
export interface Gap {
  readonly count: number;
  readonly of: Readonly<RecordCounts>;
  readonly from_ms: number;
  readonly to_ms: number;
  readonly why: string;
}

/** Gathers what was dropped until it can be reported. */
export interface GapCollector {
  add(priority: RecordPriority, record: QueuedRecord, why: string): void;
  /** The gap so far; undefined when nothing was dropped. */
  current(): Gap | undefined;
  /** The gap so far, which is then forgotten. */
  take(): Gap | undefined;
  /** The first and the last record dropped, whose times may yet be corrected. */
  ends(): Iterable<QueuedRecord>;
}

/** Unix ms at which it was made, as far as is known by now. */
const madeAt_ms = ({ wall_ms, shift_ms = 0 }: QueuedRecord): number => wall_ms + shift_ms;

export function collectGap(): GapCollector {
  let gap: { of: RecordCounts; first: QueuedRecord; last: QueuedRecord; why: string } | undefined;
  function current(): Gap | undefined {
    if (gap === undefined) return undefined;
    const { of, first, last, why } = gap;
    return { count: totalOf(of), of: { ...of }, from_ms: madeAt_ms(first), to_ms: madeAt_ms(last), why };
  }
  return {
    add(priority, record, why) {
      const bare: QueuedRecord = { ...record, payload: '' }; // only its times are needed
      gap ??= { of: noRecords(), first: bare, last: bare, why };
      gap.of[priority] += 1;
      if (record.put_ms < gap.first.put_ms) gap.first = bare;
      if (record.put_ms >= gap.last.put_ms) gap.last = bare;
      gap.why = why;
    },
    current,
    take() {
      const taken = current();
      gap = undefined;
      return taken;
    },
    ends: () => (gap === undefined ? [] : new Set([gap.first, gap.last])),
  };
}
