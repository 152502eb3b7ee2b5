import type { ClockSummary } from '../clock/types.ts';
import type { Incoming } from '../nats/incoming.ts';
import type { Link } from '../nats/link.ts';
import { clockHeaders } from '../wire/messages.ts';
import { anyMatches, type Headers, knownHeaders } from '../wire/values.ts';

export interface EchoDeps {
  readonly link: Pick<Link, 'publish' | 'subscribe' | 'state'>;
  /** Unix µs, from a clock that survives steps. */
  now_us(): number;
  clock(): ClockSummary;
}

export interface EchoOptions {
  readonly subject: string;
  readonly unit: string;
  /** Patterns of where replies may be sent; anything else is ignored, so that nobody can aim us at a subject. */
  readonly replySubjects: readonly string[];
}

export interface EchoCounters {
  readonly requests: number;
  /** Without a reply subject, or with one that is not allowed. */
  readonly ignored: number;
  readonly errors: number;
  readonly last_error?: string;
  readonly processing_ns: number;
}

export interface Echo {
  counters(): EchoCounters;
  stop(): void;
}

/** Copying and encoding headers takes quadratic time in nats.js: a larger block is not looked at. */
const headerLimit_bytes = 4096;
/** Names that a NATS server acts upon are not sent back, lest a requester makes us trigger them. */
const serverHeader = /^Nats-(Trace|Expected|Rollup|Schedule|TTL|Incr)/i;

const startedLine = 'NATS/1.0\r\n\r\n'.length;
const sizeOfHeaders = (headers: Headers): number =>
  Object.entries(headers).reduce(
    (sum, [name, values]) =>
      sum + values.reduce((s, value) => s + name.length + Buffer.byteLength(value) + 4, 0),
    startedLine,
  );

/** The requester's headers, without those that we set ourselves, plus a note when they could not be copied. */
function copied(message: Incoming, own: Headers): Record<string, string[]> {
  const kept: Record<string, string[]> = Object.create(null);
  const bytes = message.size() - message.data.length - message.subject.length - (message.reply?.length ?? 0);
  if (bytes === 0) return kept;
  if (bytes > headerLimit_bytes) return { 'X-Echo-Note': [`request headers left out: ${bytes} bytes`] };
  const ours = new Set(Object.keys(own).map((name) => name.toLowerCase()));
  try {
    for (const [name, values] of message.headers ?? []) {
      if (!ours.has(name.toLowerCase()) && !serverHeader.test(name)) kept[name] = values;
    }
  } catch {
    return { 'X-Echo-Note': ['request headers left out: malformed'] };
  }
  return kept;
}

/**
 * Answers echo requests: the payload as it came, the request's headers, and when it was received and sent
 * (X-Server-Received-At, X-Server-Sent-At, Unix µs) by which clock. What does not fit max_payload loses the
 * request's headers first and its payload last.
 */
export function answerEcho(deps: EchoDeps, opts: EchoOptions): Echo {
  const { link } = deps;
  let requests = 0;
  let ignored = 0;
  let errors = 0;
  let lastError: string | undefined;
  let processing_ns = 0;

  const isAllowed = anyMatches(opts.replySubjects);

  function answer(message: Incoming, received_us: number): void {
    const { reply } = message;
    if (!isAllowed(reply)) {
      ignored += 1;
      return;
    }
    requests += 1;
    const sentAt = ['']; // filled in last
    const own: Headers = {
      'X-Unit-ID': [opts.unit],
      'X-Server-Received-At': [String(Math.round(received_us))],
      'X-Server-Sent-At': sentAt,
      ...clockHeaders(deps.clock()),
    };
    const limit = link.state().server?.max_payload ?? Infinity;
    let headers: Headers = { ...copied(message, own), ...own };
    let payload = message.data;
    const fits = (): boolean =>
      payload.length < limit - 8192 || payload.length + sizeOfHeaders(headers) + 20 <= limit;
    if (!fits()) headers = { ...own, 'X-Echo-Note': ['request headers left out: no room'] };
    if (!fits()) {
      errors += 1;
      lastError = 'payload too large';
      const error = { 'Nats-Service-Error': lastError, 'Nats-Service-Error-Code': 413 };
      headers = { ...own, ...knownHeaders(error) };
      payload = new Uint8Array(0);
    }
    sentAt[0] = String(Math.round(deps.now_us()));
    if (!link.publish(reply, payload, { headers })) {
      errors += 1;
      lastError = 'the reply could not be sent';
    }
  }

  const end = link.subscribe(opts.subject, (message) => {
    const received_us = deps.now_us();
    const begun = process.hrtime.bigint();
    answer(message, received_us);
    processing_ns += Number(process.hrtime.bigint() - begun);
  });

  return {
    counters: () => ({
      requests,
      ignored,
      errors,
      processing_ns,
      ...(lastError === undefined ? {} : { last_error: lastError }),
    }),
    stop: end,
  };
}
