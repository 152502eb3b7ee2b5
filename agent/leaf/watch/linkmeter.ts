// How many bytes have passed on the links to the hub. The server counts messages before compression and without what is
// around them; the kernel counts what really passed, but is asked seldom, as a program must run for it. So what the server
// counts is taken times what a byte of it cost of late, and put right at each look at the kernel's counters.
import type { HubLink } from './reports.ts';
import { plainAddress, type TcpSocket } from './sockets.ts';

/** Bytes of the TCP stream both ways, and of the headers of TCP and IP around it; `unsure`: reckoned of messages alone. */
export interface Bytes {
  readonly sent: number;
  readonly received: number;
  readonly headers: number;
  readonly unsure: number;
}

/** Sent, received, headers. */
export type Three = readonly [number, number, number];

/** What the server has counted on a link: since it was made, and since the sockets were looked at. */
interface LinkCount {
  readonly count: Three;
  readonly grown: Three;
}

/** What a meter remembers; JSON. A count is by the server unless it says otherwise. */
export interface Meter {
  /** The links at the last look at the server, by what tells one from another. */
  readonly links: Readonly<Record<string, LinkCount>>;
  /** Since the last look at the sockets. */
  readonly span_ms: number;
  /** The growth since then of links that have ended. */
  readonly ended: Three;
  /** What was reckoned since then, in bytes on the wire. */
  readonly reckoned: Three;
  /** What of it was said to be so, both ways. */
  readonly unsure: number;
  /** By the kernel, of each connection by its local address. */
  readonly sockets?: Readonly<Record<string, Three>>;
  /** What was on the wire for what the server counted: sums in which the past fades. */
  readonly wire: Three;
  readonly counted: Three;
}

const none: Three = [0, 0, 0];
const plus = (a: Three, b: Three): Three => [a[0] + b[0], a[1] + b[1], a[2] + b[2]];
const times = (a: Three, b: Three): Three => [a[0] * b[0], a[1] * b[1], a[2] * b[2]];
const half: Three = [0.5, 0.5, 0.5];
const minus = (a: Three, b: Three): Three => [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
const sumOf = <T>(all: Readonly<Record<string, T>>, of: (one: T) => Three): Three =>
  Object.values(all).reduce((sum, one) => plus(sum, of(one)), none);
const isBelow = (a: Three, b: Three): boolean => a.some((value, i) => value < (b[i] ?? 0));

/** A meter that has seen nothing. */
export const newMeter: Meter = {
  links: {},
  span_ms: 0,
  ended: none,
  reckoned: none,
  unsure: 0,
  wire: none,
  counted: none,
};

/**
 * What stands around a message: `LMSG` (5), subject and reply (32 and 70 in a unit's records), sizes and line ends (14),
 * the frame of a TLS record (29). What is less goes into the cost; without the kernel's counters the sum is too large by
 * it, which is also room for the LS+ and LS- of those who ask by request.
 */
const perMessage = 150;
/** INFO, CONNECT, the first LS+ and, with TLS, certificates of about 1 KB each. */
const opening: Three = [4000, 6000, 10_000];
/** A PING or PONG in a TLS record. */
const perPing = 35;

/** What the server has counted on a link, as it is on the wire without compression; missing where it does not tell. */
function countOf({ in_bytes, in_msgs, out_bytes, out_msgs }: HubLink): Three | undefined {
  if (in_bytes === undefined || in_msgs === undefined) return undefined;
  if (out_bytes === undefined || out_msgs === undefined) return undefined;
  const [sent, received] = [out_bytes + perMessage * out_msgs, in_bytes + perMessage * in_msgs];
  return [sent, received, sent + received];
}

/** How much is believed to have cost what is likely, before anything was counted: a little says little. */
const prior = 10_000;
const likely: Three = [1, 1, 0.1];

/** What a byte that the server counts is on the wire. */
function costOf({ wire, counted }: Meter): Three {
  const cost = (i: 0 | 1 | 2): number => (wire[i] + prior * likely[i]) / (counted[i] + prior);
  return [cost(0), cost(1), cost(2)];
}

/** A next state, and what has passed since the one before: less than nothing where too much was reckoned. */
interface Step {
  readonly meter: Meter;
  readonly passed: Bytes;
}

const step = (meter: Meter, [sent, received, headers]: Three, unsure: number): Step => ({
  meter,
  passed: { sent, received, headers, unsure },
});

/** A look at the server. */
export interface ServerLook {
  /** Of the server. */
  readonly id: string;
  readonly links: readonly HubLink[];
  /** Since the look before. */
  readonly span_ms: number;
  /** What share of that is later than the last look at the sockets, which has told of all before. */
  readonly untold: number;
  /** How long a link that has ended since then is likely to have gone on. */
  readonly tail_ms: number;
  /** How often each side asks for a sign of life. */
  readonly ping_s: number;
  /** Whether the kernel's counters cannot be had. */
  readonly isBlind: boolean;
}

/** Counts what the server has counted. At the first look nothing has passed yet. */
export function lookAtServer(before: Meter, look: ServerLook): Step {
  const { untold } = look;
  const isFirst = before === newMeter;
  const pings = ((2 * perPing) / 1000) * (look.span_ms / look.ping_s);
  const links: Record<string, LinkCount> = {};
  const gone = { ...before.links };
  let grown = none;
  for (const link of look.links) {
    const count = countOf(link);
    if (count === undefined) continue;
    const key = `${look.id} ${link.id ?? ''} ${link.ip} ${link.port}`;
    const then = before.links[key];
    const isSame = then !== undefined && !isBelow(count, then.count);
    if (isSame) delete gone[key];
    const growth = isSame
      ? times(plus(minus(count, then.count), [pings, pings, 2 * pings]), [untold, untold, untold])
      : plus(count, opening);
    const last = isFirst ? none : growth;
    links[key] = { count, grown: isSame ? plus(then.grown, last) : last };
    grown = plus(grown, last);
  }
  // a link ends between two looks: what came after the last one is missing, which was likely as much as ever
  const share = look.tail_ms / Math.max(before.span_ms, look.tail_ms, 1);
  const tails = sumOf(gone, (one) => times(one.grown, [share, share, share]));
  const growth = times(plus(grown, tails), costOf(before));
  const unsure = look.isBlind ? growth[0] + growth[1] : 0;
  const meter = {
    ...before,
    links,
    span_ms: before.span_ms + look.span_ms,
    ended: plus(
      before.ended,
      plus(
        tails,
        sumOf(gone, (one) => one.grown),
      ),
    ),
    reckoned: plus(before.reckoned, growth),
    unsure: before.unsure + unsure,
    ...(isFirst && look.links.length === 0 ? { sockets: {} } : {}),
  };
  return step(meter, growth, unsure);
}

/** More than this on the wire for what was counted is no figure to believe. */
const mostOf = (counted: Three): Three => plus(times(counted, [4, 4, 1e9]), [300_000, 300_000, 0]);

/**
 * Puts right what was reckoned since the last look at the sockets. Undefined where these do not tell: there are fewer of
 * them than links, as in another network namespace, or the figures are no figures.
 */
export function lookAtSockets(
  before: Meter,
  sockets: readonly TcpSocket[],
  links: readonly HubLink[],
): Step | undefined {
  const own = sockets.filter(({ ip, port }) =>
    links.some((link) => plainAddress(link.ip) === ip && link.port === port),
  );
  if (links.length === 0 || own.length < links.length) return undefined;
  const now = Object.fromEntries(
    own.map(({ local, sent, received, headers }): [string, Three] => [local, [sent, received, headers]]),
  );
  const counted = sumOf(before.links, ({ grown }) => grown);
  const anew = Object.entries(before.links).map(([key, link]) => [key, { ...link, grown: none }] as const);
  const settled = { span_ms: 0, ended: none, reckoned: none, unsure: 0 };
  const reset = { ...before, links: Object.fromEntries(anew), sockets: now, ...settled };
  if (before.sockets === undefined) return step(reset, none, 0);
  const wire = Object.entries(now).reduce((all, [local, count]) => {
    const then = before.sockets?.[local] ?? none;
    return plus(all, isBelow(count, then) ? count : minus(count, then));
  }, none);
  if (isBelow(mostOf(counted), wire)) return undefined;
  const meter = {
    ...reset,
    wire: plus(times(before.wire, half), wire),
    counted: plus(times(before.counted, half), counted),
  };
  // of a link that has ended what was learned before tells more than what came after, which may be a handshake alone
  const ended = times(before.ended, costOf(before.counted[0] < prior ? meter : before));
  return step(meter, minus(plus(wire, ended), before.reckoned), ended[0] + ended[1] - before.unsure);
}
