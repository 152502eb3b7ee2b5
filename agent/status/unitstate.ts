import type { ClockSummary } from '../clock/types.ts';
import type { CertFacts } from '../device/certs.ts';
import type { SelfFacts } from '../device/self.ts';
import type { SystemFacts } from '../device/system.ts';
import type { Finding } from '../health/findings.ts';
import type { Health, Stamp, TimeFacts } from '../wire/messages.ts';
import type { NatsMetric, RttMetric } from '../wire/reports.ts';

/** Everything that is published of one moment, gathered once for heartbeat, metrics and status page. */
export interface Outlook {
  /** Of the agent. */
  readonly uptime_s: number;
  readonly health: { readonly status: Health; readonly findings: readonly Finding[] };
  readonly clock: ClockSummary;
  readonly time: Omit<TimeFacts, 'ntp_servers'>;
  readonly rtt: Pick<RttMetric, 'native_rtt_us' | 'app_rtt_us' | 'native' | 'app' | 'peers'>;
  readonly hub_rtt_us?: number;
  readonly nats: Omit<NatsMetric, keyof Stamp>;
  readonly system: SystemFacts;
  readonly self: SelfFacts;
  readonly certificates: readonly CertFacts[];
}
