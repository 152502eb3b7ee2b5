// Which of the queues is next: to be sent, to be tried again, to drop a record.
import { type QueuedRecord, recordPriorities } from './record.ts';
import { isTriedAgain, isWaiting, type ListName, type Queues, type SubjectQueue } from './subjectqueue.ts';

/** The first record of that list of that queue. */
export interface Selected {
  readonly queue: SubjectQueue;
  readonly list: ListName;
}

const headSeq = (queue: SubjectQueue, list: ListName): number => queue[list][0]?.seq ?? Infinity;

/** The queue with the oldest record in that list, among those that pass. */
export function oldestQueue(
  queues: Iterable<SubjectQueue>,
  list: ListName,
  pass: (queue: SubjectQueue) => boolean,
): SubjectQueue | undefined {
  let found: SubjectQueue | undefined;
  for (const queue of queues) {
    if (queue[list].length === 0 || !pass(queue)) continue;
    if (found === undefined || headSeq(queue, list) < headSeq(found, list)) found = queue;
  }
  return found;
}

/** The oldest record that waits in that list of any queue. */
export const oldestRecord = (queues: Queues, list: ListName): QueuedRecord | undefined =>
  oldestQueue(queues.values(), list, () => true)?.[list][0];

/** A queue that is not known to work sends one record at a time. */
const isOneByOne = (queue: SubjectQueue): boolean => isTriedAgain(queue) || queue.state === 'denied';

/** A queue that is tried again tries each new record, which costs what it would anyway; what it has is held back. */
const isHeld = (queue: SubjectQueue, list: ListName, now_ms: number): boolean =>
  queue.holdUntil_ms > now_ms && !(list === 'fresh' && isTriedAgain(queue));

const maySend = (queue: SubjectQueue, list: ListName, now_ms: number): boolean =>
  queue.state === 'plain' || (!isHeld(queue, list, now_ms) && !(isOneByOne(queue) && queue.inFlight > 0));

/**
 * What is sent next; undefined when nothing may be. Fresh records go first, but every fourth `turn` is the backlog's,
 * so that neither starves, and the backlog leaves an eighth of the window free for fresh ones.
 */
export function nextToSend(
  queues: Queues,
  now_ms: number,
  use: { readonly window: number; readonly backlogInFlight: number; readonly turn: number },
): Selected | undefined {
  const first = (list: ListName): SubjectQueue | undefined =>
    oldestQueue(queues.values(), list, (queue) => maySend(queue, list, now_ms));
  const backlogWindow = Math.max(1, use.window - Math.max(1, use.window >> 3));
  const fresh = first('fresh');
  const old = use.backlogInFlight < backlogWindow ? first('backlog') : undefined;
  if (fresh !== undefined && (old === undefined || use.turn % 4 !== 0))
    return { queue: fresh, list: 'fresh' };
  return old && { queue: old, list: 'backlog' };
}

/** Monotonic ms at which the first queue that is held back, and has something to send, may try again. */
export function nextRetry_ms(queues: Queues, now_ms: number): number | undefined {
  let next_ms = Infinity;
  for (const queue of queues.values()) {
    if (queue.state !== 'plain' && queue.holdUntil_ms > now_ms && isWaiting(queue))
      next_ms = Math.min(next_ms, queue.holdUntil_ms);
  }
  return next_ms === Infinity ? undefined : next_ms;
}

/** Whose oldest record is dropped when memory runs out; undefined when all that is left is in flight. */
export function nextToDrop(queues: Queues): Selected | undefined {
  for (const priority of recordPriorities) {
    for (const isDenied of [true, false]) {
      const pass = (queue: SubjectQueue): boolean =>
        queue.priority === priority && (queue.state === 'denied') === isDenied;
      for (const list of ['backlog', 'fresh'] as const) {
        const queue = oldestQueue(queues.values(), list, pass);
        if (queue !== undefined) return { queue, list };
      }
    }
  }
  return undefined;
}
