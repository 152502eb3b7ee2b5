import type { Log } from '../lib/log.ts';
import type { QueuedRecord, RecordPriority } from './record.ts';

/**
 * Whether the records of a subject are stored. `failing`: not now. `plain`: nobody stores them, so they are published
 * without an acknowledgement. `denied`: the server does not permit them.
 */
export type StorageState = 'untried' | 'stored' | 'failing' | 'plain' | 'denied';

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
  /** Monotonic ms since when it fails; counted only while the hub is reachable. */
  failingSince_ms: number | undefined;
  /** Nothing is sent before this monotonic ms; 0 when it is not held back. */
  holdUntil_ms: number;
  /** Length of the last pause. */
  pause_ms: number;
  inFlight: number;
  everStored: boolean;
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
  holdUntil_ms: 0,
  pause_ms: 0,
  inFlight: 0,
  everStored: false,
});

export const isWaiting = ({ fresh, backlog }: SubjectQueue): boolean => fresh.length + backlog.length > 0;

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
}

interface Pause {
  readonly first_ms: number;
  readonly longest_ms: number;
}

const retryPause: Pause = { first_ms: 1000, longest_ms: 5000 };
const refusedPause: Pause = { first_ms: 1000, longest_ms: 30_000 };
const probePause: Pause = { first_ms: 5000, longest_ms: 300_000 };

/** Holds the queue back for twice as long as the last time, within the bounds of the pause. */
function hold(queue: SubjectQueue, { first_ms, longest_ms }: Pause, now_ms: number): void {
  if (queue.holdUntil_ms > now_ms) return; // by another answer of the same window
  queue.pause_ms = Math.min(longest_ms, Math.max(first_ms, queue.pause_ms * 2));
  queue.holdUntil_ms = now_ms + queue.pause_ms;
}

/** Gives whether anything changed. */
function become(queue: SubjectQueue, state: StorageState, why: string): boolean {
  const isNew = queue.state !== state || queue.why !== why;
  queue.state = state;
  queue.why = why;
  return isNew;
}

/** The stream has stored a record. Gives whether the state changed, as all of these do. */
export function markStored(queue: SubjectQueue, log: Log): boolean {
  const wasUnstored = queue.state === 'plain' || queue.state === 'denied';
  queue.failingSince_ms = undefined;
  queue.holdUntil_ms = 0;
  queue.pause_ms = 0;
  queue.everStored = true;
  const isNew = become(queue, 'stored', '');
  if (wasUnstored) log.info('records are stored again', { subject: queue.subject });
  return isNew;
}

/** The stream has refused a record, for the reason that it gives. */
export function markRefused(queue: SubjectQueue, why: string, now_ms: number, log: Log): boolean {
  const isOtherWhy = queue.why !== why;
  hold(queue, refusedPause, now_ms);
  const isNew = become(queue, 'failing', why);
  if (isOtherWhy) log.warn('the hub stream refuses records', { subject: queue.subject, why });
  return isNew;
}

/** The server does not permit the subject. */
export function markDenied(queue: SubjectQueue, now_ms: number): boolean {
  hold(queue, probePause, now_ms);
  return become(queue, 'denied', 'not permitted to publish');
}

/** Nobody has stored a record that was sent at `sent_ms`: after some patience the records are published plainly. */
export function markUnstored(
  queue: SubjectQueue,
  why: string,
  { sent_ms, now_ms, ...patience }: Patience & { readonly sent_ms: number; readonly now_ms: number },
  log: Log,
): boolean {
  queue.failingSince_ms ??= sent_ms;
  const limit_ms = queue.everStored ? patience.longPatience_ms : patience.patience_ms;
  if (now_ms - queue.failingSince_ms < limit_ms) {
    hold(queue, retryPause, now_ms);
    return become(queue, 'failing', why);
  }
  Object.assign(queue, { pause_ms: 0, holdUntil_ms: 0 });
  holdPlain(queue, now_ms);
  const isNew = become(queue, 'plain', why);
  log.warn('records are published without being stored', { subject: queue.subject, why });
  return isNew;
}

/** A plain queue is not probed again before a pause has passed. */
export const holdPlain = (queue: SubjectQueue, now_ms: number): void => hold(queue, probePause, now_ms);

/** The queue may be tried at once, and its failures so far are forgotten. */
export function release(queue: SubjectQueue): void {
  queue.holdUntil_ms = 0;
  if (queue.state !== 'failing') return;
  Object.assign(queue, { state: 'untried', failingSince_ms: undefined, pause_ms: 0 });
}

/** Whether a hub is configured changed. Without one, records are published plainly and nothing is probed. */
export function setHub(queue: SubjectQueue, hub: boolean): void {
  Object.assign(
    queue,
    hub
      ? { state: 'untried', why: '', holdUntil_ms: 0, pause_ms: 0, failingSince_ms: undefined }
      : { state: 'plain', why: 'no hub is configured', holdUntil_ms: Infinity },
  );
}
