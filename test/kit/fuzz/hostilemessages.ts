// Requests over NATS as nobody should send them, and a link that shows what is answered.
import * as fc from 'fast-check';
import type { Incoming } from '../../../agent/nats/incoming.ts';
import type { PublishOptions } from '../../../agent/nats/outgoing.ts';
import { hostileText } from './hostile.ts';

/** What was sent. */
interface Published {
  readonly subject: string;
  readonly payload: Uint8Array | string;
  readonly headers: Readonly<Record<string, readonly string[]>>;
}

/** A link of ten lines: what is published can be looked at, what comes in can be put in. */
export function fakeLink(max_payload: number) {
  const published: Published[] = [];
  let deliver = (_message: Incoming): void | Promise<void> => {};
  return {
    published,
    receive: (message: Incoming) => deliver(message),
    link: {
      state: () => ({ connected: true, since_ms: 0, server: { name: 's', version: '2', max_payload } }),
      publish(subject: string, payload: Uint8Array | string, { headers = {} }: PublishOptions = {}) {
        published.push({ subject, payload, headers });
        return true;
      },
      subscribe(_subject: string, handler: typeof deliver) {
        deliver = handler;
        return () => {};
      },
    },
  };
}

/** Where replies may go, as patterns. */
export const replySubjects = ['_INBOX.>', 'app.*.reply'];
/** Where a reply may go, by words of its own. */
export const mayGo = (subject: string | undefined): subject is string =>
  subject !== undefined &&
  (/^_INBOX\../s.test(subject) || subject === '_INBOX.' || /^app\.[^.]*\.reply$/s.test(subject));

/** Where an answer is asked to be sent. */
export const reply = fc.oneof(
  { weight: 3, arbitrary: fc.stringMatching(/^_INBOX\.[A-Za-z0-9]{1,22}(\.\d{1,3})?$/) },
  fc.constantFrom(
    undefined,
    '',
    '>',
    '*',
    '_INBOX',
    '_INBOX.',
    '_INBOX.*',
    '_INBOX.>',
    '_INBOXX.a',
    ' _INBOX.a',
    'app.x.reply',
  ),
  fc.constantFrom(
    'app..reply',
    'app.x.y.reply',
    'app.x.reply.more',
    '$SYS.REQ.SERVER.PING',
    'ops.cmd.leaf.u1',
    'ops.echo.u1',
    '$JS.API.STREAM.PURGE.X',
  ),
  hostileText(40),
  hostileText(20).map((tail) => `_INBOX.${tail}`),
);

/** 0 bytes to 1 MiB. */
export const payload = fc.oneof(
  { weight: 4, arbitrary: fc.uint8Array({ maxLength: 300 }) },
  { weight: 1, arbitrary: fc.integer({ min: 5000, max: 9100 }).map((length) => new Uint8Array(length)) },
  {
    weight: 1,
    arbitrary: fc
      .integer({ min: 0, max: 1 << 20 })
      .map((length) => new Uint8Array(length).fill(length & 255)),
  },
);

const headerName = fc.oneof(
  fc.stringMatching(/^X-[A-Za-z]{1,10}$/),
  fc.constantFrom(
    'X-Unit-ID',
    'x-server-sent-at',
    'NATS-TRACE-DEST',
    'Nats-Expected-Last-Sequence',
    'Nats-Msg-Id',
    '__proto__',
  ),
  fc.constantFrom('constructor', 'Nats-Rollup', 'Nats-TTL', 'X-Clock-Source', 'Nats-Service-Error', ''),
  hostileText(12),
);
const header = fc.tuple(
  headerName,
  fc.array(fc.oneof(hostileText(30), fc.constant('x'.repeat(3000))), { minLength: 1, maxLength: 3 }),
);
/** None, any, or such that reading them throws. */
export const headers = fc.oneof(
  fc.constant(undefined),
  fc.array(header, { maxLength: 12 }),
  fc.constant('malformed' as const),
);

/** A message before it is one. */
export interface Given {
  readonly data: Uint8Array;
  readonly reply: string | undefined;
  readonly headers: readonly (readonly [string, readonly string[]])[] | 'malformed' | undefined;
}

const bytesOf = (given: Given['headers']): number =>
  given === undefined
    ? 0
    : given === 'malformed'
      ? 40
      : given.reduce(
          (sum, [name, values]) => sum + values.reduce((s, v) => s + Buffer.byteLength(name + v) + 4, 0),
          12,
        );

/** The message as the link would hand it on. */
export const incoming = (subject: string, { data, reply: to, headers: given }: Given): Incoming => ({
  subject,
  data,
  reply: to,
  ...(given === undefined
    ? {}
    : {
        headers: {
          *[Symbol.iterator]() {
            if (given === 'malformed') throw new Error('header without a colon');
            for (const [name, values] of given) yield [name, [...values]] as [string, string[]];
          },
        },
      }),
  size: () => subject.length + data.length + (to?.length ?? 0) + bytesOf(given),
});

/** The clock of a unit that is well. */
export const clock = () => ({ source: 'ptp', quality: 'locked', error_bound_ns: 180 }) as const;
