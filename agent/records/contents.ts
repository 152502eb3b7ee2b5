import { known } from '../lib/known.ts';
import { encodeRecord } from '../wire/values.ts';
import { collectGap, type DropReason, dropWords, type GapCollector, gapOf } from './gap.ts';
import {
  bytesOf,
  type Gap,
  idOf,
  type KeptRecord,
  noRecords,
  type QueuedRecord,
  type RecordPriority,
  type SpoolRecord,
} from './record.ts';
import { nextToDrop } from './select.ts';
import type { InFlight, SenderLimits } from './senderstate.ts';
import { type Counted, putRate } from './stats.ts';
import { newQueue, putBack, type SubjectQueue, setHub } from './subjectqueue.ts';
import type { ClockCorrection } from './timecorrection.ts';

/** What may change without losing a record. */
export interface SpoolLimits extends SenderLimits {
  readonly memory_bytes: number;
}

export interface WaitingRecords {
  readonly records: readonly KeptRecord[];
  /** The seq of the record that was put last, whatever became of it; 0 before the first. */
  readonly last_seq: number;
  /** What was dropped, or published without an acknowledgement, and is not reported yet. */
  readonly gap?: Gap;
}

/** All records of a spool that wait, and the counts of those that left. */
export interface Contents extends Counted {
  readonly idPrefix: string;
  readonly queues: Map<string, SubjectQueue>;
  /** What was dropped and is not reported yet. */
  readonly gap: GapCollector;
  /** Called, and forgotten, when nothing waits any more. */
  readonly onEmpty: Set<() => void>;
  limits: SpoolLimits;
  lastSeq: number;
  nextRestoredSeq: number;
}

/** Records of an earlier run come before all records of this one. */
const firstRestoredSeq = -(2 ** 40);

export const newContents = (idPrefix: string, limits: SpoolLimits, now_ms: number): Contents => ({
  idPrefix,
  queues: new Map(),
  gap: collectGap(),
  rate: putRate(now_ms),
  counts: {
    pending: 0,
    bytes: 0,
    reports: 0,
    stored: 0,
    duplicates: 0,
    duplicate_ids: 0,
    published: 0,
    slim: 0,
    slim_unsent: 0,
  },
  dropped: noRecords(),
  dropReasons: {},
  onEmpty: new Set(),
  limits,
  lastSeq: 0,
  nextRestoredSeq: firstRestoredSeq,
});

function queueOf(c: Contents, subject: string, priority: RecordPriority): SubjectQueue {
  const found = c.queues.get(subject);
  if (found !== undefined) return found;
  const queue = newQueue(subject, priority);
  if (!c.limits.hub) setHub(queue, false);
  c.queues.set(subject, queue);
  return queue;
}

function countIn({ counts }: Contents, record: QueuedRecord): void {
  counts.pending += 1;
  if (record.reports !== undefined) counts.reports += 1;
  counts.bytes += record.bytes;
}

/** A record has left, however. */
export function countOut({ counts, onEmpty }: Contents, record: QueuedRecord): void {
  counts.pending -= 1;
  if (record.reports !== undefined) counts.reports -= 1;
  counts.bytes -= record.bytes;
  if (counts.pending > 0) return;
  for (const call of onEmpty) call();
  onEmpty.clear();
}

/** How much of the longest pause between two records of a subject is left with each further one. */
const intervalFade = 0.9;

/** Adds a new record, whatever the memory. */
export function append(
  c: Contents,
  { subject, priority, body, headers }: SpoolRecord,
  made: Pick<QueuedRecord, 'put_ms' | 'wall_ms' | 'backlog' | 'reports'>,
): QueuedRecord {
  const payload = encodeRecord(body);
  c.lastSeq += 1;
  const record: QueuedRecord = {
    seq: c.lastSeq,
    payload,
    bytes: bytesOf(payload, headers),
    ...made,
    ...(headers === undefined ? {} : { headers }),
  };
  const queue = queueOf(c, subject, priority);
  queue[record.backlog ? 'backlog' : 'fresh'].push(record);
  // what an outage or a change adds in between is no sign that the next one comes as soon
  queue.interval_ms =
    queue.lastPut_ms === undefined
      ? undefined
      : Math.max(record.put_ms - queue.lastPut_ms, (queue.interval_ms ?? 0) * intervalFade);
  queue.lastPut_ms = record.put_ms;
  countIn(c, record);
  return record;
}

/** Adds a record of an earlier run, after those that were added before by this. */
export function restoreRecord(c: Contents, { subject, priority, ...kept }: KeptRecord): void {
  const record: QueuedRecord = {
    ...kept,
    seq: c.nextRestoredSeq++,
    bytes: bytesOf(kept.payload, kept.headers),
    backlog: true,
    tried: true,
  };
  putBack(queueOf(c, subject, priority), record);
  countIn(c, record);
}

/** Counts a record that was taken from its queue as dropped, and for the report of the gap. */
export function drop(c: Contents, { priority }: SubjectQueue, record: QueuedRecord, why: DropReason): void {
  countOut(c, record);
  c.dropped[priority] += 1;
  c.dropReasons[why] = (c.dropReasons[why] ?? 0) + 1;
  c.gap.add(priority, record, dropWords[why]);
}

/** Counts a record that was published without an acknowledgement; with a hub it is missing there. */
export function countPublished(
  c: Contents,
  { priority, unstored }: SubjectQueue,
  record: QueuedRecord,
): void {
  countOut(c, record);
  c.counts.published += 1;
  if (c.limits.hub)
    unstored.add(priority, record, 'published, but not known to be stored: no stream acknowledged them');
}

/** Drops records until the rest fits into the memory; what is in flight stays. */
export function trim(c: Contents): void {
  while (c.counts.bytes > c.limits.memory_bytes) {
    const selected = nextToDrop(c.queues);
    const oldest = selected?.queue[selected.list].shift();
    if (selected === undefined || oldest === undefined) return;
    drop(c, selected.queue, oldest, 'memory');
  }
}

/** Sets other limits and drops what no longer fits. */
export function setLimits(c: Contents, limits: SpoolLimits): void {
  if (limits.hub !== c.limits.hub) for (const queue of c.queues.values()) setHub(queue, limits.hub);
  c.limits = limits;
  trim(c);
}

/** All records that were neither dropped nor stored. */
function* allRecords(
  c: Contents,
  inFlight: Iterable<InFlight>,
): Generator<readonly [SubjectQueue, QueuedRecord]> {
  for (const queue of c.queues.values()) {
    for (const record of [...queue.fresh, ...queue.backlog]) yield [queue, record];
  }
  for (const { queue, record } of inFlight) yield [queue, record];
}

/** Records that may have been made by a wrong clock get their times corrected when they are sent. */
export function correctRecords(
  c: Contents,
  inFlight: Iterable<InFlight>,
  { provenUntil_ms, by_ms }: ClockCorrection,
): void {
  const correct = (record: QueuedRecord): void => {
    if (record.settled !== true && record.put_ms > provenUntil_ms)
      record.shift_ms = (record.shift_ms ?? 0) + by_ms;
  };
  for (const [, record] of allRecords(c, inFlight)) correct(record);
  for (const { ends } of [c.gap, ...[...c.queues.values()].map(({ unstored }) => unstored)])
    for (const record of ends()) correct(record);
}

/** What is to be reported now. What a subject published is reported once it is not published any more: else there would be no end. */
export function takeGap(c: Contents): Gap | undefined {
  const tried = [...c.queues.values()].filter(({ state }) => state === 'stored' || state === 'untried');
  return gapOf([c.gap.take(), ...tried.map(({ unstored }) => unstored.take())]);
}

/** What is missing and not reported yet. */
export const untoldGap = (c: Contents): Gap | undefined =>
  gapOf([c.gap.current(), ...[...c.queues.values()].map(({ unstored }) => unstored.current())]);

export function waitingRecords(c: Contents, inFlight: Iterable<InFlight>): WaitingRecords {
  const inOrder = [...allRecords(c, inFlight)].sort(([, a], [, b]) => a.seq - b.seq);
  const records = inOrder.map(([{ subject, priority }, record]): KeptRecord => {
    const { payload, headers, put_ms, wall_ms, shift_ms, settled, reports } = record;
    const id = idOf(record, c.idPrefix);
    const perhaps = known({ headers, shift_ms, settled, reports });
    return { id, subject, priority, payload, put_ms, wall_ms, ...perhaps };
  });
  return { records, last_seq: c.lastSeq, ...known({ gap: untoldGap(c) }) };
}
