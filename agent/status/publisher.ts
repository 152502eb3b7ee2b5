import type { WallClock } from '../clock/wallclock.ts';
import type { SectionValues } from '../config/options.ts';
import { known } from '../lib/known.ts';
import type { Ticker } from '../lib/ticker.ts';
import type { SpoolRecord } from '../records/record.ts';
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
import type { UnitState } from './unitstate.ts';

export interface PublisherDeps {
  readonly spool: Pick<Spool, 'put'>;
  readonly ticker: Ticker;
  readonly wall: WallClock;
  /** Resolves once enough is known for a first look: one that comes too early sees a problem at each start. */
  firstTried(): Promise<void>;
  /** The state of the unit right now. */
  look(): Promise<UnitState>;
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
  /** Goes on with other options, which it publishes at once; the count of heartbeats goes on, too. */
  configure(opts: PublisherOptions): void;
  /** Puts the last heartbeat, which says that the unit stops by intention. */
  publishLast(): Promise<void>;
  stop(): void;
}

/** Intervals are moved by up to this share, so that units that booted together do not all publish together. */
const jitter = 0.05;

interface State {
  opts: PublisherOptions;
  /** Of the last heartbeat; 0 before the first. */
  sequence: number;
  /** Counts what ends a look that is under way: other options, a stop. */
  round: number;
  begun: boolean;
  /** The first look is not due yet. */
  isEarly: boolean;
  stopped: boolean;
  cancel(): void;
}

function heartbeatRecord({ opts, sequence }: State, now: UnitState, wall_ms: number, stopping: boolean) {
  const facts: HeartbeatFacts = {
    wall_ms,
    sequence,
    interval_s: opts.interval_s,
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
  return { subject: opts.subjects.heartbeat, priority: 'metric', ...heartbeat(opts.name, facts) } as const;
}

function metricRecords({ opts, sequence }: State, now: UnitState, wall_ms: number): SpoolRecord[] {
  const { metric } = opts.subjects;
  const stamp: Stamp = { ts: Math.floor(wall_ms), unit_id: opts.name.unit, seq: sequence };
  const rtt: RttMetric = { ...stamp, ...now.rtt, ...known({ hub_rtt_us: now.nats.hub_rtt_us }) };
  const time = timeMetric(stamp, { ...now.time, ntp_servers: opts.time.ntp_server });
  const nats: NatsMetric = { ...stamp, ...now.nats };
  const system: SystemMetric = { ...stamp, host: now.system, agent: now.self };
  return [
    { subject: metric.rtt, priority: 'metric', body: rtt },
    { subject: metric.time, priority: 'metric', body: time },
    { subject: metric.nats, priority: 'metric', body: nats },
    { subject: metric.system, priority: 'metric', body: system },
  ];
}

function timeConfigRecord({ name, subjects, time }: PublisherOptions): SpoolRecord {
  const { mode, ntp_server, ptp_master, ptp_domain } = time;
  const body: TimeConfig = {
    unit_id: name.unit,
    mode,
    ntp_servers: ntp_server.join(','),
    ...known({ ptp_master }),
    ptp_domain,
  };
  return { subject: subjects.timeConfig, priority: 'event', body };
}

async function publish(deps: PublisherDeps, state: State, stopping = false): Promise<void> {
  if (state.isEarly && !stopping) return;
  const { round } = state;
  const now = await deps.look();
  if (round !== state.round) return; // what came meanwhile publishes
  state.sequence += 1;
  const wall_ms = deps.wall.now_us() / 1000;
  deps.spool.put(heartbeatRecord(state, now, wall_ms, stopping));
  if (stopping) return;
  for (const record of metricRecords(state, now, wall_ms)) deps.spool.put(record);
}

/** What was begun anew meanwhile publishes itself. */
async function publishFirst(deps: PublisherDeps, state: State): Promise<void> {
  const { round } = state;
  if (state.isEarly) await deps.firstTried();
  if (round !== state.round) return;
  state.isEarly = false;
  await publish(deps, state);
}

/** Publishes now, and from now on at each interval. */
function begin(deps: PublisherDeps, state: State): void {
  state.begun = true;
  state.cancel();
  deps.spool.put(timeConfigRecord(state.opts));
  void publishFirst(deps, state);
  state.cancel = deps.ticker.every(state.opts.interval_s * 1000, () => void publish(deps, state), jitter);
}

/** Publishes heartbeat and metrics each interval, and `ops.time.config` once and when the options change. */
export function startPublisher(deps: PublisherDeps, opts: PublisherOptions): Publisher {
  const state: State = {
    opts,
    sequence: 0,
    round: 0,
    begun: false,
    isEarly: true,
    stopped: false,
    cancel: () => {},
  };
  const wait = (): void => {
    const delay_ms = deps.random() * state.opts.boot_delay_s * 1000;
    state.cancel = deps.ticker.after(delay_ms, () => begin(deps, state));
  };
  wait();
  const stop = (): void => {
    state.stopped = true;
    state.round += 1;
    state.cancel();
  };
  return {
    configure(next) {
      const isOtherDelay = next.boot_delay_s !== state.opts.boot_delay_s;
      state.opts = next;
      state.round += 1;
      if (state.begun) begin(deps, state);
      else if (isOtherDelay && !state.stopped) {
        state.cancel();
        wait();
      }
    },
    async publishLast() {
      if (state.stopped) return;
      stop();
      await publish(deps, state, true);
    },
    stop,
  };
}
