// Questions to the hub's own nats-server: JetStream's API, and $SYS for its health, figures and reload.
import { isObject, type ParseResult, parseObject, unparsed } from '../../lib/parse.ts';
import type { Link } from '../../nats/link.ts';
import type { Answer } from '../../nats/outgoing.ts';

/** What the server answered, or why there is no answer; `code` is that of JetStream's error. `nobody`: no responder. */
export type ApiAnswer =
  | { readonly ok: true; readonly value: Readonly<Record<string, unknown>> }
  | { readonly ok: false; readonly why: string; readonly code?: number; readonly nobody?: boolean };

/** Sends a request; a JSON value is its body. Never rejects. */
export type Ask = (
  subject: string,
  body?: unknown,
  headers?: Readonly<Record<string, string[]>>,
) => Promise<ApiAnswer>;

const limit_ms = 5000;

const silence: Readonly<Record<Exclude<Answer['kind'], 'reply'>, string>> = {
  no_responders: 'JetStream does not answer yet',
  timeout: `no answer within ${limit_ms / 1000} s`,
  denied: 'the server does not permit this user to ask',
  too_large: 'the request is larger than the server takes',
  closed: 'there is no connection to the server',
};

/** Reads the reply to a request: JSON with its fields, of which `error` says what was refused. */
export function parseApiReply(data: Uint8Array): ParseResult<Readonly<Record<string, unknown>>> {
  const found = parseObject(new TextDecoder().decode(data));
  return found.ok ? found : unparsed(`of the reply: ${found.why}`);
}

/** A moment in Unix ms; undefined for the year 1, by which Go says that there is none. */
export function momentIn(value: unknown): number | undefined {
  const at_ms = typeof value === 'string' ? Date.parse(value.slice(0, 64)) : Number.NaN;
  return at_ms > 0 ? at_ms : undefined;
}

function answerOf(data: Uint8Array): ApiAnswer {
  const reply = parseApiReply(data);
  if (!reply.ok) return reply;
  const { error } = reply.value;
  if (!isObject(error)) return reply;
  const code = Number(error['err_code'] ?? error['code']);
  return { ok: false, why: String(error['description'] ?? 'refused without a reason'), code };
}

/** Asks over a link. */
export const askOver =
  (link: Link): Ask =>
  async (subject, body, headers) => {
    const payload = body === undefined ? '' : JSON.stringify(body);
    const answer = await link.request(subject, payload, {
      timeout_ms: limit_ms,
      ...(headers && { headers }),
    });
    if (answer.kind === 'reply') return answerOf(answer.message.data);
    return { ok: false, why: silence[answer.kind], nobody: answer.kind === 'no_responders' };
  };

/** Questions that each server answers for itself. */
type ServerQuestion = 'HEALTHZ' | 'VARZ';

/** The one server of that name; its answer is in `data`, and who it is in `server`. */
export const serverPing = (question: ServerQuestion): string => `$SYS.REQ.SERVER.PING.${question}`;

/** All servers that answer within `patience_ms`, each with its `data`; ends with the answer of the last of `count`. */
export async function askServers(
  link: Link,
  question: ServerQuestion,
  count: number,
  patience_ms: number,
): Promise<Readonly<Record<string, unknown>>[]> {
  const found: Readonly<Record<string, unknown>>[] = [];
  await link.request(serverPing(question), '', {
    timeout_ms: patience_ms,
    accept(data) {
      const answer = answerOf(data);
      if (answer.ok) found.push(answer.value);
      return found.length >= count;
    },
  });
  return found;
}
