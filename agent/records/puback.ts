import { isObject } from '../lib/json.ts';
/** The answer to a record: stored by a stream, refused by it, or from somebody who is no stream. */
export type PubAck =
  | { readonly kind: 'stored'; readonly duplicate: boolean }
  /** `hopeless`: the same record will be refused again and again. */
  | { readonly kind: 'refused'; readonly why: string; readonly hopeless: boolean }
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
    return { kind: 'refused', why: description.slice(0, 200), hopeless: err_code === tooLargeForStream };
  }
  if (typeof stream !== 'string' || stream === '' || !Number.isInteger(seq)) return { kind: 'other' };
  return { kind: 'stored', duplicate: duplicate === true };
}
