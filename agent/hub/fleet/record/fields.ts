// What one record of a unit says, by its kind. Pure.
import { known } from '../../../lib/known.ts';
import { headerNames } from '../../../wire/headers.ts';
import type { Health } from '../../../wire/messages.ts';
import { parseGoDuration } from '../../../wire/values.ts';
import { digits, figure, type Json, keyword, mostOf, objectIn, plainText } from './values.ts';

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
  /** Share of its memory for records that is taken, 0 to 1. */
  readonly spool_share?: number;
  /** Certificates and logins, by file; not in each record. */
  readonly expires?: readonly { readonly what: string; readonly days_left: number }[];
  /** Days until the first certificate ends: in each full record. */
  readonly certificate_days_left?: number;
}

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
  const named = keyword(source);
  return named === undefined
    ? undefined
    : {
        source: named,
        ...known({ quality: keyword(quality), ...bounds }),
        ...(holdover ? { holdover: true as const } : {}),
      };
}

const longestInterval_s = 86_400;
const mostProblems = 5;

function heartbeat(body: Json, header: (name: string) => string | undefined) {
  const interval_s = figure(body['interval_s'], longestInterval_s);
  const { status, problems } = body;
  const rtt = (name: string): number | undefined =>
    figure(parseGoDuration(header(name) ?? ''), mostOf.rtt_us);
  return {
    health: healths.includes(status)
      ? (status as ReportedHealth)
      : healthWords[header(headerNames.healthStatus) ?? ''],
    stopping: body['stopping'] === true ? (true as const) : undefined,
    interval_s: interval_s || undefined,
    uptime_s: figure(body['uptime_s'], mostOf.span_s) ?? digits(header(headerNames.uptime), mostOf.span_s),
    version: plainText(body['version'], 40),
    tenant: plainText(header(headerNames.tenant), 64),
    problems: Array.isArray(problems)
      ? problems.slice(0, mostProblems).flatMap((one) => plainText(one, 200) ?? [])
      : undefined,
    clock: reportedClock(header(headerNames.clockSource), header(headerNames.clockQuality), {
      error_bound_ns: digits(header(headerNames.clockErrorBound), mostOf.error_ns),
      error_rel_ns: digits(header(headerNames.clockErrorRel), mostOf.error_ns),
    }),
    native_rtt_us: rtt(headerNames.nativeRtt),
    app_rtt_us: rtt(headerNames.appRtt),
  };
}

/** For how long something had lasted at the time of the record, by the clock of the unit alone. */
function lasted_s(body: Json, since: string): number | undefined {
  const [ts, from] = [body['ts'], body[since]].map((one) => figure(one, mostOf.wall_ms));
  return ts === undefined || from === undefined ? undefined : figure((ts - from) / 1000, mostOf.span_s);
}

const sumOf = (counts: Json): number | undefined => {
  const known = Object.values(counts).flatMap((count) => figure(count, mostOf.count) ?? []);
  return known.length === 0
    ? undefined
    : figure(
        known.reduce((sum, count) => sum + count, 0),
        mostOf.count,
      );
};

/** How full a memory is; an agent may hold a little more than it was given. */
function shareOf(taken: unknown, given: unknown): number | undefined {
  const [bytes, budget] = [taken, given].map((one) => figure(one, mostOf.count));
  return bytes === undefined || !budget ? undefined : Math.min(1, bytes / budget);
}

const mostExpiries = 8;

function expiries(certificates: unknown): RecordFields['expires'] {
  if (!Array.isArray(certificates)) return undefined;
  return certificates.slice(0, mostExpiries).flatMap((one) => {
    const { file, days_left } = objectIn(one);
    const [what, days] = [plainText(file, 200), figure(days_left, mostOf.days, -mostOf.days)];
    return what === undefined || days === undefined ? [] : { what, days_left: days };
  });
}

function time(body: Json) {
  const { active_source, clock_quality, holdover, reasons } = body;
  const bounds = {
    error_bound_ns: figure(body['error_bound_ns'], mostOf.error_ns),
    error_rel_ns: figure(body['error_rel_ns'], mostOf.error_ns),
  };
  return {
    clock: reportedClock(active_source, clock_quality, bounds, holdover === true),
    clock_reason: Array.isArray(reasons) ? keyword(reasons[0]) : undefined,
    grandmaster: plainText(body['ptp_master'], 64),
    ntp_server: plainText(body['ntp_current_server'], 100),
    clock_for_s: lasted_s(body, 'since_ms'),
    evidence: plainText(body['evidence'], 300),
  };
}

function nats(body: Json) {
  const { pending, state, dropped, capacity_s, bytes, budget_bytes } = objectIn(body['spool']);
  const hub_up = body['hub_up'];
  return {
    hub_up: typeof hub_up === 'boolean' ? hub_up : undefined,
    hub_rtt_us: figure(body['hub_rtt_us'], mostOf.rtt_us),
    backlog: figure(pending, mostOf.count),
    isDraining: state === 'stored' || undefined,
    hub_for_s: lasted_s(body, 'hub_since_ms'),
    dropped: sumOf(objectIn(dropped)),
    capacity_s: figure(capacity_s, mostOf.span_s),
    spool_share: shareOf(bytes, budget_bytes),
    expires: expiries(body['certificates']),
    certificate_days_left: figure(body['certificate_days_left'], mostOf.days, -mostOf.days),
  };
}

/** The fields of a record, by its kind; of a heartbeat some are in its headers. */
export const fieldsOf = { heartbeat, time, nats } as const;
