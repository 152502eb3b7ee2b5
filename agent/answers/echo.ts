import { type Incoming, isLeftOut } from '../nats/incoming.ts';
import { headerNames } from '../wire/headers.ts';
import { clockHeaders } from '../wire/messages.ts';
import { anyMatches, type Headers, knownHeaders } from '../wire/values.ts';
import { copiedLimit_bytes, isCopied } from './copiedlines.ts';
import {
  type EchoCounters,
  type EchoCounts,
  type EchoDeps,
  FramedEcho,
  headerRoom_bytes,
  largestReply_bytes,
} from './framedecho.ts';

export interface EchoOptions {
  readonly subject: string;
  readonly unit: string;
  /** Patterns of where replies may be sent; anything else is ignored, so that nobody can aim us at a subject. */
  readonly replySubjects: readonly string[];
}

export interface Echo {
  counters(): EchoCounters;
  stop(): void;
}

const startedLine = 'NATS/1.0\r\n\r\n'.length;
const sizeOfHeaders = (headers: Headers): number =>
  Object.entries(headers).reduce(
    (sum, [name, values]) =>
      sum + values.reduce((s, value) => s + name.length + Buffer.byteLength(value) + 4, 0),
    startedLine,
  );

/** The requester's headers without those in `own`, and `own`; a note where they could not be copied. */
function withCopied(message: Incoming, own: Headers): Headers {
  const bytes = message.size() - message.data.length - message.subject.length - (message.reply?.length ?? 0);
  if (bytes === 0) return own;
  if (bytes > copiedLimit_bytes) return noted(own, `request headers left out: ${bytes} bytes`);
  const all: Record<string, string[]> = Object.create(null); // names come from outside
  const names = Object.keys(own);
  try {
    for (const [name, values] of message.headers ?? []) if (isCopied(name, names)) all[name] = values;
  } catch {
    return noted(own, 'request headers left out: malformed');
  }
  return Object.assign(all, own);
}

const noted = (own: Headers, note: string): Headers => ({ ...own, [headerNames.echoNote]: [note] });

/** Whether a message with this payload and these headers is within max_payload; headers are measured only near it. */
const fits = (payload: Uint8Array, headers: Headers, limit: number): boolean =>
  payload.length < limit - headerRoom_bytes || payload.length + sizeOfHeaders(headers) + 20 <= limit;

const tooLarge = 'payload too large';
const tooLargeHeaders = knownHeaders({
  [headerNames.serviceError]: tooLarge,
  [headerNames.serviceErrorCode]: 413,
});
const nothing = new Uint8Array(0);

function fail(counts: EchoCounts, why: string): void {
  counts.errors += 1;
  counts.last_error = why;
}

/** Answers one request, however it is written: `FramedEcho` answers those that are measured. */
function answer(
  { link, clock, now_us }: EchoDeps,
  unit: string,
  counts: EchoCounts,
  message: Incoming,
  reply: string,
  received_us: number,
): void {
  counts.requests += 1;
  const sentAt = ['']; // filled in last
  const own: Headers = {
    [headerNames.unitId]: [unit],
    [headerNames.serverReceivedAt]: [String(Math.round(received_us))],
    [headerNames.serverSentAt]: sentAt,
    ...clockHeaders(clock()),
  };
  const limit = largestReply_bytes(link);
  let headers = withCopied(message, own);
  let payload = message.data;
  const isCut = isLeftOut(message);
  if (!fits(payload, headers, limit)) headers = noted(own, 'request headers left out: no room');
  if (isCut || !fits(payload, headers, limit)) {
    fail(counts, tooLarge);
    headers = { ...own, ...tooLargeHeaders };
    payload = nothing;
  }
  sentAt[0] = String(Math.round(now_us()));
  if (!link.publish(reply, payload, { headers })) fail(counts, 'the reply could not be sent');
}

/**
 * Answers echo requests: the payload as it came, the request's headers, and when it was received and sent
 * (X-Server-Received-At, X-Server-Sent-At, Unix µs) by which clock. What does not fit max_payload loses the
 * request's headers first and its payload last.
 */
export function answerEcho(deps: EchoDeps, opts: EchoOptions): Echo {
  const counts: EchoCounts = { requests: 0, ignored: 0, errors: 0, processing_ns: 0 };
  const isAllowed = anyMatches(opts.replySubjects);
  const handle = (message: Incoming): void => {
    const received_us = deps.now_us();
    const begun_ms = performance.now();
    const { reply } = message;
    if (isAllowed(reply)) answer(deps, opts.unit, counts, message, reply, received_us);
    else counts.ignored += 1;
    counts.processing_ns += Math.round((performance.now() - begun_ms) * 1e6);
  };
  const framed = new FramedEcho(deps, opts.unit, isAllowed, counts);
  const end = deps.link.subscribe(opts.subject, handle, framed);
  return { counters: () => ({ ...counts }), stop: end };
}
