// The units of a hub as its page, its alerts and its exporter see them: one shape for all of these. Pure.
// What is not known is missing. Of a unit that is gone nothing stands here that it measured: that says nothing of now.
import type { State } from './fleet.ts';
import type { ReportedClock } from './unitrecord.ts';

/** The clock as the unit reports it, and against the limit that the operator has set for it. */
export interface FleetClock extends ReportedClock {
  /** Wall time of the hub since when source and quality are these, Unix ms. */
  readonly since_ms?: number;
  /** First reason code of its verdict. */
  readonly reason?: string;
  /** Identity of the grandmaster that it follows, and name or address of its NTP server. */
  readonly grandmaster?: string;
  readonly ntp_server?: string;
  /** What the operator allows it. */
  readonly limit_ns: number;
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
  /** Since when it is in that state; missing where that was before the hub looked. */
  readonly since_ms?: number;
  /** When it was last heard, by the hub's stream. */
  readonly heard_ms?: number;
  /** The same as an age, by a clock that does not step. */
  readonly age_s: number;
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
    /** Round trip of the leaf link. */
    readonly hub_rtt_us?: number;
    readonly app_rtt_us?: number;
    /** Records that wait in the unit, and those that it has lost since its start. */
    readonly backlog?: number;
    readonly dropped?: number;
    /** Share of its memory for records that is taken, 0 to 1. */
    readonly spool_share?: number;
  };
  readonly expires: readonly Expiry[];
  /** How it was let in, where the hub is one of `nunect-hub init`. */
  readonly enrolment?: {
    readonly state: 'bound' | 'revoked' | 'forgotten';
    readonly bound_ms: number;
    readonly until_ms: number;
  };
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
