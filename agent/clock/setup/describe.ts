import type { NetInterface, TimeHost } from './host.ts';
import { clockOf } from './ports.ts';
import { type ProgramVersion, showVersion } from './programs.ts';

const program = (name: string, version: ProgramVersion | undefined): string =>
  version === undefined ? `no ${name}` : `${name} ${showVersion(version)}`;

/** What PTP can be on an interface, so far as it is known before ptp4l has tried it. */
function describeInterface(one: NetInterface, host: TimeHost): string[] {
  const { name, kind, bridge, lower } = one;
  const phc = clockOf(one, host);
  if (kind === 'other') return [];
  if (kind === 'bridge')
    return [`${name}: a bridge${lower.length === 0 ? '' : ` of ${lower.join(', ')}`}, not for PTP`];
  const stamps =
    phc === undefined
      ? 'software time stamps, if its driver has them'
      : `hardware time stamps, by /dev/ptp${phc}`;
  const made = kind === 'port' ? '' : `${kind === 'stacked' ? 'made' : `a ${kind}`} of ${lower.join(', ')}; `;
  const heard = bridge === undefined ? '' : `; a port of ${bridge}, where only PTP by Ethernet (L2) is heard`;
  return [`${name}: ${made}${stamps}${heard}`];
}

/** What this host has for PTP: a line of programs, and one for each interface that may be named. */
export function describeHost(host: TimeHost): string[] {
  const { ptp4l, phc2sys, chronyd, chrony, interfaces } = host;
  const has = [program('ptp4l', ptp4l), phc2sys ? 'phc2sys' : 'no phc2sys', program('chronyd', chronyd)];
  const servers = chrony?.sources.length ?? 0;
  const ntp =
    chrony === undefined ? '' : `, with ${servers} NTP server${servers === 1 ? '' : 's'} of its own`;
  return [`${has.join(', ')}${ntp}`, ...interfaces.flatMap((one) => describeInterface(one, host))];
}
