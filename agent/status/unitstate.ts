import type { ClockSummary } from '../clock/types.ts';
import type { Traffic } from '../config/traffic.ts';
import type { CertFacts } from '../device/certs.ts';
import type { SelfFacts } from '../device/self.ts';
import type { SystemFacts } from '../device/system.ts';
import type { Finding, LostGrandmaster } from '../health/finding.ts';
import type { ClientFacts } from '../leaf/watch/clients.ts';
import type { LinkBytes } from '../leaf/watch/linkbook.ts';
import type { SpoolStats } from '../records/stats.ts';
import type { Health, Stamp, TimeFacts } from '../wire/messages.ts';
import type { NatsMetric, RttMetric } from '../wire/reports.ts';

/** A change as people read it. */
export interface RecentChange {
  /** Monotonic ms where it is kept, Unix ms where it is shown. */
  readonly at_ms: number;
  readonly event: string;
  readonly text: string;
}

/** The state of the unit at one moment, from which everything is made that is published, answered and shown of it. */
export interface UnitState {
  /** Unix ms. */
  readonly at_ms: number;
  /** Of the agent. */
  readonly uptime_s: number;
  readonly health: { readonly status: Health; readonly findings: readonly Finding[] };
  readonly clock: ClockSummary;
  readonly time: Omit<TimeFacts, 'ntp_servers'>;
  readonly lost_master?: LostGrandmaster;
  readonly rtt: Pick<RttMetric, 'native_rtt_us' | 'app_rtt_us' | 'native' | 'app' | 'peers'>;
  readonly nats: Omit<NatsMetric, keyof Stamp | 'spool'> & { readonly spool: SpoolStats };
  /** Unix ms since when the connection to the local server is as it is. */
  readonly link_since_ms: number;
  readonly link_bytes?: LinkBytes;
  /** `agent.traffic`. */
  readonly traffic: Traffic;
  /** How often the link to the hub went up or down. */
  readonly hub_changes?: number;
  /** Unix ms since when the clock is in holdover. */
  readonly holdover_since_ms?: number;
  readonly system: SystemFacts;
  readonly self: SelfFacts;
  readonly certificates: readonly CertFacts[];
  /** What changed of late, the newest first; in Unix ms. */
  readonly changes: readonly RecentChange[];
  readonly clients?: ClientFacts;
}
