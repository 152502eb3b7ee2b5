// The units of a hub as its page, its alerts and its exporter see them: one shape for all of these. Pure.
// What is not known is missing. Of a unit that is gone nothing stands here that it measured: that says nothing of now.
import type { ReportedClock } from './record/fields.ts';

/**
 * `unknown`: there are records, but none with its health, or none of the last intervals that the hub would have heard (`unheard`). `away`: a client that is silent, which is no fault. `stopped`: on
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
/** Those in which a unit is silent on purpose or was never heard: nobody misses it. */
export const quietStates: readonly State[] = ['away', 'stopped', 'invited'];

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

/** Why a measurement tells nothing for or against a claim. */
export const unjudgedReasons = [
  /** Nothing bounds the hub's own clock. */
  'hub_unbounded',
  /** The sources of most units agree with each other, and not with the hub's clock. */
  'hub_doubted',
  /** The unit claims no bound. */
  'no_claim',
  /** It claims one against its grandmaster only, which the hub's clock does not follow. */
  'relative_claim',
  /** The path or the hub's own bound is so much wider than the claim that hardly any error would show. */
  'too_wide',
  /** It contradicts, though not often enough in a row yet. */
  'contradicts_so_far',
  /** More than one answered, and not alike. */
  'several_answers',
] as const;
export type UnjudgedReason = (typeof unjudgedReasons)[number];

/** What the hub has measured of a clock. */
export interface Measured {
  /** Unix ms by the hub's clock. */
  readonly at_ms: number;
  /** Unit minus hub. */
  readonly offset_us: number;
  /** Half-width by the path: half the round trip, and the resolution of both clocks. */
  readonly path_us: number;
  /** How far the hub's own clock may be from true time, or from the grandmaster; missing where nothing bounds it. */
  readonly own_bound_us?: number;
  /** What the unit claimed in that exchange. */
  readonly claimed_us?: number;
  /** What it claims to be near to; a grandmaster only where the hub's clock follows the same one. */
  readonly against: 'utc' | 'grandmaster';
  readonly verdict: 'holds' | 'contradicts' | 'unjudged';
  readonly reason?: UnjudgedReason;
  /** Why it is not judged, or how it contradicts; for people. */
  readonly why?: string;
  /** By how much its clock is ahead (negative: behind) of what it claims at least, by the newest exchange that showed it. */
  readonly beyond_us?: number;
  /** Exchanges in a row that contradict. */
  readonly runs: number;
  /** When the first of these was, Unix ms by the hub's clock. */
  readonly since_ms?: number;
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

/** It has surely ended: a unit tells what is left in tenths of a day, and the rest of the last one is still to come. */
export const hasEnded = ({ days_left }: Expiry): boolean => days_left <= -0.1;

/** A unit, or a client that follows the same contract, at a moment. Wall times are the hub's, in Unix ms. */
export interface FleetUnit {
  readonly unit: string;
  /** `client`: an app that answers echoes by the id scheme of nunect's apps, and is no router. */
  readonly kind: 'unit' | 'client';
  readonly state: State;
  /** Nothing has come of it for longer than it pauses, and the hub has not listened for that long: it may be well or dead. */
  readonly unheard?: true;
  /** Since when it is in that state, of one that is silent its last word; missing where that was before the hub looked. */
  readonly since_ms?: number;
  /** When it was last heard, and the same as an age, by a clock that does not step; missing where it never was. */
  readonly heard_ms?: number;
  readonly age_s?: number;
  readonly interval_s?: number;
  readonly tenant?: string;
  readonly role?: string;
  readonly version?: string;
  readonly uptime_s?: number;
  /** Of its agent, since the hub looks. */
  readonly restarts: number;
  /** The gravest first, in the words of the unit. */
  readonly problems: readonly string[];
  /** The unit that its records name, where that is another one. */
  readonly claims?: string;
  /** Two agents speak under this id at once: what stands here is of the one that was heard last. */
  readonly two_speak?: true;
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
    /** Share of its memory for records that is taken, 0 to 1. */
    readonly spool_share?: number;
  };
  readonly expires: readonly Expiry[];
  readonly enrolment?: Admission;
  readonly measured?: Measured;
}

/** Something that happened to a unit. */
export interface FleetChange {
  /** Of a silence that of the last word. */
  readonly at_ms: number;
  /** When it was found, where that was much later. */
  readonly found_ms?: number;
  readonly unit: string;
  readonly what: 'state' | 'clock' | 'grandmaster' | 'version' | 'joined' | 'measured';
  readonly before?: string;
  readonly after?: string;
  /** In the words of the unit. */
  readonly evidence?: string;
}
