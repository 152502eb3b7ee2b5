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

/** What is missing; of the first and the last record only the times are kept. */
interface Missing {
  readonly of: RecordCounts;
  readonly whys: Set<string>;
  first: QueuedRecord;
  last: QueuedRecord;
}

/** Gathers what is missing until it can be reported. */
export interface GapCollector {
  /** A record that reports a gap takes what it reported back with it. */
  add(priority: RecordPriority, record: QueuedRecord, why: string): void;
  /** What is missing so far; undefined when nothing is. */
  current(): Missing | undefined;
  /** The same, which is then forgotten. */
  take(): Missing | undefined;
  /** The first and the last record missing, whose times may yet be corrected. */
  ends(): Iterable<QueuedRecord>;
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

/** Nothing is missing so far. */
export function collectGap(): GapCollector {
  let gap: Missing | undefined;
  function addMissing(missing: Missing): void {
    if (gap === undefined) gap = missing;
    else include(missing, gap);
  }
  return {
    add(priority, record, why) {
      addMissing(missingOf(priority, record, why));
      if (record.reports !== undefined) addMissing(missingOfReport(record, record.reports));
    },
    current: () => gap,
    take() {
      const taken = gap;
      gap = undefined;
      return taken;
    },
    ends: () => (gap === undefined ? [] : new Set([gap.first, gap.last])),
  };
}

/** All that is missing, as one gap by the times that are known by now; undefined when nothing is. */
export function gapOf(missing: readonly (Missing | undefined)[]): Gap | undefined {
  const [one, ...others] = missing.filter((each) => each !== undefined);
  if (one === undefined) return undefined;
  const all: Missing = { ...one, of: { ...one.of }, whys: new Set(one.whys) };
  for (const other of others) include(other, all);
  return {
    count: totalOf(all.of),
    of: all.of,
    from_ms: madeAt_ms(all.first),
    to_ms: madeAt_ms(all.last),
    why: [...all.whys].join(whySeparator),
  };
}
