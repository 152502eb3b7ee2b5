import type { UnitClock } from './clock.ts';
import type { Headers, Message } from './transport.ts';

/** The headers that say by which clock; none where there is no clock that says what it is. */
export function clockHeaders(clock: UnitClock | undefined): Headers {
  const { source, quality, error_us } = clock?.status() ?? {};
  if (!source || !quality) return {};
  return {
    'X-Clock-Source': source,
    'X-Clock-Quality': quality,
    ...(error_us === undefined ? {} : { 'X-Clock-Error-Bound': Math.ceil(error_us * 1000) }),
  };
}

/** Who answers echoes, and by which clock. */
export interface EchoDeps {
  readonly id: string;
  readonly inboxPrefix: string;
  now_us(): number;
  readonly clock: UnitClock | undefined;
  respond(message: Message, payload: Uint8Array, headers: Headers): void;
}

/** Those that say something of who answers are never those of the request; by the others a server would act. */
const notCopied =
  /^(X-Unit-ID|X-Server-|X-Clock-|X-Echo-Note|Nats-(Trace|Expected|Rollup|Schedule|TTL|Incr))/i;
/** A larger block is not looked at: nats.js takes quadratic time for it. */
const mostCopied_chars = 4096;

const noted = { 'X-Echo-Note': 'request headers left out' };
const tooLarge = { 'Nats-Service-Error-Code': '413', 'Nats-Service-Error': 'payload too large' };

/** The headers of the request that go back; undefined where there are too many. */
function copied(message: Message): Record<string, readonly string[]> | undefined {
  const all: Record<string, readonly string[]> = Object.create(null); // names come from outside
  let chars = 0;
  for (const [name, values] of message.headers ?? []) {
    chars += name.length * values.length + String(values).length;
    if (!notCopied.test(name)) all[name] = values;
  }
  return chars > mostCopied_chars ? undefined : all;
}

/**
 * Answers an echo request as a unit does: the same payload, the headers of the request, and when it was received and
 * sent. Replies go to inboxes only: nobody can aim this client at a subject. What the server would not take for its
 * size loses the headers of the request first and its payload last.
 */
export function answerEcho(deps: EchoDeps, message: Message): void {
  const received_us = deps.now_us();
  const { reply = '' } = message;
  if (!reply.startsWith('_INBOX.') && !reply.startsWith(`${deps.inboxPrefix}.`)) return;
  const own = { 'X-Unit-ID': deps.id, 'X-Server-Received-At': received_us };
  const clock = clockHeaders(deps.clock);
  const tries: [Uint8Array, Headers][] = [
    [message.data, copied(message) ?? noted],
    [message.data, noted],
    [new Uint8Array(0), tooLarge],
  ];
  for (const [payload, headers] of tries) {
    const sent_us = Math.max(received_us, deps.now_us());
    try {
      deps.respond(message, payload, { ...headers, ...own, 'X-Server-Sent-At': sent_us, ...clock });
      return;
    } catch {
      // larger than the server takes, or the connection has just ended
    }
  }
}
