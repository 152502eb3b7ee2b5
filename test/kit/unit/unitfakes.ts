// Fakes of what surrounds the joining layer: each says what a healthy unit would, and a test changes what it is about.
import type { WallClock } from '../../../agent/clock/wallclock.ts';
import { type AgentFile, agentFileSchema, withoutSecrets } from '../../../agent/config/agentfile.ts';
import type { Finding } from '../../../agent/health/finding.ts';
import { type LogEntry, logTo } from '../../../agent/lib/log.ts';
import type { Ticker } from '../../../agent/lib/ticker.ts';
import type { Link, LinkState } from '../../../agent/nats/link.ts';
import type { SpoolRecord } from '../../../agent/records/record.ts';
import type { SlimHow } from '../../../agent/records/spool.ts';
import type { SpoolStats } from '../../../agent/records/stats.ts';
import type { UnitState } from '../../../agent/status/unitstate.ts';
import { chronyFacts, epoch_s, evidence, goodNtp, goodPtp, ptpFacts, timeline } from '../clock/evidence.ts';
import { configOf } from '../leaf/leafconfig.ts';

/** An agent.json of unit `demo-01`, from UCI text. */
export const agentFileOf = (uci = '', more: Partial<AgentFile> = {}): AgentFile => ({
  schema: agentFileSchema,
  config: withoutSecrets(configOf(uci)),
  problems: [],
  connection: { servers: ['nats://127.0.0.1:4222'] },
  local: { boot_id: 'b', agent: 'a', monitor: 'm' },
  ...more,
});

/** Something that is wrong. */
export const findingLike = (changes: Partial<Finding> = {}): Finding => ({
  code: 'hub_down',
  key: 'hub',
  weight: 'degraded',
  text: 'the hub is not joined',
  remedy: 'true',
  ...changes,
});

/** A spool to which all is stored and in which nothing waits. */
export const spoolStats = (changes: Partial<SpoolStats> = {}): SpoolStats => ({
  state: 'stored',
  unstored: [],
  pending: 0,
  bytes: 0,
  budget_bytes: 1024,
  stored: 7,
  duplicates: 0,
  duplicate_ids: 0,
  published: 0,
  slim: 0,
  slim_unsent: 0,
  dropped: { metric: 0, log: 0, event: 0 },
  ...changes,
});

/** A link that stands; its requests get no answer. */
export const fakeLink = (state: Partial<LinkState> = {}, changes: Partial<Link> = {}): Link => ({
  state: () => ({ connected: true, since_ms: 0, ...state }),
  counters: () => ({
    in_msgs: 1,
    in_bytes: 10,
    out_msgs: 2,
    out_bytes: 20,
    reconnects: 3,
    dropped: 4,
  }),
  publish: () => true,
  request: async () => ({ kind: 'timeout' }),
  subscribe: () => () => {},
  flushRtt_us: async () => 170,
  onChange: () => () => {},
  denied: () => [],
  configure: () => {},
  stop: async () => {},
  ...changes,
});

/** The verdict on a clock that PTP, or else NTP, has steered well for a minute. */
export const goodVerdict = (by: 'ptp' | 'ntp' = 'ptp') =>
  timeline().play(60, by === 'ptp' ? goodPtp : goodNtp);

/** The verdict on a machine without any daemon. */
export const noVerdict = () => timeline().play(60, () => ({}));

/** Wall time that begins at `epoch_s` when the ticker shows 0, and is set by hand. */
export function fakeWall(ticker: Pick<Ticker, 'now_ms'>): WallClock & { step(step_us: number): void } {
  const listeners = new Set<(step_us: number) => void>();
  let stepped_us = 0;
  const toWall_us = (mono_ms: number): number => epoch_s * 1e6 + mono_ms * 1000 + stepped_us;
  return {
    now_us: () => toWall_us(ticker.now_ms()),
    error_us: () => 1,
    toWall_us,
    check: () => ({}),
    onStep(fn) {
      listeners.add(fn);
      return () => listeners.delete(fn);
    },
    step(step_us) {
      stepped_us += step_us;
      for (const fn of listeners) fn(step_us);
    },
  };
}

/** Takes records and keeps them, slim ones beside the others. */
export function recordingSpool() {
  const records: SpoolRecord[] = [];
  const slim: (SpoolRecord & SlimHow)[] = [];
  return {
    records,
    slim,
    putSlim: (record: SpoolRecord, how: SlimHow): void => void slim.push({ ...record, ...how }),
    put(record: SpoolRecord): string {
      records.push(record);
      return `demo-01-boot-${records.length}`;
    },
    /** The bodies put on one subject. */
    on: (subject: string) =>
      records
        .filter((record) => record.subject === subject)
        .map(({ body }) => body as Record<string, unknown>),
  };
}

/** A log and what was written to it, as `LEVEL message`. */
export function recordingLog() {
  const entries: LogEntry[] = [];
  return {
    entries,
    log: logTo((entry) => entries.push(entry)),
    said: () => entries.map(({ level, msg }) => `${level} ${msg}`),
  };
}

/** A healthy unit, locked by PTP, as it is looked at after a minute. */
export function unitStateOf(changes: Partial<UnitState> = {}): UnitState {
  const verdict = goodVerdict();
  const now_ms = 60_000;
  const { ptp, ntp } = evidence({ ptp: ptpFacts(now_ms), ntp: chronyFacts(now_ms) }, now_ms);
  const window = {
    count: 2,
    loss_percent: 50,
    min_us: 160,
    p50_us: 168,
    p99_us: 900,
    max_us: 900,
    jitter_us: 20,
  };
  return {
    at_ms: epoch_s * 1000 + 0.7,
    uptime_s: 60.9,
    health: { status: 'healthy', findings: [] },
    clock: { source: 'ptp', quality: 'locked', error_bound_ns: 180 },
    time: { verdict, since_wall_ms: epoch_s * 1000 + 0.5, ptp_follows: true, ptp, ntp },
    rtt: { native_rtt_us: 170, app_rtt_us: 400, native: window, app: window, peers: [] },
    link_since_ms: epoch_s * 1000 - 5.5,
    traffic: 'standard',
    hub_changes: 3,
    nats: {
      connected: true,
      hub_up: true,
      hub_rtt_us: 1250,
      agent: { reconnects: 0, dropped: 0, in_msgs: 1, out_msgs: 2 },
      spool: spoolStats(),
    },
    system: {
      cpu_percent: 12.4,
      memory: { total_bytes: 4, available_bytes: 3, used_percent: 25 },
      temperatures: [],
      storage: [{ path: '/', total_bytes: 100, available_bytes: 30, used_percent: 70 }],
      interfaces: [],
      board: { model: 'Board' },
      firmware: { name: 'OpenWrt' },
    },
    self: {
      cpu_ms: 100,
      rss_bytes: 45e6,
      heap_used_bytes: 6e6,
      children_started: 1,
      loop_busy_percent: 0.4,
    },
    certificates: [],
    changes: [],
    ...changes,
  };
}
