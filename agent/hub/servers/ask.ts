// Questions to the servers of a hub over `$SYS`, as a user of its system account.

import { gunzipSync } from 'node:zlib';
import { wholeNumber } from '../../leaf/watch/reports.ts';
import { messageOf } from '../../lib/errors.ts';
import { type ParseResult, parsed, parseObject, unparsed } from '../../lib/parse.ts';
import type { Ticker } from '../../lib/ticker.ts';
import type { Link } from '../../nats/link.ts';
import type { Answer } from '../../nats/outgoing.ts';
import type { Json } from '../fleet/record/values.ts';
import { objectsIn, parseServerAnswer, type ServerAnswer } from './answers.ts';

/** What is asked: each has the raw JSON of its last answers. */
export const hubQuestions = [
  'servers',
  'health',
  'routes',
  'links',
  'accounts',
  'streams',
  'connections',
] as const;
export type HubQuestion = (typeof hubQuestions)[number];

/** For servers on other machines. */
const patience_ms = 2000;

/** An answer with the text that it was, and when it came by the monotonic clock. */
export interface Heard extends ServerAnswer {
  readonly text: string;
  readonly at_ms: number;
}

const silence: Readonly<Record<Exclude<Answer['kind'], 'reply'>, string>> = {
  no_responders: 'no server answers this user, who is not of the system account',
  denied: 'the server does not permit this user to ask',
  timeout: `no answer within ${patience_ms / 1000} s`,
  too_large: 'the request is larger than the server takes',
  closed: 'there is no connection',
};

/** Else what is larger than max_payload, 3,500 links, would not reach us: servers send it, and our connections do not take it. */
const headers = { 'Accept-Encoding': ['gzip'] };
/** Of an answer, unpacked: 100,000 links have 30 MB. */
const mostText_bytes = 64 * 2 ** 20;

/** The text of an answer; throws where that is more than anybody has. */
function textOf(data: Uint8Array): string {
  const isPacked = data[0] === 0x1f && data[1] === 0x8b;
  const plain = isPacked ? gunzipSync(data, { maxOutputLength: mostText_bytes }) : data;
  return new TextDecoder().decode(plain);
}

/** An answer of one server; a reason where it is none. */
function heardIn(data: Uint8Array, at_ms: number): ParseResult<Heard> {
  if (data.length === 0) return unparsed('the answer is larger than max_payload of the server');
  try {
    const text = textOf(data);
    const found = parseServerAnswer(text);
    return found.ok ? parsed({ ...found.value, text, at_ms }) : found;
  } catch (error) {
    return unparsed(`the answer cannot be unpacked: ${messageOf(error)}`);
  }
}

/** What all servers answer, at most `count` of them; `why` where none does. */
export async function askServersOf(
  { link, ticker }: { readonly link: Link; readonly ticker: Ticker },
  subject: string,
  body: object,
  count: number,
): Promise<{ readonly heard: readonly Heard[]; readonly bytes: number; readonly why?: string }> {
  const heard: Heard[] = [];
  let [bytes, refused] = [0, undefined as string | undefined];
  const answer = await link.request(subject, JSON.stringify(body), {
    timeout_ms: patience_ms,
    headers,
    accept(data) {
      const found = heardIn(data, ticker.now_ms());
      if (found.ok) heard.push(found.value);
      else refused = found.why;
      bytes += found.ok ? found.value.text.length : 0;
      return heard.length >= count;
    },
  });
  if (heard.length > 0 || answer.kind === 'reply') return { heard, bytes };
  return { heard, bytes, why: refused ?? silence[answer.kind] };
}

/** What one server answers, by its id. */
export async function askServer(
  by: { readonly link: Link; readonly ticker: Ticker },
  id: string,
  question: string,
  body: object,
): Promise<Heard | undefined> {
  return (await askServersOf(by, `$SYS.REQ.SERVER.${id}.${question}`, body, 1)).heard[0];
}

/** All streams of the account of a link, by JetStream's API: for a user who may not ask the servers. */
export async function listStreams(link: Link): Promise<readonly Json[] | undefined> {
  const found: Json[] = [];
  for (let [offset, total] = [0, 1]; offset < total; ) {
    const body = JSON.stringify({ offset });
    const answer = await link.request('$JS.API.STREAM.LIST', body, { timeout_ms: patience_ms });
    const page =
      answer.kind === 'reply' ? parseObject(new TextDecoder().decode(answer.message.data)) : undefined;
    if (!page?.ok) return undefined;
    const streams = objectsIn(page.value['streams']);
    found.push(...streams);
    offset += streams.length;
    total = streams.length === 0 ? 0 : (wholeNumber(page.value['total']) ?? 0);
  }
  return found;
}

/** When the first record from that moment on came into a stream, by a direct get; undefined where that cannot be asked. */
export async function firstSince(
  link: Link,
  stream: string,
  since_ms: number,
): Promise<{ readonly seq: number } | 'none' | undefined> {
  const body = JSON.stringify({ start_time: new Date(since_ms).toISOString() });
  const answer = await link.request(`$JS.API.DIRECT.GET.${stream}`, body, { timeout_ms: patience_ms });
  if (answer.kind !== 'reply') return undefined;
  const { headers } = answer.message;
  if (headers?.code === 404) return 'none';
  const [, values] = [...(headers ?? [])].find(([name]) => name === 'Nats-Sequence') ?? [];
  const seq = Number(values?.[0]);
  return Number.isSafeInteger(seq) && seq > 0 ? { seq } : undefined;
}
