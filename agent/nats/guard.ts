import type { Msg, MsgImpl } from '@nats-io/transport-node';
import { messageOf } from '../lib/errors.ts';
import type { Log } from '../lib/log.ts';
import type { Denials } from './denials.ts';
import type { FramedHandler } from './frames/replies.ts';
import type { Handler } from './incoming.ts';

/** Keeps the failures of handlers where they do no harm. */
export interface Guard {
  /** The handler as nats.js may call it: an exception that got out would end its read loop. */
  guarded(subject: string, handler: Handler): (error: Error | null, message: Msg) => void;
  /** The same for messages that are answered where they lie: one on which it fails is left to the other handler. */
  guardedFramed(subject: string, handler: FramedHandler, denials: Denials): FramedHandler;
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
    guardedFramed: (subject, handler, denials) => ({
      answer(message, replies) {
        try {
          const sent_bytes = handler.answer(message, replies);
          if (sent_bytes !== undefined && denials.isAny())
            denials.used(message.bytes.toString('latin1', message.reply, message.replyEnd));
          return sent_bytes;
        } catch (error) {
          failed(subject, error);
          return undefined;
        }
      },
      seal(replies) {
        try {
          handler.seal(replies);
        } catch (error) {
          failed(subject, error);
        }
      },
    }),
  };
}
