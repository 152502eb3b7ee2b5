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

const kindWords = {
  port: 'a port',
  vlan: 'a VLAN',
  bond: 'a bond',
  bridge: 'a bridge',
  macvlan: 'a macvlan',
  other: 'neither an Ethernet port nor a VLAN or bond of such ports',
} as const;

/** Refuses what has no time stamps of its own, and names what has. */
function refuseUnstamped({ name, kind, lower }: NetInterface): void {
  if (kind === 'bridge') {
    const ports = lower.length === 0 ? 'it has no ports yet' : `give the port itself: ${lower.join(', ')}`;
    throw new SetupFault('interface_bridge', `${name} is a bridge, which has no time stamps; ${ports}`);
  }
  if (kind === 'macvlan' || kind === 'other') {
    const instead = lower.length === 0 ? '' : `; give ${lower.join(', ')}`;
    throw new SetupFault(
      'interface_kind',
      `${name} is ${kindWords[kind]}, which has no time stamps${instead}`,
    );
  }
}

/** The devices that are named, once each; those that do not exist become notes. */
function devicesOf(names: readonly string[], host: TimeHost, notes: SetupNote[]): NetInterface[] {
  const found = new Map<string, NetInterface>();
  for (const name of names) {
    const wanted = host.devices[name] ?? name;
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
    refuseUnstamped(device);
    return { device, transport: transportOf(device, ptp.transport, usual) };
  });
  refuseBridgedServer(ptp.role, ports);
  return ports;
}

/** The hardware clock that all of them have in common; undefined where there is none. */
function commonClock(ports: readonly PtpPortPlan[], host: TimeHost): number | undefined {
  const clocks = ports.map(({ device: { phc, kind, lower } }) =>
    kind === 'vlan' ? host.interfaces.find(({ name }) => name === lower[0])?.phc : phc,
  );
  return clocks.every((one) => one === clocks[0]) ? clocks[0] : undefined;
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
