import { known } from '../lib/known.ts';
import { resultOf } from './puback.ts';
import { type QueuedRecord, toMessage } from './record.ts';
import { nextRetry_ms, nextToSend, oldestQueue, type Selected } from './select.ts';
import {
  acceptance,
  addInFlight,
  firstProbeAck_ms,
  goOffline,
  goOnline,
  handleResult,
  type InFlight,
  newSenderState,
  type Outcomes,
  reachedHub,
  recallAll,
  removeInFlight,
  type SenderDeps,
  type SenderLimits,
  type SenderOptions,
  type SenderState,
  wakeForProbe,
} from './senderstate.ts';
import { isTriedAgain, putBack, type Queues, type SubjectQueue } from './subjectqueue.ts';

export interface Sender {
  /** Sends what may be sent. */
  pump(): void;
  /** The way to the hub may have changed: tries at once. */
  kick(): void;
  configure(limits: SenderLimits): void;
  offline(): boolean;
  /** What is sent plainly now would not come to the hub, as far as is known. */
  isAway(): boolean;
  /** Whether it was tried; else being offline is only assumed. */
  isTried(): boolean;
  inFlight(): Iterable<InFlight>;
  stop(): void;
}

/** A record that waited this long is backlog even if it never failed. */
const freshFor_ms = 10_000;
/** Most records that are published plainly in one go: the echo has its turn in between. */
const plainBurst = 64;
const burstPause_ms = 5;
/** A backlog of 20,000 takes 10 s; at full speed it would take one or two, in which echoes take ten times longer. */
const drainPerMs = 2;
const drainBurst = 16;
/** After this time without any answer one record more is sent than the window allows. */
const silence_ms = 1000;

function takeFirst(s: SenderState, { queue, list }: Selected): QueuedRecord | undefined {
  const record = queue[list].shift();
  if (record !== undefined && s.deps.ticker.now_ms() - record.put_ms > freshFor_ms) record.backlog = true;
  return record;
}

/** Sends a record and handles the answer when it comes. */
function send(s: SenderState, queue: SubjectQueue, record: QueuedRecord): void {
  const { link, ticker } = s.deps;
  const sent_ms = ticker.now_ms();
  const isProbe = s.offline || isTriedAgain(queue);
  const { ack_ms, idPrefix } = s.opts;
  const timeout_ms = isProbe ? Math.min(ack_ms, s.probeAck_ms) : ack_ms;
  const { payload, headers } = toMessage(record, idPrefix);
  const sent = addInFlight(s, queue, record);
  const asked = { headers, timeout_ms, ...known({ accept: acceptance(s) }) };
  void link.request(queue.subject, payload, asked).then((answer) => {
    if (!removeInFlight(s, sent)) return; // it was recalled meanwhile
    s.lastAnswer_ms = ticker.now_ms();
    s.isTried = true;
    if (isProbe) s.probeAck_ms = answer.kind === 'timeout' ? timeout_ms * 2 : firstProbeAck_ms;
    const result = resultOf(answer, sent.isFirst, () => reachedHub(s, answer.kind, sent_ms));
    handleResult(s, sent, result, sent_ms);
    if (answer.kind === 'reply' || result.kind === 'unstored' || result.kind === 'refused') goOnline(s);
    pump(s);
  });
}

/** Publishes a record without asking for an answer; false when there is no connection. */
function publish(s: SenderState, queue: SubjectQueue, record: QueuedRecord): boolean {
  const { payload, headers } = toMessage(record, s.opts.idPrefix);
  const isSent = s.deps.link.publish(queue.subject, payload, { headers });
  if (isSent) s.outcomes.published(queue, record);
  else putBack(queue, record);
  return isSent;
}

/** A full window from which nothing comes back may be lost for good: one more record a second finds out. */
function hasRoom(s: SenderState, now_ms: number): boolean {
  if (s.inFlight.size < s.limits.window) return true;
  s.alarm.by(now_ms + silence_ms);
  if (now_ms - s.lastAnswer_ms < silence_ms) return false;
  s.lastAnswer_ms = now_ms;
  return true;
}

/** Whether another record of the backlog may be sent: what comes meanwhile waits behind a few of them only. */
function mayDrain(s: SenderState, now_ms: number): boolean {
  s.drainable = Math.min(drainBurst, s.drainable + (now_ms - s.drained_ms) * drainPerMs);
  s.drained_ms = now_ms;
  if (s.drainable >= 1) return true;
  s.alarm.by(now_ms + 1);
  return false;
}

function selectNext(s: SenderState, now_ms: number): Selected | undefined {
  s.turn += 1;
  const { turn } = s;
  const backlogInFlight = mayDrain(s, now_ms) ? s.backlogInFlight : Number.POSITIVE_INFINITY;
  const selected = nextToSend(s.queues, now_ms, { window: s.limits.window, backlogInFlight, turn });
  if (selected?.list === 'backlog') s.drainable -= 1;
  return selected;
}

function pump(s: SenderState): void {
  let published = 0;
  let now_ms = s.deps.ticker.now_ms();
  for (; !s.stopped && !s.offline; now_ms = s.deps.ticker.now_ms()) {
    if (!hasRoom(s, now_ms)) break;
    const selected = selectNext(s, now_ms);
    const record = selected && takeFirst(s, selected);
    if (selected === undefined || record === undefined) break;
    const { queue } = selected;
    const isAsked = queue.state !== 'plain' || (queue.holdUntil_ms <= now_ms && queue.inFlight === 0);
    if (isAsked) send(s, queue, record);
    else if (!publish(s, queue, record)) goOffline(s);
    else if (++published === plainBurst) {
      s.alarm.by(now_ms + burstPause_ms);
      break;
    }
  }
  // by the same clock: what has become due since would be neither sent nor waited for
  const retry_ms = s.offline ? undefined : nextRetry_ms(s.queues, now_ms);
  if (retry_ms !== undefined) s.alarm.by(retry_ms);
}

/** The queue that a probe is taken from: one that was stored before, if there is any, else each in turn. */
function queueToProbe(s: SenderState): SubjectQueue | undefined {
  const waiting = [...s.queues.values()].filter(
    ({ backlog, state }) => backlog.length > 0 && state !== 'denied',
  );
  s.probes += 1;
  return (
    oldestQueue(waiting, 'backlog', ({ lastStored_ms }) => lastStored_ms !== undefined) ??
    waiting[s.probes % Math.max(1, waiting.length)]
  );
}

/** Sends one record to see whether the hub can be reached. */
function probe(s: SenderState): void {
  if (s.stopped || !s.offline) return;
  wakeForProbe(s);
  if (!s.deps.link.state().connected || s.inFlight.size > 0) return;
  const queue = queueToProbe(s);
  const record = s.limits.hub && queue ? takeFirst(s, { queue, list: 'backlog' }) : undefined;
  if (queue !== undefined && record !== undefined) {
    send(s, queue, record);
    return;
  }
  goOnline(s); // nothing to probe with: the next record shows it
  pump(s);
}

function kick(s: SenderState): void {
  const { hub } = s.limits;
  if (hub) for (const queue of s.queues.values()) queue.holdUntil_ms = 0;
  if (s.offline) recallAll(s);
  if (hub && s.deps.hubUp() === false && !s.offline) goOffline(s);
  else if (s.offline) probe(s);
  else pump(s);
}

/**
 * Sends records as requests on their own subjects and keeps each until its PubAck. When the hub cannot be reached all
 * but a probe every one or two seconds wait; a single subject that nobody stores holds up only itself.
 */
export function startSender(
  deps: SenderDeps,
  opts: SenderOptions,
  queues: Queues,
  outcomes: Outcomes,
): Sender {
  const s = newSenderState(deps, opts, queues, outcomes, () => (s.offline ? probe(s) : pump(s)));
  const unwatch = deps.link.onChange(({ connected }) => (connected ? kick(s) : goOffline(s)));
  return {
    pump: () => pump(s),
    kick: () => kick(s),
    configure(limits) {
      if (s.limits.hub && !limits.hub) recallAll(s); // a late answer would make its queue ask again
      s.limits = limits;
      kick(s);
    },
    offline: () => s.offline,
    isAway: () => s.offline || (s.limits.hub && s.deps.hubUp() === false),
    isTried: () => s.isTried,
    inFlight: () => s.inFlight,
    stop() {
      s.stopped = true;
      s.alarm.stop();
      unwatch();
    },
  };
}
