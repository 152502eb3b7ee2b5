import type { Log } from '../lib/log.ts';
import type { Ticker } from '../lib/ticker.ts';
import { type Entry, isOpen, type Lane, oldestLane, putBack, shelve } from './lanes.ts';
import type { Answer, Link } from './link.ts';
import { readPubAck } from './puback.ts';

export interface FlowDeps {
  readonly link: Pick<Link, 'publish' | 'request' | 'state' | 'onChange'>;
  /** Whether the leaf is joined to its hub; undefined when that cannot be known. */
  hubUp(): boolean | undefined;
  readonly ticker: Ticker;
  readonly log: Log;
}

export interface FlowOptions {
  /** `<unit>-<boot>`: the id of a record is this, a dash and its seq. */
  readonly idPrefix: string;
  /** Most records that wait for their PubAck at once. */
  readonly window: number;
  /** False when no hub is configured: records are published plainly and nothing is asked. */
  readonly hub: boolean;
  /** How long a PubAck may take. Default 10 s. */
  readonly ack_ms?: number;
  /** How long the hub may be there without a PubAck before records are published plainly. Default 15 s. */
  readonly patience_ms?: number;
  /** The same for a subject whose records were stored before, as its stream may come back. Default 5 min. */
  readonly longPatience_ms?: number;
}

/** What becomes of an entry in the end. */
export interface Fates {
  stored(entry: Entry, duplicate: boolean): void;
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
  offline(): boolean;
  stop(): void;
}

/** An entry that was sent and waits for its answer. */
interface Flight {
  readonly lane: Lane;
  readonly entry: Entry;
  readonly fromBacklog: boolean;
}

/** A record that waited this long is backlog even if it never failed. */
const liveFor_ms = 10_000;
const plainBurst = 64;
const silence_ms = 1000;
const refusedPause_ms = 30_000;
const longestProbe_ms = 300_000;

/**
 * Sends entries as requests on their own subjects and keeps each until its PubAck. When the way to the hub is
 * closed everything stops but one record every one or two seconds; a single subject that nobody stores holds
 * up only itself.
 */
export function startFlow(deps: FlowDeps, opts: FlowOptions, lanes: Map<string, Lane>, fates: Fates): Flow {
  const { link, ticker, log } = deps;
  const { window, ack_ms = 10_000, patience_ms = 15_000, longPatience_ms = 300_000 } = opts;
  const backlogWindow = Math.max(1, window - Math.max(1, window >> 3)); // the rest is free for live records
  let offline = !link.state().connected;
  const inFlight = new Set<Flight>();
  let backlogInFlight = 0;
  let turn = 0;
  let lastStored_ms = -Infinity;
  let lastWord_ms = -Infinity;
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

  const land = (flight: Flight): boolean => {
    if (!inFlight.delete(flight)) return false;
    flight.lane.inFlight -= 1;
    if (flight.fromBacklog) backlogInFlight -= 1;
    return true;
  };

  const goOffline = (): void => {
    for (const flight of inFlight) {
      land(flight); // its answer may be lost; if it was stored, the stream knows its id
      putBack(flight.lane, flight.entry);
    }
    for (const lane of lanes.values()) {
      shelve(lane);
      if (opts.hub && lane.state !== 'denied') lane.hold_ms = 0;
      if (lane.state === 'failing')
        Object.assign(lane, { state: 'untried', failing_ms: undefined, pause_ms: 0 });
    }
    if (!offline) log.warn('records wait: the hub cannot be reached');
    offline = true;
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

  const hold = (lane: Lane, shortest_ms: number, longest_ms: number): void => {
    const now = ticker.now_ms();
    if (lane.hold_ms > now) return; // another one of the same window has said so already
    lane.pause_ms = Math.min(longest_ms, Math.max(shortest_ms, lane.pause_ms * 2));
    lane.hold_ms = now + lane.pause_ms;
    wakeAt(lane.hold_ms);
  };

  const become = (lane: Lane, state: Lane['state'], why: string): void => {
    const news = lane.state !== state || lane.why !== why;
    lane.state = state;
    lane.why = why;
    if (news) fates.changed();
  };

  function stored(lane: Lane, entry: Entry, duplicate: boolean): void {
    const before = lane.state;
    lastStored_ms = ticker.now_ms();
    Object.assign(lane, { failing_ms: undefined, hold_ms: 0, pause_ms: 0, everStored: true });
    if (before === 'plain' || before === 'denied')
      log.info('records are stored again', { subject: lane.subject });
    fates.stored(entry, duplicate);
    become(lane, 'stored', '');
    goOnline();
  }

  /** Nobody acknowledged although the hub is there: nobody stores this subject, or not yet. */
  function unstored(lane: Lane, entry: Entry, why: string, sent_ms: number): void {
    if (lane.state === 'plain') {
      fates.published(entry);
      hold(lane, 5000, longestProbe_ms);
      return;
    }
    putBack(lane, entry);
    lane.failing_ms ??= sent_ms;
    if (ticker.now_ms() - lane.failing_ms < (lane.everStored ? longPatience_ms : patience_ms)) {
      become(lane, 'failing', why);
      hold(lane, 1000, 5000);
      return;
    }
    log.warn('records are published without being stored', { subject: lane.subject, why });
    lane.pause_ms = 0;
    lane.hold_ms = 0;
    become(lane, 'plain', why);
    hold(lane, 5000, longestProbe_ms);
  }

  function refused(lane: Lane, entry: Entry, why: string): void {
    if (lane.why !== why) log.warn('the hub stream refuses records', { subject: lane.subject, why });
    putBack(lane, entry);
    become(lane, 'failing', why);
    hold(lane, 1000, refusedPause_ms);
  }

  function denied(lane: Lane, entry: Entry): void {
    putBack(lane, entry);
    become(lane, 'denied', 'not permitted to publish');
    hold(lane, 5000, longestProbe_ms);
  }

  function settle(lane: Lane, entry: Entry, answer: Answer, sent_ms: number): void {
    if (answer.kind === 'reply') {
      const ack = readPubAck(answer.message.data);
      if (ack.kind === 'stored') stored(lane, entry, ack.duplicate);
      else if (ack.kind === 'other') unstored(lane, entry, 'something answers that is not a stream', sent_ms);
      else if (ack.hopeless) fates.lost(lane, entry, ack.why);
      else refused(lane, entry, ack.why);
      if (ack.kind !== 'stored' && ack.kind !== 'other') goOnline();
      return;
    }
    if (answer.kind === 'too_large') return fates.lost(lane, entry, 'larger than max_payload');
    if (answer.kind === 'denied') return denied(lane, entry);
    const hub = deps.hubUp();
    const proven = lastStored_ms > sent_ms; // something else came through meanwhile
    const reached = proven || hub === true || (hub === undefined && answer.kind === 'timeout');
    if (answer.kind !== 'closed' && link.state().connected && reached) {
      const why = answer.kind === 'timeout' ? 'no PubAck came' : 'no stream takes this subject';
      unstored(lane, entry, why, sent_ms);
      goOnline();
      return;
    }
    putBack(lane, entry);
    goOffline();
  }

  const outgoing = (entry: Entry) => ({
    payload: entry.backlog ? marked(entry.payload) : entry.payload,
    headers: {
      ...entry.headers,
      'Nats-Msg-Id': [`${opts.idPrefix}-${entry.seq}`],
      ...(entry.backlog ? { 'X-Backfill': ['true'] } : {}),
    },
  });

  function send(lane: Lane, entry: Entry): void {
    const sent_ms = ticker.now_ms();
    const flight: Flight = { lane, entry, fromBacklog: entry.backlog };
    const { payload, headers } = outgoing(entry);
    inFlight.add(flight);
    lane.inFlight += 1;
    if (flight.fromBacklog) backlogInFlight += 1;
    void link.request(lane.subject, payload, { headers, timeout_ms: ack_ms }).then((answer) => {
      if (!land(flight)) return; // given up meanwhile
      lastWord_ms = ticker.now_ms();
      settle(lane, entry, answer, sent_ms);
      pump();
    });
  }

  function take(lane: Lane, queue: 'fresh' | 'backlog'): Entry | undefined {
    const entry = lane[queue].shift();
    if (entry !== undefined && ticker.now_ms() - entry.put_ms > liveFor_ms) entry.backlog = true;
    return entry;
  }

  /** Live first; of four records at least one is from the backlog, so that neither starves. */
  function choose(now_ms: number): { lane: Lane; queue: 'fresh' | 'backlog' } | undefined {
    const open = (lane: Lane): boolean => lane.state === 'plain' || isOpen(lane, now_ms);
    const live = oldestLane(lanes.values(), 'fresh', open);
    const old = backlogInFlight < backlogWindow ? oldestLane(lanes.values(), 'backlog', open) : undefined;
    turn += 1;
    if (live !== undefined && (old === undefined || turn % 4 !== 0)) return { lane: live, queue: 'fresh' };
    return old === undefined ? undefined : { lane: old, queue: 'backlog' };
  }

  /** A window from which nothing comes back may be lost for good: one more record a second tells. */
  function hasRoom(now_ms: number): boolean {
    if (inFlight.size < window) return true;
    wakeAt(now_ms + silence_ms);
    if (now_ms - lastWord_ms < silence_ms) return false;
    lastWord_ms = now_ms;
    return true;
  }

  function pump(): void {
    let burst = 0;
    while (!stopped && !offline) {
      const now = ticker.now_ms();
      if (!hasRoom(now)) break;
      const chosen = choose(now);
      const entry = chosen && take(chosen.lane, chosen.queue);
      if (chosen === undefined || entry === undefined) break;
      const { lane } = chosen;
      if (lane.state !== 'plain' || (lane.hold_ms <= now && lane.inFlight === 0)) {
        send(lane, entry);
        continue;
      }
      const { payload, headers } = outgoing(entry);
      if (!link.publish(lane.subject, payload, { headers })) {
        putBack(lane, entry);
        return goOffline();
      }
      fates.published(entry);
      burst += 1;
      if (burst === plainBurst) return wakeAt(now + 5);
    }
    for (const lane of lanes.values()) {
      const waits = lane.fresh.length + lane.backlog.length > 0;
      if (waits && lane.hold_ms > ticker.now_ms() && lane.state !== 'plain') wakeAt(lane.hold_ms);
    }
  }

  /** One record goes out to see whether the way is open: of a subject that was stored before, if there is one. */
  function probe(): void {
    if (stopped || !offline) return;
    wakeAt(ticker.now_ms() + 1000 + Math.random() * 1000);
    if (!link.state().connected || inFlight.size > 0) return;
    if (!opts.hub) return goOnline();
    const waiting = [...lanes.values()].filter((lane) => lane.backlog.length > 0 && lane.state !== 'denied');
    const known = oldestLane(waiting, 'backlog', (lane) => lane.everStored);
    turn += 1;
    const lane = known ?? waiting[turn % Math.max(1, waiting.length)];
    if (lane === undefined) return goOnline(); // nothing waits: the next record tells
    const entry = take(lane, 'backlog');
    if (entry !== undefined) send(lane, entry);
  }

  const kick = (): void => {
    for (const lane of lanes.values()) if (opts.hub && lane.hold_ms > 0) lane.hold_ms = 0;
    if (opts.hub && deps.hubUp() === false && !offline) goOffline();
    else if (offline) probe();
    else pump();
  };
  const unwatch = link.onChange((state) => (state.connected ? kick() : goOffline()));

  return {
    pump,
    kick,
    offline: () => offline,
    stop() {
      stopped = true;
      cancelTimer();
      unwatch();
    },
  };
}

/** A JSON object text with `backfill: true` added to it. */
const marked = (payload: string): string =>
  `${payload.slice(0, -1)}${payload === '{}' ? '' : ','}"backfill":true}`;
