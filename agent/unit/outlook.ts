import type { ClockSummary, Health, Stamp, TimeFacts } from '../nats/messages.ts';
import type { NatsMetric, RttMetric } from '../nats/reports.ts';
import type { CertFacts } from '../probe/certs.ts';
import type { SelfFacts } from '../probe/self.ts';
import type { SystemFacts } from '../probe/system.ts';
import type { Trouble } from './health.ts';

/** Everything that is published of one moment, gathered once for heartbeat, metrics and status page. */
export interface Outlook {
  /** Of the agent. */
  readonly uptime_s: number;
  readonly health: { readonly status: Health; readonly troubles: readonly Trouble[] };
  readonly clock: ClockSummary;
  readonly time: Omit<TimeFacts, 'ntp_servers'>;
  readonly rtt: Pick<RttMetric, 'native_rtt_us' | 'app_rtt_us' | 'native' | 'app' | 'peers'>;
  readonly hub_rtt_us?: number;
  readonly nats: Omit<NatsMetric, keyof Stamp>;
  readonly system: SystemFacts;
  readonly self: SelfFacts;
  readonly certificates: readonly CertFacts[];
}
