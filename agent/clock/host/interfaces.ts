import type { HostFiles } from '../../device/hostfiles.ts';
import { known } from '../../lib/known.ts';
import type { NetInterface } from '../setup/host.ts';

const sysNet = '/sys/class/net';
/** ARPHRD_ETHER, of the kernel's if_arp.h. */
const ethernet = '1';

function kindOf(files: HostFiles, name: string, lower: readonly string[]): NetInterface['kind'] {
  const dir = `${sysNet}/${name}`;
  const entries = files.names(dir);
  const [, type = ''] = /^DEVTYPE=(\w+)$/m.exec(files.text(`${dir}/uevent`)) ?? [];
  if (entries.includes('bridge')) return 'bridge';
  if (entries.includes('bonding')) return 'bond';
  if (type === 'vlan') return 'vlan';
  // a switch of DSA names its ports so; a veth and most cards have no type
  if (files.text(`${dir}/type`).trim() !== ethernet || (type !== '' && type !== 'dsa')) return 'other';
  return lower.length > 0 && !entries.includes('device') ? 'stacked' : 'port';
}

/** The number N of device/ptp/ptpN. */
function phcOf(files: HostFiles, name: string): number | undefined {
  const numbers = files
    .names(`${sysNet}/${name}/device/ptp`)
    .flatMap((one) => /^ptp(\d{1,4})$/.exec(one)?.[1] ?? []);
  return numbers.length === 0 ? undefined : Math.min(...numbers.map(Number));
}

/** The network interfaces as /sys shows them, but for loopback. */
export function netInterfaces(files: HostFiles): NetInterface[] {
  const names = files.names(sysNet).filter((name) => name !== 'lo');
  const bridgeOf = new Map<string, string>();
  for (const bridge of names)
    for (const port of files.names(`${sysNet}/${bridge}/brif`)) bridgeOf.set(port, bridge);
  return names.flatMap((name) => {
    const entries = files.names(`${sysNet}/${name}`);
    if (entries.length === 0) return []; // no interface: bonding_masters is a plain file here
    const lower = entries.flatMap((entry) => /^lower_(.+)$/.exec(entry)?.[1] ?? []);
    const kind = kindOf(files, name, lower);
    return [{ name, kind, lower, ...known({ bridge: bridgeOf.get(name), phc: phcOf(files, name) }) }];
  });
}
