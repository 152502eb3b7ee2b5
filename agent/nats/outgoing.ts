import {
  MsgHdrsImpl,
  type MsgImpl,
  type NatsConnection,
  NoRespondersError,
  PermissionViolationError,
  TimeoutError,
} from '@nats-io/transport-node';
import { messageOf } from '../lib/errors.ts';
import { known } from '../lib/known.ts';
import type { Headers } from '../wire/values.ts';
import type { Incoming } from './incoming.ts';

export type Payload = Uint8Array | string;

export interface PublishOptions {
  readonly headers?: Headers;
  readonly reply?: string;
}

export interface RequestOptions extends PublishOptions {
  readonly timeout_ms: number;
  /** Where several may reply: which reply is the answer. Without it, whichever comes first. */
  readonly accept?: (data: Uint8Array) => boolean;
}

/** What became of a request. Only `reply` carries an answer. */
export type Answer =
  | { readonly kind: 'reply'; readonly message: Incoming }
  /** The server says that nobody listens on the subject, or the leaf that its hub is gone. */
  | { readonly kind: 'no_responders' }
  /** `unaccepted`: the last reply that was not accepted. */
  | { readonly kind: 'timeout'; readonly unaccepted?: Incoming }
  /** The server does not permit this user to publish there. */
  | { readonly kind: 'denied' }
  /** Larger than the server's max_payload. */
  | { readonly kind: 'too_large' }
  /** Not connected, or no longer when the answer was due. */
  | { readonly kind: 'closed' };

/** Throws when the server would not take it. */
export function publishOn(
  nc: NatsConnection,
  subject: string,
  payload: Payload,
  { headers, reply }: PublishOptions,
): void {
  nc.publish(subject, payload, {
    ...(headers === undefined ? {} : { headers: MsgHdrsImpl.fromRecord(headers) }),
    ...(reply === undefined ? {} : { reply }),
  });
}

/** Never rejects. */
export async function requestOn(
  nc: NatsConnection,
  subject: string,
  payload: Payload,
  { headers, timeout_ms, accept }: RequestOptions,
): Promise<Answer> {
  const given = headers === undefined ? {} : { headers: MsgHdrsImpl.fromRecord(headers) };
  try {
    if (accept === undefined) {
      const message = await nc.request(subject, payload, { timeout: timeout_ms, ...given });
      return { kind: 'reply', message: message as MsgImpl };
    }
    let unaccepted: MsgImpl | undefined;
    for await (const reply of await nc.requestMany(subject, payload, { maxWait: timeout_ms, ...given })) {
      const message = reply as MsgImpl;
      if (accept(message.data)) return { kind: 'reply', message };
      unaccepted = message;
    }
    return { kind: 'timeout', ...known({ unaccepted }) };
  } catch (error) {
    return { kind: failureKind(error) };
  }
}

/** What the failure of a request means. */
function failureKind(error: unknown): Exclude<Answer['kind'], 'reply'> {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
  if (cause instanceof NoRespondersError) return 'no_responders';
  if (cause instanceof TimeoutError) return 'timeout';
  if (cause instanceof PermissionViolationError) return 'denied';
  return messageOf(error).includes('max_payload') ? 'too_large' : 'closed';
}
