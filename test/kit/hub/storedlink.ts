// A link to a hub that is not there: its streams have what the test puts into them, its answers take as long as the test says, and
// its clock is another one than ours.
import type { Handler, Incoming } from '../../../agent/nats/incoming.ts';
import type { Link } from '../../../agent/nats/link.ts';
import { type FakeTicker, fakeTicker } from '../lib/faketicker.ts';
import type { SimRecord } from './simrecords.ts';

/** What the hub's clock shows when ours shows 0. */
export const hubEpoch_ms = 1_700_000_000_000;
const encoder = new TextEncoder();

type Headers = Readonly<Record<string, readonly string[]>>;

/** A message as a link gives it. */
export function incomingOf(subject: string, body: string, headers: Headers = {}, code?: number): Incoming {
  const data = encoder.encode(body);
  const list = Object.entries(headers).map(([name, values]): [string, string[]] => [name, [...values]]);
  const coded = Object.assign(list, code === undefined ? {} : { code });
  return { subject, data, headers: coded, size: () => data.length };
}

interface Stored extends Pick<SimRecord, 'subject' | 'body' | 'headers'> {
  readonly seq: number;
  readonly at_ms: number;
}

/** A direct get, as the hub gets it. */
interface Get {
  readonly multi_last?: readonly string[];
  readonly up_to_seq?: number;
}

/** That hub. */
export interface StoredHub {
  readonly link: Link;
  readonly ticker: FakeTicker;
  /** Direct gets of stream NUNECT so far. */
  readonly asked: Get[];
  /** Subjects of requests so far. */
  readonly requests: string[];
  /** From a question to its answer. */
  rtt_ms: number;
  /** It answers nothing. */
  isMute: boolean;
  /** JetStream's error to who asks for stream UNITS. */
  rosterError: object | undefined;
  /** Puts a record into a stream, at that time of ours. */
  store(
    stream: 'NUNECT' | 'UNITS',
    record: Pick<Stored, 'subject' | 'body' | 'headers'>,
    at_ms: number,
  ): void;
  /** Sends a record to who listens. */
  send(record: Pick<Stored, 'subject' | 'body' | 'headers'>): void;
}

const matches = (pattern: string, subject: string): boolean => {
  const [wanted, words] = [pattern.split('.'), subject.split('.')];
  return wanted.length === words.length && wanted.every((word, at) => word === '*' || word === words[at]);
};

/** A hub with empty streams that answers at once. */
export function storedHub(): StoredHub {
  const ticker = fakeTicker();
  const streams = { NUNECT: [] as Stored[], UNITS: [] as Stored[] };
  const handlers = new Map<string, Handler>();
  const asked: Get[] = [];
  const requests: string[] = [];
  const later = <T>(value: () => T): Promise<T> =>
    new Promise((resolve) => {
      const answer = () => resolve(value());
      if (hub.isMute) return;
      if (hub.rtt_ms === 0) answer();
      else ticker.after(hub.rtt_ms, answer);
    });
  const timedOut = <T>(ms: number, value: T): Promise<T> =>
    new Promise((resolve) => void ticker.after(ms, () => resolve(value)));
  const give = (reply: string, { subject, body, headers, seq, at_ms }: Stored): void => {
    const time = new Date(hubEpoch_ms + at_ms).toISOString();
    const of = { 'Nats-Subject': [subject], 'Nats-Sequence': [`${seq}`], 'Nats-Time-Stamp': [time] };
    void handlers.get(reply)?.(incomingOf(reply, body, { ...headers, ...of }));
  };
  const answerGet = (
    stream: keyof typeof streams,
    { multi_last, up_to_seq = Infinity }: Get,
    reply: string,
  ) => {
    const all = streams[stream];
    const last = (subject: string) => all.findLast((one) => one.subject === subject && one.seq <= up_to_seq);
    const found = multi_last === undefined ? all : multi_last.flatMap((subject) => last(subject) ?? []);
    for (const one of found) give(reply, one);
    void handlers.get(reply)?.(incomingOf(reply, '', { 'Nats-Num-Pending': ['0'] }, 204));
  };
  const info = (subject: string): object => {
    const error = subject.endsWith('.UNITS') ? hub.rosterError : undefined;
    return error === undefined ? { ts: new Date(hubEpoch_ms + ticker.now_ms()).toISOString() } : { error };
  };
  const link = {
    state: () => ({ connected: true, since_ms: 0 }),
    onChange: () => () => {},
    denied: () => [],
    subscribe(subject: string, handler: Handler) {
      handlers.set(subject, handler);
      return () => void handlers.delete(subject);
    },
    publish(subject: string, body: string, { reply = '' } = {}) {
      const stream = /^\$JS\.API\.DIRECT\.GET\.(NUNECT|UNITS)$/.exec(subject)?.[1];
      const get = stream && JSON.parse(body);
      if (stream === 'NUNECT') asked.push(get);
      if (stream) void later(() => answerGet(stream as keyof typeof streams, get, reply));
      return !hub.isMute;
    },
    request(subject: string, _body: string, { timeout_ms }: { readonly timeout_ms: number }) {
      requests.push(subject);
      return Promise.race([
        later(() => ({ kind: 'reply', message: incomingOf('', JSON.stringify(info(subject))) })),
        timedOut(timeout_ms, { kind: 'timeout' }),
      ]);
    },
    flushRtt_us: (timeout_ms: number) =>
      Promise.race([later(() => hub.rtt_ms * 1000), timedOut(timeout_ms, undefined)]),
  } as unknown as Link;
  const hub: StoredHub = {
    ...{
      link,
      ticker,
      asked,
      requests,
      rtt_ms: 0,
      isMute: false,
      rosterError: undefined,
    },
    store(stream, record, at_ms) {
      streams[stream].push({ ...record, seq: streams[stream].length + 1, at_ms });
    },
    send({ subject, body, headers }) {
      for (const [pattern, handler] of handlers)
        if (matches(pattern, subject)) void handler(incomingOf(subject, body, headers));
    },
  };
  return hub;
}
