// The hub's own responder: an echo that goes from a connection through the server to another one and back.
import { randomBytes } from 'node:crypto';
import type { Ticker } from '../../lib/ticker.ts';
import type { Link } from '../../nats/link.ts';
import { echoOf } from '../../wire/subjects.ts';

/** The name by which a hub's server answers on ops.echo: no unit has one that begins with `_`. */
export const hubEchoName = (server: string): string => `_${server.replace(/[^\w-]/g, '_')}`.slice(0, 64);

/**
 * Answers for a server until it is ended; only to inboxes, as this user may say anything and any unit may ask: elsewhere the
 * echo would be a record of another unit, or an order to the streams.
 */
export const answerHubEcho = (link: Link, server: string): (() => void) =>
  link.subscribe(echoOf(hubEchoName(server)), ({ data, reply }) => {
    if (reply?.startsWith('_INBOX.') === true) link.publish(reply, data);
  });

const limit_ms = 3000;

/** The round trip of an echo of that server in ms, or why there is none. */
export async function askHubEcho(
  link: Link,
  server: string,
  { now_ms }: Pick<Ticker, 'now_ms'>,
): Promise<{ readonly rtt_ms: number } | { readonly why: string }> {
  const sent = randomBytes(16);
  const begun_ms = now_ms();
  const answer = await link.request(echoOf(hubEchoName(server)), sent, { timeout_ms: limit_ms });
  if (answer.kind !== 'reply') return { why: lost[answer.kind] };
  if (!sent.equals(answer.message.data)) return { why: 'the echo is not what was sent' };
  return { rtt_ms: now_ms() - begun_ms };
}

const lost = {
  no_responders: 'nobody answers the echo',
  timeout: `no echo within ${limit_ms / 1000} s`,
  denied: 'the server does not permit the echo',
  too_large: 'the echo is larger than the server takes',
  closed: 'the connection was lost before the echo came',
} as const;
