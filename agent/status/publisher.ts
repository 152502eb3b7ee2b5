import type { WallClock } from '../clock/wallclock.ts';
import type { SectionValues } from '../config/options.ts';
import { known } from '../lib/known.ts';
import type { Ticker } from '../lib/ticker.ts';
import type { Spool } from '../records/spool.ts';
import {
  type HeartbeatFacts,
  heartbeat,
  type Stamp,
  type TimeConfig,
  timeMetric,
  type UnitName,
} from '../wire/messages.ts';
import type { NatsMetric, RttMetric, SystemMetric } from '../wire/reports.ts';
import type { Subjects } from '../wire/subjects.ts';
import type { Outlook } from './unitstate.ts';

export interface PublisherDeps {
  readonly spool: Pick<Spool, 'put'>;
  readonly ticker: Ticker;
  readonly wall: WallClock;
  /** The state of the unit right now. */
  outlook(): Promise<Outlook>;
  /** The number of the next heartbeat; the count goes on when the publisher is started anew. */
  nextSequence(): number;
  /** [0, 1), for the delay after boot. */
  random(): number;
}

export interface PublisherOptions {
  readonly name: UnitName;
  readonly subjects: Subjects;
  readonly interval_s: number;
  readonly boot_delay_s: number;
  readonly time: Pick<SectionValues<'time'>, 'mode' | 'ntp_server' | 'ptp_master' | 'ptp_domain'>;
}

export interface Publisher {
  /** Puts the last heartbeat, which says that the unit stops by intention. */
  farewell(): Promise<void>;
  stop(): void;
}

/** Intervals are moved by up to this share, so that a fleet that booted together does not speak in unison. */
const jitter = 0.05;

/** Publishes heartbeat and metrics each interval, and `ops.time.config` once. */
export function startPublisher(deps: PublisherDeps, opts: PublisherOptions): Publisher {
  const { spool, ticker, wall } = deps;
  const { name, subjects, interval_s } = opts;
  let stopped = false;

  const put = (subject: string, body: object): void => void spool.put({ subject, worth: 'metric', body });

  function putHeartbeat(now: Outlook, sequence: number, wall_ms: number, stopping: boolean): void {
    const facts: HeartbeatFacts = {
      wall_ms,
      sequence,
      interval_s,
      uptime_s: now.uptime_s,
      status: now.health.status,
      problems: now.health.findings.map(({ text }) => text),
      clock: now.clock,
      stopping,
      ...known({
        native_rtt_us: now.rtt.native_rtt_us,
        app_rtt_us: now.rtt.app_rtt_us,
        cpu_percent: now.system.cpu_percent,
        memory_percent: now.system.memory?.used_percent,
      }),
    };
    const { body, headers } = heartbeat(name, facts);
    spool.put({ subject: subjects.heartbeat, worth: 'metric', body, headers });
  }

  async function publish(stopping = false): Promise<void> {
    const now = await deps.outlook();
    if (stopped && !stopping) return; // its successor publishes
    const sequence = deps.nextSequence();
    const wall_ms = wall.now_us() / 1000;
    const stamp: Stamp = { ts: Math.floor(wall_ms), unit_id: name.unit, seq: sequence };
    putHeartbeat(now, sequence, wall_ms, stopping);
    if (stopping) return;
    const rtt: RttMetric = { ...stamp, ...now.rtt, ...known({ hub_rtt_us: now.hub_rtt_us }) };
    const nats: NatsMetric = { ...stamp, ...now.nats };
    put(subjects.metric.rtt, rtt);
    put(subjects.metric.time, timeMetric(stamp, { ...now.time, ntp_servers: opts.time.ntp_server }));
    put(subjects.metric.nats, nats);
    const system: SystemMetric = { ...stamp, host: now.system, agent: now.self };
    put(subjects.metric.system, system);
  }

  function putTimeConfig(): void {
    const { mode, ntp_server, ptp_master, ptp_domain } = opts.time;
    const body: TimeConfig = {
      unit_id: name.unit,
      mode,
      ntp_servers: ntp_server.join(','),
      ...known({ ptp_master }),
      ptp_domain,
    };
    spool.put({ subject: subjects.timeConfig, worth: 'event', body });
  }

  let cancel = ticker.after(deps.random() * opts.boot_delay_s * 1000, () => {
    putTimeConfig();
    void publish();
    cancel = ticker.every(interval_s * 1000, () => void publish(), jitter);
  });

  const stop = (): void => {
    stopped = true;
    cancel();
  };
  return {
    async farewell() {
      if (stopped) return;
      stop();
      await publish(true);
    },
    stop,
  };
}
