// Stream BOUND as all issuers and commands share it: read to its end, and written only by whoever has read all of it.
import { messageOf } from '../../lib/errors.ts';
import { isObject } from '../../lib/parse.ts';
import type { Link } from '../../nats/link.ts';
import { type ApiAnswer, type Ask, askOver } from '../asks/api.ts';
import { readMessages } from '../asks/streamread.ts';
import {
  applyRecord,
  type Bindings,
  type BoundRecord,
  boundSubject,
  noBindings,
  parseBoundRecord,
} from './bindings.ts';

/** The stream could not be read or written, or holds what this program does not understand. */
export class BookError extends Error {
  readonly code = 'BOOK';
  /** The stream is not there at all, which does not mend itself. */
  isLost = false;
}

/** What is bound, as far as it has been read. */
export interface Book {
  /** Another object once the stream was made anew. */
  bindings(): Bindings;
  /** Reads what has been written since. Throws a BookError. */
  catchUp(): Promise<void>;
  /**
   * Writes a record, if nothing was written since all was read; false where something was: read on, decide again. Throws a
   * BookError where it is not known whether it was written.
   */
  append(record: BoundRecord): Promise<boolean>;
}

const stream = 'BOUND';
/** JetStream's numbers for: there is no further message; the stream has gone on. */
const apiErrors = { noMessage: 10037, noStream: 10059, outrun: [10071, 10164] } as const;

/** An answer of JetStream, also what it refuses; where there is none, a BookError is thrown. */
async function ask(link: Link, ...question: Parameters<Ask>): Promise<ApiAnswer> {
  const answer = await askOver(link)(...question);
  if (!answer.ok && answer.code === undefined) throw new BookError(`stream ${stream}: ${answer.why}`);
  return answer;
}

/** Gives all that is there, quickly, but not surely the newest. */
async function readAll(link: Link, take: (text: string, seq: number) => void): Promise<void> {
  try {
    await readMessages(link, stream, 'bound.>', ({ data, seq }) => take(new TextDecoder().decode(data), seq));
  } catch (error) {
    throw error instanceof BookError ? error : new BookError(messageOf(error), { cause: error });
  }
}

/** When the stream was made, and its last sequence. */
async function streamNow(link: Link): Promise<{ readonly created: unknown; readonly last: number }> {
  const info = await ask(link, `$JS.API.STREAM.INFO.${stream}`);
  if (info.ok) {
    const { created, state } = info.value;
    return { created, last: Number(isObject(state) && state['last_seq']) };
  }
  const error = new BookError(`stream ${stream}: ${info.why}`);
  error.isLost = info.code === apiErrors.noStream;
  throw error;
}

/** Follows the stream over that link, whose user may use all of JetStream. Nothing is read before `catchUp`. */
export function openBook(link: Link): Book {
  let bindings = noBindings();
  let made: unknown;

  const take = (text: string, seq: number): void => {
    if (seq <= bindings.seq) return;
    const record = parseBoundRecord(text);
    if (!record.ok) throw new BookError(`message ${seq} of stream ${stream}: ${record.why}`);
    applyRecord(bindings, record.value, seq);
  };

  /** The next message, from the leader of the stream, which has all; false where there is none. */
  async function takeNext(): Promise<boolean> {
    const body = { seq: bindings.seq + 1, next_by_subj: 'bound.>' };
    const reply = await ask(link, `$JS.API.STREAM.MSG.GET.${stream}`, body);
    if (!reply.ok) {
      if (reply.code === apiErrors.noMessage) return false;
      throw new BookError(`stream ${stream}: ${reply.why}`);
    }
    const { message } = reply.value;
    if (!isObject(message)) throw new BookError(`stream ${stream}: the answer has no message`);
    take(Buffer.from(String(message['data'] ?? ''), 'base64').toString(), Number(message['seq']));
    return true;
  }

  return {
    bindings: () => bindings,
    async catchUp() {
      const { created, last } = await streamNow(link);
      if (created !== made || last < bindings.seq) bindings = noBindings(); // it was deleted since, or restored from a copy
      made = created;
      if (bindings.seq === 0) await readAll(link, take);
      while (await takeNext()); // any replica has sent the bulk: it may be behind
    },
    async append(record) {
      const headers = { 'Nats-Expected-Last-Sequence': [String(bindings.seq)] };
      const reply = await ask(link, boundSubject(record), record, headers);
      if (!reply.ok) {
        if (!apiErrors.outrun.some((code) => code === reply.code))
          throw new BookError(`stream ${stream}: ${reply.why}`);
        const last = Number(/\d+$/.exec(reply.why)?.[0] ?? Number.NaN);
        if (last < bindings.seq) bindings = noBindings(); // it was made anew
        return false;
      }
      const seq = Number(reply.value['seq']);
      if (!Number.isSafeInteger(seq)) throw new BookError(`stream ${stream}: the answer has no sequence`);
      if (seq > bindings.seq) applyRecord(bindings, record, seq); // else it was read meanwhile, and what came after it
      return true;
    },
  };
}

/** Writes in the place of what is left that it is gone. */
export async function clearLeft(book: Book): Promise<void> {
  const next = () => book.bindings().left.values().next().value;
  await book.catchUp();
  for (let gone = next(); gone !== undefined; gone = next())
    if (!(await book.append(gone))) await book.catchUp();
}
