/** A message where it lies in what was read: offsets, no copies. Whoever keeps something of it copies that. */
export interface Framed {
  readonly bytes: Buffer;
  readonly sid: number;
  /** Where the reply subject begins and ends; the same where there is none. It is printable ASCII. */
  readonly reply: number;
  readonly replyEnd: number;
  /** Where the header block begins; it ends where the payload begins. */
  readonly headers: number;
  readonly payload: number;
  readonly payloadEnd: number;
  /** When it was read, by performance.now(). */
  readonly read_ms: number;
}

/** One that is filled in again and again. */
export type Found = { -readonly [K in keyof Framed]: Framed[K] };

/** A message of which nothing is known yet. */
export const noMessage = (): Found => ({
  bytes: Buffer.alloc(0),
  sid: 0,
  reply: 0,
  replyEnd: 0,
  headers: 0,
  payload: 0,
  payloadEnd: 0,
  read_ms: Number.NaN, // a number with a fraction from the start: V8 makes room for it once
});

/** The line that begins a message is not all there. */
export const cutLine = -1;
/** Its line is read, the rest is not all there. */
export const cutPayload = -2;
/** No message, or not written as every server writes it. */
export const unusual = -3;

const [M, S, G, H] = [77, 83, 71, 72];
const [space, lf, cr] = [32, 10, 13];
const lastPrintable = 126;
/** Subject, sid, reply, length of the header block, length in all. */
const mostFields = 5;
/** Begin and end of each. */
const fields = new Int32Array(2 * mostFields);

/** A decimal number at bytes[from, to); -1 for anything else. */
function decimal(bytes: Buffer, from: number, to: number): number {
  if (to === from || to - from > 9) return -1;
  let value = 0;
  for (let i = from; i < to; i++) {
    const digit = (bytes[i] as number) - 48;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value;
}

const field = (bytes: Buffer, index: number): number =>
  decimal(bytes, fields[2 * index] as number, fields[2 * index + 1] as number);

/** Splits a line at single spaces into `fields`: how many there are, and where it ends; see `lineEnd`. */
let lineEnd = 0;
function split(bytes: Buffer, from: number, end: number): number {
  let count = 0;
  let begin = from;
  for (let i = from; i < end; i++) {
    const byte = bytes[i] as number;
    if (byte > space && byte <= lastPrintable) continue;
    if ((byte !== space && byte !== cr) || i === begin || count === mostFields) return unusual;
    fields[2 * count] = begin;
    fields[2 * count + 1] = i;
    count += 1;
    begin = i + 1;
    if (byte === space) continue;
    if (begin === end) return cutLine;
    lineEnd = begin + 1;
    return bytes[begin] === lf ? count : unusual;
  }
  return cutLine;
}

/**
 * Finds the MSG or HMSG that begins at `at` in bytes[0, end). Gives where it ends, or `cutLine`, `cutPayload` (then all
 * of `found` is known) or `unusual`.
 */
export function scanMessage(bytes: Buffer, at: number, end: number, found: Found): number {
  const isWithHeaders = bytes[at] === H;
  const op = isWithHeaders ? at + 1 : at;
  if (end - op < 4) return cutLine;
  if (bytes[op] !== M || bytes[op + 1] !== S || bytes[op + 2] !== G || bytes[op + 3] !== space)
    return unusual;
  const count = split(bytes, op + 4, end);
  if (count < 0) return count;
  const least = isWithHeaders ? 4 : 3;
  if (count < least || count > least + 1) return unusual;
  const hasReply = count > least;
  const size = field(bytes, count - 1);
  const headers_bytes = isWithHeaders ? field(bytes, count - 2) : 0;
  const sid = field(bytes, 1);
  if (sid < 0 || headers_bytes < 0 || size < headers_bytes) return unusual;
  found.bytes = bytes;
  found.sid = sid;
  found.reply = hasReply ? (fields[4] as number) : 0;
  found.replyEnd = hasReply ? (fields[5] as number) : 0;
  found.headers = lineEnd;
  found.payload = lineEnd + headers_bytes;
  found.payloadEnd = lineEnd + size;
  const next = lineEnd + size + 2;
  if (next > end) return cutPayload;
  return bytes[next - 2] === cr && bytes[next - 1] === lf ? next : unusual;
}
