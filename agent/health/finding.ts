import type { SetupNote } from '../clock/setup/note.ts';
import type { SpokenPort } from '../clock/setup/ports.ts';
import type { LeafState } from '../config/agentfile.ts';
import type { Config } from '../config/options.ts';
import type { Problem } from '../config/problem.ts';
import type { EnrolTrouble } from '../enrol/keeper.ts';
import type { CauseCode } from '../leaf/causes.ts';
import type { OptionalPart } from '../leaf/supervisor/startfaults.ts';
import type { SpoolStats } from '../records/stats.ts';
import type { HostCommands } from './host.ts';

/** `critical`: the unit does not do its main job. `degraded`: part of it. `setup`: not before it is set up. `note`: nothing is broken. */
export const weights = ['critical', 'degraded', 'setup', 'note'] as const;
export type Weight = (typeof weights)[number];

/** The check of `nunect doctor` that a finding belongs to; `unit` where none looks for it. */
export type DoctorStep =
  | 'config'
  | 'rendered'
  | 'leaf'
  | 'hub'
  | 'permissions'
  | 'stream'
  | 'clock'
  | 'certificates'
  | 'unit';

/** What may stand with any finding. */
export interface Shared {
  /** The file or subject that it is about, where there may be several of its kind. */
  readonly about?: string;
  /** What keeps the unit from its server or hub, where that is known. */
  readonly cause?: CauseCode | undefined;
}

export interface DatedFile extends Shared {
  readonly about: string;
  /** `certificate` or `user JWT`. */
  readonly kind: string;
  /** Says that the clock is not synchronised; undefined where it is. */
  readonly clockCaveat?: string | undefined;
}

/** Of records that are not stored although the hub is there. */
export interface Unstored extends Shared {
  readonly why: string;
  /** They wait, and soon some will be dropped. */
  readonly isNearEnd: boolean;
}

/** Whom ptp4l followed last, and until when in Unix ms, while it follows nobody. */
export interface LostGrandmaster {
  readonly gmIdentity: string;
  readonly until_ms: number;
}

/** Every finding by its code, with what its sentence is made of. */
export interface FindingData {
  not_set_up: Shared;
  /** `hasHub`: beside that it has one. */
  enrolment: Shared & EnrolTrouble & { readonly hasHub: boolean };
  server_down: Shared & { readonly mode: Config['leaf']['mode']; readonly why?: string | undefined };
  hub_down: Shared & { readonly why: string };
  hub_silent: Shared;
  hub_settings: Shared & { readonly why: string };
  hub_limit: Shared & { readonly about: CauseCode; readonly why: string };
  leaf_part: Shared & { readonly about: OptionalPart; readonly why: string };
  leaf_config: Shared & { readonly state: Exclude<LeafState, 'current'> };
  leaf_behind: Shared;
  clock_unsynchronised: Shared & {
    readonly evidence: string;
    readonly reasons: readonly string[];
    readonly weight: Weight;
  };
  ptp_lost: Shared & LostGrandmaster;
  ptp_withheld: Shared & { readonly why: string };
  ptp_silent: Shared & { readonly ports: readonly SpokenPort[]; readonly domain: number };
  time_setup: Shared & SetupNote & { readonly isFault: boolean };
  not_permitted: Shared & { readonly about: string };
  no_stream: Unstored & { readonly published: number };
  records_refused: Unstored;
  subject_unstored: Unstored & { readonly about: string };
  snapshot_failed: Shared & { readonly why: string };
  records_dropped: Shared & {
    readonly count: number;
    /** How many for which reason. */
    readonly reasons: NonNullable<SpoolStats['drop_reasons']>;
    readonly budget_bytes: number;
  };
  duplicate_ids: Shared & { readonly count: number };
  certificate_unreadable: Shared & { readonly about: string; readonly error: string };
  certificate_early: DatedFile & { readonly from_ms: number };
  certificate_expired: DatedFile;
  certificate_expiring: DatedFile & { readonly days_left: number; readonly stage_days: number };
  file_unused: Shared & { readonly about: string; readonly why: string };
  config_problem: Shared & { readonly about: string; readonly problem: Problem };
}

export type FindingCode = keyof FindingData;

/** Something that is wrong with the unit, as heartbeat, events, status, page and doctor say it. */
export interface Finding extends Shared {
  readonly code: FindingCode;
  /** Names the finding, whatever figures its text has. */
  readonly key: string;
  readonly weight: Weight;
  readonly text: string;
  /** How far a finding has come that gets worse in steps. */
  readonly stage?: string;
  /** The command that mends it, or else shows its cause. It is run on the unit by root unless it says `at the hub`. */
  readonly remedy: string;
}

/** What a remedy depends on. */
export interface RemedyContext {
  readonly config: Pick<Config, 'hub' | 'leaf' | 'spool' | 'ptp'>;
  readonly host: HostCommands;
  /** Config of the ptp4l that nunect-time runs. */
  readonly ptp4lConf?: string | undefined;
}

/** How the finding about a clock that nothing steers begins: the hub knows it by that. */
export const unsynchronisedWords = 'the clock is not known to be synchronised';
