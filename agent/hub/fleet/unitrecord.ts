// One record of a unit, parsed. Others wrote everything in it: a value that is not possible counts as missing.

import { token } from '../../config/rules.ts';
import { known } from '../../lib/known.ts';
import { isObject } from '../../lib/parse.ts';
import type { Incoming } from '../../nats/incoming.ts';
import { headerNames, headerReader } from '../../wire/headers.ts';
import type { Health } from '../../wire/messages.ts';
import { subjectsOf } from '../../wire/subjects.ts';
import { parseGoDuration } from '../../wire/values.ts';

const every = subjectsOf('*', '*');
/** The subjects that are subscribed, by the kind of record that comes on each. */
export const recordSubjects = {
  heartbeat: every.heartbeat,
  time: every.metric.time,
  nats: every.metric.nats,
} as const;
export type RecordKind = keyof typeof recordSubjects;

/** The clock as the unit reports it. */
export interface ReportedClock {
  readonly source: string;
  readonly quality?: string;
  readonly error_bound_ns?: number;
  /** The same, against its grandmaster. */
  readonly error_rel_ns?: number;
  readonly holdover?: true;
}

/** What one record says; each field belongs to one kind, and what the unit does not know is missing. */
export interface RecordFields {
  readonly health?: ReportedHealth;
  readonly stopping?: true;
  readonly interval_s?: number;
  readonly uptime_s?: number;
  readonly version?: string;
  readonly tenant?: string;
  /** The gravest first. */
  readonly problems?: readonly string[];
  readonly clock?: ReportedClock;
  /** The first reason code of the clock's verdict. */
  readonly clock_reason?: string;
  /** The grandmaster and the NTP server that it follows. */
  readonly grandmaster?: string;
  readonly ntp_server?: string;
  /** For how long its clock had been so at the time of the record, by its own words. */
  readonly clock_for_s?: number;
  /** What the verdict rests on, as a sentence. */
  readonly evidence?: string;
  readonly native_rtt_us?: number;
  readonly app_rtt_us?: number;
  readonly hub_rtt_us?: number;
  readonly hub_up?: boolean;
  /** For how long the link had been so at the time of the record. */
  readonly hub_for_s?: number;
  /** Records that wait in the unit. */
  readonly backlog?: number;
  /** A stream takes them all: they were on their way, and are gone in seconds. */
  readonly isDraining?: boolean;
  /** Records that it has lost since its start. */
  readonly dropped?: number;
  /** Length of an outage that there is room for. */
  readonly capacity_s?: number;
  /** Certificates and logins, by file; not in each record. */
  readonly expires?: readonly { readonly what: string; readonly days_left: number }[];
  /** Days until the first certificate ends: in each full record. */
  readonly certificate_days_left?: number;
}

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

type Json = Readonly<Record<string, unknown>>;
const objectOf = (value: unknown): Json => (isObject(value) ? value : {});
const nonNegative = (value: unknown): number | undefined =>
  typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : undefined;
const digits = (text: string | undefined): number | undefined =>
  text !== undefined && /^\d{1,18}$/.test(text) ? Number(text) : undefined;

/**
 * A text of others for a terminal: control and format characters (escape sequences, turned writing) and marks that
 * stack up become spaces, and what is longer than `most` characters is cut. Undefined where nothing is left.
 */
export function plainText(value: unknown, most: number): string | undefined {
  if (typeof value !== 'string') return undefined;
  const text = value.slice(0, 4 * most).replace(/[\p{C}\p{Z}\p{M}]+/gu, ' ');
  const letters = [...text.trim()];
  const kept = letters.length > most ? [...letters.slice(0, most - 1), '…'] : letters;
  return kept.length === 0 ? undefined : kept.join(''); // joined anew: a slice would keep the whole record in memory
}

const word = (value: unknown): string | undefined =>
  typeof value === 'string' && /^[a-z][a-z0-9_]{0,31}$/.test(value) ? value : undefined;

/** What a hub hears: a unit that is not set up reaches none. */
export type ReportedHealth = Exclude<Health, 'not_set_up'>;

const healthWords: Readonly<Record<string, ReportedHealth>> = {
  OK: 'healthy',
  DEGRADED: 'degraded',
  CRITICAL: 'critical',
};
const healths: readonly unknown[] = Object.values(healthWords);

function reportedClock(
  source: unknown,
  quality: unknown,
  bounds: { readonly error_bound_ns: number | undefined; readonly error_rel_ns: number | undefined },
  holdover = false,
) {
  const named = word(source);
  return named === undefined
    ? undefined
    : {
        source: named,
        ...known({ quality: word(quality), ...bounds }),
        ...(holdover ? { holdover: true as const } : {}),
      };
}

const longestInterval_s = 86_400;
const mostProblems = 5;

function heartbeat(body: Json, header: (name: string) => string | undefined) {
  const interval_s = nonNegative(body['interval_s']);
  const { status, problems } = body;
  const rtt = (name: string): number | undefined => parseGoDuration(header(name) ?? '');
  return {
    health: healths.includes(status)
      ? (status as ReportedHealth)
      : healthWords[header(headerNames.healthStatus) ?? ''],
    stopping: body['stopping'] === true ? (true as const) : undefined,
    interval_s:
      interval_s !== undefined && interval_s > 0 && interval_s <= longestInterval_s ? interval_s : undefined,
    uptime_s: nonNegative(body['uptime_s']) ?? digits(header(headerNames.uptime)),
    version: plainText(body['version'], 40),
    tenant: plainText(header(headerNames.tenant), 64),
    problems: Array.isArray(problems)
      ? problems.slice(0, mostProblems).flatMap((one) => plainText(one, 200) ?? [])
      : undefined,
    clock: reportedClock(header(headerNames.clockSource), header(headerNames.clockQuality), {
      error_bound_ns: digits(header(headerNames.clockErrorBound)),
      error_rel_ns: digits(header(headerNames.clockErrorRel)),
    }),
    native_rtt_us: rtt(headerNames.nativeRtt),
    app_rtt_us: rtt(headerNames.appRtt),
  };
}

/** For how long something had lasted at the time of the record, by the clock of the unit alone. */
function lasted_s(body: Json, since: string): number | undefined {
  const [ts, from] = [nonNegative(body['ts']), nonNegative(body[since])];
  return ts === undefined || from === undefined || from > ts ? undefined : (ts - from) / 1000;
}

const finite = (value: unknown): number | undefined =>
  Number.isFinite(value) ? (value as number) : undefined;
const sumOf = (counts: Json): number | undefined => {
  const known = Object.values(counts).flatMap((count) => nonNegative(count) ?? []);
  return known.length === 0 ? undefined : known.reduce((sum, count) => sum + count, 0);
};

const mostExpiries = 8;

function expiries(certificates: unknown): RecordFields['expires'] {
  if (!Array.isArray(certificates)) return undefined;
  return certificates.slice(0, mostExpiries).flatMap((one) => {
    const { file, days_left } = objectOf(one);
    const [what, days] = [plainText(file, 200), finite(days_left)];
    return what === undefined || days === undefined ? [] : { what, days_left: days };
  });
}

function time(body: Json) {
  const { active_source, clock_quality, holdover, reasons } = body;
  const bounds = {
    error_bound_ns: nonNegative(body['error_bound_ns']),
    error_rel_ns: nonNegative(body['error_rel_ns']),
  };
  return {
    clock: reportedClock(active_source, clock_quality, bounds, holdover === true),
    clock_reason: Array.isArray(reasons) ? word(reasons[0]) : undefined,
    grandmaster: plainText(body['ptp_master'], 64),
    ntp_server: plainText(body['ntp_current_server'], 100),
    clock_for_s: lasted_s(body, 'since_ms'),
    evidence: plainText(body['evidence'], 300),
  };
}

function nats(body: Json) {
  const { pending, state, dropped, capacity_s } = objectOf(body['spool']);
  const hub_up = body['hub_up'];
  return {
    hub_up: typeof hub_up === 'boolean' ? hub_up : undefined,
    hub_rtt_us: nonNegative(body['hub_rtt_us']),
    backlog: nonNegative(pending),
    isDraining: state === 'stored' || undefined,
    hub_for_s: lasted_s(body, 'hub_since_ms'),
    dropped: sumOf(objectOf(dropped)),
    capacity_s: nonNegative(capacity_s),
    expires: expiries(body['certificates']),
    certificate_days_left: finite(body['certificate_days_left']),
  };
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

const fieldsOf = { heartbeat, time, nats } as const;

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
      n: digits(n),
      full: nonNegative(json['full']),
      seq: nonNegative(json['sequence'] ?? json['seq']) ?? digits(header(headerNames.sequence)),
    }),
  };
}
