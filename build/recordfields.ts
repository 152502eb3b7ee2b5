// Every field of every record, for docs/subjects.md. test/e2e/reference.test.ts fails when one is published that is
// not here; its names come from messages.ts, reports.ts and the probes.
import { type Subjects, subjectsOf } from '../agent/wire/subjects.ts';

/** What a field carries: `any` has a shape that its help tells. */
export interface Field {
  readonly type: 'string' | 'number' | 'boolean' | 'any';
  readonly help: string;
}

/** One kind of record. `[]` in a path stands for each element of a list. */
export interface Documented {
  readonly subjects: readonly string[];
  readonly when: string;
  /** Not published by a healthy unit. */
  readonly rare?: boolean;
  readonly fields: Readonly<Record<string, Field>>;
  readonly headers?: Readonly<Record<string, string>>;
}

const string = (help: string): Field => ({ type: 'string', help });
const number = (help: string): Field => ({ type: 'number', help });
const flag = (help: string): Field => ({ type: 'boolean', help });
const any = (help: string): Field => ({ type: 'any', help });

/** The same fields one level down. */
const below = (path: string, fields: Readonly<Record<string, Field>>): Record<string, Field> =>
  Object.fromEntries(Object.entries(fields).map(([name, field]) => [`${path}.${name}`, field]));

/** What every record may carry besides its own. */
const outage: Readonly<Record<string, Field>> = {
  backfill: flag('true: the record could not be sent when it was made'),
  ts_corrected: flag(
    'true: made while the clock was not proven right, and `ts` put right when the clock was set',
  ),
};
const tsOriginal = { ts_original: number('with `ts_corrected`: `ts` as it was first') };
const outageHeaders = {
  'Nats-Msg-Id': '`<unit>-<boot>-<n>`: by it a stream or a consumer drops repeats',
  'X-Backfill': '`true` on a record with `backfill`',
};

const stamp = {
  ts: number('when, Unix ms'),
  unit_id: string('the unit'),
  seq: number('`sequence` of the heartbeat of the same interval'),
  ...tsOriginal,
  ...outage,
};

const window = {
  count: number('probes in the window (60), answered or not'),
  loss_percent: number('share of them that was lost, 0 to 100'),
  min_us: number('shortest round trip'),
  p50_us: number('median'),
  p99_us: number('99th percentile'),
  max_us: number('longest'),
  jitter_us: number('mean difference of successive round trips'),
};

const traffic = {
  in_msgs: number('messages in'),
  out_msgs: number('messages out'),
};

const status = { event: string('what it is about, see below'), role: string('role of the unit') };

/** The events of `ops.status.<role>.<unit>`, and what `before` and `after` are. */
export const events: readonly (readonly [event: string, what: string, values: string])[] = [
  ['clock', 'the verdict changed', '`{source, quality, holdover}`; `evidence` says why'],
  ['grandmaster', 'another PTP grandmaster is followed, or none', 'clock identity'],
  ['parent', 'another PTP master port is followed, or none', 'port identity'],
  ['steps_removed', 'the distance to the grandmaster changed', 'number'],
  ['port_state', 'a port of ptp4l changed its state', '`{port, portState}`'],
  ['ntp_source', 'chronyd selected another source, or none', 'name or address'],
  ['ptp4l, chronyd', 'the daemon came, went or fell silent', '`fresh`, `stale` or `absent: <why>`'],
  ['clock_step', 'the system clock was set', '`{wall_ms}` before; `{wall_ms, step_us}` after'],
  ['hub', 'the leaf joined or left the hub', 'true or false'],
  [
    'hub_cause',
    'why the hub is not joined became known, became another, or is over',
    '`{cause}`, such as `auth`',
  ],
  ['hub_settings', 'the hub settings in use were changed', '`asked` or `last_good`'],
  ['leaf_restart', 'the watchdog restarts the leaf server', '`{restarts}` in this outage'],
  ['certificate', 'renewed files of TLS were taken over', 'none'],
  ['problem', 'a problem began (`after`) or ended (`before`)', '`{key, weight}`'],
  [
    'start',
    'the agent was started',
    '`before`: `{boot, ended: stop|running, last_seq, wall_ms}` of the run before, where its snapshot tells; `after`: `{boot, restored, broken}`',
  ],
  ['health', 'the answer to HEALTH_PROBE', 'none; status, version, uptime_s, problems instead'],
  [
    'records_dropped',
    'records were given up',
    '`after`: `{count, of: {metric, log, event}, from_ms, to_ms, why}`',
  ],
];

const s: Subjects = subjectsOf('<unit>', '<role>');

/** Every kind of record, in the order of the reference. */
export const documented: readonly Documented[] = [
  {
    subjects: [s.heartbeat],
    when: 'every `agent.interval_s` (5 s), and a last time with `stopping` at a clean stop',
    fields: {
      status: string('`healthy`, `degraded` or `critical`'),
      sequence: number('counts the heartbeats since the agent was started'),
      ts: stamp.ts,
      unit_id: stamp.unit_id,
      interval_s: number('when to expect the next one'),
      version: string('of the agent'),
      uptime_s: number('since the agent was started'),
      'problems[]': string('a sentence each, the gravest first'),
      stopping: flag('true: stopped by intention'),
      ...tsOriginal,
      ...outage,
    },
    headers: {
      'X-Unit-ID': 'the unit',
      'X-Tenant': 'agent.tenant',
      'X-Sequence': '`sequence`',
      'X-Timestamp': '`ts`',
      'X-Native-RTT': 'PING to PONG of the local server, a Go duration such as `168µs`',
      'X-App-RTT': "through the unit's own echo, a Go duration",
      'X-Clock-Source': '`ptp`, `ntp` or `unsynced`',
      'X-Clock-Quality': '`locked`, `tracking`, `acquiring` or `freerun`',
      'X-Clock-Error-Bound': 'ns, see [clock.md](clock.md); not there when nothing bounds the clock',
      'X-Health-Status': '`OK`, `DEGRADED` or `CRITICAL`',
      'X-CPU-Load': 'busy share of all cores, `12%`',
      'X-Memory-Usage': '`45%`',
      'X-Uptime': '`uptime_s`',
      ...outageHeaders,
    },
  },
  {
    subjects: [s.metric.rtt],
    when: 'every interval',
    fields: {
      ...stamp,
      native_rtt_us: number('PING to PONG of the local server'),
      app_rtt_us: number("a request through the unit's own echo"),
      hub_rtt_us: number("the leaf link's own measurement"),
      ...below('native', window),
      ...below('app', window),
      'peers[].unit': string('a peer unit'),
      'peers[].rtt_us': number('the last round trip; not there when it was lost'),
      ...below('peers[].window', window),
      'peers[].clock_source': string("the peer's word on its clock"),
      'peers[].clock_quality': string("the peer's word on its clock"),
      'peers[].forward_us': number('from here to the peer, when both clocks are synchronised and bounded'),
      'peers[].back_us': number('from the peer to here'),
      'peers[].one_way_error_us': number('both may be off by so much: the bounds of both clocks together'),
      'peers[].clocks_contradict': flag(
        'true, in place of one-way times that cannot be: one clock is farther off than it claims',
      ),
    },
  },
  {
    subjects: [s.metric.time],
    when: 'every interval',
    fields: {
      ...stamp,
      ptp_enabled: flag('a ptp4l is there'),
      ptp_master: string('grandmasterIdentity, while a port follows one'),
      ptp_offset_ns: number('local minus master, while a port follows one'),
      ptp_path_delay_ns: number('meanPathDelay'),
      ptp_stratum: number('stepsRemoved'),
      ptp_state: string('portState of the port that decides'),
      ntp_enabled: flag('a chronyd is there'),
      ntp_offset_ms: number('local minus NTP time, while chronyd is synchronised'),
      ntp_stratum: number('stratum of chronyd'),
      'ntp_servers[]': string('time.ntp_server'),
      ntp_current_server: string('name or address of the source that chronyd follows'),
      active_source: string('what steers the system clock: `ptp`, `ntp` or `unsynced`'),
      clock_quality: string('`locked`, `tracking`, `acquiring` or `freerun`'),
      error_bound_ns: number(
        'the system clock is within this of true time; not there when nothing bounds it',
      ),
      error_rel_ns: number('PTP: within this of the grandmaster'),
      holdover: flag('the source is lost and the clock runs on'),
      holdover_s: number('for how long'),
      since_ms: number('Unix ms since when source, quality and holdover are so'),
      evidence: string('a sentence that a person can check'),
      'reasons[]': string('codes, see [clock.md](clock.md); the first is the main one'),
      'ptp.port': string('portIdentity of the port that decides'),
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
      'ntp.root_delay_s': number('to the primary source and back'),
      'ntp.root_dispersion_s': number('as chronyd counts it'),
      'ntp.freq_ppm': number('by which the oscillator is corrected'),
      'ntp.skew_ppm': number('uncertainty of that'),
      'ntp.last_offset_s': number('at the last update'),
      'ntp.sources[].name': string('address, refclock id, or `ID#...` of a name not resolved yet'),
      'ntp.sources[].mode': string('`server`, `peer` or `refclock`'),
      'ntp.sources[].state': string('`selected`, `combined`, `unselected`, `falseticker` and so on'),
      'ntp.sources[].stratum': number('of the source'),
      'ntp.sources[].reach': number('of the last eight polls, a bit each, the newest lowest'),
      'ntp.sources[].offset_s': number('local minus source, adjusted'),
      'ntp.sources[].error_margin_s': number('of the offset'),
    },
  },
  {
    subjects: [s.metric.nats],
    when: 'every interval',
    fields: {
      ...stamp,
      connected: flag('the agent is connected to the local server'),
      server_name: string('of the local server'),
      server_version: string('of the local server'),
      hub_up: flag('the leaf link is up'),
      hub_since_ms: number('Unix ms since when'),
      hub_rtt_us: number("the leaf link's own measurement"),
      ...traffic,
      in_bytes: number('over the leaf link'),
      out_bytes: number('over the leaf link'),
      slow_consumers: number('that the local server has cut off'),
      certificate_days_left: number('until the first of the configured certificates expires'),
      'certificates[].file': string('a file of certificates, or of NATS credentials whose JWT expires'),
      'certificates[].days_left': number('until the first in that file expires; negative afterwards'),
      last_error: string('of the leaf link or of the connection'),
      cause: string('stable name of its cause, such as auth, ca or dns'),
      'agent.reconnects': number('of the agent to the local server'),
      'agent.dropped': number('messages that the agent could not send'),
      'agent.in_msgs': number('to the agent'),
      'agent.out_msgs': number('from the agent'),
      'spool.state': string('`starting`, `stored`, `plain`, `denied`, `failing` or `offline`'),
      'spool.unstored[].subject': string('whose records are not stored although the hub is there'),
      'spool.unstored[].state': string('as spool.state'),
      'spool.unstored[].why': string('a sentence'),
      'spool.pending': number('records that wait'),
      'spool.bytes': number('that they take'),
      'spool.budget_bytes': number('spool.memory_kb'),
      'spool.oldest_age_s': number('age of the oldest record that waits'),
      'spool.capacity_s': number(
        'how long an outage spool.budget_bytes lasts at the rate of the last half hour',
      ),
      'spool.stored': number('acknowledged by a stream'),
      'spool.duplicates': number('of those, what the stream had already'),
      'spool.duplicate_ids': number(
        'of those, records that were never sent before: somebody else used their ids',
      ),
      'spool.published': number('published without an acknowledgement'),
      'spool.dropped.metric': number('given up, by class'),
      'spool.dropped.log': number('given up'),
      'spool.dropped.event': number('given up'),
    },
  },
  {
    subjects: [s.metric.system],
    when: 'every interval',
    fields: {
      ...stamp,
      'host.uptime_s': number('of the device'),
      'host.load[]': number('averages over 1, 5 and 15 minutes'),
      'host.cores': number('processor cores'),
      'host.cpu_percent': number('busy share of all cores since the record before'),
      'host.memory.total_bytes': number('memory'),
      'host.memory.available_bytes': number("the kernel's MemAvailable"),
      'host.memory.used_percent': number('the rest of it'),
      'host.temperatures[].sensor': string("the kernel's name of the sensor"),
      'host.temperatures[].celsius': number('right now'),
      'host.storage[].path': string('a path on a file system'),
      'host.storage[].total_bytes': number('its size'),
      'host.storage[].available_bytes': number('what may still be written'),
      'host.storage[].used_percent': number('as df counts it'),
      'host.interfaces[].name': string('a network interface'),
      'host.interfaces[].state': string('operstate: up, down, lowerlayerdown, unknown'),
      'host.interfaces[].speed_mbps': number('of the link'),
      'host.interfaces[].carrier_changes': number('how often the link came or went'),
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
      'host.firmware.revision': string('of the build'),
      'host.firmware.target': string('`mediatek/filogic`'),
      'host.firmware.kernel': string('release of the kernel'),
      'agent.cpu_ms': number('processor time of the agent since its start'),
      'agent.cpu_percent': number('share of one core since the record before'),
      'agent.rss_bytes': number('resident memory of the agent'),
      'agent.heap_used_bytes': number('of which JavaScript objects'),
      'agent.children_started': number('child processes since the start'),
      'agent.open_files': number('file descriptors'),
      'agent.loop_busy_percent': number('share of the time in which the event loop was busy'),
    },
  },
  {
    subjects: [s.metric.recorder],
    when: 'on a change of the verdict, once it is complete: what the flight recorder has around it',
    rare: true,
    fields: {
      ts: stamp.ts,
      unit_id: stamp.unit_id,
      'changes[].mono_ms': number('when, on the scale of the column `mono_ms`'),
      'changes[].before': any('`{source, quality, holdover}`'),
      'changes[].after': any('`{source, quality, holdover}`'),
      'changes[].evidence': string('a sentence'),
      more_changes: number('further changes, which are not named'),
      period_ms: number('between two rows'),
      'columns[]': string('names of the cells of a row'),
      rows: any('the samples, oldest first; an empty string is what was not known, a flag is 0 or 1'),
      ...tsOriginal,
      ...outage,
    },
  },
  {
    subjects: [s.status],
    when: 'on a change, and with the answer to HEALTH_PROBE',
    fields: {
      ts: stamp.ts,
      unit_id: stamp.unit_id,
      ...status,
      before: any('see below'),
      after: any('see below'),
      evidence: string('a sentence that a person can check'),
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
    when: 'as they come, from agent.log_publish on',
    fields: {
      ts: string('when, RFC 3339 with ms'),
      lvl: string('the level'),
      unit: string('the unit'),
      comp: string('part of the agent'),
      msg: string('the message'),
      fields: any('figures and names that belong to it, by name'),
      trace: string('stack of an error'),
      ...outage,
      ts_original: string('with `ts_corrected`: `ts` as it was first'),
    },
  },
  {
    subjects: [s.timeConfig],
    when: 'at the start and on a change of the config',
    fields: {
      unit_id: string('the unit'),
      mode: string('time.mode'),
      ntp_servers: string('time.ntp_server, joined by commas'),
      ptp_master: string('time.ptp_master'),
      ptp_domain: number('time.ptp_domain'),
      backfill: outage['backfill'] as Field,
    },
  },
].map((one) => ({ ...one, headers: 'headers' in one && one.headers ? one.headers : outageHeaders }));
