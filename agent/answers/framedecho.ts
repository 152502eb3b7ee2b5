import type { ClockSummary } from '../clock/types.ts';
import { type FramedHandler, mostGathered_bytes, type Replies } from '../nats/frames/replies.ts';
import type { Framed } from '../nats/frames/scan.ts';
import type { Link } from '../nats/link.ts';
import { copyBytes, writeNumber } from '../wire/bytes.ts';
import { CopiedLines, startLine } from './copiedlines.ts';
import { isStamp, OwnHeaders, stampDigits, writeStamp } from './ownheaders.ts';

export interface EchoDeps {
  readonly link: Pick<Link, 'publish' | 'subscribe' | 'state'>;
  /** Unix µs, from a clock that survives steps. */
  now_us(): number;
  clock(): ClockSummary;
}

export interface EchoCounters {
  readonly requests: number;
  /** Without a reply subject, or with one that is not allowed. */
  readonly ignored: number;
  readonly errors: number;
  readonly last_error?: string;
  readonly processing_ns: number;
}

/** What is counted since the start. */
export type EchoCounts = { -readonly [K in keyof EchoCounters]: EchoCounters[K] };

const verb = Buffer.from('HPUB ');
const blank = 32;
const headersBegin = Buffer.concat([Buffer.from('\r\n'), startLine]);
const [cr, lf] = [13, 10];
/** Of a reply's line besides its subject, and of the end of its payload. */
const line_bytes = 64;
/** Our own headers alone are longer, so that no more replies wait than there is room for to remember. */
const shortestReply_bytes = 128;
/** Nearer to max_payload than this it is decided what is left out. */
export const headerRoom_bytes = 8192;

/** The largest message that the server of the link takes. */
export const largestReply_bytes = (link: Pick<Link, 'state'>): number =>
  link.state().server?.max_payload ?? Number.POSITIVE_INFINITY;

/**
 * Answers where they lie the requests that are as nearly all are: what differs in any way is left to `answerEcho`, which
 * would give the same bytes. All that is read at once was received then, and is sent at once: it has the time directly
 * after the read, whatever was before it in what was read, and the time directly before the write.
 */
export class FramedEcho implements FramedHandler {
  readonly #deps: EchoDeps;
  readonly #isAllowed: (reply: string) => boolean;
  readonly #counts: EchoCounts;
  readonly #own: OwnHeaders;
  readonly #copied = new CopiedLines();
  /** Which read is worked on. */
  #read_ms = Number.NaN;
  /** Since when the time of work is not counted yet. */
  #begun_ms = Number.NaN;
  /** Whether the time of the read has as many digits as a stamp. */
  #isStamped = false;
  /** Where the time of sending is to be written, in each reply that waits. */
  readonly #sentAt = new Int32Array(mostGathered_bytes / shortestReply_bytes);
  #waiting = 0;

  constructor(deps: EchoDeps, unit: string, isAllowed: (reply: string) => boolean, counts: EchoCounts) {
    this.#deps = deps;
    this.#isAllowed = isAllowed;
    this.#counts = counts;
    this.#own = new OwnHeaders(unit);
  }

  answer(message: Framed, replies: Replies): number | undefined {
    const { bytes, reply, replyEnd, headers, payload, payloadEnd, read_ms } = message;
    const payload_bytes = payloadEnd - payload;
    if (payload_bytes >= largestReply_bytes(this.#deps.link) - headerRoom_bytes) return undefined;
    if (!this.#isAllowed(bytes.toString('latin1', reply, replyEnd))) return undefined;
    if (read_ms !== this.#read_ms) this.#begin(read_ms);
    if (!this.#isStamped || !this.#copied.find(bytes, headers, payload, this.#own.names)) return undefined;
    const headers_bytes = startLine.length + this.#copied.bytes + this.#own.view.length;
    const all_bytes = headers_bytes + payload_bytes;
    if (!replies.hasRoom(line_bytes + replyEnd - reply + all_bytes)) return undefined;
    this.#write(message, replies, headers_bytes, all_bytes);
    this.#counts.requests += 1;
    return all_bytes;
  }

  #begin(read_ms: number): void {
    const { now_us, clock } = this.#deps;
    const at_us = now_us();
    this.#begun_ms = performance.now();
    this.#read_ms = read_ms;
    const received_us = Math.round(at_us - (this.#begun_ms - read_ms) * 1000);
    this.#isStamped = isStamp(received_us);
    if (this.#isStamped) this.#own.set(clock(), received_us);
  }

  #write(message: Framed, replies: Replies, headers_bytes: number, all_bytes: number): void {
    const { bytes } = message;
    const { view, sentAt } = this.#own;
    const into = replies.bytes;
    let at = copyBytes(verb, 0, verb.length, into, replies.used);
    at = copyBytes(bytes, message.reply, message.replyEnd, into, at);
    into[at++] = blank;
    at = writeNumber(into, at, headers_bytes);
    into[at++] = blank;
    at = writeNumber(into, at, all_bytes);
    at = copyBytes(headersBegin, 0, headersBegin.length, into, at);
    at = this.#copied.writeTo(into, at, bytes);
    into.set(view, at);
    this.#sentAt[this.#waiting++] = at + sentAt;
    at = copyBytes(bytes, message.payload, message.payloadEnd, into, at + view.length);
    into[at++] = cr;
    into[at++] = lf;
    replies.used = at;
  }

  seal({ bytes }: Replies): void {
    const first = this.#sentAt[0] as number;
    writeStamp(bytes, first, Math.round(this.#deps.now_us()));
    for (let i = 1; i < this.#waiting; i++)
      copyBytes(bytes, first, first + stampDigits, bytes, this.#sentAt[i] as number);
    this.#waiting = 0;
    const now_ms = performance.now();
    this.#counts.processing_ns += Math.round((now_ms - this.#begun_ms) * 1e6);
    this.#begun_ms = now_ms;
  }
}
