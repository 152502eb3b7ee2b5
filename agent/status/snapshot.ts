import type { Timestamping } from '../clock/facts.ts';
import type { BoundTerm, ClockQuality, ClockSource } from '../clock/types.ts';
import type { Traffic } from '../config/traffic.ts';
import type { CertFacts } from '../device/certs.ts';
import type { SelfFacts } from '../device/self.ts';
import type { SystemFacts } from '../device/system.ts';
import type { Finding, LostGrandmaster } from '../health/finding.ts';
import type { LinkBytes } from '../leaf/watch/linkbook.ts';
import type { AbsentReason } from '../lib/reading.ts';
import type { Health } from '../wire/messages.ts';

/** Raised when a field changes its meaning or goes away; new fields do not raise it. */
export const snapshotSchema = 1;

/**
 * The state of the unit at one moment: `/status.json`, and what the page and `/metrics` are made from.
 * Every `_ms` that is not a duration is Unix milliseconds; `at_ms - since_ms` is right also after the wall clock
 * was stepped, because both are made from the monotonic clock. What is not known is left out.
 */
export interface StatusSnapshot {
  readonly schema: typeof snapshotSchema;
  readonly unit: string;
  readonly tenant?: string;
  readonly version: string;
  readonly at_ms: number;
  /** Of the agent. */
  readonly uptime_s: number;
  readonly status: Health;
  /** One sentence each, the gravest first. */
  readonly problems: readonly string[];
  /** The same whole: with their codes and keys, and with what can be done. */
  readonly troubles: readonly Finding[];
  readonly clock?: ClockStatus;
  readonly ptp?: PtpStatus;
  readonly ntp?: NtpStatus;
  readonly link: LinkStatus;
  readonly spool?: SpoolStatus;
  readonly rtt: readonly RttStatus[];
  readonly system?: SystemFacts;
  readonly self?: SelfFacts;
  readonly certificates: readonly CertFacts[];
  /** Who uses the local server, as far as that tells. */
  readonly clients?: ClientsStatus;
  /** What changed of late, the newest first. */
  readonly changes?: readonly { readonly at_ms: number; readonly event: string; readonly text: string }[];
}

/** The clients of the local server, the agent itself left out. Rates are those since the look before. */
export interface ClientsStatus {
  readonly count: number;
  /** From clients, and to them. */
  readonly in_msgs_per_s?: number;
  readonly out_msgs_per_s?: number;
  /** How often the server gave up a client that did not keep up, since its start. */
  readonly slow_consumers?: number;
  readonly busiest: readonly ClientStatus[];
}

export interface ClientStatus {
  /** As it calls itself. */
  readonly name?: string;
  readonly user?: string;
  readonly address: string;
  readonly in_msgs_per_s?: number;
  readonly out_msgs_per_s?: number;
  /** What it has not read yet. */
  readonly pending_bytes: number;
}

export interface ClockStatus {
  readonly source: ClockSource;
  readonly quality: ClockQuality;
  readonly since_ms: number;
  readonly holdover?: { readonly source: 'ptp' | 'ntp'; readonly since_ms: number };
  /** Local minus reference. */
  readonly offset_ns?: number;
  /** Half-width within which the clock is true; missing when nothing bounds it. */
  readonly error_bound_ns?: number;
  /** The same, relative to the grandmaster only. */
  readonly error_rel_ns?: number;
  readonly bound_terms: readonly BoundTerm[];
  /** One sentence that a person can check. */
  readonly evidence: string;
  readonly reasons: readonly string[];
}

/** How the facts beside it were come by: just now, some time ago, or not at all. */
export interface Seen {
  readonly seen: 'fresh' | 'stale' | 'absent';
  /** Why not fresh. */
  readonly why?: string;
  /** The same as a code, where there is nothing at all. */
  readonly absent_reason?: AbsentReason;
}

export interface PtpStatus extends Seen {
  readonly ports: readonly { readonly portIdentity: string; readonly portState: string }[];
  readonly gmIdentity?: string;
  readonly parentPortIdentity?: string;
  readonly master_offset_ns?: number;
  readonly meanPathDelay_ns?: number;
  readonly stepsRemoved?: number;
  readonly lost_master?: LostGrandmaster;
  readonly domainNumber?: number;
  readonly timestamping?: Timestamping;
}

export interface NtpStatus extends Seen {
  /** The source that is followed. */
  readonly selected?: string;
  readonly stratum?: number;
  /** System clock minus NTP time. */
  readonly offset_ns?: number;
  readonly sources: readonly {
    readonly name: string;
    readonly mode: string;
    readonly state: string;
    /** Eight bits, newest in the lowest. */
    readonly reach: number;
    readonly offset_ns?: number;
  }[];
}

/** The agent's connection to the local server, and that server's link to the hub. */
export interface LinkStatus {
  readonly connected: boolean;
  readonly since_ms: number;
  readonly server?: string;
  readonly server_version?: string;
  readonly hub_up?: boolean;
  readonly hub_since_ms?: number;
  readonly hub_rtt_us?: number;
  readonly hub_changes?: number;
  /** `agent.traffic`: how much goes to the hub. */
  readonly traffic?: Traffic;
  /** What the links to the hub have carried. */
  readonly bytes?: LinkBytes;
  /** The latest trouble of the link to the hub, also after it ended. */
  readonly last_error?: string;
  /** Its name, a code of leaf/causes.ts. */
  readonly cause?: string;
}

/** Records that wait for the hub. */
export interface SpoolStatus {
  /** Such as stored, plain, offline or denied. */
  readonly state: string;
  readonly records: number;
  readonly bytes: number;
  readonly budget_bytes?: number;
  /** How long an outage the records that wait cover. */
  readonly oldest_age_s?: number;
  /** How long an outage the budget covers at the present rate, before the oldest metrics are dropped. */
  readonly capacity_s?: number;
  readonly stored: number;
  /** Published without being acknowledged. */
  readonly published: number;
  readonly dropped: number;
  /** Records that are not stored as the hub has others under their ids, which this unit never sent. */
  readonly duplicate_ids?: number;
}

/** One window of round trips. */
export interface RttStatus {
  /** `leaf`, `echo` (the unit's own, through the leaf), or a peer's unit id. */
  readonly to: string;
  readonly last_us?: number;
  readonly p50_us?: number;
  readonly p99_us?: number;
  readonly jitter_us?: number;
  /** 0 to 1. */
  readonly loss?: number;
}
