// Keeps count of the bytes on the links to the hub, and the sums over restarts of the agent.
import { readForeign, writeAtomic } from '../../lib/files.ts';
import { freshValue, type Reading } from '../../lib/reading.ts';
import type { Ticker } from '../../lib/ticker.ts';
import {
  enter,
  keptText,
  type LinkBook,
  type LinkBytes,
  newBook,
  parseKeptBytes,
  sumsOf,
  turnMonth,
} from './linkbook.ts';
import { type Bytes, lookAtServer, lookAtSockets, type Meter, newMeter } from './linkmeter.ts';
import type { AskSockets } from './sockets.ts';
import type { LeafFacts, LeafWatch } from './watch.ts';

export interface LinkBytesDeps {
  readonly leaf: Pick<LeafWatch, 'onLook'>;
  readonly askSockets: AskSockets;
  readonly ticker: Pick<Ticker, 'now_ms'>;
  /** Unix ms of a monotonic moment, by the clock of now. */
  wall_ms(mono_ms: number): number;
  /** Whether the date of now can be believed. */
  isDated(): boolean;
  /** What the agent itself has sent to the hub and received since its start, where it has no leaf in between. */
  own?(): { readonly sent: number; readonly received: number };
}

export interface LinkBytesOptions {
  /** Where the sums are kept, in memory: it is written every ten minutes. */
  readonly file: string;
  /** Names this boot of the machine. */
  readonly boot: string;
  /** Of the server. */
  readonly ping_s: number;
  /** From one look at the leaf to the next, as a rule. */
  readonly lookEvery_ms: number;
}

export interface LinkBytesWatch {
  /** Undefined until there was a link. */
  read(): LinkBytes | undefined;
  stop(): Promise<void>;
}

/** `ss` is a program: it runs this often, this soon when another link came or it failed, seldom where it tells nothing. */
const socketsEvery_ms = 300_000;
const socketsSoon_ms = 60_000;
const socketsAgain_ms = 3_600_000;
/** Without the kernel's counters for so long what is told is reckoned. */
const blindAfter_ms = 1_000_000;
const keepEvery_ms = 600_000;
const longestFile = 256 * 1024;

/** What is counted, and when what is due. */
interface Watching {
  readonly deps: LinkBytesDeps;
  readonly opts: LinkBytesOptions;
  meter: Meter;
  book: LinkBook;
  /** Monotonic ms of the last look at the server, of the last question that the sockets answered, and of what is due next. */
  looked_ms: number;
  told_ms: number;
  counted_ms: number | undefined;
  /** When they answered it: what passed until then is in the answer. */
  answered_ms: number;
  asked_ms: number;
  due_ms: number;
  failures: number;
  keep_ms: number;
  links: string;
  own: { readonly sent: number; readonly received: number };
  asking: Promise<void> | undefined;
}

const isSeen = ({ book, meter }: Watching): boolean =>
  book.total.sent + book.total.received > 0 || Object.keys(meter.links).length > 0;

const put = (w: Watching, { meter, passed }: { meter: Meter; passed: Bytes }): void => {
  w.meter = meter;
  w.book = enter(w.book, passed, w.deps.ticker.now_ms());
};

async function askSockets(w: Watching, { links }: LeafFacts): Promise<void> {
  w.asked_ms = w.deps.ticker.now_ms();
  const ports = [...new Set(links.map(({ port }) => port))];
  const sockets = await w.deps.askSockets(ports);
  const step = sockets && lookAtSockets(w.meter, sockets, links);
  w.failures = step === undefined ? w.failures + 1 : 0;
  const isSoon = w.failures > 0 || w.meter.counted[0] === 0;
  w.due_ms = w.asked_ms + (w.failures >= 3 ? socketsAgain_ms : isSoon ? socketsSoon_ms : socketsEvery_ms);
  if (step === undefined) return;
  w.told_ms = w.asked_ms;
  w.counted_ms = w.asked_ms;
  w.answered_ms = w.deps.ticker.now_ms();
  put(w, step);
}

/** Whether the sockets are to be looked at: also soon after another link came, whose end is reckoned otherwise. */
function isDue(w: Watching, facts: LeafFacts): boolean {
  const names = Object.keys(w.meter.links).join();
  const isOther = names !== w.links;
  w.links = names;
  if (facts.links.length === 0) return false;
  if (isOther && w.failures < 3) w.due_ms = Math.min(w.due_ms, w.asked_ms + socketsSoon_ms);
  return w.asking === undefined && w.deps.ticker.now_ms() >= w.due_ms;
}

function lookAtLeaf(w: Watching, facts: LeafFacts): void {
  const now_ms = w.deps.ticker.now_ms();
  const { ping_s, lookEvery_ms } = w.opts;
  const span_ms = now_ms - w.looked_ms;
  const look = {
    id: facts.server.id,
    links: facts.links,
    span_ms,
    untold: span_ms > 0 ? Math.min(1, (now_ms - w.answered_ms) / span_ms) : 1,
    tail_ms: Math.min(span_ms, lookEvery_ms) / 2, // where the server was silent for long, so was its link
    ping_s,
    isBlind: now_ms - w.told_ms > blindAfter_ms,
  };
  put(w, lookAtServer(w.meter, look));
  w.looked_ms = now_ms;
  if (!isDue(w, facts)) return;
  w.asking = askSockets(w, facts).finally(() => {
    w.asking = undefined;
  });
}

function lookAtOwn(w: Watching, now: { readonly sent: number; readonly received: number }): void {
  const since = (then: number, to: number): number => (to < then ? to : to - then); // a new link counts anew
  const passed = { sent: since(w.own.sent, now.sent), received: since(w.own.received, now.received) };
  w.own = now;
  put(w, { meter: w.meter, passed: { ...passed, headers: 0, unsure: 0 } });
}

function keep(w: Watching): void {
  const { file, boot } = w.opts;
  w.keep_ms = w.deps.ticker.now_ms() + keepEvery_ms;
  if (!isSeen(w)) return;
  try {
    writeAtomic(file, keptText({ boot, meter: w.meter, book: w.book }));
  } catch {
    // the sums begin anew at the next start, and say so
  }
}

function look(w: Watching, reading: Reading<LeafFacts>): void {
  const { own, isDated, wall_ms, ticker } = w.deps;
  const now_ms = ticker.now_ms();
  if (isDated()) w.book = turnMonth(w.book, now_ms, wall_ms);
  const facts = freshValue(reading);
  if (own !== undefined) lookAtOwn(w, own());
  else if (facts !== undefined) lookAtLeaf(w, facts);
  if (now_ms >= w.keep_ms) keep(w);
}

/** Counts at each look at the leaf. */
export function watchLinkBytes(deps: LinkBytesDeps, opts: LinkBytesOptions): LinkBytesWatch {
  const now_ms = deps.ticker.now_ms();
  const kept = parseKeptBytes(
    readForeign(opts.file, undefined, longestFile)?.toString('utf8') ?? '',
    opts.boot,
  );
  const w: Watching = {
    deps,
    opts,
    meter: kept?.meter ?? newMeter,
    book: kept?.book ?? newBook(now_ms),
    looked_ms: now_ms,
    told_ms: kept?.meter.sockets === undefined ? -Infinity : now_ms,
    answered_ms: -Infinity,
    counted_ms: undefined,
    asked_ms: -Infinity,
    due_ms: -Infinity,
    failures: 0,
    keep_ms: now_ms + keepEvery_ms,
    links: '',
    own: deps.own?.() ?? { sent: 0, received: 0 },
    asking: undefined,
  };
  const end = deps.leaf.onLook((reading) => look(w, reading));
  return {
    read: () => (isSeen(w) ? sumsOf(w.book, deps.ticker.now_ms(), deps.wall_ms, w.counted_ms) : undefined),
    async stop() {
      end();
      if (deps.own !== undefined) lookAtOwn(w, deps.own());
      await w.asking;
      keep(w);
    },
  };
}
