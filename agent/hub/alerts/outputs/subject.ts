// The subjects of alerts at the hub: stored where a stream captures them, else published to whoever listens.
import { isObject, parseObject } from '../../../lib/parse.ts';
import type { Link } from '../../../nats/link.ts';
import { readPubAck } from '../../../records/puback.ts';
import { headerNames } from '../../../wire/headers.ts';
import { alertSubjects } from '../../../wire/subjects.ts';
import { hubName } from '../alert.ts';
import { beatRecord, noticeRecord } from '../bodies.ts';
import { type AlertOutput, type Delivery, delivery } from './output.ts';

const timeout_ms = 5000;
/** JetStream's codes for: not there, and not for this account. */
const withoutJetStream: readonly unknown[] = [10076, 10039];
const away: Delivery = { ok: false, why: 'there is no connection to the hub' };

/** Whether a stream takes that subject; undefined where nobody says so now. */
async function isCaptured(link: Link, subject: string): Promise<boolean | undefined> {
  const { server } = link.state();
  if (server?.jetstream === undefined) return false;
  const answer = await link.request('$JS.API.STREAM.NAMES', JSON.stringify({ subject }), { timeout_ms });
  if (answer.kind === 'denied') return false;
  if (answer.kind !== 'reply') return undefined;
  const reply = parseObject(new TextDecoder().decode(answer.message.data));
  if (!reply.ok) return undefined;
  const { error, streams } = reply.value;
  if (isObject(error)) return withoutJetStream.includes(error['err_code']) ? false : undefined;
  return Array.isArray(streams) && streams.length > 0;
}

/** Publishes, and waits until the server has it. */
async function publish(link: Link, subject: string, text: string, id?: string): Promise<Delivery> {
  const headers = id === undefined ? {} : { headers: { [headerNames.messageId]: [id] } };
  if (!link.publish(subject, text, headers)) return away;
  if ((await link.flushRtt_us(timeout_ms)) === undefined) return away;
  const isDenied = link.denied().some((one) => one.startsWith('publish ') && one.endsWith(subject));
  return isDenied ? { ok: false, why: 'the hub does not permit this user to publish alerts' } : delivery;
}

/** Has a stream store it; one that has it already says so by the id. */
async function store(link: Link, subject: string, text: string, id: string): Promise<Delivery> {
  const headers = { [headerNames.messageId]: [id] };
  const accept = (data: Uint8Array): boolean => readPubAck(data).kind !== 'other'; // whoever else answers
  const answer = await link.request(subject, text, { timeout_ms, headers, accept });
  if (answer.kind !== 'reply')
    return { ok: false, why: `the stream does not take it: ${answer.kind.replace('_', ' ')}` };
  const ack = readPubAck(answer.message.data);
  return ack.kind === 'stored' ? delivery : { ok: false, why: 'the stream refuses it' };
}

/** Tells by `ops.alert.<severity>.<unit>`. */
export function subjectOutput(link: Link): AlertOutput {
  let captured: { readonly since_ms: number; readonly is: boolean } | undefined;
  return {
    name: 'nats',
    most: 1,
    target: '',
    isOpening() {
      const { connected, lastError } = link.state();
      return !connected && lastError === undefined;
    },
    async send([one], dropped) {
      if (one === undefined) return delivery;
      const { connected, since_ms } = link.state();
      if (!connected) return away;
      const subject = alertSubjects.alert(one.alert.severity, one.alert.unit ?? hubName);
      if (captured?.since_ms !== since_ms) {
        const is = await isCaptured(link, subject);
        if (is === undefined)
          return { ok: false, why: 'the hub does not say whether a stream stores alerts' };
        captured = { since_ms, is };
      }
      const text = JSON.stringify(noticeRecord(one, dropped));
      const sent = await (captured.is ? store : publish)(link, subject, text, one.id);
      if (!sent.ok) captured = undefined; // a stream may have come or gone
      return sent;
    },
    beat: (beat) => publish(link, alertSubjects.heartbeat, JSON.stringify(beatRecord(beat))),
  };
}
