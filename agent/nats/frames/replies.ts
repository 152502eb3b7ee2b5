import type { Framed } from './scan.ts';

/** Answers messages where they lie. */
export interface FramedHandler {
  /**
   * Writes the answer at `replies.used` and moves that behind it. Gives the bytes of its headers and payload, or
   * undefined where it leaves the message to the handler that is called for any.
   */
  answer(message: Framed, replies: Replies): number | undefined;
  /** Called directly before what it wrote goes to the socket. */
  seal(replies: Replies): void;
}

/** Replies to what was read at once are gathered up to this; it is enough for one with 64 KB of payload. */
export const mostGathered_bytes = 80 * 1024;

/** Gathers the replies to what was read at once, in memory that is used again, for one write. */
export class Replies {
  bytes: Buffer = Buffer.alloc(0); // of a link on which nothing is answered
  used = 0;
  #view = this.bytes;
  #writer: FramedHandler | undefined;
  readonly #write: (bytes: Buffer) => boolean;

  /** `write` says whether the memory may be used again. */
  constructor(write: (bytes: Buffer) => boolean) {
    this.#write = write;
  }

  /** What is written from now on is `handler`'s. */
  beginFor(handler: FramedHandler): void {
    if (this.#writer === handler) return;
    this.flush();
    this.#writer = handler;
    if (this.bytes.length === 0) this.#renew();
  }

  /** Makes room for `size` bytes in one piece; false where there is never so much. What is there is written if need be. */
  hasRoom(size: number): boolean {
    if (size > this.bytes.length - this.used) this.flush();
    return size <= this.bytes.length;
  }

  flush(): void {
    const { used } = this;
    if (used === 0) return;
    this.#writer?.seal(this);
    this.used = 0;
    if (this.#view.length !== used) this.#view = this.bytes.subarray(0, used); // most are as long as the last
    if (!this.#write(this.#view)) this.#renew();
  }

  #renew(): void {
    this.bytes = Buffer.allocUnsafeSlow(mostGathered_bytes);
    this.#view = this.bytes.subarray(0, 0);
  }
}
