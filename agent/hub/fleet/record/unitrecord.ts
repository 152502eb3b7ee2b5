// One record of a unit, parsed. Others wrote everything in it: a value that is not possible counts as missing.
import { token } from '../../../config/rules.ts';
import { known } from '../../../lib/known.ts';
import { isObject } from '../../../lib/parse.ts';
import type { Incoming } from '../../../nats/incoming.ts';
import { headerNames, headerReader } from '../../../wire/headers.ts';
import { subjectsOf } from '../../../wire/subjects.ts';
import { fieldsOf, type RecordFields } from './fields.ts';
import { digits, figure, type Json, mostOf, plainText } from './values.ts';

const every = subjectsOf('*', '*');
/** The subjects that are subscribed, by the kind of record that comes on each. */
export const recordSubjects = {
  heartbeat: every.heartbeat,
  time: every.metric.time,
  nats: every.metric.nats,
} as const;
export type RecordKind = keyof typeof recordSubjects;

/** A record of a unit. */
export interface UnitRecord {
  readonly kind: RecordKind;
  /** From the subject, whose use the server checks. */
  readonly unit: string;
  /** The unit that the record itself names, where that is another one. */
  readonly claims?: string;
  /** The run of the agent, and the number of the record within it; the Go guardian sends neither. */
  readonly boot?: string;
  readonly n?: number;
  /** Count of heartbeats since the agent was started. */
  readonly seq?: number;
  /** Of a slim heartbeat: the sequence of the full one, of which all that this one lacks still holds. */
  readonly full?: number;
  /** It has what only a full record of its kind has; some slim ones have an id, too. */
  readonly isFull: boolean;
  /** It waited in the unit: it shows an earlier state. */
  readonly backfill: boolean;
  readonly fields: RecordFields;
}

function headersOf(message: Incoming): (name: string) => string | undefined {
  try {
    return headerReader(message.headers);
  } catch {
    return () => undefined; // garbage
  }
}

const utf8 = new TextDecoder();

/** Longer than any record on these subjects. */
const longest_bytes = 65_536;

function bodyOf(data: Uint8Array): Json | undefined {
  if (data.length > longest_bytes) return undefined;
  try {
    const body: unknown = JSON.parse(utf8.decode(data));
    return isObject(body) ? body : undefined;
  } catch {
    return undefined;
  }
}

/** What each full record of the kind has, and no slim one; there are no slim ones of `nats`. */
const ofFull = { heartbeat: 'problems', time: 'reasons', nats: undefined } as const;

const isFull = (kind: RecordKind, body: Json): boolean => {
  const field = ofFull[kind];
  return field === undefined || field in body;
};

/** Parses a record of that kind; undefined when it is none, or its subject names no possible unit. */
export function parseRecord(kind: RecordKind, message: Incoming): UnitRecord | undefined {
  const unit = message.subject.slice(message.subject.lastIndexOf('.') + 1);
  if (!token.pattern.test(unit)) return undefined;
  const header = headersOf(message);
  const body = bodyOf(message.data);
  if (body === undefined && (kind !== 'heartbeat' || header(headerNames.sequence) === undefined))
    return undefined;
  const json = body ?? {};
  const named = [header(headerNames.unitId), json['unit_id']].find(
    (one) => one !== undefined && one !== unit,
  );
  const id = header(headerNames.messageId) ?? '';
  const [, boot, n] = id.startsWith(`${unit}-`)
    ? (/^([A-Za-z0-9]{1,32})-(\d{1,15})$/.exec(id.slice(unit.length + 1)) ?? [])
    : [];
  return {
    kind,
    unit,
    isFull: isFull(kind, json),
    backfill: json['backfill'] === true || header(headerNames.backfill) === 'true',
    fields: known(fieldsOf[kind](json, header)),
    ...known({
      claims: named === undefined ? undefined : (plainText(named, 64) ?? '?'),
      boot,
      n: digits(n, mostOf.count),
      full: figure(json['full'], mostOf.count),
      seq:
        figure(json['sequence'] ?? json['seq'], mostOf.count) ??
        digits(header(headerNames.sequence), mostOf.count),
    }),
  };
}
