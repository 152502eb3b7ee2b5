// What the clock daemons report. Field names of PTP data sets are those of IEEE 1588.
import type { Reading } from '../lib/reading.ts';

export const portStates = [
  'INITIALIZING',
  'FAULTY',
  'DISABLED',
  'LISTENING',
  'PRE_MASTER',
  'MASTER',
  'GRAND_MASTER',
  'PASSIVE',
  'UNCALIBRATED',
  'SLAVE',
] as const;
export type PortState = (typeof portStates)[number];

export type Timestamping = 'SOFTWARE' | 'HARDWARE' | 'LEGACY_HW' | 'ONESTEP' | 'P2P1STEP';

/** PORT_DATA_SET of one port, with PORT_PROPERTIES_NP and PORT_STATS_NP where the daemon gives them. */
export interface PtpPort {
  readonly portIdentity: string;
  readonly portState: PortState;
  readonly logSyncInterval: number;
  /** 1 = E2E, 2 = P2P, else as reported. */
  readonly delayMechanism: number;
  readonly peerMeanPathDelay_ns: number;
  /** Of Delay_Req, or of Pdelay_Req where that is the mechanism. */
  readonly logMinDelayInterval: number;
  /** Answers to delay requests that have come so far; where many slaves share a segment, those to others as well. */
  readonly delayResponses?: number;
  /** Monotonic ms at which that count was last seen to grow; when it was seen first, while it did not. */
  readonly answered_ms?: number;
  readonly timestamping?: Timestamping;
  readonly interface?: string;
}

/** The best port first, and of those that follow nobody the worst: its state is what needs mending. */
const decidingOrder: readonly PortState[] = [
  'SLAVE',
  'UNCALIBRATED',
  'FAULTY',
  'DISABLED',
  'INITIALIZING',
  'MASTER',
  'GRAND_MASTER',
  'LISTENING',
  'PRE_MASTER',
  'PASSIVE',
];

/** The port that decides how the clock is: a SLAVE, else an UNCALIBRATED one, else the worst; of equals the first. */
export function decidingPort(ports: readonly PtpPort[]): PtpPort | undefined {
  for (const state of decidingOrder) {
    const port = ports.find(({ portState }) => portState === state);
    if (port !== undefined) return port;
  }
  return undefined;
}

/** Whether the port follows a master: what it measured before that is a leftover. */
export const isFollowing = ({ portState }: PtpPort): boolean =>
  portState === 'SLAVE' || portState === 'UNCALIBRATED';

/** The port by which ptp4l follows a master; undefined where it follows none: what it measured before is a leftover. */
export function followedPort({ ports }: Pick<PtpFacts, 'ports'>): PtpPort | undefined {
  const port = decidingPort(ports);
  return port !== undefined && isFollowing(port) ? port : undefined;
}

/** TIME_STATUS_NP. */
export interface TimeStatus {
  /** Local minus master: positive means that the local clock is ahead. */
  readonly master_offset_ns: number;
  /** Time of the last Sync in the disciplined clock's timescale; 0n when there was none. Exceeds a number's precision. */
  readonly ingress_time_ns: bigint;
  readonly gmPresent: boolean;
  readonly gmIdentity: string;
}

/** One Sync as TIME_STATUS_NP told of it. */
export type Sync = Pick<TimeStatus, 'master_offset_ns' | 'ingress_time_ns'>;

/** CURRENT_DATA_SET. */
export interface CurrentDataSet {
  readonly stepsRemoved: number;
  readonly meanPathDelay_ns: number;
}

/** PARENT_DATA_SET. */
export interface ParentDataSet {
  readonly parentPortIdentity: string;
  readonly grandmasterIdentity: string;
  readonly gmClockClass: number;
  /** The raw octet, e.g. 0x21; see grandmaster.ts for its meaning. */
  readonly gmClockAccuracy: number;
}

/** TIME_PROPERTIES_DATA_SET. */
export interface TimeProperties {
  readonly currentUtcOffset_s: number;
  readonly currentUtcOffsetValid: boolean;
  readonly ptpTimescale: boolean;
  readonly timeTraceable: boolean;
  /** The last minute of this UTC day has 61 seconds, or 59. */
  readonly leap61: boolean;
  readonly leap59: boolean;
}

/** DEFAULT_DATA_SET. */
export interface DefaultDataSet {
  readonly numberPorts: number;
  readonly domainNumber: number;
}

/** What one ptp4l reports. A data set it did not answer is missing. */
export interface PtpFacts {
  /** Kinds of event the daemon has promised to push. */
  readonly events: readonly ('port_state' | 'time_sync' | 'parent_data_set')[];
  readonly ports: readonly PtpPort[];
  readonly timeStatus: TimeStatus;
  /** The last 64 Syncs that were told, oldest first; the last is that of `timeStatus`. */
  readonly syncs: readonly Sync[];
  /**
   * Monotonic ms at which the last Sync arrived, worked out from the changes of ingress_time_ns (syncage.ts): the
   * ingress time itself is in a timescale of its own. -Infinity before the first change: a Sync that was there
   * when we came may be of any age.
   */
  readonly ingressSeen_ms: number;
  /** Monotonic ms at which the last Sync had not arrived yet, however its time is worked out; -Infinity where not known. */
  readonly ingressAfter_ms: number;
  /** Monotonic ms at which meanPathDelay was last seen to be another one; when it was seen first, while it was not. */
  readonly delayChanged_ms: number;
  readonly current?: CurrentDataSet;
  readonly parent?: ParentDataSet;
  readonly timeProperties?: TimeProperties;
  readonly defaults?: DefaultDataSet;
}

/** chronyd's tracking report (cmdmon RPY_TRACKING, `chronyc tracking`). */
export interface ChronyTracking {
  /** 8 hex digits. */
  readonly refid: string;
  /** Address, or the ASCII refid of a refclock; absent when there is none. */
  readonly name?: string;
  readonly stratum: number;
  readonly leap: 'normal' | 'insert' | 'delete' | 'unsynchronised';
  /** Unix seconds of the last update. */
  readonly ref_time_s: number;
  /** Positive: the system clock is behind NTP time. */
  readonly system_time_s: number;
  /** Positive: the local clock is ahead. */
  readonly last_offset_s: number;
  readonly freq_ppm: number;
  readonly resid_freq_ppm: number;
  readonly skew_ppm: number;
  readonly root_delay_s: number;
  readonly root_dispersion_s: number;
  readonly update_interval_s: number;
}

export type ChronySourceState =
  | 'selected'
  | 'combined'
  | 'not_combined'
  | 'unusable'
  | 'falseticker'
  | 'too_variable';

/** One line of `chronyc sources`. Offsets: positive means local ahead. */
export interface ChronySource {
  readonly mode: 'server' | 'peer' | 'refclock';
  readonly state: ChronySourceState;
  /** Address, refclock refid, or `ID#…` of a name that is not resolved yet. */
  readonly name: string;
  readonly resolved: boolean;
  readonly stratum: number;
  /** log2 seconds. */
  readonly poll: number;
  /** Eight bits, newest in the lowest. */
  readonly reach: number;
  /** Seconds since the last sample; undefined when there was none. */
  readonly last_rx_s?: number;
  readonly offset_s: number;
  readonly error_margin_s: number;
}

/** The source that the clock follows by NTP; undefined where there is none. */
export const selectedSource = ({ sources }: ChronyFacts): ChronySource | undefined =>
  sources.find(({ state }) => state === 'selected');

/** What one chronyd reports. */
export interface ChronyFacts {
  readonly via: 'udp' | 'chronyc';
  readonly tracking: ChronyTracking;
  readonly sources: readonly ChronySource[];
}

/** One term of ptp4l's servo, by the options pi_*_const, _scale, _exponent and _norm_max; 0 where they leave it to ptp4l. */
interface PiTerm {
  readonly constant: number;
  readonly scale: number;
  readonly exponent: number;
  readonly norm_max: number;
}

/** The kernel lets a program change the frequency of the system clock by 10 % at most. */
export const kernelMost_ppb = 100_000_000;

/** ptp4l's usual servo, as it is set. */
export interface PiServo {
  readonly proportional: PiTerm;
  readonly integral: PiTerm;
  /** It moves the clock no faster. */
  readonly most_ppb: number;
}

/** What else bears on the question what steers the SYSTEM clock. */
export interface Disciplines {
  /** The servo of the only ptp4l. Undefined: not known, or another one. */
  readonly piServo?: PiServo;
  /** chronyd runs with -x, so that it measures but does not steer. Undefined: not known. */
  readonly chronydMonitorOnly?: boolean;
  /** A phc2sys runs that sets the system's clock. Undefined: not known. */
  readonly phc2sys?: boolean;
  /** The daemon that has said lately that something else changes the clock. */
  readonly interference?: string;
  /** busybox ntpd, ntpd, systemd-timesyncd or such runs. Undefined: not known. */
  readonly otherNtp?: string;
}

/** Everything a verdict is made from at one moment. */
export interface Evidence {
  readonly ptp: Reading<PtpFacts>;
  readonly ntp: Reading<ChronyFacts>;
  readonly disciplines: Disciplines;
  /** Wall time in Unix seconds, for the age of chrony's ref_time. */
  readonly wall_s: number;
  /** By how much the wall clock was set since the agent started; positive: forward. */
  readonly set_s: number;
  /** Half-width of the error of reading the wall clock; a step smaller than this may not have been noticed. */
  readonly readingError_ns: number;
}
