import type { Log } from '../lib/log.ts';
import { collectGap, type GapCollector } from './gap.ts';
import type { QueuedRecord, RecordPriority } from './record.ts';

/**
 * Whether the records of a subject are stored. `refused`: the stream says no. `failing`: nobody acknowledges them.
 * `plain`: nobody has for so long that they are published without an acknowledgement. `denied`: the server does not
 * permit them.
 */
export type StorageState = 'untried' | 'stored' | 'refused' | 'failing' | 'plain' | 'denied';

/** The waiting records of one subject, and what is known about whether they are stored. */
export interface SubjectQueue {
  readonly subject: string;
  readonly priority: RecordPriority;
  /** In order of seq: records put lately, and records left over from before. */
  readonly fresh: QueuedRecord[];
  readonly backlog: QueuedRecord[];
  state: StorageState;
  /** Why its records are not stored, in words; empty when they are. */
  why: string;
  /** Monotonic ms since when nobody answers for it; counted only while the hub is reachable. */
  failingSince_ms: number | undefined;
  /** Monotonic ms since when it is refused, failing, plain or denied; undefined when it is not. */
  troubledSince_ms: number | undefined;
  /** It is told that its records are not stored, and not yet that they are again. */
  isToldUnstored: boolean;
  /** Monotonic ms at which a stream acknowledged its last record; undefined before the first. */
  lastStored_ms: number | undefined;
  /** Monotonic ms at which its last record was too large for the stream; undefined before the first. */
  lastTooLarge_ms: number | undefined;
  /** Monotonic ms at which the last record was put, and how long after the one before. */
  lastPut_ms: number | undefined;
  interval_ms: number | undefined;
  /** What was published without an acknowledgement and is not reported yet. */
  readonly unstored: GapCollector;
  /** Nothing is sent before this monotonic ms; 0 when it is not held back. */
  holdUntil_ms: number;
  /** Length of the last pause. */
  pause_ms: number;
  inFlight: number;
}

/** The two lists of a queue. */
export type ListName = 'fresh' | 'backlog';

export type Queues = ReadonlyMap<string, SubjectQueue>;

export const newQueue = (subject: string, priority: RecordPriority): SubjectQueue => ({
  subject,
  priority,
  fresh: [],
  backlog: [],
  state: 'untried',
  why: '',
  failingSince_ms: undefined,
  troubledSince_ms: undefined,
  isToldUnstored: false,
  lastStored_ms: undefined,
  lastTooLarge_ms: undefined,
  lastPut_ms: undefined,
  interval_ms: undefined,
  unstored: collectGap(),
  holdUntil_ms: 0,
  pause_ms: 0,
  inFlight: 0,
});

export const isWaiting = ({ fresh, backlog }: SubjectQueue): boolean => fresh.length + backlog.length > 0;

/** It is not known to work: one record at a time is tried, each new one, and what it has after pauses. */
export const isTriedAgain = ({ state }: SubjectQueue): boolean => state === 'failing' || state === 'refused';

/** Puts a record back into its place by seq; it belongs to the backlog from now on. */
export function putBack({ backlog }: SubjectQueue, record: QueuedRecord): void {
  record.backlog = true;
  let at = 0;
  for (let end = backlog.length; at < end; ) {
    const middle = (at + end) >> 1;
    if ((backlog[middle]?.seq ?? 0) < record.seq) at = middle + 1;
    else end = middle;
  }
  backlog.splice(at, 0, record);
}

/** Moves all fresh records to the backlog, whose records are all older. */
export function moveToBacklog({ fresh, backlog }: SubjectQueue): void {
  for (const record of fresh) {
    record.backlog = true;
    backlog.push(record);
  }
  fresh.length = 0;
}

/** How long a subject may fail while the hub is reachable before its records are published plainly. */
export interface Patience {
  /** For a subject that was never stored. */
  readonly patience_ms: number;
  /** For one that was: its stream may come back. */
  readonly longPatience_ms: number;
  /** Longest pause between two tries. */
  readonly retry_ms: number;
}

interface Pause {
  readonly first_ms: number;
  readonly longest_ms: number;
}

/** Each try costs the link a record: how long it waits for the next is a matter of the traffic profile. */
const refusedPause = (retry_ms: number): Pause => ({ first_ms: retry_ms / 30, longest_ms: retry_ms });
const unansweredPause = (retry_ms: number): Pause => ({ first_ms: retry_ms / 30, longest_ms: retry_ms / 6 });
const probePause: Pause = { first_ms: 5000, longest_ms: 300_000 };

/** Holds the queue back for twice as long as the last time, within the bounds of the pause. */
function hold(queue: SubjectQueue, { first_ms, longest_ms }: Pause, now_ms: number): void {
  if (queue.holdUntil_ms > now_ms) return; // by another answer of the same window
  queue.pause_ms = Math.min(longest_ms, Math.max(first_ms, queue.pause_ms * 2));
  queue.holdUntil_ms = now_ms + queue.pause_ms;
}

/** Gives whether anything changed. */
function become(
  queue: SubjectQueue,
  state: Exclude<StorageState, 'untried'>,
  why: string,
  now_ms: number,
): boolean {
  const isNew = queue.state !== state || queue.why !== why;
  queue.state = state;
  queue.why = why;
  queue.troubledSince_ms = state === 'stored' ? undefined : (queue.troubledSince_ms ?? now_ms);
  return isNew;
}

/** The stream has stored a record. Gives whether the state changed, as all of these do. */
export function markStored(queue: SubjectQueue, now_ms: number, log: Log): boolean {
  queue.failingSince_ms = undefined;
  queue.holdUntil_ms = 0;
  queue.pause_ms = 0;
  queue.lastStored_ms = now_ms;
  const isNew = become(queue, 'stored', '', now_ms);
  if (queue.isToldUnstored) log.info('records are stored again', { subject: queue.subject });
  queue.isToldUnstored = false;
  return isNew;
}

/** The stream has refused a record, for the reason that it gives. */
export function markRefused(
  queue: SubjectQueue,
  why: string,
  { now_ms, retry_ms }: Pick<Patience, 'retry_ms'> & { readonly now_ms: number },
  log: Log,
): boolean {
  const wasRefused = queue.state === 'refused';
  hold(queue, refusedPause(retry_ms), now_ms);
  const isNew = become(queue, 'refused', why, now_ms);
  if (!wasRefused) log.warn('the hub stream refuses records', { subject: queue.subject, why });
  return isNew;
}

/** The stream will never take that record, but perhaps the next one: nothing is held back. */
export function markTooLarge(queue: SubjectQueue, why: string, now_ms: number): boolean {
  queue.lastTooLarge_ms = now_ms;
  return become(queue, 'refused', why, now_ms);
}

/** The server does not permit the subject. */
export function markDenied(queue: SubjectQueue, now_ms: number): boolean {
  hold(queue, probePause, now_ms);
  queue.isToldUnstored = true;
  return become(queue, 'denied', 'not permitted to publish', now_ms);
}

/** Nobody has stored a record that was sent at `sent_ms`: after some patience the records are published plainly. */
export function markUnstored(
  queue: SubjectQueue,
  why: string,
  { sent_ms, now_ms, ...patience }: Patience & { readonly sent_ms: number; readonly now_ms: number },
  log: Log,
): boolean {
  queue.failingSince_ms ??= sent_ms;
  const limit_ms = queue.lastStored_ms === undefined ? patience.patience_ms : patience.longPatience_ms;
  if (now_ms - queue.failingSince_ms < limit_ms) {
    hold(queue, unansweredPause(patience.retry_ms), now_ms);
    return become(queue, 'failing', why, sent_ms);
  }
  Object.assign(queue, { pause_ms: 0, holdUntil_ms: 0 });
  holdPlain(queue, now_ms);
  const isNew = become(queue, 'plain', why, now_ms);
  if (!queue.isToldUnstored)
    log.warn('records are published without being stored', { subject: queue.subject, why });
  queue.isToldUnstored = true;
  return isNew;
}

/** A plain queue is not probed again before a pause has passed. */
export const holdPlain = (queue: SubjectQueue, now_ms: number): void => hold(queue, probePause, now_ms);

const untroubled = {
  state: 'untried',
  why: '',
  failingSince_ms: undefined,
  troubledSince_ms: undefined,
  pause_ms: 0,
} as const;

/** The queue may be tried at once, and its failures so far are forgotten, but not since when it has been in trouble. */
export function release(queue: SubjectQueue): void {
  queue.holdUntil_ms = 0;
  if (!isTriedAgain(queue)) return;
  const { troubledSince_ms } = queue;
  Object.assign(queue, { ...untroubled, troubledSince_ms });
}

/** What nobody stored is tried anew: somebody stores another subject again. */
export function forgetPlain(queue: SubjectQueue): void {
  if (queue.state === 'plain') Object.assign(queue, { ...untroubled, holdUntil_ms: 0 });
}

/** Whether a hub is configured changed. Without one, records are published plainly and nothing is probed. */
export function setHub(queue: SubjectQueue, hub: boolean): void {
  Object.assign(
    queue,
    hub
      ? { ...untroubled, holdUntil_ms: 0 }
      : { ...untroubled, state: 'plain', why: 'no hub is configured', holdUntil_ms: Infinity },
  );
}
