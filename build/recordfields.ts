// Every field of every record, for docs/subjects.md. test/e2e/reference.test.ts fails if the unit publishes one that
// is missing here; the names come from messages.ts, reports.ts and the probes.
import { clockQualities, clockSources } from '../agent/clock/types.ts';
import { alertConditions } from '../agent/hub/alerts/alert.ts';
import { mostListed } from '../agent/wire/listed.ts';
import { healths } from '../agent/wire/messages.ts';
import { alertSubjects, type Subjects, subjectsOf } from '../agent/wire/subjects.ts';

/** The type of a field, and what it means; the help of `any` describes its shape. */
export interface Field {
  readonly type: 'string' | 'number' | 'boolean' | 'any';
  readonly help: string;
  /** All values that there are. */
  readonly values?: readonly string[];
}

/** One kind of record. `[]` in a path stands for each element of a list. */
export interface Documented {
  readonly subjects: readonly string[];
  readonly when: string;
  /** Not published by a healthy unit. */
  readonly rare?: boolean;
  /** The fields of its slim form, if it has one: those in every one, and those where they apply. */
  readonly slim?: { readonly always: readonly string[]; readonly perhaps: readonly string[] };
  readonly fields: Readonly<Record<string, Field>>;
  readonly headers?: Readonly<Record<string, string>>;
}

const string = (help: string): Field => ({ type: 'string', help });
const oneOf = (values: readonly string[], help: string): Field => ({ type: 'string', help, values });
const number = (help: string): Field => ({ type: 'number', help });
const flag = (help: string): Field => ({ type: 'boolean', help });
const any = (help: string): Field => ({ type: 'any', help });

/** The same fields below `path`. */
const below = (path: string, fields: Readonly<Record<string, Field>>): Record<string, Field> =>
  Object.fromEntries(Object.entries(fields).map(([name, field]) => [`${path}.${name}`, field]));

/** Fields that any record may have beside its own. */
const outage: Readonly<Record<string, Field>> = {
  backfill: flag('true: the record could not be sent when it was made'),
  ts_corrected: flag(
    'true: the record was made while the clock was not known to be right, and `ts` was corrected when the clock was set',
  ),
};
const tsOriginal = { ts_original: number('with `ts_corrected`: `ts` before the correction') };
const outageHeaders = {
  'Nats-Msg-Id': '`<unit>-<boot>-<n>`, by which a stream or a consumer drops duplicates',
  'X-Backfill': '`true` on a record with `backfill`',
};

const stamp = {
  ts: number('time of the record, Unix ms'),
  unit_id: string('unit id'),
  seq: number('`sequence` of the heartbeat of the same interval'),
  ...tsOriginal,
  ...outage,
};

const window = {
  count: number('probes in the window (at most 60), answered or not'),
  loss_percent: number('share of lost probes, 0 to 100'),
  min_us: number('shortest round trip'),
  p50_us: number('median'),
  p99_us: number('99th percentile'),
  max_us: number('longest'),
  jitter_us: number('mean difference of successive round trips'),
};

const traffic = {
  in_msgs: number('messages received'),
  out_msgs: number('messages sent'),
};

const status = { event: string('name of the event, see below'), role: string('role of the unit') };

/** The events of `ops.status.<role>.<unit>`, and what `before` and `after` are. */
export const events: readonly (readonly [event: string, what: string, values: string])[] = [
  ['clock', 'the verdict changed', '`{source, quality, holdover}`; `evidence` says why'],
  ['grandmaster', 'ptp4l follows another grandmaster, or none', 'clock identity'],
  ['parent', 'ptp4l follows another master port, or none', 'port identity'],
  ['steps_removed', 'the distance to the grandmaster changed', 'number'],
  ['port_state', 'a port of ptp4l changed its state', '`{port, portState}`'],
  ['ntp_source', 'chronyd selected another source, or none', 'name or address'],
  ['ptp4l, chronyd', 'the daemon started, ended or stopped answering', '`fresh`, `stale` or `absent: <why>`'],
  ['clock_step', 'the system clock was set', '`{wall_ms}` before; `{wall_ms, step_us}` after'],
  ['hub', 'the leaf joined or left the hub', 'true or false'],
  [
    'hub_cause',
    'the cause of a missing hub link became known, changed or ended',
    '`{cause}`, such as `auth`',
  ],
  ['hub_settings', 'the unit switched to other hub settings', '`asked` or `last_good`'],
  ['leaf_restart', 'the watchdog restarts the leaf server', '`{restarts}` in this outage'],
  ['certificate', 'renewed TLS files were loaded', 'none'],
  ['problem', 'a problem began (`after`) or ended (`before`)', '`{key, weight}`'],
  [
    'start',
    'the agent was started',
    '`before`: `{boot, ended: stop|running, last_seq, wall_ms}` of the previous run, if there is a snapshot of it; `after`: `{boot, restored, broken}`',
  ],
  ['health', 'the reply to HEALTH_PROBE', 'none; status, version, uptime_s, problems instead'],
  [
    'records_dropped',
    'records were dropped',
    '`after`: `{count, of: {metric, log, event}, from_ms, to_ms, why}`',
  ],
];

const s: Subjects = subjectsOf('<unit>', '<role>');

const metrics = 'every interval, slim or full as `agent.traffic` says ([traffic.md](traffic.md))';
const fullSets = 'with each full set ([traffic.md](traffic.md))';

/** Every kind of record, in the order of the reference. */
export const documented: readonly Documented[] = [
  {
    subjects: [s.heartbeat],
    when: 'every `agent.interval_s`, and once more, with `stopping`, at a clean stop',
    slim: { always: ['status', 'interval_s'], perhaps: ['full'] },
    fields: {
      status: oneOf(healths, '`healthy`, `degraded`, `critical`, or `not_set_up`: no hub is set'),
      sequence: number('number of the heartbeat since the start of the agent'),
      ts: stamp.ts,
      unit_id: stamp.unit_id,
      interval_s: number('time until the next heartbeat'),
      version: string('version of the agent'),
      uptime_s: number('time since the start of the agent'),
      'problems[]': string('one sentence for each problem, the most severe first'),
      stopping: flag('true: the agent was stopped on purpose'),
      full: number(
        'in a slim record: `sequence` of the last full set, while all that is only in that one still holds',
      ),
      ...tsOriginal,
      ...outage,
    },
    headers: {
      'X-Unit-ID': 'unit id',
      'X-Tenant': 'agent.tenant',
      'X-Sequence': '`sequence`',
      'X-Timestamp': '`ts`',
      'X-Native-RTT': 'round trip of PING and PONG to the local server, a Go duration such as `168µs`',
      'X-App-RTT': "round trip of a request to the unit's own echo, a Go duration",
      'X-Clock-Source': '`ptp`, `ntp` or `unsynced`',
      'X-Clock-Quality': '`locked`, `tracking`, `acquiring` or `freerun`',
      'X-Clock-Error-Bound': 'ns, see [clock.md](clock.md); absent while nothing bounds the clock',
      'X-Clock-Error-Rel': 'the same against the grandmaster of PTP',
      'X-Health-Status': '`OK`, `DEGRADED`, `CRITICAL` or `NOT_SET_UP`',
      'X-CPU-Load': 'busy share of all cores, such as `12%`',
      'X-Memory-Usage': 'share of memory in use, such as `45%`',
      'X-Uptime': '`uptime_s`',
      ...outageHeaders,
    },
  },
  {
    subjects: [s.metric.rtt],
    when: metrics,
    slim: { always: ['ts', 'unit_id'], perhaps: ['native_rtt_us', 'app_rtt_us', 'hub_rtt_us'] },
    fields: {
      ...stamp,
      native_rtt_us: number('round trip of PING and PONG to the local server'),
      app_rtt_us: number("round trip of a request to the unit's own echo"),
      hub_rtt_us: number("the leaf link's own measurement"),
      ...below('native', window),
      ...below('app', window),
      'peers[].unit': string('unit id of the peer'),
      'peers[].rtt_us': number('the last round trip; absent if it was lost'),
      ...below('peers[].window', window),
      'peers[].clock_source': string('as the peer reports it'),
      'peers[].clock_quality': string('as the peer reports it'),
      'peers[].forward_us': number(
        'time from this unit to the peer, if both clocks are synchronised and bounded',
      ),
      'peers[].back_us': number('time from the peer to this unit'),
      'peers[].one_way_error_us': number('error of both one-way times: the sum of the bounds of both clocks'),
      'peers[].clocks_contradict': flag(
        'true, instead of impossible one-way times: one clock is farther off than its bound',
      ),
      more_peers: number(
        `peers that are not named: of more than ${mostListed} only the worst are, without an answer first, then by loss, then by round trip`,
      ),
    },
  },
  {
    subjects: [s.metric.time],
    when: metrics,
    slim: {
      always: ['ts', 'unit_id', 'active_source', 'clock_quality'],
      perhaps: ['ptp_offset_ns', 'ntp_offset_ms', 'error_bound_ns', 'error_rel_ns', 'holdover', 'holdover_s'],
    },
    fields: {
      ...stamp,
      ptp_enabled: flag('ptp4l runs'),
      ptp_master: string('grandmasterIdentity, while a port follows one'),
      ptp_offset_ns: number('local minus master, while a port follows one'),
      ptp_path_delay_ns: number('meanPathDelay'),
      ptp_stratum: number('stepsRemoved'),
      ptp_state: string('portState of the deciding port'),
      ntp_enabled: flag('chronyd runs'),
      ntp_offset_ms: number('local minus NTP time, while chronyd is synchronised'),
      ntp_stratum: number('stratum of chronyd'),
      'ntp_servers[]': string('time.ntp_server'),
      ntp_current_server: string('name or address of the source that chronyd follows'),
      active_source: oneOf(clockSources, 'what steers the system clock: `ptp`, `ntp` or `unsynced`'),
      clock_quality: oneOf(clockQualities, '`locked`, `tracking`, `acquiring` or `freerun`'),
      error_bound_ns: number('the system clock is within this of true time; absent while nothing bounds it'),
      error_rel_ns: number('PTP: the system clock is within this of the grandmaster'),
      holdover: flag('the source is lost and the clock runs on; in a slim record only while it is true'),
      holdover_s: number('time since the source was lost'),
      since_ms: number('time of the last change of source, quality or holdover, Unix ms'),
      evidence: string('a sentence with the facts that the verdict rests on'),
      'reasons[]': string('codes, see [clock.md](clock.md); the first is the main one'),
      'ptp.port': string('portIdentity of the deciding port'),
      'ptp.interface': string('its interface; only over the writable socket of ptp4l'),
      'ptp.timestamping': string('`SOFTWARE`, `HARDWARE` and so on; only over the writable socket'),
      'ptp.port_state': string('portState'),
      'ptp.steps_removed': number('stepsRemoved'),
      'ptp.gm_identity': string('grandmasterIdentity'),
      'ptp.gm_clock_class': number('clockClass of the grandmaster'),
      'ptp.gm_clock_accuracy': number('clockAccuracy, the octet'),
      'ptp.utc_offset_s': number('currentUtcOffset'),
      'ptp.utc_offset_valid': flag('currentUtcOffsetValid'),
      'ptp.time_traceable': flag('timeTraceable'),
      'ptp.domain': number('domainNumber'),
      'ntp.refid': string('reference id, 8 hex digits'),
      'ntp.leap': string('`normal`, `insert`, `delete` or `unsynchronised`'),
      'ntp.root_delay_s': number('round trip to the primary source'),
      'ntp.root_dispersion_s': number('dispersion up to the primary source'),
      'ntp.freq_ppm': number('frequency correction of the oscillator'),
      'ntp.skew_ppm': number('uncertainty of `ntp.freq_ppm`'),
      'ntp.last_offset_s': number('offset at the last update'),
      'ntp.sources[].name': string('address, refclock id, or `ID#...` of a name not resolved yet'),
      'ntp.sources[].mode': string('`server`, `peer` or `refclock`'),
      'ntp.sources[].state': string('`selected`, `combined`, `unselected`, `falseticker` and so on'),
      'ntp.sources[].stratum': number('stratum of the source'),
      'ntp.sources[].reach': number('the last eight polls, one bit each; the lowest bit is the newest'),
      'ntp.sources[].offset_s': number('local minus source, adjusted by chronyd'),
      'ntp.sources[].error_margin_s': number('error margin of the offset'),
      'ntp.more_sources': number(
        `sources that are not named: of more than ${mostListed} the selected one is, then those that are false or silent, then the others as chronyd lists them`,
      ),
    },
  },
  {
    subjects: [s.metric.nats],
    when: fullSets,
    fields: {
      ...stamp,
      connected: flag('the agent is connected to the local server'),
      server_name: string('of the local server'),
      server_version: string('of the local server'),
      hub_up: flag('the leaf link is up'),
      hub_since_ms: number('time of the last change of `hub_up`, Unix ms'),
      hub_rtt_us: number("the leaf link's own measurement"),
      ...traffic,
      in_bytes: number('bytes received over the leaf link'),
      out_bytes: number('bytes sent over the leaf link'),
      'link_bytes.basis': string('`wire`: counted; `messages`: reckoned, which is at most that'),
      'link_bytes.since_ms': number('from when on the sums are: of the month, or later, Unix ms'),
      'link_bytes.sent_bytes': number('sent to the hub, in bytes of the TCP stream'),
      'link_bytes.received_bytes': number('received from the hub'),
      'link_bytes.hour_bytes': number('both ways in the last hour'),
      slow_consumers: number('clients that the local server disconnected as slow consumers'),
      certificate_days_left: number('days until the first of the configured certificates expires'),
      'certificates[].file': string(
        'at the start, on a change and daily: certificate file, or NATS credentials file whose JWT expires',
      ),
      'certificates[].days_left': number('days until the first one in the file expires; negative after it'),
      last_error: string('latest error of the leaf link or of the connection'),
      cause: string('code of its cause, such as auth, ca or dns'),
      'agent.reconnects': number('reconnects of the agent to the local server'),
      'agent.dropped': number('messages that the agent could not send'),
      'agent.in_msgs': number('messages received by the agent'),
      'agent.out_msgs': number('messages sent by the agent'),
      'spool.state': string(
        '`starting`, `stored`, `partly`, `refused`, `failing`, `plain`, `denied` or `offline`',
      ),
      'spool.unstored[].subject': string('subject whose records are not stored although the hub is joined'),
      'spool.unstored[].state': string('as `spool.state`'),
      'spool.unstored[].why': string('the reason, as a sentence, or in the words of the stream'),
      'spool.unstored[].for_s': number('for how long by now; missing while the hub cannot be reached'),
      'spool.pending': number('records that wait for the hub'),
      'spool.bytes': number('memory that they take'),
      'spool.budget_bytes': number('spool.memory_kb, or less where the device has little memory'),
      'spool.oldest_age_s': number('age of the oldest record that waits'),
      'spool.capacity_s': number(
        'length of an outage that `spool.budget_bytes` covers, at the rate of the last half hour',
      ),
      'spool.stored': number('acknowledged by a stream'),
      'spool.duplicates': number('of those, how many the stream had already'),
      'spool.duplicate_ids': number(
        'of those, how many were sent for the first time: somebody else used their ids',
      ),
      'spool.published': number('published without an acknowledgement: with a hub, it does not have them'),
      'spool.slim': number('slim records sent; nobody acknowledges them'),
      'spool.slim_unsent': number(
        'slim records not sent: the hub was away and the profile keeps none, or they are not permitted',
      ),
      'spool.dropped.metric': number('dropped'),
      'spool.dropped.log': number('dropped'),
      'spool.dropped.event': number('dropped'),
      'spool.drop_reasons.memory': number('of those dropped, for lack of memory'),
      'spool.drop_reasons.max_payload': number('larger than max_payload of the local server'),
      'spool.drop_reasons.max_msg_size': number("larger than max_msg_size of the hub's stream"),
    },
  },
  {
    subjects: [s.metric.system],
    when: `${fullSets}; \`host.board\`, \`host.firmware\` and \`total_bytes\` of storage at the start, on a change and daily`,
    fields: {
      ...stamp,
      'host.uptime_s': number('uptime of the device'),
      'host.load[]': number('averages over 1, 5 and 15 minutes'),
      'host.cores': number('CPU cores'),
      'host.cpu_percent': number('busy share of all cores since the previous record'),
      'host.memory.total_bytes': number('memory of the device'),
      'host.memory.available_bytes': number('MemAvailable of the kernel'),
      'host.memory.used_percent': number('share of memory that is not available'),
      'host.temperatures[].sensor': string('name of the sensor in the kernel'),
      'host.temperatures[].celsius': number('current temperature'),
      'host.storage[].path': string('a path on the file system'),
      'host.storage[].total_bytes': number('its size'),
      'host.storage[].available_bytes': number('space that can still be written'),
      'host.storage[].used_percent': number('as df reports it'),
      'host.interfaces[].name': string('name of the interface'),
      'host.interfaces[].state': string('operstate: up, down, lowerlayerdown, unknown'),
      'host.interfaces[].speed_mbps': number('speed of the link'),
      'host.interfaces[].carrier_changes': number('how often the link went up or down'),
      ...below(
        'host.interfaces[]',
        Object.fromEntries(
          ['rx', 'tx'].flatMap((way) =>
            ['bytes', 'packets', 'errors', 'dropped'].map((what) => [
              `${way}_${what}`,
              number('since the interface appeared'),
            ]),
          ),
        ),
      ),
      'host.board.model': string('for people: `Bananapi BPI-R4`'),
      'host.board.name': string('for programs: `bananapi,bpi-r4`'),
      'host.firmware.name': string('`OpenWrt`'),
      'host.firmware.version': string('`24.10.2`'),
      'host.firmware.revision': string('revision of the build'),
      'host.firmware.target': string('`mediatek/filogic`'),
      'host.firmware.kernel': string('release of the kernel'),
      'agent.cpu_ms': number('CPU time of the agent since its start'),
      'agent.cpu_percent': number('share of one core since the previous record'),
      'agent.wakeups': number(
        'how often one of its threads has gone to sleep, to be woken later, since its start',
      ),
      'agent.wakeups_per_s': number('the same since the previous record, each second'),
      'agent.rss_bytes': number('resident memory of the agent'),
      'agent.heap_used_bytes': number('part of it that JavaScript objects take'),
      'agent.children_started': number('child processes started since the start'),
      'agent.open_files': number('open file descriptors'),
      'agent.loop_busy_percent': number('share of the time in which the event loop was busy'),
    },
  },
  {
    subjects: [s.metric.recorder],
    when: 'after a change of the verdict: the rows of the flight recorder around it',
    rare: true,
    fields: {
      ts: stamp.ts,
      unit_id: stamp.unit_id,
      'changes[].mono_ms': number('time of the change, on the scale of the column `mono_ms`'),
      'changes[].before': any('`{source, quality, holdover}`'),
      'changes[].after': any('`{source, quality, holdover}`'),
      'changes[].evidence': string('the reason, as a sentence'),
      more_changes: number('number of further changes'),
      period_ms: number('time between two rows'),
      'columns[]': string('names of the cells of each row'),
      rows: any('the samples, oldest first; an unknown value is an empty string, a flag is 0 or 1'),
      ...tsOriginal,
      ...outage,
    },
  },
  {
    subjects: [s.metric.minutes],
    when: 'by `agent.traffic` satellite, every quarter of an hour, and at a stop: a row for each minute',
    rare: true,
    fields: {
      ...stamp,
      since_ms: number('time at which the first row begins, Unix ms'),
      period_ms: number('length of a row'),
      'columns[]': string('names of the cells of each row'),
      rows: any(
        'cells, oldest row first: `at_s` after `since_ms`, least, mean and greatest of what was measured, the largest bound, the worst quality with the source of then, the worst status; an unknown value is an empty string',
      ),
    },
  },
  {
    subjects: [s.status],
    when: 'on a change, and with the reply to HEALTH_PROBE',
    fields: {
      ts: stamp.ts,
      unit_id: stamp.unit_id,
      ...status,
      before: any('see below'),
      after: any('see below'),
      evidence: string('the reason, as a sentence'),
      status: string('event `health`: as in the heartbeat'),
      version: string('event `health`'),
      uptime_s: number('event `health`'),
      'problems[]': string('event `health`'),
      ...tsOriginal,
      ...outage,
    },
  },
  {
    subjects: Object.values(s.log),
    when: 'each log line of level agent.log_publish or higher',
    fields: {
      ts: string('time, RFC 3339 with ms'),
      lvl: string('the level'),
      unit: string('unit id'),
      comp: string('part of the agent'),
      msg: string('the message'),
      fields: any('values that belong to the message, by name'),
      trace: string('stack trace of an error'),
      ...outage,
      ts_original: string('with `ts_corrected`: `ts` before the correction'),
    },
  },
  {
    subjects: [s.timeConfig],
    when: 'at the start and after a change of the config',
    fields: {
      unit_id: string('unit id'),
      mode: string('time.mode'),
      ntp_servers: string('time.ntp_server, joined by commas'),
      ptp_master: string('time.ptp_master'),
      ptp_domain: number('time.ptp_domain'),
      backfill: outage['backfill'] as Field,
    },
  },
  {
    subjects: [alertSubjects.alert('<severity>', '<unit>')],
    when: "by the hub's alerts, as an alert fires and as it is over; `<unit>` is `_hub` where it is of the hub, or of many units",
    rare: true,
    fields: {
      ts: number('when it fired or was over, Unix ms'),
      id: string('of this notice, the same however often it is sent; also the `Nats-Msg-Id`'),
      event: oneOf(
        ['fired', 'resolved'],
        '`fired`, again where there is news of a group; `resolved`: it is over',
      ),
      condition: oneOf(alertConditions, 'what is wrong; a name for programs'),
      severity: oneOf(['critical', 'warning'], '`critical` or `warning`'),
      unit: string('unit id, or `_hub`'),
      about: string(
        'which of several of the condition that may fire at once: a file, a stream, a server, a problem',
      ),
      since_ms: number('when it was seen first, Unix ms'),
      text: string('what is wrong, as a sentence'),
      remedy: string('what to do'),
      'group.count': number('units that got the same trouble together'),
      'group.of': number('units that there are'),
      'group.units[]': string('the first of them by name, at most 1000'),
      'dropped.count': number('notices before this one that were dropped, because too many waited'),
      'dropped.keys[]': string(
        'of the last of those, `<condition>:<unit>`, and `:<about>` where there is one',
      ),
    },
    headers: { 'Nats-Msg-Id': '`id`, by which a stream or a consumer drops duplicates' },
  },
  {
    subjects: [alertSubjects.heartbeat],
    when: "by the hub's alerts, every `heartbeat_s`: where it stays out, nobody is alerted any more",
    rare: true,
    fields: {
      ts: number('time of the record, Unix ms'),
      interval_s: number('time until the next one'),
      teller: string('whose alerts they are: a server of the hub, or the machine of a page'),
      firing: number('alerts that fire'),
      sees_units: flag('false: the units cannot be seen, so that nothing is alerted of them'),
      version: string('version of the program'),
    },
    headers: {},
  },
].map((one) => ({ ...one, headers: 'headers' in one && one.headers ? one.headers : outageHeaders }));
