import { copyBytes } from '../wire/bytes.ts';

/** Copying and encoding headers takes quadratic time in nats.js: a larger block is not looked at. */
export const copiedLimit_bytes = 4096;
/**
 * Names that a NATS server acts upon are not sent back, lest a requester makes us trigger them; nor any by which we speak of
 * our clock: where it has no bound, that of a request must not stand there.
 */
const kept = /^(Nats-(Trace|Expected|Rollup|Schedule|TTL|Incr)|X-Clock-)/i;

/** Whether a header of the request goes back: not if it is one of ours, in whatever case, or one that is `kept`. */
export function isCopied(name: string, own: readonly string[]): boolean {
  for (const ours of own)
    if (ours.length === name.length && ours.toLowerCase() === name.toLowerCase()) return false;
  return !kept.test(name);
}

const [space, lf, cr, colon, lastPrintable] = [32, 10, 13, 58, 126];
/** With which the names of `isCopied` begin, in lower case. */
const [x, n] = [120, 110];
/** What a header block begins with. */
export const startLine = Buffer.from('NATS/1.0\r\n');
const mostLines = 32;

/** Whether bytes[at, at + length) are the same in both places. */
function isSame(bytes: Buffer, at: number, other: number, length: number): boolean {
  for (let i = 0; i < length; i++) if (bytes[at + i] !== bytes[other + i]) return false;
  return true;
}

const isDigit = (byte: number): boolean => byte >= 48 && byte <= 57;

/**
 * The lines of a request's headers that go back as they are. They are found only where decoding and encoding them again
 * would give the same bytes: `Name: value` in ASCII without space around the value, each name once.
 */
export class CopiedLines {
  /** Of all of them. */
  bytes = 0;
  /** Where each line begins and where its name ends. */
  readonly #lines = new Int32Array(2 * mostLines);
  #lineCount = 0;
  /** Where each unbroken run of lines begins and ends. */
  readonly #runs = new Int32Array(2 * mostLines);
  #runCount = 0;
  #nameEnd = 0;

  /** Looks at the header block bytes[from, to); false where it is not so simple. */
  find(bytes: Buffer, from: number, to: number, own: readonly string[]): boolean {
    this.bytes = this.#lineCount = this.#runCount = 0;
    if (from === to) return true;
    const last = to - 2;
    if (to - from > copiedLimit_bytes || bytes[last] !== cr || bytes[last + 1] !== lf) return false;
    let at = from + startLine.length;
    if (at > last || startLine.compare(bytes, from, at) !== 0) return false;
    while (at < last) {
      const end = this.#lineEnd(bytes, at, last);
      if (end < 0 || !this.#take(bytes, at, end, own)) return false;
      at = end;
    }
    return true;
  }

  /** Where the line that begins at `at` ends, or -1. */
  #lineEnd(bytes: Buffer, at: number, last: number): number {
    let i = at;
    let byte = bytes[i] as number;
    if (isDigit(byte)) return -1; // what looks like an index comes first in an object
    while (byte > space && byte <= lastPrintable && byte !== colon) byte = bytes[++i] as number;
    if (byte !== colon || i === at || bytes[i + 1] !== space) return -1;
    this.#nameEnd = i;
    const value = i + 2;
    i = value;
    byte = bytes[i] as number;
    if (byte === space) return -1;
    while (byte >= space && byte <= lastPrintable) byte = bytes[++i] as number;
    if (byte !== cr || bytes[i + 1] !== lf || i + 2 > last) return -1;
    return i > value && bytes[i - 1] === space ? -1 : i + 2;
  }

  /** Keeps a line if it goes back; false where its name was there before, or there are too many. */
  #take(bytes: Buffer, at: number, end: number, own: readonly string[]): boolean {
    const nameEnd = this.#nameEnd;
    const first = (bytes[at] as number) | 32;
    if ((first === x || first === n) && !isCopied(bytes.toString('latin1', at, nameEnd), own)) return true;
    const lines = this.#lines;
    for (let i = 0; i < 2 * this.#lineCount; i += 2) {
      const begin = lines[i] as number;
      const length = (lines[i + 1] as number) - begin;
      if (length === nameEnd - at && isSame(bytes, begin, at, length)) return false;
    }
    if (this.#lineCount === mostLines) return false;
    lines[2 * this.#lineCount] = at;
    lines[2 * this.#lineCount + 1] = nameEnd;
    this.#lineCount += 1;
    this.bytes += end - at;
    const runs = this.#runs;
    if (this.#runCount > 0 && runs[2 * this.#runCount - 1] === at) runs[2 * this.#runCount - 1] = end;
    else {
      runs[2 * this.#runCount] = at;
      runs[2 * this.#runCount + 1] = end;
      this.#runCount += 1;
    }
    return true;
  }

  /** Copies them; gives where they end. */
  writeTo(into: Buffer, at: number, bytes: Buffer): number {
    let to = at;
    for (let i = 0; i < 2 * this.#runCount; i += 2)
      to = copyBytes(bytes, this.#runs[i] as number, this.#runs[i + 1] as number, into, to);
    return to;
  }
}
