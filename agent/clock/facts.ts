// What the clock daemons say, and what is judged of it. Field names of PTP data sets are those of IEEE 1588.
import type { Reading } from '../lib/reading.ts';

export type PortState =
  | 'INITIALIZING'
  | 'FAULTY'
  | 'DISABLED'
  | 'LISTENING'
  | 'PRE_MASTER'
  | 'MASTER'
  | 'GRAND_MASTER'
  | 'PASSIVE'
  | 'UNCALIBRATED'
  | 'SLAVE';

export type Timestamping = 'SOFTWARE' | 'HARDWARE' | 'LEGACY_HW' | 'ONESTEP' | 'P2P1STEP';

/** PORT_DATA_SET of one port, with PORT_PROPERTIES_NP and PORT_HWCLOCK_NP where the daemon tells them. */
export interface PtpPort {
  readonly portIdentity: string;
  readonly portState: PortState;
  readonly logSyncInterval: number;
  readonly logAnnounceInterval: number;
  readonly announceReceiptTimeout: number;
  /** 1 = E2E, 2 = P2P, else as reported. */
  readonly delayMechanism: number;
  readonly peerMeanPathDelay_ns: number;
  readonly timestamping?: Timestamping;
  readonly interface?: string;
  /** -1 is "none". */
  readonly phcIndex?: number;
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

/** CURRENT_DATA_SET. */
export interface CurrentDataSet {
  readonly stepsRemoved: number;
  readonly offsetFromMaster_ns: number;
  readonly meanPathDelay_ns: number;
}

/** PARENT_DATA_SET. */
export interface ParentDataSet {
  readonly parentPortIdentity: string;
  readonly grandmasterIdentity: string;
  readonly gmClockClass: number;
  /** The raw octet, e.g. 0x21; see bound.ts for its meaning. */
  readonly gmClockAccuracy: number;
  readonly gmOffsetScaledLogVariance: number;
  readonly grandmasterPriority1: number;
  readonly grandmasterPriority2: number;
}

/** TIME_PROPERTIES_DATA_SET. */
export interface TimeProperties {
  readonly currentUtcOffset_s: number;
  readonly leap61: boolean;
  readonly leap59: boolean;
  readonly currentUtcOffsetValid: boolean;
  readonly ptpTimescale: boolean;
  readonly timeTraceable: boolean;
  readonly frequencyTraceable: boolean;
  readonly timeSource: number;
}

/** DEFAULT_DATA_SET. */
export interface DefaultDataSet {
  readonly slaveOnly: boolean;
  readonly numberPorts: number;
  readonly clockClass: number;
  readonly clockIdentity: string;
  readonly domainNumber: number;
}

/** All that one ptp4l says of itself. A data set it did not answer is missing. */
export interface PtpFacts {
  readonly socket: string;
  /** The socket only answers reads: no PORT_PROPERTIES_NP, no events. */
  readonly readOnly: boolean;
  /** Kinds of event the daemon has promised to push. */
  readonly events: readonly ('port_state' | 'time_sync' | 'parent_data_set')[];
  readonly ports: readonly PtpPort[];
  readonly timeStatus: TimeStatus;
  /**
   * Monotonic ms at which the last Sync arrived, as told from the changes of ingress_time_ns (syncage.ts): the
   * ingress time itself is in a timescale of its own. -Infinity before the first change: a Sync that was there
   * when we came may be of any age.
   */
  readonly ingressSeen_ms: number;
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
  readonly rms_offset_s: number;
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

/** One line of `chronyc sources`, with its sourcestats where known. Offsets: positive means local ahead. */
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
  readonly offset_measured_s: number;
  readonly error_margin_s: number;
  readonly stats?: {
    readonly samples: number;
    readonly span_s: number;
    readonly resid_freq_ppm: number;
    readonly skew_ppm: number;
    readonly est_offset_s: number;
    readonly std_dev_s: number;
  };
}

export interface ChronyActivity {
  readonly online: number;
  readonly offline: number;
  readonly burst_online: number;
  readonly burst_offline: number;
  readonly unresolved: number;
}

/** All that one chronyd says of itself. */
export interface ChronyFacts {
  readonly via: 'udp' | 'chronyc';
  readonly tracking: ChronyTracking;
  readonly sources: readonly ChronySource[];
  readonly activity?: ChronyActivity;
}

/** What else bears on the question what steers the SYSTEM clock. */
export interface Disciplines {
  /** chronyd runs with -x, so that it measures but does not steer. Undefined: not known. */
  readonly chronydMonitorOnly?: boolean;
  /** A phc2sys process runs. Undefined: not known. */
  readonly phc2sys?: boolean;
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
}
