import type { Log } from '../lib/log.ts';
import type { Ticker } from '../lib/ticker.ts';
import type { Link } from '../nats/link.ts';
import type { Answer } from '../nats/outgoing.ts';
import { readPubAck } from './puback.ts';
import { outgoing } from './record.ts';
import { type Turn, takeTurns } from './select.ts';
import { keepLanes } from './storage.ts';
import { type Entry, type Lane, nextTry_ms, oldestLane, putBack, release, shelve } from './subjectqueue.ts';

export interface FlowDeps {
  readonly link: Pick<Link, 'publish' | 'request' | 'state' | 'onChange'>;
  /** Whether the leaf is joined to its hub; undefined when that cannot be known. */
  hubUp(): boolean | undefined;
  readonly ticker: Ticker;
  readonly log: Log;
}

/** What may change while records flow. */
export interface FlowLimits {
  /** Most records that wait for their PubAck at once. */
  readonly window: number;
  /** False when no hub is configured: records are published plainly and nothing is asked. */
  readonly hub: boolean;
}

export interface FlowOptions extends FlowLimits {
  /** `<unit>-<boot>`: the id of a record is this, a dash and its seq. */
  readonly idPrefix: string;
  /** How long a PubAck may take. Default 10 s. */
  readonly ack_ms?: number;
  /** How long the hub may be there without a PubAck before records are published plainly. Default 15 s. */
  readonly patience_ms?: number;
  /** The same for a subject whose records were stored before, as its stream may come back. Default 5 min. */
  readonly longPatience_ms?: number;
}

/** What becomes of an entry in the end. */
export interface Fates {
  /** `duplicate`: the stream had its id already; `resent` as it was sent before, `foreign` though it never was. */
  stored(entry: Entry, duplicate: false | 'resent' | 'foreign'): void;
  /** Sent without an acknowledgement, because nobody gives any. */
  published(entry: Entry): void;
  lost(lane: Lane, entry: Entry, why: string): void;
  /** Something changed that people may want to know. */
  changed(): void;
}

export interface Flow {
  /** Sends what may be sent. */
  pump(): void;
  /** The way to the hub may have changed: try now. */
  kick(): void;
  configure(limits: FlowLimits): void;
  offline(): boolean;
  /** The entries that were sent and wait for their answer. */
  flying(): Iterable<{ readonly lane: Lane; readonly entry: Entry }>;
  stop(): void;
}

/** An entry that was sent and waits for its answer. */
interface Flight {
  readonly lane: Lane;
  readonly entry: Entry;
  readonly fromBacklog: boolean;
  readonly isFirst: boolean;
}

/** A record that waited this long is backlog even if it never failed. */
const liveFor_ms = 10_000;
const plainBurst = 64;
const silence_ms = 1000;
/** A record that goes out alone holds up all others: its answer is not waited for as long, at first. */
const firstProbeAck_ms = 2500;

/**
 * Sends entries as requests on their own subjects and keeps each until its PubAck. When the way to the hub is
 * closed everything stops but one record every one or two seconds; a single subject that nobody stores holds
 * up only itself.
 */
export function startFlow(deps: FlowDeps, opts: FlowOptions, lanes: Map<string, Lane>, fates: Fates): Flow {
  const { link, ticker, log } = deps;
  const { ack_ms = 10_000, patience_ms = 15_000, longPatience_ms = 300_000 } = opts;
  let { window, hub } = opts;
  let offline = !link.state().connected;
  const inFlight = new Set<Flight>();
  let backlogInFlight = 0;
  let probes = 0;
  const turns = takeTurns();
  let lastStored_ms = -Infinity;
  let lastWord_ms = -Infinity;
  let probeAck_ms = firstProbeAck_ms;
  let stopped = false;
  let cancelTimer = (): void => {};
  let timerDue_ms = Infinity;

  const wakeAt = (due_ms: number): void => {
    if (stopped || due_ms >= timerDue_ms) return;
    cancelTimer();
    timerDue_ms = due_ms;
    cancelTimer = ticker.after(Math.max(1, due_ms - ticker.now_ms()), () => {
      timerDue_ms = Infinity;
      if (offline) probe();
      else pump();
    });
  };

  const keeper = keepLanes(
    { ticker, log, changed: fates.changed, wakeAt },
    { short_ms: patience_ms, long_ms: longPatience_ms },
  );

  const land = (flight: Flight): boolean => {
    if (!inFlight.delete(flight)) return false;
    flight.lane.inFlight -= 1;
    if (flight.fromBacklog) backlogInFlight -= 1;
    return true;
  };

  /** Gives up waiting for answers, which may be lost. What was stored all the same, the stream knows by its id. */
  const recall = (): void => {
    for (const flight of inFlight) {
      land(flight);
      putBack(flight.lane, flight.entry);
    }
  };

  const goOffline = (): void => {
    recall();
    for (const lane of lanes.values()) {
      shelve(lane);
      if (hub && lane.state !== 'denied') release(lane);
    }
    const began = !offline;
    offline = true;
    if (began) log.warn('records wait: the hub cannot be reached'); // a record itself: it comes back in here
    wakeAt(ticker.now_ms() + 1000 + Math.random() * 1000);
    fates.changed();
  };

  const goOnline = (): void => {
    if (!offline) return;
    offline = false;
    log.info('records flow to the hub again');
    fates.changed();
    pump();
  };

  /** Whether the record came to where a stream would have answered, had there been one. */
  function cameThrough(kind: Answer['kind'], sent_ms: number): boolean {
    if (kind === 'closed' || !link.state().connected) return false;
    if (lastStored_ms > sent_ms) return true; // something else was stored meanwhile
    return deps.hubUp() ?? kind === 'timeout'; // who says 503 may be the leaf alone
  }

  function unstored(lane: Lane, entry: Entry, why: string, sent_ms: number): void {
    if (keeper.unstored(lane, entry, why, sent_ms)) fates.published(entry);
    goOnline();
  }

  function replied({ lane, entry, isFirst }: Flight, data: Uint8Array, sent_ms: number): void {
    const ack = readPubAck(data);
    if (ack.kind === 'other') {
      unstored(lane, entry, 'something answers that is not a stream', sent_ms);
      return;
    }
    if (ack.kind === 'stored') {
      lastStored_ms = ticker.now_ms();
      fates.stored(entry, ack.duplicate && (isFirst ? 'foreign' : 'resent'));
      keeper.stored(lane);
    } else if (ack.hopeless) fates.lost(lane, entry, ack.why);
    else keeper.refused(lane, entry, ack.why);
    goOnline();
  }

  function settle(flight: Flight, answer: Answer, sent_ms: number): void {
    const { lane, entry } = flight;
    if (answer.kind === 'reply') replied(flight, answer.message.data, sent_ms);
    else if (answer.kind === 'too_large') fates.lost(lane, entry, 'larger than max_payload');
    else if (answer.kind === 'denied') keeper.denied(lane, entry);
    else if (cameThrough(answer.kind, sent_ms)) {
      const why = answer.kind === 'timeout' ? 'no PubAck came' : 'no stream takes this subject';
      unstored(lane, entry, why, sent_ms);
    } else {
      putBack(lane, entry);
      goOffline();
    }
  }

  function send(lane: Lane, entry: Entry): void {
    const sent_ms = ticker.now_ms();
    const flight: Flight = { lane, entry, fromBacklog: entry.backlog, isFirst: entry.tried !== true };
    entry.tried = true;
    const probing = offline || lane.state === 'failing';
    const timeout_ms = probing ? Math.min(ack_ms, probeAck_ms) : ack_ms;
    const { payload, headers } = outgoing(entry, opts.idPrefix);
    inFlight.add(flight);
    lane.inFlight += 1;
    if (flight.fromBacklog) backlogInFlight += 1;
    void link.request(lane.subject, payload, { headers, timeout_ms }).then((answer) => {
      if (!land(flight)) return; // given up meanwhile
      lastWord_ms = ticker.now_ms();
      if (probing) probeAck_ms = answer.kind === 'timeout' ? timeout_ms * 2 : firstProbeAck_ms;
      settle(flight, answer, sent_ms);
      pump();
    });
  }

  function take({ lane, queue }: Turn): Entry | undefined {
    const entry = lane[queue].shift();
    if (entry !== undefined && ticker.now_ms() - entry.put_ms > liveFor_ms) entry.backlog = true;
    return entry;
  }

  /** A window from which nothing comes back may be lost for good: one more record a second tells. */
  function hasRoom(now_ms: number): boolean {
    if (inFlight.size < window) return true;
    wakeAt(now_ms + silence_ms);
    if (now_ms - lastWord_ms < silence_ms) return false;
    lastWord_ms = now_ms;
    return true;
  }

  /** Sends without asking for an answer; false when there is no connection. */
  function sendPlainly(lane: Lane, entry: Entry): boolean {
    const { payload, headers } = outgoing(entry, opts.idPrefix);
    const sent = link.publish(lane.subject, payload, { headers });
    if (sent) fates.published(entry);
    else putBack(lane, entry);
    return sent;
  }

  function pump(): void {
    let burst = 0;
    while (!stopped && !offline) {
      const now = ticker.now_ms();
      if (!hasRoom(now)) break;
      const chosen = turns.next(lanes.values(), now, { window, backlogInFlight });
      const entry = chosen && take(chosen);
      if (chosen === undefined || entry === undefined) break;
      const { lane } = chosen;
      if (lane.state !== 'plain' || (lane.hold_ms <= now && lane.inFlight === 0)) send(lane, entry);
      else if (!sendPlainly(lane, entry)) goOffline();
      else if (++burst === plainBurst) {
        wakeAt(now + 5); // the echo comes in between
        break;
      }
    }
    const due_ms = offline ? undefined : nextTry_ms(lanes.values(), ticker.now_ms());
    if (due_ms !== undefined) wakeAt(due_ms);
  }

  /** One record goes out to see whether the way is open: of a subject that was stored before, if there is one. */
  function probe(): void {
    if (stopped || !offline) return;
    wakeAt(ticker.now_ms() + 1000 + Math.random() * 1000);
    if (!link.state().connected || inFlight.size > 0) return;
    const waiting = [...lanes.values()].filter((lane) => lane.backlog.length > 0 && lane.state !== 'denied');
    const proven = oldestLane(waiting, 'backlog', (lane) => lane.everStored);
    probes += 1;
    const lane = proven ?? waiting[probes % Math.max(1, waiting.length)];
    const entry = hub && lane ? take({ lane, queue: 'backlog' }) : undefined;
    if (lane === undefined || entry === undefined)
      goOnline(); // nothing to ask with: the next record tells
    else send(lane, entry);
  }

  function kick(): void {
    if (hub) for (const lane of lanes.values()) lane.hold_ms = 0;
    if (offline) recall();
    if (hub && deps.hubUp() === false && !offline) goOffline();
    else if (offline) probe();
    else pump();
  }
  const unwatch = link.onChange((state) => (state.connected ? kick() : goOffline()));

  return {
    pump,
    kick,
    configure(limits) {
      if (hub && !limits.hub) recall(); // an answer that still came would have its lane ask again
      ({ window, hub } = limits);
      kick();
    },
    offline: () => offline,
    flying: () => inFlight,
    stop() {
      stopped = true;
      cancelTimer();
      unwatch();
    },
  };
}
