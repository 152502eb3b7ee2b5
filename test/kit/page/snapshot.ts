import type { DayHistory } from '../../../agent/status/page/chart.ts';
import type { PageData } from '../../../agent/status/page/page.ts';
import { type StatusSnapshot, snapshotSchema } from '../../../agent/status/snapshot.ts';

const at_ms = Date.UTC(2026, 10, 21, 6, 13, 11);

/** A healthy unit; its type tells which fields are filled. */
export const filledSnapshot = {
  schema: snapshotSchema,
  unit: 'demo-01',
  tenant: 'fire',
  version: '0.1.0',
  at_ms,
  uptime_s: 3725,
  status: 'healthy',
  problems: [],
  troubles: [],
  clock: {
    source: 'ptp',
    quality: 'locked',
    since_ms: at_ms - 11_520_000,
    offset_ns: -350,
    error_bound_ns: 180,
    error_rel_ns: 90,
    bound_terms: [{ name: 'offset', ns: 180 }],
    evidence: 'ptp4l port 1 is SLAVE of 46c098.fffe.57f671',
    reasons: ['ptp_locked'],
  },
  ptp: {
    seen: 'fresh',
    ports: [{ portIdentity: '46c098.fffe.57f671-1', portState: 'SLAVE' }],
    gmIdentity: '46c098.fffe.57f671',
    parentPortIdentity: '46c098.fffe.57f671-1',
    master_offset_ns: -350,
    meanPathDelay_ns: 2800,
    stepsRemoved: 1,
    domainNumber: 0,
    timestamping: 'SOFTWARE',
  },
  ntp: {
    seen: 'fresh',
    selected: '192.0.2.1',
    stratum: 3,
    offset_ns: 1_200_000,
    sources: [{ name: '192.0.2.1', mode: 'server', state: 'selected', reach: 255, offset_ns: 1_200_000 }],
  },
  link: {
    connected: true,
    since_ms: at_ms - 60_000,
    server: 'demo-01',
    server_version: '2.15.2',
    hub_up: true,
    hub_since_ms: at_ms - 59_000,
    hub_rtt_us: 1250,
    hub_changes: 4,
    traffic: 'standard',
    bytes: {
      counted_ms: at_ms - 120_000,
      hour: {
        since_ms: at_ms - 3_600_000,
        basis: 'wire',
        sent_bytes: 400_000,
        received_bytes: 60_000,
        with_headers_bytes: 700_000,
      },
      month: {
        since_ms: Date.UTC(2026, 10, 1),
        basis: 'wire',
        sent_bytes: 200_000_000,
        received_bytes: 30_000_000,
        with_headers_bytes: 350_000_000,
      },
      last_month: {
        since_ms: Date.UTC(2026, 9, 1),
        until_ms: Date.UTC(2026, 10, 1),
        basis: 'messages',
        sent_bytes: 900_000_000,
        received_bytes: 90_000_000,
      },
      total: {
        since_ms: Date.UTC(2026, 9, 1),
        basis: 'messages',
        sent_bytes: 1_100_000_000,
        received_bytes: 120_000_000,
      },
    },
  },
  spool: {
    state: 'stored',
    records: 2,
    bytes: 600,
    budget_bytes: 4_194_304,
    oldest_age_s: 0.5,
    capacity_s: 5400,
    stored: 900,
    published: 0,
    dropped: 0,
    duplicate_ids: 0,
  },
  rtt: [{ to: 'leaf', last_us: 170, p50_us: 168, p99_us: 900, jitter_us: 20, loss: 0 }],
  system: {
    uptime_s: 90_000,
    load: [0.18, 0.25, 0.31],
    cores: 4,
    cpu_percent: 12.5,
    memory: { total_bytes: 4 * 2 ** 30, available_bytes: 3 * 2 ** 30, used_percent: 25 },
    temperatures: [{ sensor: 'cpu-thermal', celsius: 52.341 }],
    storage: [{ path: '/', total_bytes: 2 ** 30, available_bytes: 2 ** 29, used_percent: 50 }],
    interfaces: [
      {
        name: 'lan1',
        state: 'up',
        speed_mbps: 2500,
        rx_bytes: 10,
        tx_bytes: 20,
        rx_errors: 0,
        tx_errors: 1,
        carrier_changes: 1,
      },
    ],
    board: { model: 'Bananapi BPI-R4', name: 'bananapi,bpi-r4' },
    firmware: { name: 'OpenWrt', version: '24.10' },
  },
  self: {
    cpu_ms: 1500,
    cpu_percent: 0.2,
    wakeups: 5400,
    wakeups_per_s: 5.5,
    rss_bytes: 45 * 2 ** 20,
    heap_used_bytes: 6 * 2 ** 20,
    children_started: 1,
    open_files: 23,
    loop_busy_percent: 0.4,
  },
  certificates: [
    {
      file: '/etc/nunect/unit.pem',
      subject: 'CN=demo-01',
      not_before_ms: at_ms - 86_400_000,
      not_after_ms: at_ms + 30 * 86_400_000,
      days_left: 30,
    },
    { file: '/etc/nunect/lost.pem', error: 'ENOENT' },
  ],
  clients: {
    count: 3,
    in_msgs_per_s: 42.25,
    out_msgs_per_s: 17,
    slow_consumers: 1,
    busiest: [
      {
        name: 'ptt-gateway',
        user: 'ptt',
        address: '192.168.1.20',
        in_msgs_per_s: 40,
        out_msgs_per_s: 12.5,
        pending_bytes: 2048,
      },
    ],
  },
  changes: [{ at_ms: at_ms - 48_000, event: 'clock', text: 'clock: ntp tracking → ptp locked' }],
} satisfies StatusSnapshot;

/** A healthy unit of which all is known. */
export const fullSnapshot: StatusSnapshot = { ...filledSnapshot };

/** A unit that has just started and knows nothing yet. */
export const emptySnapshot: StatusSnapshot = {
  schema: snapshotSchema,
  unit: 'demo-01',
  version: '0.1.0',
  at_ms,
  uptime_s: 0,
  status: 'critical',
  problems: ['No answer from the local server.'],
  troubles: [
    {
      code: 'server_down',
      key: 'local server',
      weight: 'critical',
      text: 'No answer from the local server.',
      remedy: '/etc/init.d/nunect-leaf restart',
    },
  ],
  link: { connected: false, since_ms: at_ms },
  rtt: [],
  certificates: [],
};

/** What the curves of a page are drawn of. */
export type PageHistory = Omit<PageData, 'snapshot'>;

/** A day of which nothing is known. */
const noDay: DayHistory = {
  now_ms: 86_400_000,
  mono_ms: new Float64Array(),
  low: new Float64Array(),
  middle: new Float64Array(),
  high: new Float64Array(),
};

/** A quarter of an hour and a day of which nothing is known. */
export const noHistory: PageHistory = {
  history: {
    now_ms: 900_000,
    mono_ms: new Float64Array(),
    offset_ns: new Float64Array(),
    hub_rtt_us: new Float64Array(),
    source: [],
  },
  day: noDay,
};

/** A sample each second up to now; what `at` gives NaN for was not known. */
export function historyOf(at: (second: number) => number, seconds = 900): PageHistory {
  const column = Float64Array.from({ length: seconds }, (_, i) => at(i));
  const mono_ms = Float64Array.from({ length: seconds }, (_, i) => i * 1000);
  const source = Array.from({ length: seconds }, () => 'ptp' as const);
  const now_ms = (seconds - 1) * 1000;
  return { history: { now_ms, mono_ms, offset_ns: column, hub_rtt_us: column, source }, day: noDay };
}

/** A minute each up to now: within `spread` of what `at` gives. */
export function dayOf(at: (minute: number) => number, spread = 100): DayHistory {
  const minutes = Array.from({ length: 1440 }, (_, i) => at(i));
  return {
    now_ms: 1440 * 60_000 - 1,
    mono_ms: Float64Array.from(minutes, (_, i) => i * 60_000),
    low: Float64Array.from(minutes, (value) => value - spread),
    middle: Float64Array.from(minutes),
    high: Float64Array.from(minutes, (value) => value + spread),
  };
}
