import type { Msg, MsgImpl } from '@nats-io/transport-node';
import { messageOf } from '../lib/errors.ts';
import type { Log } from '../lib/log.ts';
import type { Handler } from './incoming.ts';

/** Keeps the failures of handlers where they do no harm. */
export interface Guard {
  /** The handler as nats.js may call it: an exception that got out would end its read loop. */
  guarded(subject: string, handler: Handler): (error: Error | null, message: Msg) => void;
  /** A handler failed; logged the first time only. */
  failed(subject: string, error: unknown): void;
}

export function guardHandlers(log: Log): Guard {
  let isLogged = false;
  const failed = (subject: string, error: unknown): void => {
    if (isLogged) return;
    isLogged = true;
    log.error('a message handler failed', { subject, error: messageOf(error) });
  };
  return {
    failed,
    guarded: (subject, handler) => (refusal, message) => {
      if (refusal !== null) return; // a refused subscription: reported through the status of the connection
      try {
        const pending = handler(message as MsgImpl);
        if (pending instanceof Promise) pending.catch((error: unknown) => failed(subject, error));
      } catch (error) {
        failed(subject, error);
      }
    },
  };
}
