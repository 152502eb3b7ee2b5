import type { NatsConnection, Subscription } from '@nats-io/transport-node';
import type { Denials } from './denials.ts';
import type { FramedHandler } from './frames/replies.ts';
import type { Guard } from './guard.ts';
import type { Handler } from './incoming.ts';
import { answerFramed } from './transport.ts';

/** Subscriptions that last over connections. */
export interface Subscriptions {
  /** `framed` is asked first. Returns its end. */
  add(subject: string, handler: Handler, framed?: FramedHandler): () => void;
  /** Makes all of them on a new connection, and those that are added until `detach`. */
  attach(nc: NatsConnection): void;
  /** The connection has ended. */
  detach(): void;
}

interface Entry {
  readonly subject: string;
  readonly handler: Handler;
  readonly framed: FramedHandler | undefined;
  /** The subscription of the present connection, and what ends the answers to it. */
  live?: Subscription;
  endAnswers?: () => void;
}

export function keepSubscriptions(guard: Guard, denials: Denials): Subscriptions {
  const entries = new Set<Entry>();
  let connection: NatsConnection | undefined;
  const subscribe = (nc: NatsConnection, entry: Entry): void => {
    const { subject, handler, framed } = entry;
    entry.live = nc.subscribe(subject, { callback: guard.guarded(subject, handler) });
    if (framed === undefined) return;
    entry.endAnswers = answerFramed(nc, entry.live, guard.guardedFramed(subject, framed, denials));
  };
  return {
    add(subject, handler, framed) {
      const entry: Entry = { subject, handler, framed };
      if (connection !== undefined) subscribe(connection, entry);
      entries.add(entry);
      return () => {
        entries.delete(entry);
        if (connection === undefined) return;
        entry.endAnswers?.();
        entry.live?.unsubscribe();
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
