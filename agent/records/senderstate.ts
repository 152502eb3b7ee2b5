import type { Log } from '../lib/log.ts';
import { type Alarm, alarm, type Ticker } from '../lib/ticker.ts';
import type { Link } from '../nats/link.ts';
import type { Answer } from '../nats/outgoing.ts';
import { dropWords } from './gap.ts';
import {
  isOfHub,
  type KnownStreams,
  type LocalStreams,
  type LossReason,
  readPubAck,
  type SendResult,
  unstoredWhy,
} from './puback.ts';
import type { QueuedRecord } from './record.ts';
import {
  forgetPlain,
  holdPlain,
  markDenied,
  markRefused,
  markStored,
  markTooLarge,
  markUnstored,
  moveToBacklog,
  type Patience,
  putBack,
  type Queues,
  release,
  type SubjectQueue,
} from './subjectqueue.ts';

export interface SenderDeps {
  readonly link: Pick<Link, 'publish' | 'request' | 'state' | 'onChange'>;
  /** Whether the leaf is joined to its hub; undefined when that cannot be known. */
  hubUp(): boolean | undefined;
  readonly ticker: Ticker;
  /** A number in [0, 1). */
  random(): number;
  readonly log: Log;
}

/** What may change while records are sent. */
export interface SenderLimits {
  /** Most records that wait for their PubAck at once. */
  readonly window: number;
  /** False when no hub is configured: records are published plainly and no PubAck is asked for. */
  readonly hub: boolean;
  /** The server that the agent is a client of is the hub itself. */
  readonly isDirect?: boolean;
  /** Longest pause between two tries of a record that no stream takes; default 30 s. */
  readonly retry_ms?: number;
}

/** The default of `patience_ms` is 15 s, of `silentPatience_ms` 60 s, of `longPatience_ms` 5 min. */
export interface SenderOptions extends SenderLimits, Partial<Omit<Patience, 'retry_ms'>> {
  /** As `patience_ms`, where no answer came at all: a hub that hangs is noticed within 40 s. */
  readonly silentPatience_ms?: number;
  /** `<unit>-<boot>`: the id of a record is this, a dash and its seq. */
  readonly idPrefix: string;
  /** How long a PubAck may take. Default 10 s. */
  readonly ack_ms?: number;
}

/** Called with what becomes of each record in the end. */
export interface Outcomes {
  stored(record: QueuedRecord, duplicate: false | 'resent' | 'foreign'): void;
  /** Sent without an acknowledgement, because nobody gives any. */
  published(queue: SubjectQueue, record: QueuedRecord): void;
  lost(queue: SubjectQueue, record: QueuedRecord, why: LossReason): void;
  /** The hub is reachable again, or what is known of a subject has changed. */
  changed(): void;
}

/** A record that was sent and waits for its answer. */
export interface InFlight {
  readonly queue: SubjectQueue;
  readonly record: QueuedRecord;
  readonly fromBacklog: boolean;
  /** It was never sent before. */
  readonly isFirst: boolean;
}

export interface SenderState {
  readonly deps: SenderDeps;
  readonly opts: Required<SenderOptions>;
  readonly queues: Queues;
  readonly outcomes: Outcomes;
  /** Sends again when something is due. */
  readonly alarm: Alarm;
  readonly inFlight: Set<InFlight>;
  backlogInFlight: number;
  limits: SenderLimits;
  /** The hub cannot be reached: all records wait but one every one or two seconds, which probes. */
  offline: boolean;
  /** Whether that is known. At the start nothing was sent yet, so that it is only assumed. */
  isTried: boolean;
  stopped: boolean;
  /** Counts of records and of probes, by which the queues take turns. */
  turn: number;
  probes: number;
  lastStored_ms: number;
  lastAnswer_ms: number;
  /** How much of the backlog might be sent at once, as of then. */
  drainable: number;
  drained_ms: number;
  /** How long a probe waits for its answer. */
  probeAck_ms: number;
  /** Streams that have acknowledged records, where the local server has some of its own. */
  readonly known: KnownStreams;
}

const defaults = {
  ack_ms: 10_000,
  patience_ms: 15_000,
  silentPatience_ms: 60_000,
  longPatience_ms: 300_000,
  isDirect: false,
  retry_ms: 30_000,
};

/** How long the first probe waits for its answer: short, since a probe holds up all other records. */
export const firstProbeAck_ms = 2500;

/** `wake` is called when something is due. */
export const newSenderState = (
  deps: SenderDeps,
  opts: SenderOptions,
  queues: Queues,
  outcomes: Outcomes,
  wake: () => void,
): SenderState => ({
  deps,
  opts: { ...defaults, ...opts },
  queues,
  outcomes,
  alarm: alarm(deps.ticker, wake),
  inFlight: new Set(),
  backlogInFlight: 0,
  limits: opts,
  offline: !deps.link.state().connected,
  isTried: deps.link.state().connected,
  stopped: false,
  turn: 0,
  probes: 0,
  lastStored_ms: -Infinity,
  lastAnswer_ms: -Infinity,
  drainable: 0,
  drained_ms: -Infinity,
  probeAck_ms: firstProbeAck_ms,
  known: { hub: new Set(), local: new Set() },
});

export function addInFlight(s: SenderState, queue: SubjectQueue, record: QueuedRecord): InFlight {
  const sent = { queue, record, fromBacklog: record.backlog, isFirst: record.tried !== true };
  record.tried = true;
  s.inFlight.add(sent);
  queue.inFlight += 1;
  if (sent.fromBacklog) s.backlogInFlight += 1;
  return sent;
}

/** False when its answer is no longer waited for. */
export function removeInFlight(s: SenderState, sent: InFlight): boolean {
  if (!s.inFlight.delete(sent)) return false;
  sent.queue.inFlight -= 1;
  if (sent.fromBacklog) s.backlogInFlight -= 1;
  return true;
}

/** Stops waiting for answers, which may be lost. A record that was stored all the same is a duplicate by its id. */
export function recallAll(s: SenderState): void {
  for (const sent of s.inFlight) {
    removeInFlight(s, sent);
    putBack(sent.queue, sent.record);
  }
}

export function goOffline(s: SenderState): void {
  recallAll(s);
  for (const queue of s.queues.values()) {
    moveToBacklog(queue);
    if (!s.limits.hub) continue;
    if (queue.state !== 'denied') release(queue);
    forgetPlain(queue); // the hub that comes back may be another: what it does not store is told once that was tried
  }
  const isNew = !s.offline;
  s.isTried = true;
  s.offline = true; // before the log line, which is put as a record itself
  if (isNew) s.deps.log.warn('records wait: the hub cannot be reached');
  wakeForProbe(s);
}

export function goOnline(s: SenderState): void {
  if (!s.offline) return;
  s.offline = false;
  s.isTried = true;
  s.deps.log.info('sending records again');
  s.outcomes.changed();
}

/** The next probe is due in one or two seconds. */
export const wakeForProbe = (s: SenderState): void =>
  s.alarm.by(s.deps.ticker.now_ms() + 1000 + s.deps.random() * 1000);

const retryOf = ({ limits, opts }: SenderState): number => limits.retry_ms ?? opts.retry_ms;

/** Whether the record came to where a stream would have answered, had there been one. */
export function reachedHub(s: SenderState, kind: Answer['kind'], sent_ms: number): boolean {
  const { link, hubUp } = s.deps;
  if (kind === 'closed' || !link.state().connected) return false;
  if (s.lastStored_ms > sent_ms) return true; // another record was stored meanwhile
  if (s.limits.isDirect === true) return true;
  // the leaf alone may have answered "no responders", or a stream of its own keeps it from doing so
  return hubUp() ?? (kind === 'timeout' && localStreams(s) === undefined);
}

const localStreams = ({ deps, limits }: SenderState): LocalStreams | undefined =>
  limits.isDirect ? undefined : deps.link.state().server?.jetstream;

/** Which replies to a record count; undefined when any does, since the local server has no streams of its own. */
export function acceptance(s: SenderState): ((data: Uint8Array) => boolean) | undefined {
  const local = localStreams(s);
  return local && ((data) => isOfHub(readPubAck(data), local, s.known));
}

/** Nobody stores the subject: a record of a plain queue is done with, any other is tried again. */
function handleUnstored(s: SenderState, { queue, record }: InFlight, why: string, sent_ms: number): void {
  const { opts, deps, outcomes } = s;
  const now_ms = deps.ticker.now_ms();
  if (queue.state === 'plain') {
    holdPlain(queue, now_ms);
    outcomes.published(queue, record);
    return;
  }
  putBack(queue, record);
  const patience_ms = why === unstoredWhy.no_stream ? opts.patience_ms : opts.silentPatience_ms;
  const { longPatience_ms } = opts;
  const patience = { patience_ms, longPatience_ms, retry_ms: retryOf(s) };
  if (markUnstored(queue, why, { sent_ms, now_ms, ...patience }, deps.log)) outcomes.changed();
}

export function handleResult(s: SenderState, sent: InFlight, result: SendResult, sent_ms: number): void {
  const { queue, record } = sent;
  const { log, ticker } = s.deps;
  const now_ms = ticker.now_ms();
  switch (result.kind) {
    case 'stored':
      s.lastStored_ms = now_ms;
      s.outcomes.stored(record, result.duplicate);
      if (queue.troubledSince_ms !== undefined)
        for (const one of s.queues.values()) if (one !== queue) forgetPlain(one);
      if (markStored(queue, now_ms, log)) s.outcomes.changed();
      break;
    case 'refused':
      putBack(queue, record);
      if (markRefused(queue, result.why, { now_ms, retry_ms: retryOf(s) }, log)) s.outcomes.changed();
      break;
    case 'denied':
      putBack(queue, record);
      if (markDenied(queue, now_ms)) s.outcomes.changed();
      break;
    case 'lost':
      s.outcomes.lost(queue, record, result.why);
      if (result.why === 'max_msg_size' && markTooLarge(queue, dropWords[result.why], now_ms))
        s.outcomes.changed();
      break;
    case 'unstored':
      handleUnstored(s, sent, result.why, sent_ms);
      break;
    case 'unreachable':
      putBack(queue, record);
      goOffline(s);
  }
}
