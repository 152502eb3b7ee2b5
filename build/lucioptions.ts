import { defaultTexts, type TableOption, type TableSection, table } from './optiontable.ts';

/** A tab of a section; an option is in the first tab whose `holds` matches its name. */
interface Tab {
  readonly key: string;
  readonly title: string;
  readonly holds: RegExp;
}

/** How the form shows a section type: its title, and tabs if it has many options. */
interface Look {
  readonly title: string;
  readonly tabs?: readonly Tab[];
}

const tls: Tab = { key: 'tls', title: 'TLS', holds: /^(tls_|handshake_first)/ };
const rest: Tab = { key: 'general', title: 'General', holds: /./ };

const looks: Readonly<Record<string, Look>> = {
  agent: { title: 'Unit' },
  hub: {
    title: 'Hub',
    tabs: [
      rest,
      tls,
      { key: 'link', title: 'Connection', holds: /^(connect_timeout|reconnect|ignore_discovered)/ },
      { key: 'subjects', title: 'Subjects', holds: /^(deny_|reply_)/ },
    ],
  },
  leaf: {
    title: 'Leaf server',
    tabs: [
      rest,
      tls,
      { key: 'websocket', title: 'WebSocket', holds: /^websocket_/ },
      { key: 'jetstream', title: 'JetStream', holds: /^jetstream/ },
    ],
  },
  user: { title: 'Local users' },
  time: {
    title: 'Clock watch',
    tabs: [
      rest,
      { key: 'ptp', title: 'PTP', holds: /^(ptp_|transport_|pmc|timestamping)/ },
      { key: 'ntp', title: 'NTP', holds: /^(chrony|ntp_)/ },
      { key: 'limits', title: 'Limits', holds: /^(locked_|tracking_|holdover_|drift_|asymmetry_)/ },
    ],
  },
  ptp: {
    title: 'Clock',
    tabs: [
      rest,
      {
        key: 'ptp',
        title: 'PTP',
        holds: /^(profile|transport|delay_|timestamping|unicast_|asymmetry_|global_)/,
      },
      { key: 'programs', title: 'Programs', holds: /^(chronyd|chrony_conf|ptp4l|phc2sys)$/ },
    ],
  },
  probe: { title: 'Peers' },
  status: { title: 'Status page' },
  spool: { title: 'Spool' },
};

/** The leaf.mode in which an option of section leaf has an effect; undefined: in every mode. */
const modeOf = (type: string, name: string): string | undefined => {
  if (type !== 'leaf' || name === 'mode') return undefined;
  return name.startsWith('external_') ? 'external' : 'managed';
};

const spellings: Readonly<Record<string, string>> = {
  tls: 'TLS',
  ca: 'CA',
  url: 'URL',
  ptp: 'PTP',
  ntp: 'NTP',
  creds: 'credentials',
  cert: 'certificate',
  dir: 'directory',
  pmc: 'pmc program',
  chronyc: 'chronyc program',
  sw: 'with software timestamps',
  hw: 'with hardware timestamps',
  jetstream: 'JetStream',
  websocket: 'WebSocket',
};
/** Where the name of the option makes no good title. */
const titles: Readonly<Record<string, string>> = {
  'agent.unit': 'Unit id',
  'agent.host': 'Commands in remedies',
  'agent.traffic': 'Traffic to the hub',
  'agent.interval_s': 'Heartbeat every (s)',
  'agent.log_publish': 'Log level published',
  'agent.boot_delay_s': 'Random delay after a start (s)',
  'hub.url': 'Address of the hub',
  'hub.tls_ca': 'CA certificate',
  'hub.tls_cert': 'Client certificate',
  'hub.tls_key': 'Client key',
  'hub.tls_insecure': 'Do not check the certificate',
  'hub.handshake_first': 'TLS before the first message',
  'hub.reconnect_s': 'Try again every (s)',
  'hub.ignore_discovered': 'Only these addresses',
  'hub.deny_export': 'Never sent to the hub',
  'hub.deny_import': 'Never taken from the hub',
  'hub.reply_subject': 'Replies may go to',
  'leaf.interface': 'Listen on network',
  'leaf.listen': 'Listen on address',
  'leaf.server': 'Program of nats-server',
  'leaf.confirm_s': 'Roll-back timeout (s)',
  'leaf.watchdog_s': 'Restart a server that hangs for (s)',
  'leaf.max_payload_kb': 'Largest message (KiB)',
  'leaf.max_connections': 'Most connections',
  'leaf.log_debug': 'Debug log',
  'leaf.anonymous': 'User of clients without a login',
  'leaf.tls_cert': 'Server certificate',
  'leaf.tls_key': 'Server key',
  'leaf.tls_ca': 'CA of the clients',
  'leaf.tls_verify': 'Clients need a certificate',
  'leaf.websocket_listen': 'Listen on address',
  'leaf.websocket_origin': 'Pages that may connect',
  'leaf.jetstream_max_memory_mb': 'Most memory (MiB)',
  'leaf.jetstream_max_storage_mb': 'Most storage (MiB)',
  'leaf.jetstream_store_dir': 'Storage directory',
  'user.name': 'Login name', // the section has a name too
  'user.publish': 'May publish to',
  'user.subscribe': 'May subscribe to',
  'time.mode': 'Watch',
  'time.required': 'A clock that nothing steers is',
  'time.transport_specific': 'transportSpecific (majorSdoId)',
  'time.chrony_host': 'Host of chronyd',
  'time.chrony_port': 'Port of chronyd',
  'time.poll_s': 'Look every (s)',
  'time.locked_sw_ns': 'Lock limit, software timestamps (ns)',
  'time.locked_hw_ns': 'Lock limit, hardware timestamps (ns)',
  'time.tracking_ns': 'Tracking limit, PTP (ns)',
  'time.locked_ntp_us': 'Lock limit, NTP (µs)',
  'time.tracking_ntp_us': 'Tracking limit, NTP (µs)',
  'time.holdover_s': 'Longest holdover (s)',
  'time.drift_ppb': 'Drift of the oscillator (ppb)',
  'time.asymmetry_ns': 'Asymmetry of the path (ns)',
  'time.ntp_server': 'NTP servers',
  'time.ptp_master': 'PTP master',
  'ptp.enabled': 'Run the clock daemons',
  'ptp.interface': 'PTP on ports',
  'ptp.domain': 'PTP domain (domainNumber)',
  'ptp.ntp_server': 'NTP servers to fall back to',
  'ptp.timestamping': 'Time stamps',
  'ptp.unicast_server': 'Grandmasters by unicast',
  'ptp.asymmetry_ns': 'Asymmetry of the path (ns)',
  'ptp.grace_s': 'Longest wait for NTP (s)',
  'ptp.global_opts': 'More lines of ptp4l.conf',
  'ptp.chrony_conf': 'Config of chronyd',
  'ptp.chronyd': 'Program of chronyd',
  'ptp.ptp4l': 'Program of ptp4l',
  'ptp.phc2sys': 'Program of phc2sys',
  'probe.unit': 'Unit id',
  'probe.interval_s': 'Probe every (s)',
  'status.interface': 'Listen on network',
  'status.listen': 'Listen on address',
  'status.metrics': 'Prometheus metrics',
  'status.host': 'Host names allowed',
  'spool.memory_kb': 'Memory for an outage (KiB)',
  'spool.window': 'Records in flight',
  'spool.snapshot_file': 'File that keeps them',
  'spool.snapshot_s': 'Write it every (s)',
};
const units: Readonly<Record<string, string>> = { us: 'µs' };

/** `tls_timeout_s` with unit s: `TLS timeout (s)`. */
function titleOf(type: string, { name, unit }: TableOption): string {
  const own = titles[`${type}.${name}`];
  if (own !== undefined) return own;
  const words = name.split('_');
  if (unit !== undefined && words.length > 1) words.pop(); // the unit, however it is abbreviated there
  const text = words.map((word) => spellings[word] ?? word).join(' ');
  const title = text.charAt(0).toUpperCase() + text.slice(1);
  return unit === undefined ? title : `${title} (${units[unit] ?? unit})`;
}

/** Escapes a text, because LuCI treats titles and descriptions as HTML. */
const html = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
const literal = (text: string): string =>
  `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'").replaceAll('\n', '\\n')}'`;
const plain = (text: string): string => `_(${literal(text)})`;
const translated = (text: string): string => plain(html(text));

/** LuCI's tools (minifier, search for texts) need a \ before a / in brackets, too. */
const regExp = ({ source, flags }: RegExp): string => `/${source.replace(/(?<!\\)\//g, '\\/')}/${flags}`;

/** What a value of the form must match: where the agent takes several in one, as in `tls://a, tls://b`, the form does, too. */
function patternOf({ pattern, split }: TableOption): RegExp | undefined {
  if (pattern === undefined || split === undefined) return pattern;
  const one = `(?:${pattern.source.replace(/^\^|\$$/g, '')})`;
  return new RegExp(`^${one}(?: *, *${one})*$`, pattern.flags);
}

/** The agent's message for a value that the option does not accept: what is said of any mistake, so it must not name one. */
function complaint(option: TableOption): string {
  const parsed = option.parse('x://\0'); // of a text without a scheme only that would be said
  if (parsed.ok) throw new Error(`${option.name} takes a NUL`);
  return parsed.why;
}

const firstFit = (tabs: readonly Tab[], name: string): Tab =>
  tabs.find((tab) => tab !== rest && tab.holds.test(name)) ?? rest;

function optionLine(section: TableSection, option: TableOption): string {
  const pattern = patternOf(option);
  const tabs = looks[section.type]?.tabs;
  const mode = modeOf(section.type, option.name);
  const presets = defaultTexts(option).map(literal);
  const fields = [
    `name: ${literal(option.name)}`,
    `kind: ${literal(option.kind)}`,
    ...(tabs === undefined ? [] : [`tab: ${literal(firstFit(tabs, option.name).key)}`]),
    `title: ${translated(titleOf(section.type, option))}`,
    ...(presets.length === 0 ? [] : [`presets: [${presets.join(', ')}]`]),
    ...(option.unset === undefined ? [] : [`unset: ${literal(option.unset)}`]),
    ...(option.range === undefined ? [] : [`range: [${option.range.join(', ')}]`]),
    ...(option.choices === undefined ? [] : [`choices: [${option.choices.map(literal).join(', ')}]`]),
    ...(pattern === undefined ? [] : [`pattern: ${regExp(pattern)}`]),
    ...(option.secret ? ['secret: true'] : []),
    ...(mode === undefined ? [] : [`when: { mode: ${literal(mode)} }`]),
    `wrong: ${plain(complaint(option))}`,
    `help: ${translated(option.help)}`,
  ];
  return `\t\t\t{ ${fields.join(', ')} }`;
}

function sectionText(section: TableSection): string {
  const look = looks[section.type];
  if (look === undefined) throw new Error(`build/lucioptions.ts has no title for section ${section.type}`);
  const tabs = look.tabs?.map(({ key, title }) => `{ key: ${literal(key)}, title: ${translated(title)} }`);
  return `	{
		type: ${literal(section.type)}, many: ${section.many}, title: ${translated(look.title)},
		help: ${translated(section.help)},
		tabs: [${(tabs ?? []).join(', ')}],
		options: [
${section.options.map((option) => optionLine(section, option)).join(',\n')}
		]
	}`;
}

/** The module nunect.options of luci-app-nunect: the option table for its settings form. */
export const lucioptions = (): string => `'use strict';
'require baseclass';

// Generated from agent/config/options.ts by 'make generate'; do not edit. Titles and help are HTML.

return baseclass.extend({ sections: [
${table.map(sectionText).join(',\n')}
] });
`;
