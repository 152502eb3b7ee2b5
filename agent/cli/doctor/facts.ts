import type { AgentFile } from '../../config/agentfile.ts';
import type { Loaded } from '../../config/load.ts';
import type { Config } from '../../config/options.ts';
import type { DoctorStep, Finding, FindingCode } from '../../health/finding.ts';
import { findings } from '../../health/findings.ts';
import type { HostCommands } from '../../health/host.ts';
import type { Spawn } from '../../lib/child.ts';
import type { StatusSnapshot } from '../../status/snapshot.ts';

/** What every check may look at. */
export interface DoctorFacts {
  readonly dir: string;
  readonly configFile: string;
  /** The config as its file is now; where this user may not read it, as it was rendered. */
  readonly loaded: Loaded;
  /** As it was rendered for agent and leaf; undefined where that cannot be read. */
  readonly file: AgentFile | undefined;
  /** Why it cannot, with the system's code for that. */
  readonly whyNoFile: { readonly why: string; readonly code: string | undefined } | undefined;
  /** What the agent says; undefined when it does not answer. */
  readonly snapshot: StatusSnapshot | undefined;
  readonly isRoot: boolean;
  /** This user may read neither the config nor what was rendered of it: what they say is not known. */
  readonly isBlind: boolean;
  readonly host: HostCommands;
  readonly spawn: Spawn;
  /** Ends what a check has left running. */
  readonly signal: AbortSignal;
}

/** The config that runs, else the one that would. */
export const configOf = ({ file, loaded }: Pick<DoctorFacts, 'file' | 'loaded'>): Config =>
  file?.config ?? loaded.config;

/** What the agent finds wrong, of one kind. */
export const findingOfAgent = (
  { snapshot }: Pick<DoctorFacts, 'snapshot'>,
  code: FindingCode,
): Finding | undefined => snapshot?.troubles.find((one) => one.code === code);

/** What the agent finds wrong that belongs to one step. A kind that this version does not know belongs to `unit`. */
export const findingsOfStep = (
  { snapshot }: Pick<DoctorFacts, 'snapshot'>,
  step: DoctorStep,
): readonly Finding[] =>
  (snapshot?.troubles ?? []).filter(
    ({ code }) => (Object.hasOwn(findings, code) ? findings[code].step : 'unit') === step,
  );
