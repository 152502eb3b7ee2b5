import type { NetworkInterfaceInfo } from 'node:os';

/** The network interfaces of the machine by name, as os.networkInterfaces gives them. */
export type Interfaces = () => Readonly<Record<string, readonly NetworkInterfaceInfo[] | undefined>>;

/** The address that an interface has now: of a device of that name, or of OpenWrt's bridge for the network. */
export function addressOf(name: string, interfaces: Interfaces): string | undefined {
  const all = interfaces();
  const found = [...(all[name] ?? []), ...(all[`br-${name}`] ?? [])];
  return found.find(({ family }) => family === 'IPv4')?.address;
}
