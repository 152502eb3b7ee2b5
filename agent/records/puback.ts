import { isObject } from '../lib/parse.ts';
import type { Answer } from '../nats/outgoing.ts';

/** The answer to a record: stored by a stream, refused by it, or from somebody who is no stream. */
export type PubAck =
  | {
      readonly kind: 'stored';
      readonly duplicate: boolean;
      readonly stream: string;
      /** JetStream domain of the server that stored it; missing when that has none. */
      readonly domain: string | undefined;
    }
  /** `isTooLarge`: the same record will always be refused. */
  | {
      readonly kind: 'refused';
      readonly why: string;
      readonly isTooLarge: boolean;
      readonly stream: string | undefined;
    }
  | { readonly kind: 'other' };

/** JSStreamMessageExceedsMaximumErr: nats-server server/errors.json. */
const tooLargeForStream = 10054;

/** Reads a JetStream PubAck: `{stream, seq, domain?, duplicate?}` or `{error: {code, err_code, description}, stream}`. */
export function readPubAck(data: Uint8Array): PubAck {
  let ack: unknown;
  try {
    ack = JSON.parse(new TextDecoder().decode(data));
  } catch {
    return { kind: 'other' };
  }
  if (!isObject(ack)) return { kind: 'other' };
  const { stream, seq, domain, duplicate, error } = ack;
  if (isObject(error)) {
    const { err_code, description } = error;
    if (typeof description !== 'string') return { kind: 'other' };
    return {
      kind: 'refused',
      why: description.slice(0, 200),
      isTooLarge: err_code === tooLargeForStream,
      stream: typeof stream === 'string' ? stream : undefined,
    };
  }
  if (typeof stream !== 'string' || stream === '' || !Number.isInteger(seq)) return { kind: 'other' };
  return {
    kind: 'stored',
    duplicate: duplicate === true,
    stream,
    domain: typeof domain === 'string' && domain !== '' ? domain : undefined,
  };
}

/** The JetStream of the server that the agent is a client of. */
export interface LocalStreams {
  readonly domain: string | undefined;
}

/** Names of streams that have acknowledged something. */
export interface KnownStreams {
  readonly hub: Set<string>;
  readonly local: Set<string>;
}

/**
 * Whether a reply is the hub's, where the local server has streams of its own: they may take the same subjects, and answer
 * first. Only the domain of an acknowledgement tells the two apart. A refusal names its stream alone: it counts at once
 * where that stream is known to be the hub's, else only if no acknowledgement follows. Streams are added to `known`.
 */
export function isOfHub(ack: PubAck, local: LocalStreams, known: KnownStreams): boolean {
  if (ack.kind === 'other') return false;
  const { stream = '' } = ack;
  if (ack.kind === 'refused') return known.hub.has(stream) && !known.local.has(stream);
  const isHubs = ack.domain !== local.domain;
  known[isHubs ? 'hub' : 'local'].add(ack.stream);
  return isHubs;
}

/** The limit by which a record can never be stored. */
export type LossReason = 'max_payload' | 'max_msg_size';

/** What an answer means for the record that was sent. */
export type SendResult =
  /** `foreign`: the stream has another record under its id, since this one was never sent before. */
  | { readonly kind: 'stored'; readonly duplicate: false | 'resent' | 'foreign' }
  /** The stream refuses it for now, in its own words. */
  | { readonly kind: 'refused'; readonly why: string }
  /** The hub is reachable but nobody is known to store this subject, or not yet. */
  | { readonly kind: 'unstored'; readonly why: string }
  /** The server does not permit it. */
  | { readonly kind: 'denied' }
  /** It can never be stored. */
  | { readonly kind: 'lost'; readonly why: LossReason }
  /** The hub cannot be reached. */
  | { readonly kind: 'unreachable' };

/** Why nobody is known to store a subject. */
export const unstoredWhy = {
  no_stream: 'no stream takes this subject, or the hub does not permit it',
  no_ack:
    'no acknowledgement came: no stream takes this subject, the hub does not permit it, or the stream has no_ack and does not tell what it stores',
  no_puback: 'something answers that is not a stream',
  local: (stream: string, domain: string | undefined): string =>
    domain === undefined
      ? `stream ${stream} may be one of the local server, whose JetStream has no domain, and not of the hub`
      : `only stream ${stream} of the local server (JetStream domain ${domain}) acknowledges, and that is not the hub`,
} as const;

/** `isFirst`: it was never sent before. `reachedHub`: whether a missing answer means that no stream gave one. */
export function resultOf(answer: Answer, isFirst: boolean, reachedHub: () => boolean): SendResult {
  switch (answer.kind) {
    case 'reply':
      return resultOfReply(readPubAck(answer.message.data), isFirst);
    case 'too_large':
      return { kind: 'lost', why: 'max_payload' };
    case 'denied':
      return { kind: 'denied' };
    case 'timeout':
      if (!reachedHub()) return { kind: 'unreachable' };
      return answer.unaccepted === undefined
        ? { kind: 'unstored', why: unstoredWhy.no_ack }
        : resultOfUnaccepted(readPubAck(answer.unaccepted.data));
    default:
      return reachedHub() ? { kind: 'unstored', why: unstoredWhy.no_stream } : { kind: 'unreachable' };
  }
}

function resultOfReply(ack: PubAck, isFirst: boolean): SendResult {
  switch (ack.kind) {
    case 'stored':
      return { kind: 'stored', duplicate: ack.duplicate && (isFirst ? 'foreign' : 'resent') };
    case 'refused':
      return ack.isTooLarge ? { kind: 'lost', why: 'max_msg_size' } : { kind: 'refused', why: ack.why };
    case 'other':
      return { kind: 'unstored', why: unstoredWhy.no_puback };
  }
}

/** The last reply where none is known to be the hub's. A limit that may be one of the local server loses no record. */
function resultOfUnaccepted(ack: PubAck): SendResult {
  switch (ack.kind) {
    case 'stored':
      return { kind: 'unstored', why: unstoredWhy.local(ack.stream, ack.domain) };
    case 'refused':
      return { kind: 'refused', why: `${ack.why} (stream ${ack.stream ?? 'without a name'})` };
    case 'other':
      return { kind: 'unstored', why: unstoredWhy.no_puback };
  }
}
