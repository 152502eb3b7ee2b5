// What one record of a unit tells. Everything in it was written by others: what cannot be is taken for not told.

import { token } from '../../config/rules.ts';
import { parseGoDuration } from '../../leaf/watch/reports.ts';
import { isObject } from '../../lib/json.ts';
import { known } from '../../lib/known.ts';
import type { Incoming } from '../../nats/incoming.ts';
import type { Health } from '../../wire/messages.ts';
import { subjectsOf } from '../../wire/subjects.ts';

const every = subjectsOf('*', '*');
/** What is listened to, by the part of a row that it fills. */
export const heardSubjects = {
  heartbeat: every.heartbeat,
  time: every.metric.time,
  nats: every.metric.nats,
} as const;
export type Part = keyof typeof heardSubjects;

/** The clock as the unit tells it. */
export interface ClockTold {
  readonly source: string;
  readonly quality?: string;
  readonly error_bound_ns?: number;
  readonly holdover?: true;
}

/** The figures of one record; each belongs to one part, and what a unit does not know is not there. */
export interface Figures {
  readonly health?: Health;
  readonly stopping?: true;
  readonly interval_s?: number;
  readonly uptime_s?: number;
  readonly version?: string;
  readonly tenant?: string;
  /** The gravest first. */
  readonly problems?: readonly string[];
  readonly clock?: ClockTold;
  /** The first reason code of the clock's verdict. */
  readonly clock_reason?: string;
  readonly native_rtt_us?: number;
  readonly app_rtt_us?: number;
  readonly hub_rtt_us?: number;
  readonly hub_up?: boolean;
  /** Records that wait in the unit, and since when the oldest does. */
  readonly backlog?: number;
  readonly backlog_age_s?: number;
}

/** A record of a unit. */
export interface Told {
  readonly part: Part;
  /** By the subject, which is what the server checks. */
  readonly unit: string;
  /** The unit that the record says it is of, where that is another one. */
  readonly claims?: string;
  /** The run of the agent, and the place of the record in it; the guardian tells neither. */
  readonly boot?: string;
  readonly n?: number;
  /** Count of heartbeats since the agent was started. */
  readonly seq?: number;
  /** It waited in the unit: how things were, not how they are. */
  readonly backfill: boolean;
  readonly figures: Figures;
}

type Json = Readonly<Record<string, unknown>>;
const inside = (value: unknown): Json => (isObject(value) ? value : {});
const amount = (value: unknown): number | undefined =>
  typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : undefined;
const digits = (text: string | undefined): number | undefined =>
  text !== undefined && /^\d{1,18}$/.test(text) ? Number(text) : undefined;

/**
 * A text of others for a terminal: control and format characters (escape sequences, turned writing) and marks that
 * stack up become spaces, and what is longer than `most` characters is cut. Empty is not told.
 */
export function plainText(value: unknown, most: number): string | undefined {
  if (typeof value !== 'string') return undefined;
  const text = value.slice(0, 4 * most).replace(/[\p{C}\p{Z}\p{M}]+/gu, ' ');
  const letters = [...text.trim()];
  const kept = letters.length > most ? [...letters.slice(0, most - 1), '…'] : letters;
  return kept.length === 0 ? undefined : kept.join(''); // joined anew: a slice would keep all of the record in memory
}

const word = (value: unknown): string | undefined =>
  typeof value === 'string' && /^[a-z][a-z0-9_]{0,31}$/.test(value) ? value : undefined;

const healthWords: Readonly<Record<string, Health>> = {
  OK: 'healthy',
  DEGRADED: 'degraded',
  CRITICAL: 'critical',
};
const healths: readonly unknown[] = Object.values(healthWords);

function clockTold(source: unknown, quality: unknown, bound: number | undefined, holdover = false) {
  const named = word(source);
  return named === undefined
    ? undefined
    : {
        source: named,
        ...known({ quality: word(quality), error_bound_ns: bound }),
        ...(holdover ? { holdover: true as const } : {}),
      };
}

const longestInterval_s = 86_400;
const mostProblems = 5;

function heartbeat(body: Json, header: (name: string) => string | undefined) {
  const interval_s = amount(body['interval_s']);
  const { status, problems } = body;
  const rtt = (name: string): number | undefined => parseGoDuration(header(name) ?? '');
  return {
    health: healths.includes(status) ? (status as Health) : healthWords[header('x-health-status') ?? ''],
    stopping: body['stopping'] === true ? (true as const) : undefined,
    interval_s:
      interval_s !== undefined && interval_s > 0 && interval_s <= longestInterval_s ? interval_s : undefined,
    uptime_s: amount(body['uptime_s']) ?? digits(header('x-uptime')),
    version: plainText(body['version'], 40),
    tenant: plainText(header('x-tenant'), 64),
    problems: Array.isArray(problems)
      ? problems.slice(0, mostProblems).flatMap((one) => plainText(one, 200) ?? [])
      : undefined,
    clock: clockTold(
      header('x-clock-source'),
      header('x-clock-quality'),
      digits(header('x-clock-error-bound')),
    ),
    native_rtt_us: rtt('x-native-rtt'),
    app_rtt_us: rtt('x-app-rtt'),
  };
}

function time(body: Json) {
  const { active_source, clock_quality, holdover, reasons } = body;
  const bound = amount(body['error_bound_ns']);
  return {
    clock: clockTold(active_source, clock_quality, bound, holdover === true),
    clock_reason: Array.isArray(reasons) ? word(reasons[0]) : undefined,
  };
}

function nats(body: Json) {
  const { pending, oldest_age_s } = inside(body['spool']);
  const hub_up = body['hub_up'];
  return {
    hub_up: typeof hub_up === 'boolean' ? hub_up : undefined,
    hub_rtt_us: amount(body['hub_rtt_us']),
    backlog: amount(pending),
    backlog_age_s: amount(oldest_age_s),
  };
}

function headersOf(message: Incoming): ReadonlyMap<string, string> {
  try {
    return new Map([...(message.headers ?? [])].map(([name, [value = '']]) => [name.toLowerCase(), value]));
  } catch {
    return new Map();
  }
}

/** Longer than any record that is listened to. */
const longest_bytes = 65_536;

function bodyOf(data: Uint8Array): Json | undefined {
  if (data.length > longest_bytes) return undefined;
  try {
    const body: unknown = JSON.parse(new TextDecoder().decode(data));
    return isObject(body) ? body : undefined;
  } catch {
    return undefined;
  }
}

const figuresOf = { heartbeat, time, nats } as const;

/** What a record of that subject tells; undefined when it is none, or of something that cannot be a unit. */
export function toldBy(part: Part, message: Incoming): Told | undefined {
  const unit = message.subject.slice(message.subject.lastIndexOf('.') + 1);
  if (!token.pattern.test(unit)) return undefined;
  const headers = headersOf(message);
  const header = (name: string): string | undefined => headers.get(name);
  const body = bodyOf(message.data);
  if (body === undefined && (part !== 'heartbeat' || header('x-sequence') === undefined)) return undefined;
  const fields = body ?? {};
  const named = [header('x-unit-id'), fields['unit_id']].find((one) => one !== undefined && one !== unit);
  const id = header('nats-msg-id') ?? '';
  const [, boot, n] = id.startsWith(`${unit}-`)
    ? (/^([A-Za-z0-9]{1,32})-(\d{1,15})$/.exec(id.slice(unit.length + 1)) ?? [])
    : [];
  return {
    part,
    unit,
    backfill: fields['backfill'] === true || header('x-backfill') === 'true',
    figures: known(figuresOf[part](fields, header)),
    ...known({
      claims: named === undefined ? undefined : (plainText(named, 64) ?? '?'),
      boot,
      n: digits(n),
      seq: amount(fields['sequence'] ?? fields['seq']) ?? digits(header('x-sequence')),
    }),
  };
}
