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

/** The speed of a link as it was read last, by the name of the interface and how often it had come or gone by then. */
export type KnownSpeeds = Map<string, { readonly link: string; readonly mbps: number }>;

/** The network interfaces but for loopback, by name. A speed is read again when the link has come or gone. */
export async function readInterfaces(
  files: HostFiles,
  speeds: KnownSpeeds = new Map(),
): Promise<Interface[]> {
  const counters = parseNetDev(files.text('/proc/net/dev'));

  const speedOf = async (name: string, changes: string | undefined): Promise<number> => {
    const known = speeds.get(name);
    if (known !== undefined && known.link === changes) return known.mbps;
    const mbps = Number(await files.slowText(`/sys/class/net/${name}/speed`));
    if (changes !== undefined) speeds.set(name, { link: changes, mbps });
    return mbps;
  };
  const one = async (name: string): Promise<Interface[]> => {
    const dir = `/sys/class/net/${name}`;
    const state = cleanLine(files.text(`${dir}/operstate`));
    if (state === undefined) return []; // no interface: bonding_masters is a plain file here
    const changes = cleanLine(files.text(`${dir}/carrier_changes`));
    const speed = state === 'up' ? await speedOf(name, changes) : -1; // -1 is the kernel's "unknown"
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
