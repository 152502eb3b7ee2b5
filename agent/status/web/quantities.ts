import { portStates } from '../../clock/facts.ts';
import { clockQualities, clockSources } from '../../clock/types.ts';
import type { Interface } from '../../device/interfaces.ts';
import { weights } from '../../health/finding.ts';
import { linkBytesBases } from '../../leaf/watch/linkbook.ts';
import { healths } from '../../wire/messages.ts';
import type { RttStatus, StatusSnapshot } from '../snapshot.ts';
import {
  divided,
  type Labels,
  oneSample,
  type Quantity,
  quantity,
  type Sample,
  stateSamples,
  truth,
} from './exposition.ts';

type Samples = Quantity<StatusSnapshot>['samples'];
const gauge = (name: string, help: string, samples: Samples): Quantity<StatusSnapshot> =>
  quantity('gauge', name, help, samples);
const counter = (name: string, help: string, samples: Samples): Quantity<StatusSnapshot> =>
  quantity('counter', name, help, samples);

/** How many there are with the same labels. */
function countBy<T>(all: readonly T[], labelsOf: (one: T) => Labels): Sample[] {
  const counts = new Map<string, { value: number; readonly labels: Labels }>();
  for (const one of all) {
    const labels = labelsOf(one);
    const key = JSON.stringify(labels);
    counts.set(key, { labels, value: (counts.get(key)?.value ?? 0) + 1 });
  }
  return [...counts.values()];
}

const perRtt =
  (value: (window: RttStatus) => number | undefined) =>
  (s: StatusSnapshot): Sample[] =>
    s.rtt.map((window) => ({ value: value(window), labels: { to: window.to } }));

const perInterface =
  (value: (entry: Interface) => number | undefined) =>
  (s: StatusSnapshot): Sample[] =>
    (s.system?.interfaces ?? []).map((entry) => ({ value: value(entry), labels: { interface: entry.name } }));

const perStorage =
  (value: 'total_bytes' | 'available_bytes') =>
  (s: StatusSnapshot): Sample[] =>
    (s.system?.storage ?? []).map((entry) => ({ value: entry[value], labels: { path: entry.path } }));

const perCertificate =
  (value: 'not_after_ms' | 'days_left', by = 1) =>
  (s: StatusSnapshot): Sample[] =>
    s.certificates.map((c) =>
      'error' in c ? { value: undefined } : { value: c[value] / by, labels: { file: c.file } },
    );

/** Every quantity of /metrics: the only place where a name and its help text stand. */
export const quantities: readonly Quantity<StatusSnapshot>[] = [
  gauge('unit_info', 'Always 1; the labels say which unit it is.', (s) =>
    oneSample(1, { unit: s.unit, tenant: s.tenant ?? '' }),
  ),
  gauge('build_info', 'Always 1; the labels say what runs on it.', (s) =>
    oneSample(1, {
      version: s.version,
      board: s.system?.board?.name ?? s.system?.board?.model ?? '',
      firmware: [s.system?.firmware?.name, s.system?.firmware?.version].filter(Boolean).join(' '),
      server_version: s.link.server_version ?? '',
    }),
  ),
  gauge('uptime_seconds', 'Time since the agent started.', (s) => oneSample(s.uptime_s)),
  gauge('status', '1 for the state that the unit is in, 0 for the others.', (s) =>
    stateSamples('status', healths, s.status),
  ),
  gauge('findings', 'What is wrong, by weight; a note is nothing wrong.', (s) =>
    weights.map((weight) => ({
      value: s.troubles.filter((one) => one.weight === weight).length,
      labels: { weight },
    })),
  ),
  gauge(
    'finding',
    'How many things of a kind are wrong; /healthz and status.json have the words and what mends them.',
    (s) => countBy(s.troubles, ({ code, weight, about = '' }) => ({ code, weight, about })),
  ),

  gauge('clock_source', '1 for what steers the clock, 0 for the others.', (s) =>
    stateSamples('source', clockSources, s.clock?.source),
  ),
  gauge('clock_quality', '1 for how well the clock is steered, 0 for the others.', (s) =>
    stateSamples('quality', clockQualities, s.clock?.quality),
  ),
  gauge(
    'clock_changed_timestamp_seconds',
    'Unix time at which source or quality of the clock changed last.',
    (s) => oneSample(divided(s.clock?.since_ms, 1000)),
  ),
  gauge('clock_holdover', '1 while the clock runs on after its source was lost.', (s) =>
    oneSample(s.clock && Number(s.clock.holdover !== undefined)),
  ),
  gauge('clock_offset_seconds', 'System clock minus its reference.', (s) =>
    oneSample(divided(s.clock?.offset_ns, 1e9)),
  ),
  gauge(
    'clock_error_bound_seconds',
    'The system clock is within this of true time; missing when unbounded.',
    (s) => oneSample(divided(s.clock?.error_bound_ns, 1e9)),
  ),
  gauge('clock_error_relative_seconds', 'The system clock is within this of its grandmaster.', (s) =>
    oneSample(divided(s.clock?.error_rel_ns, 1e9)),
  ),

  gauge('ptp_answers', '1 while ptp4l answers.', (s) => oneSample(s.ptp && Number(s.ptp.seen === 'fresh'))),
  gauge('ptp_port_state', '1 for the state that a PTP port is in, 0 for the others.', (s) =>
    (s.ptp?.ports ?? []).flatMap(({ portIdentity, portState }) =>
      stateSamples('state', portStates, portState, { port: portIdentity }),
    ),
  ),
  gauge('ptp_offset_seconds', 'Offset of the PTP clock from its master.', (s) =>
    oneSample(divided(s.ptp?.master_offset_ns, 1e9)),
  ),
  gauge('ptp_path_delay_seconds', 'Mean path delay to the PTP master.', (s) =>
    oneSample(divided(s.ptp?.meanPathDelay_ns, 1e9)),
  ),
  gauge('ptp_steps_removed', 'Hops to the grandmaster (stepsRemoved).', (s) =>
    oneSample(s.ptp?.stepsRemoved),
  ),
  gauge('ntp_answers', '1 while chronyd answers.', (s) => oneSample(s.ntp && Number(s.ntp.seen === 'fresh'))),
  gauge('ntp_stratum', 'Stratum of the system clock by NTP.', (s) => oneSample(s.ntp?.stratum)),
  gauge('ntp_offset_seconds', 'System clock minus NTP time.', (s) =>
    oneSample(divided(s.ntp?.offset_ns, 1e9)),
  ),

  gauge('leaf_connected', '1 while the agent is connected to its local server.', (s) =>
    oneSample(Number(s.link.connected)),
  ),
  gauge('hub_up', '1 while the local server reaches the hub.', (s) => oneSample(truth(s.link.hub_up))),
  gauge('hub_changed_timestamp_seconds', 'Unix time at which the link to the hub changed last.', (s) =>
    oneSample(divided(s.link.hub_since_ms, 1000)),
  ),
  gauge('hub_rtt_seconds', 'Round trip between the local server and the hub.', (s) =>
    oneSample(divided(s.link.hub_rtt_us, 1e6)),
  ),
  counter('hub_changes', 'How often the link to the hub changed state.', (s) =>
    oneSample(s.link.hub_changes),
  ),
  counter('link_sent_bytes', 'Bytes sent on the link to the hub, without TCP/IP headers.', (s) =>
    oneSample(s.link.bytes?.total.sent_bytes),
  ),
  counter('link_received_bytes', 'Bytes received on the link to the hub, without TCP/IP headers.', (s) =>
    oneSample(s.link.bytes?.total.received_bytes),
  ),
  gauge(
    'link_month_bytes',
    'The same in this calendar month, or since the boot where that was later.',
    (s) => [
      { value: s.link.bytes?.month.sent_bytes, labels: { direction: 'sent' } },
      { value: s.link.bytes?.month.received_bytes, labels: { direction: 'received' } },
    ],
  ),
  gauge('link_bytes_basis', '1 for how the bytes of the last hour are known, 0 for the others.', (s) =>
    stateSamples('basis', linkBytesBases, s.link.bytes?.hour.basis),
  ),
  gauge('leaf_clients', 'Clients of the local server, without the agent.', (s) =>
    oneSample(s.clients?.count),
  ),
  gauge('leaf_client_receive_message_rate', 'Messages a second from the clients of the local server.', (s) =>
    oneSample(s.clients?.in_msgs_per_s),
  ),
  gauge('leaf_client_transmit_message_rate', 'Messages a second to the clients of the local server.', (s) =>
    oneSample(s.clients?.out_msgs_per_s),
  ),
  counter('leaf_slow_consumers', 'Clients that the local server gave up as they did not keep up.', (s) =>
    oneSample(s.clients?.slow_consumers),
  ),
  gauge('spool_records', 'Records that wait for the hub.', (s) => oneSample(s.spool?.records)),
  gauge('spool_bytes', 'Size of the records that wait for the hub.', (s) => oneSample(s.spool?.bytes)),
  gauge('spool_oldest_age_seconds', 'Age of the oldest record that waits.', (s) =>
    oneSample(s.spool?.oldest_age_s),
  ),
  gauge('spool_capacity_seconds', 'Outage length that the spool covers at the current rate.', (s) =>
    oneSample(s.spool?.capacity_s),
  ),
  counter('spool_stored_records', 'Records that the hub has stored.', (s) => oneSample(s.spool?.stored)),
  counter('spool_published_records', 'Records published without being acknowledged.', (s) =>
    oneSample(s.spool?.published),
  ),
  counter('spool_dropped_records', 'Records dropped: for lack of memory, or too large.', (s) =>
    oneSample(s.spool?.dropped),
  ),

  gauge(
    'rtt_median_seconds',
    'Median round trip of the recent window.',
    perRtt((w) => divided(w.p50_us, 1e6)),
  ),
  gauge(
    'rtt_p99_seconds',
    '99th percentile of the round trips of the recent window.',
    perRtt((w) => divided(w.p99_us, 1e6)),
  ),
  gauge(
    'rtt_jitter_seconds',
    'Jitter of the round trips of the recent window.',
    perRtt((w) => divided(w.jitter_us, 1e6)),
  ),
  gauge(
    'rtt_loss_ratio',
    'Share of probes without an answer in the recent window.',
    perRtt((w) => w.loss),
  ),

  gauge('system_uptime_seconds', 'Time since the device started.', (s) => oneSample(s.system?.uptime_s)),
  gauge('load1', 'Load average over one minute.', (s) => oneSample(s.system?.load?.[0])),
  gauge('cpu_busy_ratio', 'Busy share of all cores since the last reading.', (s) =>
    oneSample(divided(s.system?.cpu_percent, 100)),
  ),
  gauge('memory_total_bytes', 'Memory of the device.', (s) => oneSample(s.system?.memory?.total_bytes)),
  gauge('memory_available_bytes', 'Memory available without swapping.', (s) =>
    oneSample(s.system?.memory?.available_bytes),
  ),
  gauge('temperature_celsius', 'Temperature by sensor.', (s) =>
    (s.system?.temperatures ?? []).map((t) => ({ value: t.celsius, labels: { sensor: t.sensor } })),
  ),
  gauge('storage_total_bytes', 'Size of a file system.', perStorage('total_bytes')),
  gauge('storage_available_bytes', 'Space left in a file system.', perStorage('available_bytes')),
  gauge(
    'interface_up',
    '1 while the interface is up.',
    perInterface((i) => Number(i.state === 'up')),
  ),
  gauge(
    'interface_speed_bytes',
    'Speed of the link in bytes per second.',
    perInterface((i) => (i.speed_mbps === undefined ? undefined : i.speed_mbps * 125_000)),
  ),
  counter(
    'interface_receive_bytes',
    'Bytes received.',
    perInterface((i) => i.rx_bytes),
  ),
  counter(
    'interface_transmit_bytes',
    'Bytes sent.',
    perInterface((i) => i.tx_bytes),
  ),
  counter(
    'interface_receive_errors',
    'Receive errors.',
    perInterface((i) => i.rx_errors),
  ),
  counter(
    'interface_transmit_errors',
    'Transmit errors.',
    perInterface((i) => i.tx_errors),
  ),
  counter(
    'interface_carrier_changes',
    'How often the link changed state.',
    perInterface((i) => i.carrier_changes),
  ),
  gauge(
    'certificate_not_after_timestamp_seconds',
    'Unix time at which the first certificate of a file expires.',
    perCertificate('not_after_ms', 1000),
  ),
  gauge(
    'certificate_days_left',
    'Days until the first certificate of a file expires.',
    perCertificate('days_left'),
  ),

  counter('agent_cpu_seconds', 'CPU time of the agent.', (s) => oneSample(divided(s.self?.cpu_ms, 1000))),
  counter('agent_wakeups', 'How often a thread of the agent has gone to sleep, to be woken later.', (s) =>
    oneSample(s.self?.wakeups),
  ),
  gauge('agent_resident_memory_bytes', 'Resident memory of the agent.', (s) => oneSample(s.self?.rss_bytes)),
  gauge('agent_open_files', 'Open file descriptors of the agent.', (s) => oneSample(s.self?.open_files)),
  counter('agent_children_started', 'Child processes that the agent has started.', (s) =>
    oneSample(s.self?.children_started),
  ),
];
