import type { PermissionViolationError } from '@nats-io/transport-node';
import type { Log } from '../lib/log.ts';
import type { Ticker } from '../lib/ticker.ts';

/** How a refused operation is named in `list`. */
export const denialOf = (operation: 'publish' | 'subscription', subject: string): string =>
  `${operation} ${subject}`;

/** What the server refuses; logged once when it begins and once when it ends. */
export interface Denials {
  /** The server refused an operation. */
  refused(error: PermissionViolationError): void;
  /** A new connection is up, its subscriptions are sent; `flush` resolves when the server has seen them. */
  connected(flush: () => Promise<void>): void;
  /** Something was sent to this subject; if it was refused before and is not now, that is the end of it. */
  used(subject: string): void;
  isAny(): boolean;
  /** As `publish ops.x` or `subscription ops.y`. */
  list(): string[];
}

/** The server answers a PING after it has refused what came before; the refusal reaches us a moment later. */
const settle_ms = 100;

/** Requesters choose where they are answered: what they name must not fill the memory. */
const mostRefusals = 64;

/** An inbox is new with each connection: they count as one. */
const named = (subject: string): string => subject.replace(/^(_INBOX[^.]*)\..*/, '$1.>');

export function watchDenials(ticker: Ticker, log: Log): Denials {
  /** How often each was refused so far: the count tells whether it happened again. */
  const refusals = new Map<string, number>();
  /** Those of them that are sent again with each connection. */
  const subscriptions = new Set<string>();
  let flush = (): Promise<void> => Promise.resolve();

  const endUnlessAgain = (keys: readonly string[]): void => {
    const before = keys.map((key) => refusals.get(key));
    flush().then(
      () =>
        ticker.after(settle_ms, () => {
          for (const [i, key] of keys.entries()) {
            if (before[i] === undefined || refusals.get(key) !== before[i]) continue;
            refusals.delete(key);
            subscriptions.delete(key);
            log.info('permitted again', { what: key });
          }
        }),
      () => {}, // disconnected: the next connection asks again
    );
  };

  return {
    refused(error) {
      const key = denialOf(error.operation, named(error.subject));
      const count = refusals.get(key) ?? 0;
      if (count === 0 && refusals.size >= mostRefusals) return;
      refusals.set(key, count + 1);
      if (error.operation === 'subscription') subscriptions.add(key);
      if (count === 0) log.warn('not permitted by the server', { what: key });
    },
    connected(flushNow) {
      flush = flushNow;
      if (subscriptions.size > 0) endUnlessAgain([...subscriptions]);
    },
    used(subject) {
      if (refusals.size === 0) return;
      const key = denialOf('publish', named(subject));
      if (refusals.has(key)) endUnlessAgain([key]);
    },
    isAny: () => refusals.size > 0,
    list: () => [...refusals.keys()],
  };
}
