import type { LossReason } from './puback.ts';
import {
  type Gap,
  noRecords,
  type QueuedRecord,
  type RecordCounts,
  type RecordPriority,
  totalOf,
} from './record.ts';

/** Why a record is dropped. */
export type DropReason = 'memory' | LossReason;

/** In words, as gap events and problems say it. */
export const dropWords: Readonly<Record<DropReason, string>> = {
  memory: 'the memory for waiting records is full',
  max_payload: 'larger than max_payload of the local server',
  max_msg_size: "larger than max_msg_size of the hub's stream",
};

/** Gathers what is missing until it can be reported. */
export interface GapCollector {
  /** A record that reports a gap takes what it reported back with it. */
  add(priority: RecordPriority, record: QueuedRecord, why: string): void;
  /** The gap so far; undefined when nothing is missing. */
  current(): Gap | undefined;
  /** The gap so far, which is then forgotten. */
  take(): Gap | undefined;
  /** The first and the last record missing, whose times may yet be corrected. */
  ends(): Iterable<QueuedRecord>;
}

/** What is missing; of the first and the last record only the times are kept. */
interface Missing {
  readonly of: RecordCounts;
  readonly whys: Set<string>;
  first: QueuedRecord;
  last: QueuedRecord;
}

/** Unix ms at which it was made, as far as is known by now. */
const madeAt_ms = ({ wall_ms, shift_ms = 0 }: QueuedRecord): number => wall_ms + shift_ms;

function include({ of, whys, ...rest }: Missing, into: Missing): void {
  for (const priority of Object.keys(of) as RecordPriority[]) into.of[priority] += of[priority];
  for (const why of whys) into.whys.add(why);
  if (madeAt_ms(rest.first) < madeAt_ms(into.first)) into.first = rest.first;
  if (madeAt_ms(rest.last) >= madeAt_ms(into.last)) into.last = rest.last;
}

const missingOf = (priority: RecordPriority, record: QueuedRecord, why: string): Missing => {
  const { reports: _own, ...times } = record;
  const bare: QueuedRecord = { ...times, payload: '' };
  return { of: { ...noRecords(), [priority]: 1 }, whys: new Set([why]), first: bare, last: bare };
};

/** What a record told of; its times move with those of the record. */
function missingOfReport(record: QueuedRecord, { of, from_ms, to_ms, why }: Gap): Missing {
  const { reports: _told, ...times } = record;
  const at = (wall_ms: number): QueuedRecord => ({ ...times, payload: '', wall_ms });
  return { of: { ...of }, whys: new Set(why.split(whySeparator)), first: at(from_ms), last: at(to_ms) };
}

const whySeparator = '; ';

export function collectGap(): GapCollector {
  let gap: Missing | undefined;
  function addMissing(missing: Missing): void {
    if (gap === undefined) gap = missing;
    else include(missing, gap);
  }
  function current(): Gap | undefined {
    if (gap === undefined) return undefined;
    const { of, first, last, whys } = gap;
    return {
      count: totalOf(of),
      of: { ...of },
      from_ms: madeAt_ms(first),
      to_ms: madeAt_ms(last),
      why: [...whys].join(whySeparator),
    };
  }
  return {
    add(priority, record, why) {
      addMissing(missingOf(priority, record, why));
      if (record.reports !== undefined) addMissing(missingOfReport(record, record.reports));
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

/** Several gaps as one; undefined where there is none. */
export const mergedGap = (gaps: readonly (Gap | undefined)[]): Gap | undefined =>
  gaps
    .filter((gap) => gap !== undefined)
    .reduce<Gap | undefined>((all, gap) => {
      if (all === undefined) return gap;
      const of = {
        metric: all.of.metric + gap.of.metric,
        log: all.of.log + gap.of.log,
        event: all.of.event + gap.of.event,
      };
      return {
        count: totalOf(of),
        of,
        from_ms: Math.min(all.from_ms, gap.from_ms),
        to_ms: Math.max(all.to_ms, gap.to_ms),
        why: all.why.includes(gap.why) ? all.why : `${all.why}${whySeparator}${gap.why}`,
      };
    }, undefined);
