import type { AgentFile } from '../../config/agentfile.ts';
import type { Loaded } from '../../config/load.ts';
import type { Config } from '../../config/options.ts';
import type { Spawn } from '../../lib/child.ts';
import type { StatusSnapshot, TroubleStatus } from '../../status/web/shape.ts';

/** What every check may look at. */
export interface DoctorFacts {
  readonly dir: string;
  readonly configFile: string;
  /** The config as its file is now. */
  readonly loaded: Loaded;
  /** As it was rendered for agent and leaf; undefined where that cannot be read. */
  readonly file: AgentFile | undefined;
  /** Why it cannot. */
  readonly whyNoFile: string | undefined;
  /** What the agent says; undefined when it does not answer. */
  readonly snapshot: StatusSnapshot | undefined;
  readonly isRoot: boolean;
  readonly spawn: Spawn;
  /** Ends what a check has left running. */
  readonly signal: AbortSignal;
}

/** The config that runs, else the one that would. */
export const configOf = ({ file, loaded }: DoctorFacts): Config => file?.config ?? loaded.config;

/** A trouble that the agent tells of. */
export const troubleOf = ({ snapshot }: DoctorFacts, key: string): TroubleStatus | undefined =>
  snapshot?.troubles.find((one) => one.key === key);
