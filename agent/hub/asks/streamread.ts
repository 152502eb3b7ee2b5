import { randomUUID } from 'node:crypto';
import type { Incoming } from '../../nats/incoming.ts';
import type { Link } from '../../nats/link.ts';
import { headerReader } from '../../wire/headers.ts';

/** A message as a stream has it. */
export interface StreamMessage {
  readonly subject: string;
  readonly seq: number;
  /** When the stream took it, Unix ms. */
  readonly at_ms: number;
  readonly data: Uint8Array;
  readonly headers: Incoming['headers'];
}

/** Fewer than the server keeps for a client that reads slowly. */
const most = 512;
/** From one message to the next. */
const silence_ms = 5000;

/** What ends a batch: all was sent; there is nothing, or nothing more. */
const endOfBatch = [204, 404];

/**
 * Gives the messages on `filter` from the first on, by direct gets: any replica answers, which may not have the newest yet.
 * Only for streams that keep few messages of a subject. Throws where the answer stays out.
 */
export async function readMessages(
  link: Link,
  stream: string,
  filter: string,
  take: (message: StreamMessage) => void,
): Promise<void> {
  let next: number | undefined = 1;
  while (next !== undefined) next = await readBatch(link, stream, { seq: next, next_by_subj: filter }, take);
}

/** Gives where the next batch begins; undefined after the last. */
async function readBatch(
  link: Link,
  stream: string,
  ask: { readonly seq: number; readonly next_by_subj: string },
  take: (message: StreamMessage) => void,
): Promise<number | undefined> {
  let next = ask.seq;
  const left = await getDirect(link, stream, { ...ask, batch: most }, (message) => {
    next = message.seq + 1;
    take(message);
  });
  return left > 0 ? next : undefined;
}

/** What is asked of a stream's direct gets (ADR-31), as the server takes it. Times are RFC 3339. */
export interface DirectGet {
  readonly seq?: number;
  readonly start_time?: string;
  readonly next_by_subj?: string;
  /** Of each of these subjects the last message, or the last before `up_to_time`. Since 2.11. */
  readonly multi_last?: readonly string[];
  readonly up_to_time?: string;
  /** The same by the sequence in the stream. */
  readonly up_to_seq?: number;
  /** Without it, and without `multi_last`, one message: then the server need not count those that follow. */
  readonly batch?: number;
  readonly max_bytes?: number;
}

/** Gives the messages that are asked for, and how many more there are. Throws where the answer stays out. */
export function getDirect(
  link: Link,
  stream: string,
  ask: DirectGet,
  take: (message: StreamMessage) => void,
): Promise<number> {
  const inbox = `_INBOX.${randomUUID()}`;
  const isOne = ask.batch === undefined && ask.multi_last === undefined;
  return new Promise((resolve, reject) => {
    let timer: NodeJS.Timeout;
    const finish = (end: () => void): void => {
      clearTimeout(timer);
      stop();
      end();
    };
    const wait = (): void => {
      clearTimeout(timer);
      timer = setTimeout(
        () => finish(() => reject(new Error(`stream ${stream} does not answer`))),
        silence_ms,
      );
    };
    const stop = link.subscribe(inbox, (message: Incoming) => {
      const header = headerReader(message.headers);
      const code = message.headers?.code ?? 0;
      if (code === 0) {
        try {
          take(streamMessage(message, header));
          return isOne ? finish(() => resolve(0)) : wait();
        } catch (error) {
          return finish(() => reject(error));
        }
      }
      if (!endOfBatch.includes(code))
        return finish(() => reject(new Error(`stream ${stream} gives no messages: status ${code}`)));
      finish(() => resolve(Number(header('Nats-Num-Pending') ?? 0)));
    });
    wait();
    if (!link.publish(`$JS.API.DIRECT.GET.${stream}`, JSON.stringify(ask), { reply: inbox }))
      finish(() => reject(new Error(`stream ${stream} cannot be read: there is no connection`)));
  });
}

const streamMessage = (
  { data, headers }: Incoming,
  header: (name: string) => string | undefined,
): StreamMessage => ({
  subject: header('Nats-Subject') ?? '',
  seq: Number(header('Nats-Sequence')),
  at_ms: Date.parse(header('Nats-Time-Stamp') ?? ''),
  data,
  headers,
});
