// The other records of the wire contract: round trips, the server, the system, and events. See messages.ts.
import type { Health, Stamp } from './messages.ts';

/** Figures over the last probes of one kind. Without an answered probe only `count` and `loss_percent` are there. */
export interface WindowStats {
  /** Probes in the window, answered or not. */
  readonly count: number;
  readonly loss_percent: number;
  readonly min_us?: number;
  readonly p50_us?: number;
  readonly p99_us?: number;
  readonly max_us?: number;
  /** Mean difference of successive round trips. */
  readonly jitter_us?: number;
}

/** A peer unit as seen by echo requests. One-way times are there only when both clocks are synchronised. */
export interface PeerRtt {
  readonly unit: string;
  /** The last round trip; missing when it was lost. */
  readonly rtt_us?: number;
  readonly window: WindowStats;
  readonly clock_source?: string;
  readonly clock_quality?: string;
  readonly forward_us?: number;
  readonly back_us?: number;
  /** Half-width of both one-way times: the error bounds of the two clocks together. */
  readonly one_way_error_us?: number;
  /** In place of one-way times that cannot be: one of the two clocks is farther off than it claims. */
  readonly clocks_contradict?: true;
}

/** Body of `ops.metric.rtt.<unit>`. Microseconds by the monotonic clock; a probe that was lost has no time. */
export interface RttMetric extends Stamp {
  /** PING to PONG of the local server. */
  readonly native_rtt_us?: number;
  /** Request to the unit's own echo through the local server. */
  readonly app_rtt_us?: number;
  /** The leaf link's own measurement. */
  readonly hub_rtt_us?: number;
  readonly native?: WindowStats;
  readonly app?: WindowStats;
  readonly peers: readonly PeerRtt[];
  /** Peers that are not named: of many only the worst are. */
  readonly more_peers?: number;
}

/** Body of `ops.metric.nats.<unit>`: the local server, its link to the hub, and the agent's own connection. */
export interface NatsMetric extends Stamp {
  readonly connected: boolean;
  readonly server_name?: string;
  readonly server_version?: string;
  readonly hub_up?: boolean;
  /** Unix ms since when the link is up or down. */
  readonly hub_since_ms?: number;
  readonly hub_rtt_us?: number;
  readonly in_msgs?: number;
  readonly out_msgs?: number;
  readonly in_bytes?: number;
  readonly out_bytes?: number;
  /** What the links to the hub have carried this month and, both ways, in the last hour; `messages`: reckoned of them. */
  readonly link_bytes?: {
    readonly basis: 'wire' | 'messages';
    /** Unix ms. */
    readonly since_ms: number;
    readonly sent_bytes: number;
    readonly received_bytes: number;
    readonly hour_bytes: number;
  };
  readonly slow_consumers?: number;
  /** Days until the first of the configured certificates expires. */
  readonly certificate_days_left?: number;
  /** The same for each file of certificates or NATS credentials; what cannot be read is a problem instead. */
  readonly certificates?: readonly { readonly file: string; readonly days_left: number }[];
  readonly last_error?: string;
  /** Name of the cause of that, such as `auth` (leaf/causes.ts). */
  readonly cause?: string;
  readonly agent: {
    readonly reconnects: number;
    readonly dropped: number;
    readonly in_msgs: number;
    readonly out_msgs: number;
  };
  readonly spool: object;
}

/** Body of `ops.metric.system.<unit>`; `host` and `agent` are what the system probes give. */
export interface SystemMetric extends Stamp {
  readonly host: object;
  /** The agent's own cost. */
  readonly agent: object;
}

/**
 * Body of `ops.metric.recorder.<unit>`: the flight recorder around one or more changes of the clock's verdict, one
 * row a second from 60 s before the first to 10 s after the last. In a row an empty string is what was not known.
 */
export interface RecorderMetric {
  readonly ts: number;
  readonly unit_id: string;
  /** What changed; `mono_ms` is on the scale of the column of that name. */
  readonly changes: readonly {
    readonly mono_ms: number;
    readonly before?: unknown;
    readonly after?: unknown;
    readonly evidence: string;
  }[];
  /** Further changes in the same stretch, which are not named. */
  readonly more_changes?: number;
  readonly period_ms: number;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (number | string)[])[];
}

/** Cells of a row of minutes: three of each range, then the worst of the rest. Names end with their unit. */
export const minuteColumns = [
  'at_s',
  ...(['native_us', 'app_us', 'hub_us', 'offset_ns'] as const).flatMap((of) =>
    ['min', 'mean', 'max'].map((what) => `${what}_${of}`),
  ),
  'error_bound_ns',
  'source',
  'quality',
  'status',
] as const;

/**
 * Body of `ops.metric.minutes.<unit>`: one row for each minute, of what was seen within it. `at_s` counts from `since_ms`, Unix
 * ms. The bound is the largest, the quality (with the source of that moment) and the status are the worst. In a row an
 * empty string is what was not known.
 */
export interface MinutesMetric extends Stamp {
  readonly since_ms: number;
  readonly period_ms: number;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (number | string)[])[];
}

/** Body of `ops.status.<role>.<unit>`: something changed, or somebody asked. */
export interface StatusEvent {
  readonly ts: number;
  readonly unit_id: string;
  readonly role: string;
  /**
   * What it is about: `clock`, `link`, `problem`, `health`, `records_dropped`; of the leaf `hub`, `hub_cause`,
   * `hub_settings`, `leaf_restart`, `certificate`.
   */
  readonly event: string;
  readonly before?: unknown;
  readonly after?: unknown;
  /** One sentence that a person can check. */
  readonly evidence?: string;
}

/** Something that changed, before it has its stamp. */
export type StatusChange = Pick<StatusEvent, 'event' | 'before' | 'after' | 'evidence'>;

/** The event that answers HEALTH_PROBE and is published with it. */
export interface HealthEvent extends StatusEvent {
  readonly event: 'health';
  readonly status: Health;
  readonly version: string;
  readonly uptime_s: number;
  readonly problems: readonly string[];
}
