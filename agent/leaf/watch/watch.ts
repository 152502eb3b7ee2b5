import { known } from '../../lib/known.ts';
import { type AbsentReason, absent, fresh, type Reading, stale } from '../../lib/reading.ts';
import type { Ticker } from '../../lib/ticker.ts';
import { type AskLeaf, Unanswered } from './ask.ts';
import { type HubLink, parseLeafz, parseVarz, type ServerFacts } from './reports.ts';

/** The local server and its link to the hub. */
export interface LeafFacts {
  readonly server: ServerFacts;
  readonly links: readonly HubLink[];
  readonly hub: HubState;
  /** Why the hub was last not joined, in our words; also after it ended. */
  readonly hub_trouble?: string;
}

/** The server does not report since when a link is up, so this is kept here. */
export interface HubState {
  /** At least one link on which the hub has answered. Undefined while the link that the first look saw is too young for that. */
  readonly up: boolean | undefined;
  /** Monotonic ms at which it was first seen to be so. */
  readonly since_ms: number;
  /** How often it went up or down, a reconnection between two looks included. */
  readonly changes: number;
  /** Of the quickest link. */
  readonly rtt_us?: number;
}

export interface LeafWatch {
  /** Stale once the server stops answering; absent until it has. */
  read(): Reading<LeafFacts>;
  /** Whether the hub can be reached; undefined while that is not known. */
  hubUp(): boolean | undefined;
  /** Called after a look that found the hub up, down, reconnected or unknown, or another server than before. Returns its end. */
  onChange(listener: (reading: Reading<LeafFacts>) => void): () => void;
  /** Called after each look. Returns its end. */
  onLook(listener: (reading: Reading<LeafFacts>) => void): () => void;
  /** Looks now, or waits for the look under way. */
  look(): Promise<void>;
  stop(): void;
}

export interface LeafDeps {
  readonly ask: AskLeaf;
  readonly ticker: Ticker;
}

export interface LeafOptions {
  readonly intervalMs: number;
}

const upLinks = (links: readonly HubLink[]): HubLink[] => links.filter((link) => link.rtt_us !== undefined);

/** A link was replaced by another one between two looks: its number changed, or its counters began anew. */
function reconnected(before: HubLink | undefined, now: HubLink | undefined): boolean {
  if (before === undefined || now === undefined) return false;
  if (before.id !== undefined && now.id !== undefined) return before.id !== now.id;
  const fell = (a?: number, b?: number): boolean => a !== undefined && b !== undefined && b < a;
  return (
    before.ip !== now.ip ||
    before.port !== now.port ||
    fell(before.in_msgs, now.in_msgs) ||
    fell(before.out_msgs, now.out_msgs)
  );
}

/**
 * A server asks on a new link after a second only, unless it needs the answer to choose how to compress; over satellites
 * the answer takes another. The last of the looks that follow soon is at 3 s.
 */
const answer_ms = 2900;

/** Whether the hub is up; before that was known once, a link may just have been made. */
function isUp(before: HubState | undefined, links: readonly HubLink[], now_ms: number): boolean | undefined {
  if (upLinks(links).length > 0) return true;
  const isYoung = before === undefined || (before.up === undefined && now_ms - before.since_ms < answer_ms);
  return isYoung && links.length > 0 ? undefined : false;
}

function nextHub(
  before: LeafFacts | undefined,
  server: ServerFacts,
  links: readonly HubLink[],
  now_ms: number,
) {
  const [link] = upLinks(links);
  const [linkBefore] = upLinks(before?.links ?? []);
  const up = isUp(before?.hub, links, now_ms);
  const again = up === true && (before?.server.id !== server.id || reconnected(linkBefore, link));
  const rtts = upLinks(links).flatMap(({ rtt_us }) => rtt_us ?? []);
  const rtt = up === true ? { rtt_us: Math.min(...rtts) } : {};

  if (before === undefined) return { up, since_ms: now_ms, changes: 0, ...rtt };
  const { hub } = before;
  if (hub.up === undefined)
    return { up, since_ms: up === undefined ? hub.since_ms : now_ms, changes: 0, ...rtt };
  if (hub.up !== up) return { up, since_ms: now_ms, changes: hub.changes + 1, ...rtt };
  if (again) return { up, since_ms: now_ms, changes: hub.changes + 2, ...rtt };
  return { up, since_ms: hub.since_ms, changes: hub.changes, ...rtt };
}

/** Why the hub is not reached, as far as the server reports. */
function hubTrouble(server: ServerFacts, links: readonly HubLink[]): string | undefined {
  if (upLinks(links).length > 0) return undefined;
  const [silent] = links;
  if (silent !== undefined)
    return `hub ${silent.ip}:${silent.port} accepts the link but has not answered on it`;
  const { remotes } = server;
  return remotes.length === 0 ? undefined : `no link to the hub (${remotes.join(', ')})`;
}

/** Listeners are called when this changes. */
const signature = (reading: Reading<LeafFacts>): string =>
  reading.kind === 'fresh'
    ? `${reading.value.server.id} ${reading.value.hub.up} ${reading.value.hub.changes}`
    : reading.kind;

/** What was seen last, and the look under way. */
interface Watching {
  readonly deps: LeafDeps;
  readonly listeners: Set<(reading: Reading<LeafFacts>) => void>;
  readonly lookers: Set<(reading: Reading<LeafFacts>) => void>;
  reading: Reading<LeafFacts>;
  hubTrouble: string | undefined;
  underWay: Promise<void> | undefined;
  /** Looks in a row that saw a link on which nothing has been answered yet. */
  unanswered: number;
  isStopped: boolean;
}

/** A link that has not been answered on. */
const lookAgain = { after_ms: 600, most: 5 } as const;

function failed(w: Watching, why: AbsentReason, detail: string): Reading<LeafFacts> {
  if (w.reading.kind === 'absent') return absent(why, detail);
  return stale(w.reading.value, w.reading.at_ms, detail);
}

function seen(w: Watching, server: ServerFacts, links: readonly HubLink[]): Reading<LeafFacts> {
  const at_ms = w.deps.ticker.now_ms();
  const before = w.reading.kind === 'absent' ? undefined : w.reading.value;
  const hub = nextHub(before, server, links, at_ms);
  if (hub.up === false) w.hubTrouble = hubTrouble(server, links) ?? w.hubTrouble;
  return fresh({ server, links, hub, ...known({ hub_trouble: w.hubTrouble }) }, at_ms);
}

async function examine(w: Watching): Promise<Reading<LeafFacts>> {
  const { ask } = w.deps;
  try {
    const [varz, leafz] = await Promise.all([ask('varz'), ask('leafz')]);
    const server = parseVarz(varz);
    const links = parseLeafz(leafz);
    if (server === undefined) return failed(w, 'garbled', 'the VARZ report of the server cannot be read');
    if (links === undefined) return failed(w, 'garbled', 'the LEAFZ report of the server cannot be read');
    return seen(w, server, links);
  } catch (error) {
    if (error instanceof Unanswered) return failed(w, error.code, error.message);
    return failed(w, 'no_reply', String(error));
  }
}

async function lookOnce(w: Watching): Promise<void> {
  const next = await examine(w);
  if (w.isStopped) return;
  const isChanged = signature(next) !== signature(w.reading);
  w.reading = next;
  for (const looker of w.lookers) looker(next);
  if (isChanged) for (const listener of w.listeners) listener(next);
}

const isUnanswered = (reading: Reading<LeafFacts>): boolean =>
  reading.kind === 'fresh' && !reading.value.hub.up && reading.value.links.length > 0;

/** Watches a nats-server through its monitoring reports. The first look is made at once. */
export function watchLeaf(deps: LeafDeps, opts: LeafOptions, signal: AbortSignal): LeafWatch {
  const w: Watching = {
    deps,
    listeners: new Set(),
    lookers: new Set(),
    reading: absent('not_yet'),
    hubTrouble: undefined,
    underWay: undefined,
    unanswered: 0,
    isStopped: false,
  };
  const look = (): Promise<void> => {
    w.underWay ??= lookOnce(w).finally(() => {
      w.underWay = undefined;
      w.unanswered = isUnanswered(w.reading) ? w.unanswered + 1 : 0;
      if (w.unanswered > 0 && w.unanswered <= lookAgain.most && !w.isStopped)
        deps.ticker.after(lookAgain.after_ms, () => void (w.isStopped || look()));
    });
    return w.underWay;
  };
  const cancel = deps.ticker.every(opts.intervalMs, () => void look(), 0.1);
  const stop = (): void => {
    w.isStopped = true;
    cancel();
  };
  signal.addEventListener('abort', stop, { once: true });
  void look();
  return {
    read: () => w.reading,
    hubUp: () => (w.reading.kind === 'fresh' ? w.reading.value.hub.up : undefined),
    onChange(listener) {
      w.listeners.add(listener);
      return () => w.listeners.delete(listener);
    },
    onLook(listener) {
      w.lookers.add(listener);
      return () => w.lookers.delete(listener);
    },
    look,
    stop,
  };
}
