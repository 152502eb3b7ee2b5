// The records of one moment: the full ones, with the static facts or without, and the slim ones.
import type { SlimKind } from '../config/traffic.ts';
import { known } from '../lib/known.ts';
import type { SpoolRecord } from '../records/record.ts';
import { listedPeers, unlisted } from '../wire/listed.ts';
import { type HeartbeatFacts, heartbeat, type Stamp, timeMetric, type UnitName } from '../wire/messages.ts';
import type { NatsMetric, RttMetric, SystemMetric } from '../wire/reports.ts';
import { slimHeartbeat, slimRtt, slimTime } from '../wire/slim.ts';
import type { Subjects } from '../wire/subjects.ts';
import type { Telling } from './pacing.ts';
import type { UnitState } from './unitstate.ts';

/** What records are made of besides the state of the unit. */
export interface Moment {
  readonly name: UnitName;
  readonly subjects: Subjects;
  readonly interval_s: number;
  readonly ntp_servers: readonly string[];
  readonly sequence: number;
  readonly wall_ms: number;
}

const factsOf = ({ interval_s, sequence, wall_ms }: Moment, now: UnitState): HeartbeatFacts => ({
  wall_ms,
  sequence,
  interval_s,
  uptime_s: now.uptime_s,
  status: now.health.status,
  problems: now.health.findings.map(({ text }) => text),
  clock: now.clock,
  ...known({
    native_rtt_us: now.rtt.native_rtt_us,
    app_rtt_us: now.rtt.app_rtt_us,
    cpu_percent: now.system.cpu_percent,
    memory_percent: now.system.memory?.used_percent,
  }),
});

const stampOf = ({ name, sequence, wall_ms }: Moment): Stamp => ({
  ts: Math.floor(wall_ms),
  unit_id: name.unit,
  seq: sequence,
});

const rttOf = (stamp: Stamp, { rtt, nats }: UnitState): RttMetric => ({
  ...stamp,
  ...rtt,
  peers: listedPeers(rtt.peers),
  ...known({ more_peers: unlisted(rtt.peers), hub_rtt_us: nats.hub_rtt_us }),
});

const timeOf = (stamp: Stamp, { time }: UnitState, { ntp_servers }: Moment) =>
  timeMetric(stamp, { ...time, ntp_servers });

/** A full heartbeat; `stopping` is said by the last one. */
export const heartbeatRecord = (at: Moment, now: UnitState, stopping = false): SpoolRecord => ({
  subject: at.subjects.heartbeat,
  priority: 'metric',
  ...heartbeat(at.name, { ...factsOf(at, now), stopping }),
});

/** The device without what does not change. */
function changingOf({
  board: _board,
  firmware: _firmware,
  cores: _cores,
  ...host
}: UnitState['system']): object {
  const { memory } = host;
  const { total_bytes: _total, ...use } = { ...memory };
  return {
    ...host,
    ...(memory && { memory: use }),
    storage: host.storage.map(({ total_bytes: _size, ...space }) => space),
  };
}

/** A full record of each kind; without `facts` what does not change is left out. */
export function fullRecords(at: Moment, now: UnitState, facts: boolean): SpoolRecord[] {
  const { metric } = at.subjects;
  const stamp = stampOf(at);
  const { certificates: _files, ...link } = now.nats;
  const nats: NatsMetric = { ...stamp, ...(facts ? now.nats : link) };
  const system: SystemMetric = {
    ...stamp,
    host: facts ? now.system : changingOf(now.system),
    agent: now.self,
  };
  return [
    heartbeatRecord(at, now),
    { subject: metric.rtt, priority: 'metric', body: rttOf(stamp, now) },
    { subject: metric.time, priority: 'metric', body: timeOf(stamp, now, at) },
    { subject: metric.nats, priority: 'metric', body: nats },
    { subject: metric.system, priority: 'metric', body: system },
  ];
}

/** The slim records of these kinds. `full` is the sequence of the full heartbeat that still holds. */
export function slimRecords(
  at: Moment,
  now: UnitState,
  kinds: readonly SlimKind[],
  full: number | undefined,
): SpoolRecord[] {
  const { heartbeat: subject, metric } = at.subjects;
  const stamp = stampOf(at);
  const make: Readonly<Record<SlimKind, () => SpoolRecord>> = {
    heartbeat: () => ({ subject, priority: 'metric', ...slimHeartbeat(at.name, factsOf(at, now), full) }),
    rtt: () => ({ subject: metric.rtt, priority: 'metric', body: slimRtt(rttOf(stamp, now)) }),
    time: () => ({ subject: metric.time, priority: 'metric', body: slimTime(timeOf(stamp, now, at)) }),
  };
  return kinds.map((kind) => make[kind]());
}

/** What of the state decides what is sent. */
export function tellingOf(now: UnitState): Telling {
  const { health, clock, nats, time, system, rtt } = now;
  const isKnown = [rtt.native_rtt_us, rtt.app_rtt_us, nats.hub_rtt_us].map((us) => us !== undefined);
  const way = [nats.agent.reconnects, now.hub_changes];
  const isJoined = nats.connected && nats.hub_up !== false;
  return {
    state: JSON.stringify([
      health.status,
      health.findings.map(({ key, weight }) => [key, weight]),
      [clock.source, clock.quality, time.verdict.holdover !== undefined, time.verdict.reasons[0]],
      [nats.connected, nats.hub_up, ...isKnown],
    ]),
    join: isJoined ? JSON.stringify(way) : undefined,
    facts: JSON.stringify([
      system.board,
      system.firmware,
      system.storage.map(({ path, total_bytes }) => [path, total_bytes]),
      nats.certificates,
    ]),
  };
}
