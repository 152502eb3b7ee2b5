// The sums of the bytes on the links to the hub: of the last hour, of the calendar month, and of all.
import { isObject } from '../../lib/parse.ts';
import { type Bytes, type Meter, newMeter } from './linkmeter.ts';

/** Sums, in monotonic ms of this boot: a clock that is set later moves no byte to another month. JSON. */
export interface LinkBook {
  readonly total: Bytes;
  /** The most that the total ever was: what is counted up must not fall, where too much was reckoned. */
  readonly most: Bytes;
  readonly since_ms: number;
  readonly month: { readonly since_ms: number; readonly bytes: Bytes };
  /** The month before, in Unix ms as its end was seen. */
  readonly last?: { readonly from_ms: number; readonly to_ms: number; readonly bytes: Bytes };
  /** By the minute since boot. */
  readonly minutes: Readonly<Record<string, Bytes>>;
}

const noBytes: Bytes = { sent: 0, received: 0, headers: 0, unsure: 0 };
const combining =
  (of: (a: number, b: number) => number) =>
  (a: Bytes, b: Bytes): Bytes => ({
    sent: of(a.sent, b.sent),
    received: of(a.received, b.received),
    headers: of(a.headers, b.headers),
    unsure: of(a.unsure, b.unsure),
  });
const plus = combining((a, b) => a + b);
const larger = combining(Math.max);

/** Nothing has passed yet. */
export const newBook = (now_ms: number): LinkBook => ({
  total: noBytes,
  most: noBytes,
  since_ms: now_ms,
  month: { since_ms: now_ms, bytes: noBytes },
  minutes: {},
});

const minuteOf = (now_ms: number): number => Math.floor(now_ms / 60_000);
const isOfHour = (minute: string, now_ms: number): boolean => Number(minute) > minuteOf(now_ms) - 60;

/** The book with what has passed just now. */
export function enter(book: LinkBook, passed: Bytes, now_ms: number): LinkBook {
  if (passed.sent === 0 && passed.received === 0 && passed.headers === 0) return book;
  const total = plus(book.total, passed);
  const minute = String(minuteOf(now_ms));
  const hour = Object.entries(book.minutes).filter(([one]) => isOfHour(one, now_ms));
  return {
    ...book,
    total,
    most: larger(book.most, total),
    month: { ...book.month, bytes: plus(book.month.bytes, passed) },
    minutes: { ...Object.fromEntries(hour), [minute]: plus(book.minutes[minute] ?? noBytes, passed) },
  };
}

/** Begins a month where the one of the book is over; `wall_ms` gives the Unix ms of a monotonic moment by the clock of now. */
export function turnMonth(book: LinkBook, now_ms: number, wall_ms: (mono_ms: number) => number): LinkBook {
  const now = new Date(wall_ms(now_ms));
  const begun_ms = Date.UTC(now.getUTCFullYear(), now.getUTCMonth());
  const { since_ms, bytes } = book.month;
  const from_ms = wall_ms(since_ms);
  if (!(from_ms < begun_ms)) return book;
  return {
    ...book,
    month: { since_ms: now_ms, bytes: noBytes },
    last: { from_ms: Math.floor(from_ms), to_ms: begun_ms, bytes },
  };
}

/** `wire`: as counted on the wire. `messages`: reckoned of the messages, before compression, and so at most that. */
export const linkBytesBases = ['wire', 'messages'] as const;

/** What has passed in a time, in Unix ms: in bytes of the TCP stream, and with the headers of its packets where they are known. */
export interface LinkSum {
  readonly since_ms: number;
  readonly basis: (typeof linkBytesBases)[number];
  readonly sent_bytes: number;
  readonly received_bytes: number;
  /** Both ways together. */
  readonly with_headers_bytes?: number;
}

/** What the links to the hub have carried. */
export interface LinkBytes {
  /** Unix ms of the last look at the kernel's counters, by which all was put right. */
  readonly counted_ms?: number;
  readonly hour: LinkSum;
  /** Since the first of the month, or since the boot or the installation where that is later. */
  readonly month: LinkSum;
  readonly last_month?: LinkSum & { readonly until_ms: number };
  readonly total: LinkSum;
}

/** So much of a sum may be reckoned before it is no longer called counted: the ends of connections always are. */
const unsureShare = 0.02;

function sumSince(since_ms: number, bytes: Bytes): LinkSum {
  const { sent, received, headers, unsure } = larger(bytes, noBytes);
  const isSure = unsure <= unsureShare * (sent + received);
  return {
    since_ms: Math.floor(since_ms),
    basis: isSure ? 'wire' : 'messages',
    sent_bytes: Math.round(sent),
    received_bytes: Math.round(received),
    ...(isSure && headers > 0 ? { with_headers_bytes: Math.round(sent + received + headers) } : {}),
  };
}

/** The sums as they are told. */
export function sumsOf(
  book: LinkBook,
  now_ms: number,
  wall_ms: (mono_ms: number) => number,
  counted_ms?: number,
): LinkBytes {
  const minutes = Object.entries(book.minutes).filter(([minute]) => isOfHour(minute, now_ms));
  const hour = minutes.reduce((sum, [, bytes]) => plus(sum, bytes), noBytes);
  const { last } = book;
  return {
    ...(counted_ms !== undefined && { counted_ms: Math.floor(wall_ms(counted_ms)) }),
    hour: sumSince(wall_ms(Math.max(book.since_ms, now_ms - 3_600_000)), hour),
    month: sumSince(wall_ms(book.month.since_ms), book.month.bytes),
    ...(last && { last_month: { ...sumSince(last.from_ms, last.bytes), until_ms: last.to_ms } }),
    total: sumSince(wall_ms(book.since_ms), book.most),
  };
}

/** What is kept of both over restarts of the agent; times are of one boot. */
export interface KeptBytes {
  readonly boot: string;
  readonly meter: Meter;
  readonly book: LinkBook;
}

/** Whether there is nothing but figures that can be, in the form of the example; an empty object is one for any keys. */
function isLike(value: unknown, example: unknown): boolean {
  if (typeof example === 'number') return typeof value === 'number' && Math.abs(value) <= 2 ** 53;
  if (Array.isArray(example))
    return Array.isArray(value) && value.length === example.length && value.every((one) => isLike(one, 0));
  if (!isObject(example)) return typeof value === typeof example;
  return isObject(value) && Object.entries(example).every(([key, one]) => isLike(value[key], one));
}

const three = [0, 0, 0];
const areLike = (all: unknown, example: unknown): boolean =>
  isObject(all) && Object.values(all).every((one) => isLike(one, example));

/** What was kept by `keptText` in this boot; undefined when it is of another, or broken. */
export function parseKeptBytes(text: string, boot: string): KeptBytes | undefined {
  try {
    const kept: unknown = JSON.parse(text);
    if (!isLike(kept, { boot, meter: newMeter, book: newBook(0) })) return undefined;
    const { meter, book, ...rest } = kept as KeptBytes;
    const isWhole =
      rest.boot === boot &&
      areLike(meter.links, { count: three, grown: three }) &&
      areLike(meter.sockets ?? {}, three) &&
      areLike(book.minutes, noBytes) &&
      isLike(book.last ?? { from_ms: 0, to_ms: 0, bytes: noBytes }, { from_ms: 0, to_ms: 0, bytes: noBytes });
    return isWhole ? { boot, meter, book } : undefined;
  } catch {
    return undefined;
  }
}

/** For `parseKeptBytes`. */
export const keptText = (kept: KeptBytes): string => JSON.stringify(kept);
