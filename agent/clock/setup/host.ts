import type { ChronyConf } from './chronyconf.ts';
import type { ProgramVersion } from './programs.ts';

/** A network interface, as /sys/class/net describes it. */
export interface NetInterface {
  readonly name: string;
  /** `stacked`: a macvlan, ipvlan and the like, which has the time stamps of what it is made of. */
  readonly kind: 'port' | 'bridge' | 'vlan' | 'stacked' | 'bond' | 'other';
  /** The bridge that it is a port of. */
  readonly bridge?: string;
  /** Its own ports, where it is a bridge or a bond; else what it is made of. */
  readonly lower: readonly string[];
  /** Number of its PTP hardware clock, as in /dev/ptp0. */
  readonly phc?: number;
}

/** What the clock daemons of a host are, and where they could be used. */
export interface TimeHost {
  /** Undefined where it is not installed. */
  readonly ptp4l?: ProgramVersion;
  readonly chronyd?: ProgramVersion;
  readonly phc2sys: boolean;
  /** The config of chronyd as it would be without us; undefined without chronyd. */
  readonly chrony?: ChronyConf;
  readonly interfaces: readonly NetInterface[];
  /** Segments of shared memory for chronyd that others than root can write. */
  readonly foreignSegments: readonly number[];
  /** Devices of the OpenWrt networks that are named in the config. */
  readonly devices: ReadonlyMap<string, string>;
}
