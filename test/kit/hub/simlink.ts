// The way of simulated units to the hub: over a client of it that many share, or each over a leaf link of its own (simleafs.ts).
import { type NatsConnection, headers as natsHeaders } from '@nats-io/transport-node';
import type { Headers } from '../../../agent/wire/values.ts';

/** A message that such a unit hears. */
export interface SimMessage {
  readonly subject: string;
  readonly headers: Headers;
  readonly text: string;
  respond(text: string, headers?: Headers): void;
}

export interface SimLink {
  /** Sends it, as a request where there is a `reply`. */
  send(subject: string, text: string, headers: Headers, reply: string): void;
  /** Gives what comes to a subject. */
  hear(subject: string, heard: (message: SimMessage) => void): void;
}

const block = (of: Headers) => {
  const made = natsHeaders();
  for (const [name, [value = '']] of Object.entries(of)) made.append(name, value);
  return made;
};
const isBare = (of: Headers): boolean => Object.keys(of).length === 0;

/** Over a client. */
export const clientLink = (nc: NatsConnection): SimLink => ({
  send(subject, text, headers, reply) {
    const more = isBare(headers) ? {} : { headers: block(headers) };
    nc.publish(subject, text, { ...more, ...(reply === '' ? {} : { reply }) });
  },
  hear(subject, heard) {
    nc.subscribe(subject, {
      callback(_error, message) {
        const head = message.headers;
        heard({
          subject: message.subject,
          text: message.string(),
          headers: Object.fromEntries(head?.keys().map((name) => [name, head.values(name)]) ?? []),
          respond(text, headers = {}) {
            message.respond(text, isBare(headers) ? {} : { headers: block(headers) });
          },
        });
      },
    });
  },
});
