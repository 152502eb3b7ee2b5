import { type ChronyFacts, decidingPort, followedPort, type PtpFacts } from '../clock/facts.ts';
import { isSourceAlive, liveSource } from '../clock/verdict/ntp.ts';
import type { ClientFacts } from '../leaf/watch/clients.ts';
import { known } from '../lib/known.ts';
import { absenceText, freshValue, type Reading } from '../lib/reading.ts';
import { totalOf } from '../records/record.ts';
import type { SpoolStats } from '../records/stats.ts';
import type { UnitName } from '../wire/messages.ts';
import type { WindowStats } from '../wire/reports.ts';
import {
  type ClientsStatus,
  type ClockStatus,
  type LinkStatus,
  type NtpStatus,
  type PtpStatus,
  type RttStatus,
  type Seen,
  type SpoolStatus,
  type StatusSnapshot,
  snapshotSchema,
} from './snapshot.ts';
import type { UnitState } from './unitstate.ts';

const whyNot = (reading: Exclude<Reading<unknown>, { readonly kind: 'fresh' }>): string =>
  reading.kind === 'stale' ? reading.why : absenceText(reading);

const seen = (reading: Reading<unknown>): Seen =>
  reading.kind === 'fresh'
    ? { seen: 'fresh' }
    : {
        seen: reading.kind,
        why: whyNot(reading),
        ...(reading.kind === 'absent' && { absent_reason: reading.why }),
      };

function clockStatus({ time, clock, holdover_since_ms }: UnitState): ClockStatus {
  const { verdict, since_wall_ms } = time;
  const { source, quality, bound, evidence, reasons, offset_ns, holdover } = verdict;
  return {
    source,
    quality,
    since_ms: Math.floor(since_wall_ms),
    ...known({
      offset_ns,
      error_bound_ns: clock.error_bound_ns,
      error_rel_ns: clock.error_rel_ns,
      holdover:
        holdover && holdover_since_ms !== undefined
          ? { source: holdover.source, since_ms: Math.floor(holdover_since_ms) }
          : undefined,
    }),
    bound_terms: bound.terms,
    evidence,
    reasons,
  };
}

/** What is shown of ptp4l: `follows` says whether what it measures is of now, `lost` whom it followed last. */
export function ptpStatus(
  reading: Reading<PtpFacts>,
  follows: boolean,
  lost?: PtpStatus['lost_master'],
): PtpStatus {
  const facts = freshValue(reading);
  const followed = follows && facts && followedPort(facts) ? facts : undefined;
  return {
    ...seen(reading),
    ports: facts?.ports.map(({ portIdentity, portState }) => ({ portIdentity, portState })) ?? [],
    ...known({
      gmIdentity: followed?.parent?.grandmasterIdentity,
      parentPortIdentity: followed?.parent?.parentPortIdentity,
      master_offset_ns: followed?.timeStatus.master_offset_ns,
      meanPathDelay_ns: followed?.current?.meanPathDelay_ns,
      stepsRemoved: followed?.current?.stepsRemoved,
      lost_master: lost,
      domainNumber: facts?.defaults?.domainNumber,
      timestamping: facts && decidingPort(facts.ports)?.timestamping,
    }),
  };
}

const ns = (seconds: number): number => Math.round(seconds * 1e9);

/** What is shown of chronyd, which keeps the figures of a source that has ended. */
export function ntpStatus(reading: Reading<ChronyFacts>): NtpStatus {
  const facts = freshValue(reading);
  const followed = facts && liveSource(facts);
  return {
    ...seen(reading),
    ...known({
      selected: followed?.name,
      stratum: followed && facts?.tracking.stratum,
      offset_ns: followed && facts && -ns(facts.tracking.system_time_s),
    }),
    sources:
      facts?.sources.map((source) => ({
        name: source.name,
        mode: source.mode,
        state: source.state,
        reach: source.reach,
        ...(isSourceAlive(source) ? { offset_ns: ns(source.offset_s) } : {}),
      })) ?? [],
  };
}

function linkStatus({ nats, link_since_ms, hub_changes, traffic, link_bytes }: UnitState): LinkStatus {
  return {
    connected: nats.connected,
    since_ms: Math.floor(link_since_ms),
    traffic,
    ...known({
      server: nats.server_name,
      server_version: nats.server_version,
      hub_up: nats.hub_up,
      hub_since_ms: nats.hub_since_ms,
      hub_rtt_us: nats.hub_rtt_us,
      hub_changes,
      bytes: link_bytes,
      last_error: nats.last_error,
      cause: nats.cause,
    }),
  };
}

const spoolStatus = (stats: SpoolStats): SpoolStatus => ({
  state: stats.state,
  records: stats.pending,
  bytes: stats.bytes,
  budget_bytes: stats.budget_bytes,
  ...known({ oldest_age_s: stats.oldest_age_s, capacity_s: stats.capacity_s }),
  stored: stats.stored,
  published: stats.published,
  dropped: totalOf(stats.dropped),
  duplicate_ids: stats.duplicate_ids,
});

const rttStatus = (to: string, last_us: number | undefined, window: WindowStats): RttStatus => ({
  to,
  ...known({ last_us, p50_us: window.p50_us, p99_us: window.p99_us, jitter_us: window.jitter_us }),
  ...(window.count === 0 ? {} : { loss: window.loss_percent / 100 }),
});

const roundTrips = ({ native, native_rtt_us, app, app_rtt_us, peers }: UnitState['rtt']): RttStatus[] => [
  ...(native === undefined ? [] : [rttStatus('leaf', native_rtt_us, native)]),
  ...(app === undefined ? [] : [rttStatus('echo', app_rtt_us, app)]),
  ...peers.map((peer) => rttStatus(peer.unit, peer.rtt_us, peer.window)),
];

/** Rates with one digit: more would change with every look. */
const rounded = (per_s: number | undefined): number | undefined =>
  per_s === undefined ? undefined : Math.round(per_s * 10) / 10;

const clientsStatus = (
  { count, in_msgs_per_s, out_msgs_per_s, busiest }: ClientFacts,
  slow_consumers: number | undefined,
): ClientsStatus => ({
  count,
  ...known({
    in_msgs_per_s: rounded(in_msgs_per_s),
    out_msgs_per_s: rounded(out_msgs_per_s),
    slow_consumers,
  }),
  busiest: busiest.map((one) => ({
    ...one,
    ...known({ in_msgs_per_s: rounded(one.in_msgs_per_s), out_msgs_per_s: rounded(one.out_msgs_per_s) }),
  })),
});

/** The state as `/status.json` shows it. */
export function toSnapshot(state: UnitState, { unit, tenant, version }: UnitName): StatusSnapshot {
  const { health, time, nats } = state;
  return {
    schema: snapshotSchema,
    unit,
    ...known({ tenant }),
    version,
    at_ms: Math.floor(state.at_ms),
    uptime_s: Math.floor(state.uptime_s),
    status: health.status,
    problems: health.findings.map(({ text }) => text),
    troubles: health.findings,
    clock: clockStatus(state),
    ptp: ptpStatus(time.ptp, time.ptp_follows, state.lost_master),
    ntp: ntpStatus(time.ntp),
    link: linkStatus(state),
    spool: spoolStatus(nats.spool),
    rtt: roundTrips(state.rtt),
    system: state.system,
    self: state.self,
    certificates: state.certificates,
    ...known({ clients: state.clients && clientsStatus(state.clients, nats.slow_consumers) }),
    changes: state.changes,
  };
}
