// The units of a hub as its page, its alerts and its exporter see them: one shape for all of these. Pure.
// What is not known is missing. Of a unit that is gone nothing stands here that it measured: that says nothing of now.
import type { ReportedClock } from './unitrecord.ts';

/**
 * `unknown`: there are records, but none with its health. `away`: a client that is silent, which is no fault. `stopped`: on
 * purpose, or its login was revoked. `offline`: heartbeats are missing. `invited`: let in, but never heard. Worst first.
 */
export const states = [
  'critical',
  'offline',
  'degraded',
  'unknown',
  'healthy',
  'away',
  'stopped',
  'invited',
] as const;
export type State = (typeof states)[number];

/** The clock as the unit reports it, and against the limit that the operator has set for it. */
export interface FleetClock extends ReportedClock {
  /** Wall time of the hub since when source and quality are these, Unix ms. */
  readonly since_ms?: number;
  /** First reason code of its verdict. */
  readonly reason?: string;
  /** Identity of the grandmaster that it follows, and name or address of its NTP server; in holdover the last one. */
  readonly grandmaster?: string;
  readonly ntp_server?: string;
  /** In the words of the unit: what its verdict rests on. */
  readonly evidence?: string;
  /** What the operator allows it. */
  readonly limit_ns: number;
  /** Its bound over that limit, by the bound around its grandmaster where there is no other; missing where nothing bounds it. */
  readonly share?: number;
  /** That limit was set by the operator, and is not the default. */
  readonly limit_is_set?: true;
}

/** What the hub has measured of a clock. */
export interface Measured {
  /** Unix ms by the hub's clock. */
  readonly at_ms: number;
  /** Unit minus hub. */
  readonly offset_us: number;
  /** Half-width by the path: half the shortest round trip, and the resolution of both clocks. */
  readonly path_us: number;
  /** How far the hub's own clock may be from true time; missing where nothing bounds it. */
  readonly own_bound_us?: number;
  /** What the unit claimed in that exchange. */
  readonly claimed_us?: number;
  readonly verdict: 'holds' | 'contradicts' | 'unjudged';
  /** Why it is not judged, or how it contradicts; for people. */
  readonly why?: string;
  /** Exchanges in a row that contradict. */
  readonly runs: number;
}

export const admissions = ['bound', 'revoked', 'forgotten', 'invited'] as const;
/** How a unit was let in, where the hub is one of `nunect-hub init`. `invited`: by a token that names it, not used yet. */
export interface Admission {
  readonly state: (typeof admissions)[number];
  readonly role?: string;
  readonly bound_ms: number;
  readonly until_ms: number;
}

/** A certificate or a login of a unit. */
export interface Expiry {
  readonly what: string;
  readonly days_left: number;
}

/** A unit, or a client that follows the same contract, at a moment. Wall times are the hub's, in Unix ms. */
export interface FleetUnit {
  readonly unit: string;
  /** `client`: an app that answers echoes by the id scheme of nunect's apps, and is no router. */
  readonly kind: 'unit' | 'client';
  readonly state: State;
  /** Since when it is in that state, of one that is silent its last word; missing where that was before the hub looked. */
  readonly since_ms?: number;
  /** When it was last heard, and the same as an age, by a clock that does not step; missing where it never was. */
  readonly heard_ms?: number;
  readonly age_s?: number;
  readonly interval_s?: number;
  readonly tenant?: string;
  readonly role?: string;
  readonly version?: string;
  readonly boot?: string;
  readonly uptime_s?: number;
  /** Of its agent, since the hub looks. */
  readonly restarts: number;
  /** The gravest first, in the words of the unit. */
  readonly problems: readonly string[];
  /** The unit that its records name, where that is another one. */
  readonly claims?: string;
  readonly clock?: FleetClock;
  readonly link?: {
    readonly up?: boolean;
    /** Wall time of the hub since when, Unix ms. */
    readonly since_ms?: number;
    /** Round trip of the leaf link. */
    readonly hub_rtt_us?: number;
    readonly app_rtt_us?: number;
    /** Records that wait in the unit, and those that it has lost since its start. */
    readonly backlog?: number;
    readonly dropped?: number;
    /** Length of an outage that there is room for, at the rate of now. */
    readonly capacity_s?: number;
  };
  readonly expires: readonly Expiry[];
  readonly enrolment?: Admission;
  readonly measured?: Measured;
}

/** Something that happened to a unit. */
export interface FleetChange {
  readonly at_ms: number;
  readonly unit: string;
  readonly what: 'state' | 'clock' | 'grandmaster' | 'version' | 'joined' | 'measured';
  readonly before?: string;
  readonly after?: string;
  /** In the words of the unit. */
  readonly evidence?: string;
}
