import type { HostFiles } from './hostfiles.ts';
import { cleanLine, type InterfaceCounters, parseNetDev } from './proc.ts';

export interface Interface extends Partial<InterfaceCounters> {
  readonly name: string;
  /** The kernel's operstate: up, down, lowerlayerdown, unknown ... */
  readonly state: string;
  readonly speed_mbps?: number;
  /** How often the link came or went since the interface appeared. */
  readonly carrier_changes?: number;
}

/** Bounds the record of a host with hundreds of container interfaces. */
const mostInterfaces = 32;

/** The network interfaces but for loopback, by name. */
export async function readInterfaces(files: HostFiles): Promise<Interface[]> {
  const counters = parseNetDev(files.text('/proc/net/dev'));

  const one = async (name: string): Promise<Interface[]> => {
    const dir = `/sys/class/net/${name}`;
    const state = cleanLine(files.text(`${dir}/operstate`));
    if (state === undefined) return []; // no interface: bonding_masters is a plain file here
    const changes = cleanLine(files.text(`${dir}/carrier_changes`));
    const speed = state === 'up' ? Number(await files.slowText(`${dir}/speed`)) : -1; // -1 is the kernel's "unknown"
    return [
      {
        name,
        state,
        ...(speed > 0 ? { speed_mbps: speed } : {}),
        ...(/^\d+$/.test(changes ?? '') ? { carrier_changes: Number(changes) } : {}),
        ...counters.get(name),
      },
    ];
  };

  const wanted = files.names('/sys/class/net').filter((name) => name !== 'lo');
  return (await Promise.all(wanted.slice(0, mostInterfaces).map(one))).flat();
}
