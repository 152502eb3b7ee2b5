// Reads what a server sends: hands messages over where they lie to those who can answer them there, and all else to
// nats.js, with the bounds that its parser lacks.
import { Kind, Parser, type ProtocolHandler, State } from '@nats-io/transport-node';
import { known } from '../../lib/known.ts';
import { tooLargeStatus } from '../incoming.ts';
import type { FramedHandler, Replies } from './replies.ts';
import { cutLine, cutPayload, noMessage, scanMessage, unusual } from './scan.ts';

/** Longer than the INFO of any cluster, or a subject with its reply. */
export const longestLine_bytes = 64 * 1024;
/** A line that is not all there is read from its begin again with what follows, if it is no longer than this. */
const mostWaitingLine_bytes = 4096;

/** The connection that is read. */
export interface Read {
  readonly isOver: boolean;
  readonly socket: { cork(): void; uncork(): void };
  /** Ends it: what came is no NATS. */
  refuse(): void;
}

const { parse } = Parser.prototype;
const tooLarge = Buffer.from(`NATS/1.0 ${tooLargeStatus} Payload Too Large\r\n\r\n`);
const [M, H, lf, cr] = [77, 72, 10, 13];
/** How lines begin that are no message: PING and PONG, +OK, -ERR, INFO. */
const otherLines = [80, 43, 45, 73];

/** Between a message and what follows: nats.js would pass over all up to the next end of a line. */
const isAstray = ({ state }: Parser, next: number | undefined): boolean =>
  state === State.MSG_END && next !== undefined && next !== cr && next !== lf;

/** How much nats.js still needs of what it has begun, if `next` comes next; all there is where that is not known. */
function untilNext({ state, msgBuf, ma }: Parser, next: number | undefined): number {
  if (state === State.OP_START) return 0;
  if (state === State.MSG_END) return next === lf ? 1 : 2;
  return state === State.MSG_PAYLOAD && msgBuf !== undefined
    ? ma.size - msgBuf.length + 2
    : Number.POSITIVE_INFINITY;
}

/** What is read at once, and how far it is worked off. */
interface Work {
  readonly parser: Parser;
  readonly bytes: Buffer;
  readonly end: number;
  /** The memory is read into again. */
  readonly isReused: boolean;
  /** What is before this is done. */
  done: number;
}

export class FrameReader {
  /** By the id of the subscription. */
  readonly handlers = new Map<number, FramedHandler>();
  readonly #of: Read;
  readonly #replies: Replies;
  readonly #message = noMessage();
  #skip_bytes = 0;

  constructor(of: Read, replies: Replies) {
    this.#of = of;
    this.#replies = replies;
  }

  /**
   * Takes bytes[0, end), which were just read. Gives where what must wait for more begins, which is to be at 0 the next
   * time; never more than `mostWaiting_bytes`.
   */
  take(parser: Parser, bytes: Buffer, end: number, isReused: boolean, mostWaiting_bytes: number): number {
    this.#message.read_ms = performance.now();
    const skipped = Math.min(this.#skip_bytes, end);
    this.#skip_bytes -= skipped;
    const work: Work = { parser, bytes, end, isReused, done: skipped };
    // an exception that got out would end the reading of nats.js, whose connection would look alive
    try {
      if (this.handlers.size === 0) this.#give(work, end);
      else {
        this.#give(work, Math.min(end, skipped + untilNext(parser, bytes[skipped])));
        this.#scan(work, mostWaiting_bytes);
      }
      if ((parser.argBuf?.length ?? 0) > longestLine_bytes) this.#of.refuse();
    } catch {
      this.#of.refuse();
    }
    this.#replies.flush();
    return work.done;
  }

  #scan(work: Work, mostWaiting_bytes: number): void {
    const { parser, end } = work;
    let at = work.done;
    while (at < end && !this.#of.isOver) {
      const next = parser.state === State.OP_START ? this.#find(work, at) : unusual;
      if (next < 0) {
        const needed = next === cutLine ? mostWaitingLine_bytes : this.#message.payloadEnd + 2 - at;
        const mayWait = next !== unusual && Math.max(end - at, needed) <= mostWaiting_bytes;
        this.#give(work, mayWait ? at : end);
        return;
      }
      at = next;
    }
    this.#give(work, at);
  }

  /** Finds what begins at `at`, and answers it if it is to be answered where it lies. Gives where it ends. */
  #find(work: Work, at: number): number {
    const { parser, bytes, end } = work;
    const first = bytes[at] as number;
    if (first !== M && first !== H) {
      if (!otherLines.includes(first)) return unusual;
      const next = bytes.indexOf(lf, at) + 1;
      return next > 0 && next <= end ? next : end - at > mostWaitingLine_bytes ? unusual : cutLine;
    }
    const message = this.#message;
    const next = scanMessage(bytes, at, end, message);
    if (next === cutLine && end - at > mostWaitingLine_bytes) return unusual;
    const protocol = parser.dispatcher as ProtocolHandler;
    const size = message.payloadEnd - message.headers;
    if (next === cutPayload && size > (protocol.info?.max_payload ?? 0)) return unusual;
    const handler = next < 0 ? undefined : this.handlers.get(message.sid);
    if (handler === undefined) return next;
    this.#give(work, at); // in the order in which they came
    if (parser.state !== State.OP_START) return unusual;
    this.#replies.beginFor(handler);
    const sent_bytes = handler.answer(message, this.#replies);
    if (sent_bytes === undefined) return next;
    work.done = next;
    protocol.inMsgs += 1;
    protocol.inBytes += size;
    protocol.outMsgs += 1;
    protocol.outBytes += sent_bytes;
    return next;
  }

  /** Gives nats.js what comes before `to`. */
  #give(work: Work, to: number): void {
    const { parser, bytes, isReused, done } = work;
    if (to <= done || this.#of.isOver) return;
    work.done = to;
    if (isAstray(parser, bytes[done])) {
      this.#of.refuse();
      return;
    }
    const piece = bytes.subarray(done, to);
    const { socket } = this.#of;
    socket.cork(); // a thousand PONGs are one write
    try {
      parse.call(parser, isReused ? Buffer.from(piece) : piece); // whose readers may keep it
      this.#leaveOut(parser);
    } finally {
      socket.uncork();
    }
  }

  /**
   * A hub lets larger messages through to a leaf than the leaf lets its clients send: what is more than that is not
   * gathered, and the message comes without headers and payload, with a status that says so.
   */
  #leaveOut(parser: Parser): void {
    const { msgBuf, ma } = parser;
    const dispatcher = parser.dispatcher as ProtocolHandler;
    if (msgBuf === undefined || dispatcher.info === undefined || ma.size <= dispatcher.info.max_payload)
      return;
    this.#skip_bytes = ma.size - msgBuf.length;
    const { sid, subject, reply } = ma;
    const size = tooLarge.length;
    dispatcher.push({
      kind: Kind.MSG,
      msg: { sid, subject, ...known({ reply }), hdr: size, size },
      data: tooLarge,
    });
    delete parser.argBuf;
    delete parser.msgBuf;
    parser.state = State.MSG_END;
  }
}
