// The records of the wire contract. A value that is not known is left out: encodeRecord (values.ts) sees to that.
// `ts` is Unix time in integer ms; durations and counts carry their unit in the name.
import { type ChronyFacts, decidingPort, isFollowing, type PtpFacts, type PtpPort } from '../clock/facts.ts';
import { type ClockSummary, type Verdict, wholeBound } from '../clock/types.ts';
import { liveSource } from '../clock/verdict/ntp.ts';
import type { LogEntry } from '../lib/log.ts';
import type { Reading } from '../lib/reading.ts';
import { headerNames } from './headers.ts';
import { listedSources, unlisted } from './listed.ts';
import { goDuration, type Headers, knownHeaders } from './values.ts';

/** What every metric begins with. `seq` is that of the heartbeat of the same interval. */
export interface Stamp {
  readonly ts: number;
  readonly unit_id: string;
  readonly seq: number;
}

/** A wall time of any precision as `ts`. */
const timestamp = (wall_ms: number): number => Math.floor(wall_ms);

/** `not_set_up`: no hub is configured. */
export const healths = ['healthy', 'degraded', 'critical', 'not_set_up'] as const;
export type Health = (typeof healths)[number];

/** The unit as it names itself in each heartbeat. */
export interface UnitName {
  readonly unit: string;
  readonly tenant?: string;
  readonly version: string;
}

/** X-Clock-Source, X-Clock-Quality and, when there are any, X-Clock-Error-Bound and X-Clock-Error-Rel (ns). */
export const clockHeaders = (clock: ClockSummary): Headers =>
  knownHeaders({
    [headerNames.clockSource]: clock.source,
    [headerNames.clockQuality]: clock.quality,
    [headerNames.clockErrorBound]: wholeBound(clock.error_bound_ns),
    [headerNames.clockErrorRel]: wholeBound(clock.error_rel_ns),
  });

/** What a heartbeat is made of. Percentages are 0 to 100. */
export interface HeartbeatFacts {
  readonly wall_ms: number;
  readonly sequence: number;
  readonly interval_s: number;
  readonly uptime_s: number;
  readonly status: Health;
  /** One line each, for people. */
  readonly problems: readonly string[];
  readonly clock: ClockSummary;
  readonly native_rtt_us?: number;
  readonly app_rtt_us?: number;
  readonly cpu_percent?: number;
  readonly memory_percent?: number;
  /** Set in the last heartbeat before a clean stop. */
  readonly stopping?: boolean;
}

/** Body of `ops.heartbeat.<unit>`. */
export interface Heartbeat {
  readonly status: Health;
  readonly sequence: number;
  readonly ts: number;
  readonly unit_id: string;
  readonly interval_s: number;
  readonly version: string;
  readonly uptime_s: number;
  readonly problems: readonly string[];
  readonly stopping?: true;
}

const healthWords = {
  healthy: 'OK',
  degraded: 'DEGRADED',
  critical: 'CRITICAL',
  not_set_up: 'NOT_SET_UP',
} as const;
const percent = (value: number | undefined): string | undefined =>
  value === undefined || !Number.isFinite(value) ? undefined : `${Math.round(value)}%`;
const duration = (us: number | undefined): string | undefined =>
  us === undefined || !Number.isFinite(us) ? undefined : goDuration(Math.round(us));

/** The heartbeat with its headers; RTTs are Go durations such as `168µs`. */
export function heartbeat(name: UnitName, facts: HeartbeatFacts): { body: Heartbeat; headers: Headers } {
  const ts = timestamp(facts.wall_ms);
  const body: Heartbeat = {
    status: facts.status,
    sequence: facts.sequence,
    ts,
    unit_id: name.unit,
    interval_s: facts.interval_s,
    version: name.version,
    uptime_s: Math.floor(facts.uptime_s),
    problems: facts.problems,
    ...(facts.stopping === true ? { stopping: true } : {}),
  };
  const headers = knownHeaders({
    [headerNames.unitId]: name.unit,
    [headerNames.sequence]: facts.sequence,
    [headerNames.timestamp]: ts,
    [headerNames.nativeRtt]: duration(facts.native_rtt_us),
    [headerNames.appRtt]: duration(facts.app_rtt_us),
    [headerNames.healthStatus]: healthWords[facts.status],
    [headerNames.cpuLoad]: percent(facts.cpu_percent),
    [headerNames.memoryUsage]: percent(facts.memory_percent),
    [headerNames.uptime]: Math.floor(facts.uptime_s),
    [headerNames.tenant]: name.tenant,
  });
  return { body, headers: { ...headers, ...clockHeaders(facts.clock) } };
}

/** What the clock metric is made of besides the verdict. */
export interface TimeFacts {
  readonly verdict: Verdict;
  /** Unix ms at which source, quality or holdover last changed. */
  readonly since_wall_ms: number;
  /** Seconds since the source was lost, in holdover. */
  readonly holdover_s?: number;
  readonly ptp: Reading<PtpFacts>;
  /** Whether ptp4l follows somebody whose Syncs come; of others its figures are leftovers. */
  readonly ptp_follows: boolean;
  readonly ntp: Reading<ChronyFacts>;
  readonly ntp_servers?: readonly string[];
}

/** Of a grandmaster only while there is one: who is it itself has one, too. */
function ptpDetail(ptp: PtpFacts, port: PtpPort | undefined, follows: boolean) {
  const isMaster = port?.portState === 'MASTER' || port?.portState === 'GRAND_MASTER';
  const parent = follows || isMaster ? ptp.parent : undefined;
  return {
    port: port?.portIdentity,
    interface: port?.interface,
    timestamping: port?.timestamping,
    port_state: port?.portState,
    steps_removed: parent && ptp.current?.stepsRemoved,
    gm_identity: parent?.grandmasterIdentity,
    gm_clock_class: parent?.gmClockClass,
    gm_clock_accuracy: parent?.gmClockAccuracy,
    utc_offset_s: ptp.timeProperties?.currentUtcOffset_s,
    utc_offset_valid: ptp.timeProperties?.currentUtcOffsetValid,
    time_traceable: ptp.timeProperties?.timeTraceable,
    domain: ptp.defaults?.domainNumber,
  };
}

/** So many places: further digits of a float say nothing, and cost. */
const places = (value: number, count: number): number => Number(value.toFixed(count));
/** Seconds to the ns, and a frequency to the ppb, as chronyc prints it. */
const toNs = (seconds: number): number => places(seconds, 9);
const toPpb = (ppm: number): number => places(ppm, 3);

const ntpDetail = ({ tracking, sources }: ChronyFacts) => ({
  refid: tracking.refid,
  leap: tracking.leap,
  root_delay_s: toNs(tracking.root_delay_s),
  root_dispersion_s: toNs(tracking.root_dispersion_s),
  freq_ppm: toPpb(tracking.freq_ppm),
  skew_ppm: toPpb(tracking.skew_ppm),
  last_offset_s: toNs(tracking.last_offset_s),
  sources: listedSources(sources).map(({ name, mode, state, stratum, reach, offset_s, error_margin_s }) => ({
    name,
    mode,
    state,
    stratum,
    reach,
    offset_s: toNs(offset_s),
    error_margin_s: toNs(error_margin_s),
  })),
  more_sources: unlisted(sources),
});

const integer = (value: number | undefined): number | undefined =>
  value === undefined ? undefined : Math.round(value);

/**
 * Body of `ops.metric.time.<unit>`: the guardian's TimeStatus in its order (facts/time.md 5), then what was added.
 * Offsets are local minus reference. An offset of a port that follows nobody is a leftover and is left out.
 */
export function timeMetric(stamp: Stamp, facts: TimeFacts) {
  const { verdict } = facts;
  const ptp = facts.ptp.kind === 'fresh' ? facts.ptp.value : undefined;
  const ntp = facts.ntp.kind === 'fresh' ? facts.ntp.value : undefined;
  const live = ntp && liveSource(ntp) ? ntp.tracking : undefined; // chronyd keeps the figures of a source that has ended
  const port = ptp && decidingPort(ptp.ports);
  const follows = facts.ptp_follows && port !== undefined && isFollowing(port);
  return {
    ...stamp,
    ptp_enabled: facts.ptp.kind !== 'absent',
    ptp_master: follows ? ptp?.parent?.grandmasterIdentity : undefined,
    ptp_offset_ns: follows ? integer(ptp?.timeStatus.master_offset_ns) : undefined,
    ptp_path_delay_ns: follows ? integer(ptp?.current?.meanPathDelay_ns) : undefined,
    ptp_stratum: follows ? ptp?.current?.stepsRemoved : undefined,
    ptp_state: port?.portState,
    ntp_enabled: facts.ntp.kind !== 'absent',
    ntp_offset_ms: live && places(-live.system_time_s * 1000, 6),
    ntp_stratum: live?.stratum,
    ntp_servers: facts.ntp_servers?.length ? facts.ntp_servers : undefined,
    ntp_current_server: live?.name,
    active_source: verdict.source,
    clock_quality: verdict.quality,
    error_bound_ns: wholeBound(verdict.bound.absolute_ns),
    error_rel_ns: wholeBound(verdict.bound.relative_ns),
    holdover: verdict.holdover !== undefined,
    holdover_s: facts.holdover_s && places(facts.holdover_s, 1),
    since_ms: timestamp(facts.since_wall_ms),
    evidence: verdict.evidence,
    reasons: verdict.reasons,
    ptp: ptp && ptpDetail(ptp, port, follows),
    ntp: ntp && ntpDetail(ntp),
  };
}

/** Body of `ops.log.<LEVEL>.<unit>`. `ts` is RFC 3339 with ms. */
export interface LogRecord {
  readonly ts: string;
  readonly lvl: string;
  readonly unit: string;
  readonly comp: string;
  readonly msg: string;
  readonly fields: LogEntry['fields'];
  readonly trace?: string;
}

/** A log entry as it is published. */
export const logRecord = (unit: string, wall_ms: number, entry: LogEntry, trace?: string): LogRecord => ({
  ts: new Date(timestamp(wall_ms)).toISOString(),
  lvl: entry.level.toUpperCase(),
  unit,
  comp: entry.comp,
  msg: entry.msg,
  fields: entry.fields,
  ...(trace === undefined ? {} : { trace }),
});

/** Body of `ops.time.config`: how this unit is meant to be synchronised. Servers are joined by commas. */
export interface TimeConfig {
  readonly unit_id: string;
  readonly mode: string;
  readonly ntp_servers: string;
  readonly ptp_master?: string;
  readonly ptp_domain?: number;
}
