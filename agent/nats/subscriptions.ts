import type { NatsConnection, Subscription } from '@nats-io/transport-node';
import type { Guard } from './guard.ts';
import type { Handler } from './incoming.ts';

/** Subscriptions that last over connections. */
export interface Subscriptions {
  /** Returns its end. */
  add(subject: string, handler: Handler): () => void;
  /** Makes all of them on a new connection, and those that are added until `detach`. */
  attach(nc: NatsConnection): void;
  /** The connection has ended. */
  detach(): void;
}

interface Entry {
  readonly subject: string;
  readonly handler: Handler;
  /** The subscription of the present connection. */
  live?: Subscription;
}

export function keepSubscriptions(guard: Guard): Subscriptions {
  const entries = new Set<Entry>();
  let connection: NatsConnection | undefined;
  const subscribe = (nc: NatsConnection, entry: Entry): void => {
    entry.live = nc.subscribe(entry.subject, { callback: guard.guarded(entry.subject, entry.handler) });
  };
  return {
    add(subject, handler) {
      const entry: Entry = { subject, handler };
      if (connection !== undefined) subscribe(connection, entry);
      entries.add(entry);
      return () => {
        entries.delete(entry);
        if (connection !== undefined) entry.live?.unsubscribe();
      };
    },
    attach(nc) {
      connection = nc;
      for (const entry of entries) subscribe(nc, entry);
    },
    detach() {
      connection = undefined;
    },
  };
}
