import { defaultPorts } from '../lib/defaults.ts';
import { logLevels } from '../lib/log.ts';
import { bool, choice, int, list, type Option, optional, text, unset } from './kinds.ts';
import {
  absolutePath,
  anyText,
  enrolToken,
  host,
  interfaceName,
  ipAddress,
  origin,
  program,
  ptp4lOption,
  serverUrl,
  serverUrls,
  subjectPattern,
  token,
  userNkey,
} from './rules.ts';
import { byTraffic, type Compression, compressions, traffics } from './traffic.ts';

/** A section type of the config; `many`: the file may have any number of its sections. */
export interface Section<O extends Readonly<Record<string, Option<unknown, unknown>>>> {
  readonly many: boolean;
  readonly help: string;
  readonly options: O;
}

const one = <const O extends Readonly<Record<string, Option<unknown, unknown>>>>(
  help: string,
  options: O,
): Section<O> => ({
  many: false,
  help,
  options,
});
const many = <const O extends Readonly<Record<string, Option<unknown, unknown>>>>(
  help: string,
  options: O,
): Section<O> => ({
  many: true,
  help,
  options,
});

const leafToo = { restart: 'leaf' } as const;
const secretLeaf = { restart: 'leaf', secret: true } as const;
const rootFile = { file: 'root' } as const;
const leafFile = { restart: 'leaf', file: 'public' } as const;
const leafPrivateFile = { restart: 'leaf', file: 'private' } as const;
const leafRootFile = { restart: 'leaf', file: 'root' } as const;

/**
 * The one option table. The Config type, the parsing, `config/nunect`, `config/nunect.ini.example`,
 * the option reference and `nunect check` all come from here.
 */
export const sections = {
  agent: one('The unit itself.', {
    enabled: bool(true, 'Enable the agent and its leaf server.', leafToo),
    unit: optional(
      token,
      'Unit id, unique in the fleet. Default: host name and a short hash of the hardware id.',
      leafToo,
    ),
    tenant: optional(token, 'Tenant that the unit belongs to; sent as X-Tenant with each heartbeat.'),
    role: text('leaf', token, 'Role token in ops.status.<role>.<unit> and ops.cmd.<role>.<unit>.', leafToo),
    host: choice(
      'auto',
      ['auto', 'openwrt', 'systemd', 'bare'],
      'Whose commands are shown as remedies; bare: of a host on which nothing starts services.',
    ),
    traffic: choice(
      'standard',
      traffics,
      'How much goes to the hub: lan all at each interval, satellite the least. docs/traffic.md has what each sends.',
      leafToo,
    ),
    interval_s: unset(
      int(0, 1, 3600, 'Interval between heartbeats, and between metrics.', { unit: 's' }),
      byTraffic('interval_s'),
    ),
    log_level: choice('info', logLevels, 'Lowest level that is written to the system log.', {
      restart: 'nothing',
    }),
    log_publish: choice('info', [...logLevels, 'off'], 'Lowest level that is published to ops.log.', {
      restart: 'nothing',
    }),
    boot_delay_s: int(0, 0, 600, 'Maximum random delay before the first publication after a start.', {
      unit: 's',
    }),
  }),
  hub: one('The hub that the leaf joins. Without a url: the one it is enrolled with, else none.', {
    url: list(
      [],
      serverUrls,
      'Address of the hub; several, also with commas between them, are tried in random order. Mode external: only states that there is a hub.',
      leafToo,
    ),
    enrol_token: optional(
      enrolToken,
      'Token to enrol with: the device gets hub, login and unit id by it, and keeps them. Not needed any more after that.',
      { secret: true },
    ),
    user: optional(anyText, 'User name at the hub.', leafToo),
    password: optional(anyText, 'Password at the hub.', secretLeaf),
    password_file: optional(absolutePath, 'File whose first line is the password at the hub.', leafRootFile),
    token: optional(
      anyText,
      'Token at the hub, instead of a user; needs nats-server 2.12.0 or newer on the leaf.',
      secretLeaf,
    ),
    token_file: optional(absolutePath, 'File whose first line is the token at the hub.', leafRootFile),
    creds_file: optional(absolutePath, 'NATS credentials file (JWT and nkey seed).', leafPrivateFile),
    nkey_file: optional(
      absolutePath,
      'File with the nkey seed; needs nats-server 2.10.8 or newer on the leaf.',
      leafRootFile,
    ),
    tls_ca: optional(
      absolutePath,
      'CA certificates to verify the hub with. Default: those of the system.',
      leafFile,
    ),
    tls_cert: optional(absolutePath, 'Client certificate for mutual TLS.', leafFile),
    tls_key: optional(absolutePath, 'Key of the client certificate.', leafPrivateFile),
    tls_insecure: bool(false, 'Do not verify the certificate of the hub. For a lab only.', leafToo),
    handshake_first: bool(
      false,
      'Start TLS before the first NATS line; needs nats-server 2.10.0 or newer on both sides.',
      leafToo,
    ),
    tls_timeout_s: int(5, 1, 60, 'Time limit of the TLS handshake with the hub.', {
      unit: 's',
      ...leafToo,
    }),
    connect_timeout_s: int(
      5,
      1,
      60,
      'Time limit for the hub to answer a connection; needs nats-server 2.10.26 or newer; also limits dialling from 2.14.5 on.',
      { unit: 's', ...leafToo },
    ),
    reconnect_s: int(2, 1, 3600, 'Pause between attempts to join the hub.', { unit: 's', ...leafToo }),
    ignore_discovered: bool(
      true,
      'Use only the configured addresses, not those that the hub advertises; needs nats-server 2.14.0 or newer.',
      leafToo,
    ),
    deny_export: list([], subjectPattern, 'Subjects that are never sent to the hub.', leafToo),
    deny_import: list([], subjectPattern, 'Subjects that are never accepted from the hub.', leafToo),
    reply_subject: list(
      ['_INBOX.>'],
      subjectPattern,
      'Subjects that replies may be sent to; add the inbox prefix of requesters that use another one.',
      leafToo,
    ),
  }),
  leaf: one('The local nats-server.', {
    mode: choice(
      'managed',
      ['managed', 'external', 'off'],
      'managed: nunect configures and runs it. external: somebody else runs it. off: the agent is a client of hub.url.',
      leafToo,
    ),
    interface: optional(
      interfaceName,
      'Device, or OpenWrt network such as lan, whose IPv4 address is used instead of listen.',
      leafToo,
    ),
    listen: text('127.0.0.1', ipAddress, 'Address to listen on for local clients.', leafToo),
    port: int(defaultPorts.client, 1, 65535, 'Port to listen on for local clients.', leafToo),
    server: text('nats-server', program, 'The nats-server program.', leafToo),
    ping_interval_s: unset(
      int(
        0,
        2,
        600,
        'Interval of the PINGs on a link; a link that drops all data is detected after two to three intervals.',
        { unit: 's', ...leafToo },
      ),
      byTraffic('ping_interval_s'),
    ),
    confirm_s: int(
      60,
      0,
      3600,
      'Time to join with changed hub settings while the hub answers, before the last good ones are restored; 0: no limit.',
      { unit: 's' },
    ),
    watchdog_s: int(
      300,
      0,
      86400,
      'Time for which the leaf may stay disconnected from the hub although it answers, before its server is restarted; 0: no limit.',
      { unit: 's' },
    ),
    compression: unset(
      choice('off', compressions, 'Compression of the hub link; needs nats-server 2.10.0 or newer.', leafToo),
      byTraffic('compression'),
    ),
    max_payload_kb: int(
      1024,
      1,
      65536,
      'Maximum size of a message. Set it to max_payload of the hub: a larger message cuts the link.',
      { unit: 'KiB', ...leafToo },
    ),
    max_connections: int(256, 4, 65536, 'Maximum number of local clients.', leafToo),
    log_debug: bool(false, 'Write debug lines to the log of the server.', leafToo),
    anonymous: optional(
      token,
      'Name of the user section whose permissions apply to a local client without credentials.',
      leafToo,
    ),
    tls_cert: optional(absolutePath, 'Certificate of the server for local clients; enables TLS.', leafFile),
    tls_key: optional(absolutePath, 'Key of that certificate.', leafPrivateFile),
    tls_ca: optional(absolutePath, 'CA certificates to verify client certificates with.', leafFile),
    tls_verify: bool(false, 'Require a client certificate from local clients.', leafToo),
    websocket_port: int(
      0,
      0,
      65535,
      'Port to listen on for local WebSocket clients; 0 disables it.',
      leafToo,
    ),
    websocket_listen: text(
      '127.0.0.1',
      ipAddress,
      'Address to listen on for local WebSocket clients.',
      leafToo,
    ),
    websocket_tls: bool(false, 'TLS for WebSocket clients, with leaf.tls_cert and leaf.tls_key.', leafToo),
    websocket_origin: list([], origin, 'Web origins that may connect; an empty list allows any.', leafToo),
    jetstream: bool(
      false,
      'Enable JetStream on the local server. The records of the agent do not need it.',
      leafToo,
    ),
    jetstream_domain: optional(token, 'JetStream domain. Default: the unit id.', leafToo),
    jetstream_max_memory_mb: int(32, 0, 65536, 'Maximum memory for streams; 0 allows none.', {
      unit: 'MiB',
      ...leafToo,
    }),
    jetstream_max_storage_mb: int(256, 0, 1048576, 'Maximum storage for streams; 0 allows none.', {
      unit: 'MiB',
      ...leafToo,
    }),
    jetstream_store_dir: text(
      '/var/lib/nunect/jetstream',
      absolutePath,
      'Directory of the streams. On OpenWrt a reboot clears /var, and writes wear the flash.',
      leafToo,
    ),
    external_url: text(
      `nats://127.0.0.1:${defaultPorts.client}`,
      serverUrl,
      'Mode external: URL of the server.',
    ),
    external_user: optional(anyText, 'Mode external: user name.'),
    external_password: optional(anyText, 'Mode external: password.', { secret: true }),
    external_password_file: optional(
      absolutePath,
      'Mode external: file whose first line is the password.',
      rootFile,
    ),
    external_creds_file: optional(absolutePath, 'Mode external: NATS credentials file.', rootFile),
    external_tls_ca: optional(absolutePath, 'Mode external: CA certificates to verify the server with.', {
      file: 'public',
    }),
    external_monitor_url: optional(
      {
        pattern: /^http:\/\/[^\s/]+$/,
        allowed: `an address such as http://127.0.0.1:${defaultPorts.monitoring}`,
      },
      'Mode external: monitoring address of the server, for the state of the leaf link.',
    ),
  }),
  user: many('A local user of the leaf, such as an app on the LAN. It may use the listed subjects only.', {
    name: optional(token, 'Login name. Default: the name of the section.', leafToo),
    password: optional(anyText, 'Password.', secretLeaf),
    password_file: optional(absolutePath, 'File whose first line is the password.', leafRootFile),
    nkey: optional(userNkey, 'Public nkey, instead of a password.', leafToo),
    publish: list([], subjectPattern, 'Subjects it may publish to.', leafToo),
    subscribe: list([], subjectPattern, 'Subjects it may subscribe to.', leafToo),
  }),
  time: one('The clock daemons to watch.', {
    mode: choice(
      'auto',
      ['auto', 'ptp', 'chrony'],
      'auto: PTP if it steers the system clock, else NTP. ptp, chrony: only that one.',
    ),
    required: choice(
      'auto',
      ['auto', 'no', 'yes'],
      'Weight of a clock that nothing steers. yes: critical; no: a note; auto: degraded where a source is configured or was there, else a note.',
    ),
    ptp_domain: int(0, 0, 255, 'domainNumber of ptp4l.'),
    transport_specific: int(0, 0, 15, 'transportSpecific (majorSdoId) of ptp4l; 1 for 802.1AS.'),
    pmc: text('pmc', program, 'The pmc program of linuxptp.'),
    ptp_socket: list(
      ['/var/run/ptp4l', '/var/run/ptp/ptp4l', '/var/run/ptp4lro', '/var/run/ptp/ptp4lro'],
      absolutePath,
      'Management socket of ptp4l; the agent takes the first one that exists and that it may use.',
    ),
    timestamping: choice(
      'auto',
      ['auto', 'software', 'hardware'],
      'Timestamping of ptp4l, if ptp4l does not report it (read-only socket).',
    ),
    chrony_host: text('127.0.0.1', host, 'Host on which chronyd answers.'),
    chrony_port: int(defaultPorts.chrony, 1, 65535, 'UDP port on which chronyd answers (cmdport).'),
    chronyc: text('chronyc', program, 'The chronyc program; used if UDP is refused.'),
    poll_s: int(
      1,
      1,
      60,
      'Shortest interval between polls of the daemons; while nothing changes they are polled less often.',
      { unit: 's' },
    ),
    locked_sw_ns: int(
      500000,
      1,
      1000000000,
      'Error bound below which a clock that PTP steers with software timestamps is locked.',
      { unit: 'ns' },
    ),
    locked_hw_ns: int(
      50000,
      1,
      1000000000,
      'Error bound below which a clock that PTP steers with hardware timestamps is locked.',
      { unit: 'ns' },
    ),
    tracking_ns: int(
      10000000,
      1,
      1000000000,
      'Error bound below which a clock that PTP steers is tracking.',
      { unit: 'ns' },
    ),
    locked_ntp_us: int(5000, 1, 10000000, 'Error bound below which a clock that NTP steers is locked.', {
      unit: 'us',
    }),
    tracking_ntp_us: int(
      1000000,
      1,
      10000000,
      'Error bound below which a clock that NTP steers is tracking.',
      { unit: 'us' },
    ),
    holdover_s: int(
      300,
      0,
      86400,
      'Time for which a locked clock counts as tracking after its source is lost.',
      { unit: 's' },
    ),
    drift_ppb: int(30000, 1, 500000, 'Assumed frequency error of the oscillator while nothing steers it.', {
      unit: 'ppb',
    }),
    asymmetry_ns: int(
      -1,
      -1,
      1000000000,
      'Known bound of the path asymmetry; -1 assumes the path delay (hardware timestamps: a twentieth of it).',
      { unit: 'ns' },
    ),
    ntp_server: list([], host, 'NTP servers, published in ops.time.config.'),
    ptp_master: optional(anyText, 'Expected grandmaster, published in ops.time.config.'),
  }),
  ptp: one(
    'The clock daemons to run: PTP, with NTP as fallback. Nothing is run or changed without an interface; needs the service nunect-time.',
    {
      enabled: bool(true, 'Run ptp4l as configured here.'),
      interface: list(
        [],
        interfaceName,
        'Port on which PTP is spoken: a device such as wan or lan1, or an OpenWrt network. Not a bridge such as br-lan, but one of its ports.',
      ),
      domain: int(-1, -1, 127, 'domainNumber; -1: that of the profile, which is 0 by default.'),
      ntp_server: list(
        [],
        host,
        'NTP server that chronyd falls back to, beside those that it has already. Several are better: one that lies is then found out.',
      ),
      role: choice(
        'client',
        ['client', 'server', 'auto'],
        'client: follow a grandmaster. server: be one, while chronyd follows GNSS. auto: whichever the best master clock algorithm says.',
      ),
      transport: choice(
        'auto',
        ['auto', 'UDPv4', 'UDPv6', 'L2'],
        'auto: that of the profile, or UDPv4, and L2 on a port of a bridge, where UDP is not heard.',
      ),
      delay_mechanism: choice('auto', ['auto', 'E2E', 'P2P'], 'auto: that of the profile, or E2E.'),
      timestamping: choice(
        'auto',
        ['auto', 'hardware', 'software'],
        'auto: hardware where the ports have one PTP hardware clock.',
      ),
      unicast_server: list(
        [],
        ipAddress,
        'Grandmaster to ask for unicast service, instead of listening for multicast.',
      ),
      asymmetry_ns: int(
        -1,
        -1,
        1000000000,
        'Known bound of the path asymmetry; -1: time.asymmetry_ns. chronyd is told of twice as much.',
        { unit: 'ns' },
      ),
      profile: choice(
        'default',
        ['default', 'G.8275.1', 'G.8275.2', 'gPTP', 'power'],
        'PTP profile; power is IEC/IEEE 61850-9-3.',
      ),
      grace_s: int(60, 0, 3600, 'How long NTP servers may stay silent before PTP alone may set the clock.', {
        unit: 's',
      }),
      global_opts: list(
        [],
        ptp4lOption,
        'Further line of [global] in ptp4l.conf, such as: priority1 120. It counts where a profile says otherwise.',
      ),
      chrony_conf: optional(
        absolutePath,
        'Config of chronyd. Default: /etc/chrony/chrony.conf or /etc/chrony.conf.',
      ),
      chronyd: text('chronyd', program, 'The chronyd program.'),
      ptp4l: text('ptp4l', program, 'The ptp4l program of linuxptp.'),
      phc2sys: text('phc2sys', program, 'The phc2sys program of linuxptp.'),
    },
  ),
  probe: many('A peer unit to which round-trip and one-way times are measured.', {
    unit: optional(token, 'Unit id of the peer. Default: the name of the section.', leafToo),
    interval_s: unset(
      int(0, 1, 3600, 'Interval between requests to the peer.', { unit: 's' }),
      byTraffic('probe_interval_s'),
    ),
  }),
  status: one('The status server of the unit.', {
    enabled: bool(true, 'Serve the state of the unit over HTTP.'),
    interface: optional(
      interfaceName,
      'Device, or OpenWrt network with a bridge such as lan, whose IPv4 address is used instead of listen.',
    ),
    listen: text('127.0.0.1', ipAddress, 'Address to listen on.'),
    port: int(defaultPorts.status, 1, 65535, 'Port to listen on.'),
    metrics: bool(true, 'Serve /metrics in Prometheus text format.'),
    host: list(
      [],
      host,
      'Further names accepted in the Host header; host name, unit id and IP addresses always are.',
    ),
  }),
  spool: one('Records that wait to be sent to the hub.', {
    memory_kb: int(
      4096,
      64,
      1048576,
      'Maximum memory for waiting records; the oldest metrics are dropped first.',
      {
        unit: 'KiB',
      },
    ),
    window: int(64, 1, 1024, 'Maximum number of records in flight to the hub.'),
    snapshot_file: optional(
      absolutePath,
      'File that keeps waiting records across a restart: in /tmp, which a reboot clears, or in /etc/nunect/spool, where writes wear flash.',
    ),
    snapshot_s: int(
      900,
      60,
      86400,
      'Interval at which snapshot_file is written in an outage, if the waiting records changed.',
      {
        unit: 's',
      },
    ),
  }),
} as const;

/** The option table as a type. */
export type Sections = typeof sections;
/** The section types that a config file may have. */
export type SectionName = keyof Sections;

type ValueOf<O> = O extends Option<infer T, infer _E> ? T : never;
type Values<S> = S extends Section<infer O> ? { readonly [K in keyof O]: ValueOf<O[K]> } : never;

/** The typed values of one section. `| undefined` marks an option that may be absent. */
export type SectionValues<N extends SectionName> = Values<Sections[N]>;

/** The values of a single section in which nothing is set. */
export const defaultsOf = <N extends SectionName>(name: N): SectionValues<N> =>
  Object.fromEntries(
    Object.entries(sections[name].options).map(([key, option]) => [key, option.default]),
  ) as SectionValues<N>;

/** A section that may occur several times, with its name in the file (or type and index). */
export type Named<T> = T & { readonly section: string };

/** The whole configuration after defaults, those by profile among them: every value is valid by the table. */
export interface Config {
  /** Set where `hub` is the one that the device is enrolled with: in which folder, and by which public nkey. */
  readonly enrolled?: { readonly dir: string; readonly key: string };
  readonly agent: SectionValues<'agent'> & { readonly unit: string; readonly interval_s: number };
  readonly hub: SectionValues<'hub'>;
  readonly leaf: SectionValues<'leaf'> & {
    readonly ping_interval_s: number;
    readonly compression: Compression;
  };
  readonly time: SectionValues<'time'>;
  readonly ptp: SectionValues<'ptp'>;
  readonly status: SectionValues<'status'>;
  readonly spool: SectionValues<'spool'>;
  readonly user: readonly Named<SectionValues<'user'>>[];
  readonly probe: readonly (Named<SectionValues<'probe'>> & { readonly interval_s: number })[];
}
