// What a unit that is not there says: its records by the wire contract, slim and full as its traffic profile has them. Pure.
// Values are made up here and nowhere else, so that who reads them can be judged by them.
import { type Traffic, trafficProfiles } from '../../../agent/config/traffic.ts';
import { headerNames } from '../../../agent/wire/headers.ts';
import { type HeartbeatFacts, heartbeat } from '../../../agent/wire/messages.ts';
import { slimHeartbeat } from '../../../agent/wire/slim.ts';
import { encodeRecord, type Headers } from '../../../agent/wire/values.ts';

/** The clock of such a unit. `off_us`: where it truly is, which it does not know. */
export interface SimClock {
  readonly source: 'ptp' | 'ntp' | 'unsynced';
  readonly quality: 'locked' | 'tracking' | 'acquiring' | 'freerun';
  readonly error_bound_ns?: number;
  readonly error_rel_ns?: number;
  readonly holdover?: true;
  readonly reasons: readonly string[];
  readonly evidence: string;
  readonly grandmaster?: string;
  readonly ntp_server?: string;
  readonly off_us: number;
}

/** All that a test decides of a unit. */
export interface SimState {
  readonly status: 'healthy' | 'degraded' | 'critical';
  readonly problems: readonly string[];
  readonly clock: SimClock;
  readonly version: string;
  readonly tenant?: string;
  readonly role: string;
  readonly traffic: Traffic;
  /** Where that of the profile is not wanted. */
  readonly interval_s?: number;
  readonly hub_up: boolean;
  readonly hub_rtt_us: number;
  readonly backlog: number;
  readonly dropped: number;
  readonly certificate_days_left: number;
}

/** A unit of which nothing is wrong; every third follows a grandmaster, the others one of three NTP servers. */
export function usualState(index: number): SimState {
  const isPtp = index % 3 === 0;
  const of = { version: '0.1.0', role: 'leaf', traffic: 'standard' } as const;
  const ntp_server = `ntp-${'abc'[index % 3]}.example.org`;
  return {
    ...of,
    tenant: ['harbour', 'rail', 'valley'][index % 3] ?? '',
    status: 'healthy',
    problems: [],
    clock: isPtp
      ? {
          ...{ source: 'ptp', quality: 'locked', error_bound_ns: 900 + (index % 500), error_rel_ns: 400 },
          ...{ reasons: ['ptp_locked'], evidence: 'port SLAVE, offset 120 ns', off_us: 0 },
          grandmaster: `00b0aa.fffe.00000${index % 4}`,
        }
      : {
          ...{ source: 'ntp', quality: 'locked', error_bound_ns: 400_000 + (index % 1000) * 300 },
          ...{
            reasons: ['ntp_locked'],
            evidence: `selected ${ntp_server}, stratum 2`,
            off_us: 40,
            ntp_server,
          },
        },
    hub_up: true,
    hub_rtt_us: 20_000 + (index % 50) * 100,
    backlog: 0,
    dropped: 0,
    certificate_days_left: 200,
  };
}

/** One run of the agent of such a unit. */
export interface SimRun {
  readonly unit: string;
  readonly boot: string;
  readonly started_ms: number;
  /** Since when the clock, and the link, are as they are; Unix ms. */
  readonly clock_ms: number;
  readonly link_ms: number;
  sequence: number;
  /** Of records that are acknowledged. */
  n: number;
}

/** A record to send: as a request where the hub is to acknowledge it. */
export interface SimRecord {
  readonly subject: string;
  readonly body: string;
  readonly headers: Headers;
  readonly isAsked: boolean;
}

export const intervalOf = ({ interval_s, traffic }: SimState): number =>
  interval_s ?? trafficProfiles[traffic].interval_s;

const factsOf = (run: SimRun, state: SimState, wall_ms: number, stopping: boolean): HeartbeatFacts => ({
  wall_ms,
  sequence: run.sequence,
  interval_s: intervalOf(state),
  uptime_s: (wall_ms - run.started_ms) / 1000,
  status: state.status,
  problems: state.problems,
  clock: state.clock,
  native_rtt_us: 150 + (run.sequence % 20),
  app_rtt_us: 400 + (run.sequence % 30),
  cpu_percent: 5 + (run.sequence % 7),
  memory_percent: 40,
  ...(stopping ? { stopping } : {}),
});

const asked = (run: SimRun, subject: string, body: object, headers: Headers = {}): SimRecord => {
  run.n += 1;
  return {
    subject,
    body: encodeRecord(body),
    headers: { ...headers, [headerNames.messageId]: [`${run.unit}-${run.boot}-${run.n}`] },
    isAsked: true,
  };
};

const slim = (subject: string, body: object, headers: Headers = {}): SimRecord => ({
  ...{ subject, headers },
  body: encodeRecord(body),
  isAsked: false,
});

const nameOf = ({ unit }: SimRun, { version, tenant }: SimState) => ({
  ...{ unit, version },
  ...(tenant === undefined ? {} : { tenant }),
});

/** A heartbeat as the profile sends it between two full sets; now and then the hub acknowledges it. */
export function slimRecords(
  run: SimRun,
  state: SimState,
  wall_ms: number,
  full: number | undefined,
  isAsked: boolean,
): SimRecord[] {
  const { unit } = run;
  const { clock } = state;
  const ts = Math.floor(wall_ms);
  const kinds: readonly string[] = trafficProfiles[state.traffic].slim;
  const beat = slimHeartbeat(nameOf(run, state), factsOf(run, state, wall_ms, false), full);
  const subject = `ops.heartbeat.${unit}`;
  const time = {
    ...{ ts, unit_id: unit, ptp_offset_ns: clock.grandmaster === undefined ? undefined : 120 },
    ...{ active_source: clock.source, clock_quality: clock.quality },
    ...{ error_bound_ns: clock.error_bound_ns, error_rel_ns: clock.error_rel_ns, holdover: clock.holdover },
  };
  const rtt = { ts, unit_id: unit, native_rtt_us: 151, app_rtt_us: 402, hub_rtt_us: state.hub_rtt_us };
  return [
    isAsked ? asked(run, subject, beat.body, beat.headers) : slim(subject, beat.body, beat.headers),
    ...(kinds.includes('rtt') ? [slim(`ops.metric.rtt.${unit}`, rtt)] : []),
    ...(kinds.includes('time') ? [slim(`ops.metric.time.${unit}`, time)] : []),
  ];
}

const windowOf = (us: number) => ({
  ...{ count: 60, loss_percent: 0, min_us: us, p50_us: us + 10, p99_us: us + 90, max_us: us + 200 },
  jitter_us: 7,
});

const source = (name: string, state: string) => ({
  ...{
    name,
    mode: 'server',
    state,
    stratum: 2,
    reach: 255,
    offset_s: 0.000_041_2,
    error_margin_s: 0.000_412,
  },
});

function timeBody(run: SimRun, { clock }: SimState, stamp: object) {
  const { grandmaster, ntp_server } = clock;
  return {
    ...stamp,
    ...{ ptp_enabled: grandmaster !== undefined, ptp_master: clock.holdover ? undefined : grandmaster },
    ptp_offset_ns: grandmaster === undefined ? undefined : 120,
    ptp_state: grandmaster === undefined ? undefined : 'SLAVE',
    ...{ ntp_enabled: true, ntp_offset_ms: -0.0412, ntp_stratum: 3, ntp_current_server: ntp_server },
    ntp_servers: ['ntp-a.example.org', 'ntp-b.example.org', 'ntp-c.example.org'],
    ...{ active_source: clock.source, clock_quality: clock.quality },
    ...{ error_bound_ns: clock.error_bound_ns, error_rel_ns: clock.error_rel_ns },
    ...{ holdover: clock.holdover === true, since_ms: run.clock_ms },
    ...{ evidence: clock.evidence, reasons: clock.reasons },
    ntp: {
      ...{ refid: 'C0000228', leap: 'normal', root_delay_s: 0.0121, root_dispersion_s: 0.000_81 },
      ...{ freq_ppm: -11.204, skew_ppm: 0.021, last_offset_s: 0.000_012_1 },
      sources: [
        source('192.0.2.1', 'selected'),
        ...['192.0.2.2', '192.0.2.3'].map((one) => source(one, 'combined')),
      ],
    },
  };
}

function natsBody(run: SimRun, state: SimState, stamp: object, hasFacts: boolean) {
  const days_left = state.certificate_days_left;
  return {
    ...stamp,
    ...{ connected: true, server_name: run.unit, server_version: '2.12.7' },
    ...{ hub_up: state.hub_up, hub_since_ms: run.link_ms, hub_rtt_us: state.hub_rtt_us },
    ...{ in_msgs: 4242, out_msgs: 9001, in_bytes: 512_000, out_bytes: 1_890_000, slow_consumers: 0 },
    certificate_days_left: days_left,
    certificates: hasFacts ? [{ file: '/etc/nunect/unit.pem', days_left }] : undefined,
    agent: { reconnects: 0, dropped: 0, in_msgs: 3000, out_msgs: 7000 },
    spool: {
      ...{
        state: state.backlog > 0 ? 'refused' : 'stored',
        pending: state.backlog,
        bytes: state.backlog * 400,
      },
      ...{ budget_bytes: 8_388_608, capacity_s: 93_600, stored: run.n, duplicates: 0, duplicate_ids: 0 },
      ...{ published: 0, slim: run.sequence * 3, slim_unsent: 0 },
      dropped: { metric: state.dropped, log: 0, event: 0 },
    },
  };
}

function systemBody(stamp: object, hasFacts: boolean) {
  const counters = { rx_bytes: 9e8, rx_packets: 8e5, rx_errors: 0, rx_dropped: 0 };
  const sent = { tx_bytes: 3e8, tx_packets: 5e5, tx_errors: 0, tx_dropped: 0 };
  return {
    ...stamp,
    host: {
      ...{ uptime_s: 86_400, load: [0.21, 0.18, 0.12], cores: 4, cpu_percent: 6.2 },
      memory: { total_bytes: 4_113_694_720, available_bytes: 3_500_000_000, used_percent: 15 },
      temperatures: [{ sensor: 'cpu_thermal', celsius: 51.2 }],
      storage: [
        { path: '/', total_bytes: hasFacts ? 7.8e9 : undefined, available_bytes: 7.1e9, used_percent: 9 },
      ],
      interfaces: ['br-lan', 'eth0', 'wan'].map((name) => ({
        ...{ name, state: 'up', speed_mbps: 1000, carrier_changes: 2 },
        ...counters,
        ...sent,
      })),
      board: hasFacts ? { model: 'Bananapi BPI-R4', name: 'bananapi,bpi-r4' } : undefined,
      firmware: hasFacts ? { name: 'OpenWrt', version: '24.10.2', kernel: '6.6.93' } : undefined,
    },
    agent: {
      ...{ cpu_ms: 1200, cpu_percent: 0.4, wakeups: 9000, wakeups_per_s: 3.1, rss_bytes: 61_000_000 },
      ...{ heap_used_bytes: 11_000_000, children_started: 2, open_files: 24, loop_busy_percent: 0.3 },
    },
  };
}

/** A full set: acknowledged records with one sequence. `hasFacts`: with what never changes. */
export function fullRecords(run: SimRun, state: SimState, wall_ms: number, hasFacts: boolean): SimRecord[] {
  const { unit, sequence: seq } = run;
  const stamp = { ts: Math.floor(wall_ms), unit_id: unit, seq };
  const beat = heartbeat(nameOf(run, state), factsOf(run, state, wall_ms, false));
  const rtt = { ...stamp, native_rtt_us: 151, app_rtt_us: 402, hub_rtt_us: state.hub_rtt_us };
  return [
    asked(run, `ops.heartbeat.${unit}`, beat.body, beat.headers),
    asked(run, `ops.metric.rtt.${unit}`, { ...rtt, native: windowOf(150), app: windowOf(400) }),
    asked(run, `ops.metric.time.${unit}`, timeBody(run, state, stamp)),
    asked(run, `ops.metric.nats.${unit}`, natsBody(run, state, stamp, hasFacts)),
    asked(run, `ops.metric.system.${unit}`, systemBody(stamp, hasFacts)),
  ];
}

/** The last heartbeat of a clean stop. */
export function lastRecord(run: SimRun, state: SimState, wall_ms: number): SimRecord {
  const { body, headers } = heartbeat(nameOf(run, state), factsOf(run, state, wall_ms, true));
  return asked(run, `ops.heartbeat.${run.unit}`, body, headers);
}

/** An event, such as the change of a clock. */
export const eventRecord = (run: SimRun, { role }: SimState, wall_ms: number, event: object): SimRecord =>
  asked(run, `ops.status.${role}.${run.unit}`, {
    ts: Math.floor(wall_ms),
    unit_id: run.unit,
    role,
    ...event,
  });
