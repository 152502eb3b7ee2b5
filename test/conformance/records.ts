// What a client publishes of itself.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Msg } from '@nats-io/transport-node';
import Ajv2020 from 'ajv/dist/2020.js';
import { projectRoot } from '../kit/process/tools.ts';
import type { Verdicts } from './points.ts';

const complaintsBy = (name: string): ((value: unknown) => string | undefined) => {
  const ajv = new Ajv2020({ allErrors: true });
  const validate = ajv.compile(JSON.parse(readFileSync(join(projectRoot, 'docs/schema', name), 'utf8')));
  return (value) => (validate(value) ? undefined : ajv.errorsText(validate.errors));
};
const logComplaint = complaintsBy('log.json');
const heartbeatComplaint = complaintsBy('heartbeat.json');

const levels = ['DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL'];
const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}(Z|[+-]\d\d:\d\d)$/;
const healthWords: Readonly<Record<string, string>> = {
  healthy: 'OK',
  degraded: 'DEGRADED',
  critical: 'CRITICAL',
};

type Json = Readonly<Record<string, unknown>>;

function bodyOf(message: Msg): Json | undefined {
  try {
    const body: unknown = JSON.parse(message.string());
    return typeof body === 'object' && body !== null ? (body as Json) : undefined;
  } catch {
    return undefined;
  }
}

function wrongWithLog({ subject }: Msg, body: Json | undefined, id: string): string | undefined {
  const [, , level = '', unit, ...more] = subject.split('.');
  if (!levels.includes(level) || more.length > 0) return `${subject}: not ops.log.<LEVEL>.<id>`;
  if (body === undefined) return `${subject}: no JSON`;
  const complaint = logComplaint(body);
  if (complaint !== undefined) return `${subject}: ${complaint}`;
  if (body['lvl'] !== level) return `${subject}: lvl is ${body['lvl']}`;
  if (unit === id && body['unit'] !== id) return `${subject}: unit is ${body['unit']}`;
  return time.test(String(body['ts'])) ? undefined : `${subject}: ts is ${body['ts']}, not RFC 3339 with ms`;
}

function wrongWithHeaders(message: Msg, body: Json, id: string): string | undefined {
  const told = (name: string): string => message.headers?.get(name) ?? '';
  const wanted = {
    'X-Unit-ID': id,
    'X-Sequence': String(body['sequence']),
    'X-Timestamp': String(body['ts']),
    'X-Health-Status': healthWords[String(body['status'])] ?? '?',
  };
  const [name, value] = Object.entries(wanted).find(([name, value]) => told(name) !== value) ?? [];
  return name && `${name} is '${told(name)}', by the body ${value}`;
}

/** Whether there is a null outside of what belongs to the app. */
const hasNull = (value: unknown): boolean =>
  value === null ||
  (typeof value === 'object' &&
    Object.entries(value).some(([name, inner]) => name !== 'fields' && hasNull(inner)));

/** Holds the records of a client that has this id to their points. */
export function checkRecords(records: readonly Msg[], id: string, verdicts: Verdicts): void {
  const seen = new Set<string>();
  let sequence: number | undefined;
  verdicts.pass('records.own');
  verdicts.pass('records.known');
  for (const message of records) {
    const { subject } = message;
    const body = bodyOf(message);
    if (/^ops\.(heartbeat|log|metric|status)\./.test(subject) && subject.split('.').at(-1) !== id)
      verdicts.fail('records.own', `it published to ${subject}`);
    if (hasNull(body)) verdicts.fail('records.known', `${subject}: ${message.string().slice(0, 200)}`);
    if (subject.startsWith('ops.log.')) {
      seen.add(subject.split('.')[2] ?? '');
      verdicts.say('log.record', wrongWithLog(message, body, id));
    }
    if (!subject.startsWith('ops.heartbeat.')) continue;
    verdicts.say('heartbeat.record', body === undefined ? 'no JSON' : heartbeatComplaint(body));
    if (body === undefined) continue;
    verdicts.say('heartbeat.headers', wrongWithHeaders(message, body, id));
    const number = Number(body['sequence']);
    if (sequence !== undefined)
      verdicts.say('heartbeat.sequence', number === sequence + 1 ? undefined : `${number} after ${sequence}`);
    sequence = number;
  }
  const missing = levels.filter((level) => !seen.has(level));
  if (missing.length === 0) verdicts.pass('log.levels');
  else verdicts.rest(['log.levels'], 'absent', `not seen: ${missing.join(', ')}`);
}

/** How many heartbeats there are among them. */
export const heartbeatsIn = (records: readonly Msg[]): Msg[] =>
  records.filter(({ subject }) => subject.startsWith('ops.heartbeat.'));

/** The interval that a heartbeat names, in s; that of most units where it names none. */
export const intervalOf = (message: Msg): number => Number(bodyOf(message)?.['interval_s'] ?? 5);
