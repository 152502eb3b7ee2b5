// Which ports PTP is spoken on, and why not on others.
import type { SectionValues } from '../../config/options.ts';
import type { NetInterface, TimeHost } from './host.ts';
import { SetupFault, type SetupNote } from './note.ts';

/** Of OpenWrt's option value and ptp4l's network_transport both. */
export type Transport = 'UDPv4' | 'UDPv6' | 'L2';

/** A port as ptp4l is given it. */
export interface PtpPortPlan {
  readonly device: NetInterface;
  readonly transport: Transport;
}

/** The same as the agent is told of it. */
export interface SpokenPort {
  readonly name: string;
  readonly transport: Transport;
  /** The bridge that it is a port of. */
  readonly bridge?: string;
}

const bridgeRefused = 'which gives no time stamps';

/** The bridge that an interface is, or is made of, as br-lan.5 is. */
function bridgeUnder(device: NetInterface, host: TimeHost): NetInterface | undefined {
  if (device.kind === 'bridge') return device;
  if (device.kind !== 'vlan' && device.kind !== 'stacked') return undefined;
  const below = host.interfaces.find(({ name }) => name === device.lower[0]);
  return below === undefined || below === device ? undefined : bridgeUnder(below, host);
}

/** Refuses what has no time stamps of its own, and names what has. What else has none, ptp4l says when it is tried. */
function refuseUnstamped(device: NetInterface, host: TimeHost): void {
  const { name, kind } = device;
  const bridge = bridgeUnder(device, host);
  if (bridge !== undefined) {
    const what = bridge === device ? `${name} is a bridge` : `${name} is made of ${bridge.name}, a bridge`;
    const ports =
      bridge.lower.length === 0 ? 'it has no ports yet' : `give one of its ports: ${bridge.lower.join(', ')}`;
    throw new SetupFault('interface_bridge', `${what}, ${bridgeRefused}; ${ports}`);
  }
  if (kind === 'other')
    throw new SetupFault(
      'interface_kind',
      `${name} is no Ethernet port, nor made of one: there are no time stamps; give a port such as ${portNames(host)}`,
    );
}

/** Ports that may be given. */
function portNames({ interfaces }: TimeHost): string {
  const ports = interfaces.filter(({ kind }) => kind === 'port').map(({ name }) => name);
  return ports.length === 0 ? 'eth0' : ports.slice(0, 8).join(', ');
}

/** The devices that are named, once each; those that do not exist become notes. */
function devicesOf(names: readonly string[], host: TimeHost, notes: SetupNote[]): NetInterface[] {
  const found = new Map<string, NetInterface>();
  for (const name of names) {
    const wanted = host.devices.get(name) ?? name;
    const device = host.interfaces.find((one) => one.name === wanted);
    if (device === undefined) {
      const shown = wanted === name ? name : `${name} (${wanted})`;
      notes.push({
        code: 'interface_missing',
        text: `there is no interface ${shown} yet; it is used once it is there`,
      });
    } else found.set(device.name, device);
  }
  return [...found.values()];
}

function transportOf(
  { name, bridge }: NetInterface,
  asked: SectionValues<'ptp'>['transport'],
  usual: Transport,
): Transport {
  if (asked === 'auto') return bridge === undefined ? usual : 'L2';
  if (asked !== 'L2' && bridge !== undefined)
    throw new SetupFault(
      'bridged_udp',
      `${name} is a port of ${bridge}, and ${asked} is not heard there: set ptp.transport to L2, or take the port out of ${bridge}`,
    );
  return asked;
}

const bridgedText = ({ name, bridge }: NetInterface): string =>
  `${name} is a port of ${bridge}, so PTP is spoken by Ethernet (L2) there: a grandmaster that speaks only UDP is not heard`;

/** A clock that passes time on between ports of one bridge would do so beside the bridge itself. */
function refuseBridgedServer(role: SectionValues<'ptp'>['role'], ports: readonly PtpPortPlan[]): void {
  const bridged = ports.find(({ device }) => device.bridge !== undefined)?.device;
  if (role === 'client' || ports.length < 2 || bridged === undefined) return;
  throw new SetupFault(
    'bridged_server',
    `${bridged.name} is a port of ${bridged.bridge}, which passes PTP on by itself: role ${role} needs it to be the only interface, or out of the bridge`,
  );
}

/** The ports to use; none where none exists yet. Throws a SetupFault where one cannot be used as asked. */
export function portsOf(
  ptp: SectionValues<'ptp'>,
  usual: Transport,
  host: TimeHost,
  notes: SetupNote[],
): PtpPortPlan[] {
  const ports = devicesOf(ptp.interface, host, notes).map((device) => {
    refuseUnstamped(device, host);
    const transport = transportOf(device, ptp.transport, usual);
    if (device.bridge !== undefined) notes.push({ code: 'bridged_l2', text: bridgedText(device) });
    return { device, transport };
  });
  refuseBridgedServer(ptp.role, ports);
  return ports;
}

/** The hardware clock that stamps what passes an interface: for one that is made of another, that of the other. */
export function clockOf(
  { kind, lower, phc }: NetInterface,
  host: Pick<TimeHost, 'interfaces'>,
): number | undefined {
  if (kind === 'port') return phc;
  const below = kind === 'bond' ? undefined : host.interfaces.find(({ name }) => name === lower[0]);
  return below === undefined ? undefined : clockOf(below, host);
}

/** The hardware clock that all of them have in common; undefined where there is none. */
function commonClock(ports: readonly PtpPortPlan[], host: TimeHost): number | undefined {
  const [first, ...others] = ports.map(({ device }) => clockOf(device, host));
  return others.every((one) => one === first) ? first : undefined;
}

/** Whether the stamps of the hardware are used. Throws a SetupFault where they are asked for in vain. */
export function usesHardware(
  { timestamping, role }: SectionValues<'ptp'>,
  ports: readonly PtpPortPlan[],
  host: TimeHost,
): boolean {
  if (timestamping === 'software') return false;
  const clock = commonClock(ports, host);
  if (clock !== undefined && host.phc2sys) return true;
  if (timestamping === 'auto') return false;
  if (clock === undefined)
    throw new SetupFault(
      'no_hardware',
      `${ports.map(({ device }) => device.name).join(', ')}: no PTP hardware clock${ports.length > 1 ? ' that they share' : ''}; set ptp.timestamping to software or auto`,
    );
  throw new SetupFault(
    'no_phc2sys',
    `there is no phc2sys, which role ${role} needs for time stamps of the hardware`,
  );
}
