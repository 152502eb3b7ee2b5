// Requests as stream ENROL of an account keeps them for the issuers: each goes to one of them, again if that does not
// acknowledge it in time.
import { randomUUID } from 'node:crypto';
import type { Ticker } from '../../lib/ticker.ts';
import type { Incoming } from '../../nats/incoming.ts';
import type { Link } from '../../nats/link.ts';
import { askOver } from '../asks/api.ts';

/** A request that came in. */
export interface WaitingRequest {
  /** The last token of its subject. */
  readonly by: string;
  readonly text: string;
  /** When the stream took it, Unix ms. */
  readonly at_ms: number;
  /** It is answered: nobody gets it again. */
  done(): void;
}

/** The requests of one account. */
export interface RequestFeed {
  /** What was handed on is decided: there is room for more. */
  next(): void;
  stop(): void;
}

const stream = 'ENROL';
const consumer = 'issuer';
/** All issuers of a hub share it. What one of them has not acknowledged after `ack_wait` another gets. */
const config = {
  name: consumer,
  durable_name: consumer,
  description: 'Requests that no issuer has answered yet',
  ack_policy: 'explicit',
  ack_wait: 6e9,
  deliver_policy: 'all',
  max_ack_pending: 10_000,
};

/** As many as are decided well within `ack_wait`. */
const batch = 64;
const expires_ms = 30_000;
/** How much later than that a server that is alive has said that it ended. */
const grace_ms = 5000;
const retry_ms = 2000;
/** Status of a pull that ended because its time is up; of others the consumer or its server is gone. */
const timedOut = 408;

/** Of `$JS.ACK.<stream>.<consumer>.<times>.<seq>.<n>.<ns>.<more>`, or with domain and account before the stream. */
function takenAt_ms(reply: string): number {
  const parts = reply.split('.');
  return Math.floor(Number(parts[parts.length < 11 ? 7 : 9]) / 1e6);
}

interface Feed {
  readonly link: Link;
  readonly ticker: Ticker;
  readonly take: (request: WaitingRequest) => void;
  /** Of the pull that stands. */
  readonly inbox: string;
  outstanding: number;
  isStopped: boolean;
  cancel: () => void;
}

const later = (feed: Feed, ms: number, fn: () => void): void => {
  feed.cancel();
  feed.cancel = feed.ticker.after(ms, fn);
};

function pull(feed: Feed): void {
  if (feed.isStopped || !feed.link.state().connected) return;
  const body = JSON.stringify({ batch, expires: expires_ms * 1e6 });
  feed.outstanding = batch;
  feed.link.publish(`$JS.API.CONSUMER.MSG.NEXT.${stream}.${consumer}`, body, { reply: feed.inbox });
  later(feed, expires_ms + grace_ms, () => void begin(feed));
}

/** Makes the consumer, where it is not there, and pulls. */
async function begin(feed: Feed): Promise<void> {
  if (feed.isStopped || !feed.link.state().connected) return;
  const made = await askOver(feed.link)(`$JS.API.CONSUMER.CREATE.${stream}.${consumer}`, {
    stream_name: stream,
    config,
  });
  if (feed.isStopped) return;
  if (made.ok) pull(feed);
  else later(feed, retry_ms, () => void begin(feed));
}

function received(feed: Feed, message: Incoming): void {
  const { reply } = message;
  if (reply?.startsWith('$JS.ACK.') !== true) {
    feed.outstanding = 0; // the pull has ended
    if (message.headers?.code === timedOut) pull(feed);
    else later(feed, retry_ms, () => void begin(feed));
    return;
  }
  feed.outstanding -= 1;
  const by = message.subject.split('.').at(-1) ?? '';
  feed.take({
    by,
    text: new TextDecoder().decode(message.data),
    at_ms: takenAt_ms(reply),
    done: () => void feed.link.publish(reply, '+ACK'),
  });
}

/** Hands on the requests of the account that the link is in, until it is stopped. */
export function feedRequests(
  link: Link,
  ticker: Ticker,
  take: (request: WaitingRequest) => void,
): RequestFeed {
  const feed: Feed = {
    link,
    ticker,
    take,
    inbox: `_INBOX.${randomUUID()}`,
    outstanding: 0,
    isStopped: false,
    cancel: () => {},
  };
  const endSubscription = link.subscribe(feed.inbox, (message) => received(feed, message));
  const endWatch = link.onChange(({ connected }) => {
    feed.outstanding = 0;
    if (connected) void begin(feed);
  });
  void begin(feed);
  return {
    next() {
      if (feed.outstanding === 0) pull(feed);
    },
    stop() {
      feed.isStopped = true;
      feed.cancel();
      endWatch();
      endSubscription();
    },
  };
}
