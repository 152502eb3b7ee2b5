import { isObject } from '../lib/parse.ts';
import type { Answer } from '../nats/outgoing.ts';

/** The answer to a record: stored by a stream, refused by it, or from somebody who is no stream. */
export type PubAck =
  | { readonly kind: 'stored'; readonly duplicate: boolean }
  /** `permanent`: the same record will always be refused. */
  | { readonly kind: 'refused'; readonly why: string; readonly permanent: boolean }
  | { readonly kind: 'other' };

/** JSStreamMessageExceedsMaximumErr: nats-server server/errors.json. */
const tooLargeForStream = 10054;

/** Reads a JetStream PubAck: `{stream, seq, duplicate?}` or `{error: {code, err_code, description}}`. */
export function readPubAck(data: Uint8Array): PubAck {
  let ack: unknown;
  try {
    ack = JSON.parse(new TextDecoder().decode(data));
  } catch {
    return { kind: 'other' };
  }
  if (!isObject(ack)) return { kind: 'other' };
  const { stream, seq, duplicate, error } = ack;
  if (isObject(error)) {
    const { err_code, description } = error;
    if (typeof description !== 'string') return { kind: 'other' };
    return { kind: 'refused', why: description.slice(0, 200), permanent: err_code === tooLargeForStream };
  }
  if (typeof stream !== 'string' || stream === '' || !Number.isInteger(seq)) return { kind: 'other' };
  return { kind: 'stored', duplicate: duplicate === true };
}

/** What an answer means for the record that was sent. */
export type SendResult =
  /** `foreign`: the stream has another record under its id, since this one was never sent before. */
  | { readonly kind: 'stored'; readonly duplicate: false | 'resent' | 'foreign' }
  /** The stream refuses it for now, in its own words. */
  | { readonly kind: 'refused'; readonly why: string }
  /** The hub is reachable but nobody stores this subject, or not yet. */
  | { readonly kind: 'unstored'; readonly why: string }
  /** The server does not permit it. */
  | { readonly kind: 'denied' }
  /** It can never be stored. */
  | { readonly kind: 'lost'; readonly why: string }
  /** The hub cannot be reached. */
  | { readonly kind: 'unreachable' };

/** `isFirst`: it was never sent before. `reachedHub`: whether a missing answer means that no stream gave one. */
export function resultOf(answer: Answer, isFirst: boolean, reachedHub: () => boolean): SendResult {
  switch (answer.kind) {
    case 'reply':
      return resultOfReply(readPubAck(answer.message.data), isFirst);
    case 'too_large':
      return { kind: 'lost', why: 'larger than max_payload' };
    case 'denied':
      return { kind: 'denied' };
    default:
      if (!reachedHub()) return { kind: 'unreachable' };
      return {
        kind: 'unstored',
        why: answer.kind === 'timeout' ? 'no PubAck came' : 'no stream takes this subject',
      };
  }
}

function resultOfReply(ack: PubAck, isFirst: boolean): SendResult {
  if (ack.kind === 'other') return { kind: 'unstored', why: 'something answers that is not a stream' };
  if (ack.kind === 'stored')
    return { kind: 'stored', duplicate: ack.duplicate && (isFirst ? 'foreign' : 'resent') };
  return { kind: ack.permanent ? 'lost' : 'refused', why: ack.why };
}
