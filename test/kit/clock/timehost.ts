import { parseChronyConf } from '../../../agent/clock/setup/chronyconf.ts';
import type { NetInterface, TimeHost } from '../../../agent/clock/setup/host.ts';
import { planTime, type TimePlan } from '../../../agent/clock/setup/plan.ts';
import type { ProgramVersion } from '../../../agent/clock/setup/programs.ts';
import { loadUci } from '../unit/config.ts';

/** A router: two ports, of which one is in br-lan, and what can be made of them. */
const interfaces: readonly NetInterface[] = [
  { name: 'wan', kind: 'port', lower: [] },
  { name: 'lan1', kind: 'port', bridge: 'br-lan', lower: [] },
  { name: 'lan2', kind: 'port', lower: [] },
  { name: 'br-lan', kind: 'bridge', lower: ['lan1'] },
  { name: 'br-lan.5', kind: 'vlan', lower: ['br-lan'] },
  { name: 'wan.7', kind: 'vlan', lower: ['wan'] },
  { name: 'wan.mac', kind: 'stacked', lower: ['wan'] },
  { name: 'br-lan.mac', kind: 'stacked', lower: ['br-lan'] },
  { name: 'eth8', kind: 'port', lower: [], phc: 3 },
  { name: 'eth9', kind: 'port', lower: [], phc: 3 },
  { name: 'eth10', kind: 'port', lower: [], phc: 4 },
  { name: 'eth8.100', kind: 'vlan', lower: ['eth8'] },
  { name: 'bond0', kind: 'bond', lower: ['eth8', 'eth10'] },
  { name: 'tun0', kind: 'other', lower: [] },
];

/** What `chronyd -p` prints on OpenWrt. */
const operators = 'pool 2.openwrt.pool.ntp.org iburst\nmakestep 1.0 3\n';

/** What a host has, where it is not that of Debian 12. */
export interface HostChanges {
  readonly ptp4l?: ProgramVersion | undefined;
  readonly chronyd?: ProgramVersion | undefined;
  readonly phc2sys?: boolean;
  /** What chronyd prints of its config. */
  readonly printed?: string;
  readonly devices?: readonly (readonly [string, string])[];
  readonly foreignSegments?: readonly number[];
}

/** A host with these interfaces. */
function hostWith({
  printed = operators,
  devices = [],
  foreignSegments = [],
  ...changes
}: HostChanges = {}): TimeHost {
  const { ptp4l, chronyd, phc2sys } = {
    ...{ ptp4l: [3, 1] as const, chronyd: [4, 3] as const, phc2sys: true },
    ...changes,
  };
  return {
    ...(ptp4l === undefined ? {} : { ptp4l }),
    ...(chronyd === undefined
      ? {}
      : { chronyd, chrony: parseChronyConf(printed, ['/etc/chrony/conf.d', '/var/etc/chrony.d']) }),
    ...{ phc2sys, interfaces, foreignSegments, devices: new Map(devices) },
  };
}

/** Plans the section ptp of these lines. */
export function planOf(lines: readonly string[], changes: HostChanges = {}): TimePlan {
  const { config, problems } = loadUci(`config ptp\n${lines.map((line) => ` ${line}\n`).join('')}`);
  const wrong = problems.filter(({ option = '' }) => option.startsWith('ptp'));
  if (wrong.length > 0) throw new Error(JSON.stringify(wrong));
  return planTime(config, hostWith(changes), { socketDir: '/run/time' });
}

/** The same for what leads to a ptp4l.conf: its lines. */
export function confOf(lines: readonly string[], changes: HostChanges = {}): readonly string[] {
  const { files, fault } = planOf(lines, changes);
  if (files?.ptp4lConf === undefined) throw new Error(fault?.text ?? 'nothing is planned');
  return files.ptp4lConf.trimEnd().split('\n');
}
