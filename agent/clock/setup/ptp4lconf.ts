import type { SectionValues } from '../../config/options.ts';
import { SetupFault } from './note.ts';
import type { PtpPortPlan, Transport } from './ports.ts';
import type { Profile } from './profiles.ts';
import { has, type ProgramVersion, showVersion } from './programs.ts';

/** What a ptp4l.conf is made of. */
export interface Ptp4lPlan {
  readonly ptp: SectionValues<'ptp'>;
  readonly profile: Profile;
  readonly ports: readonly PtpPortPlan[];
  readonly version: ProgramVersion;
  readonly hardware: boolean;
  /** The segment that chronyd reads its samples from; undefined where ptp4l steers a clock itself. */
  readonly segment?: number;
  /** Folder of its management sockets. */
  readonly socketDir: string;
}

const roleWords = {
  client: { now: 'clientOnly 1', before: 'slaveOnly 1' },
  server: { now: 'serverOnly 1', before: 'masterOnly 1' },
} as const;

function roleLines({ ptp: { role }, version, hardware }: Ptp4lPlan): string[] {
  if (role === 'auto') return [];
  const word = roleWords[role][has(version, 'client_only') ? 'now' : 'before'];
  // a server's system clock is chronyd's: ptp4l serves it and never moves it
  return role === 'server' && !hardware ? [word, 'free_running 1'] : [word];
}

/** Until the agent has seen what chronyd follows, nobody is told that this clock is good. */
const unprovenServer = ['clockClass 248', 'clockAccuracy 0xFE', 'offsetScaledLogVariance 0xFFFF'];

const servoLines = ({ segment }: Ptp4lPlan): string[] =>
  segment === undefined ? [] : ['clock_servo ntpshm', `ntpshm_segment ${segment}`];

/** A grandmaster that starts anew has forgotten whom it serves: it is asked again before this is over. */
const unicastDuration_s = 30;

/** ptp4l takes a table of servers for one port each. */
function unicastTables(servers: readonly string[], ports: readonly PtpPortPlan[]): string[] {
  return ports.flatMap(({ transport }, at) => [
    '[unicast_master_table]',
    `table_id ${at + 1}`,
    'logQueryInterval 1',
    ...servers.map((address) => `${transport} ${address}`),
  ]);
}

/** The transport of unicast is that of the addresses. */
function unicastTransport(servers: readonly string[]): Transport {
  const families = new Set(servers.map((address) => (address.includes(':') ? 'UDPv6' : 'UDPv4')));
  const [family, other] = families;
  if (family === undefined || other !== undefined)
    throw new SetupFault(
      'unicast_family',
      'ptp.unicast_server must be IPv4 addresses only, or IPv6 addresses only',
    );
  return family;
}

function unicastPorts({ ptp, ports }: Ptp4lPlan): readonly PtpPortPlan[] {
  const transport = unicastTransport(ptp.unicast_server);
  const bridged = ports.find(({ device }) => device.bridge !== undefined)?.device;
  if (bridged !== undefined)
    throw new SetupFault(
      'bridged_udp',
      `${bridged.name} is a port of ${bridged.bridge}, and unicast is not heard there: take it out of ${bridged.bridge}`,
    );
  if (ptp.transport !== 'auto' && ptp.transport !== transport)
    throw new SetupFault('unicast_family', `ptp.unicast_server needs ptp.transport ${transport}, or auto`);
  return ports.map(({ device }) => ({ device, transport }));
}

/** The text of ptp4l.conf. Throws a SetupFault where options exclude each other. */
export function ptp4lConf(plan: Ptp4lPlan): string {
  const { ptp, profile, version, hardware, socketDir } = plan;
  const isUnicast = ptp.unicast_server.length > 0;
  const ports = isUnicast ? unicastPorts(plan) : plan.ports;
  const lines = [
    `# Made by nunect-time for ptp4l ${showVersion(version)} from /etc/config/nunect; changes are lost.`,
    '[global]',
    ...roleLines(plan),
    `time_stamping ${hardware ? 'hardware' : 'software'}`,
    ...servoLines(plan),
    `domainNumber ${profile.domain}`,
    `delay_mechanism ${profile.delayMechanism}`,
    `transportSpecific ${profile.transportSpecific}`,
    ...profile.lines,
    ...(ptp.role === 'client' ? [] : unprovenServer),
    ...(isUnicast ? [`unicast_req_duration ${unicastDuration_s}`] : []),
    ...(profile.unicast && ptp.role !== 'client' ? ['unicast_listen 1'] : []),
    'tx_timestamp_timeout 50', // the 1 ms of 3.1.1 is less than a busy router takes
    `uds_address ${socketDir}/ptp4l`,
    ...(has(version, 'uds_ro') ? [`uds_ro_address ${socketDir}/ptp4lro`] : []),
    'use_syslog 0',
    'verbose 1',
    'summary_interval 10', // a line in 17 minutes, not one a second
    ...ptp.global_opts, // of two lines the last one counts
    ...(isUnicast ? unicastTables(ptp.unicast_server, ports) : []),
    ...ports.flatMap(({ device, transport }, at) => [
      `[${device.name}]`,
      `network_transport ${transport}`,
      ...(isUnicast ? [`unicast_master_table ${at + 1}`] : []),
    ]),
  ];
  return `${lines.join('\n')}\n`;
}

/** Lines that have a ptp4l tried beside one that runs: it moves no clock, has sockets of its own, and says how far it came. */
const trialLines = (socketDir: string, version: ProgramVersion): readonly string[] => [
  'free_running 1',
  `uds_address ${socketDir}/ptp4l`,
  ...(has(version, 'uds_ro') ? [`uds_ro_address ${socketDir}/ptp4lro`] : []),
  'use_syslog 0',
  'verbose 1',
  'logging_level 6',
];

/** The same ptp4l.conf for a trial. */
export function trialConf(conf: string, socketDir: string, version: ProgramVersion): string {
  const lines = conf.split('\n');
  const end = lines.findIndex((line) => line.startsWith('[') && line !== '[global]');
  const at = end < 0 ? lines.length : end;
  return [...lines.slice(0, at), ...trialLines(socketDir, version), ...lines.slice(at)].join('\n');
}
