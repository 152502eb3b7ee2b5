import type { TimeSetup } from '../clock/setup/applied.ts';
import type { Trust } from '../clock/trust.ts';
import type { WallClock } from '../clock/wallclock.ts';
import type { AgentFile } from '../config/agentfile.ts';
import type { Spawn } from '../lib/child.ts';
import { known } from '../lib/known.ts';
import type { Log, LogEntry } from '../lib/log.ts';
import { partsOf } from '../lib/parts.ts';
import type { Ticker } from '../lib/ticker.ts';
import { version } from '../lib/version.ts';
import type { UnitName } from '../wire/messages.ts';
import { inboxPrefixOf, subjectsOf } from '../wire/subjects.ts';

/** What every part is given besides the parts that it declares. It outlives reloads. */
export interface AgentContext {
  readonly ticker: Ticker;
  readonly wall: WallClock;
  readonly trust: Trust;
  /** Monotonic ms at which the agent started. */
  readonly started_ms: number;
  /** Names this start, at random. Ids of records contain it: who knows it can suppress them. */
  readonly boot: string;
  readonly spawn: Spawn;
  childrenStarted(): number;
  /** [0, 1). */
  random(): number;
  readonly log: Log;
  /** From now on entries of the log are also published through `take`. */
  publishLog(take: (entry: LogEntry) => void): void;
  /** A directory that the agent may write to. */
  readonly stateDir: string;
  /** Asks for a new rendering, as a hub has other settings for this unit. */
  takeOver(): void;
}

/** What the agent is made of: agent.json, and what nunect-time has set up. */
export interface AgentInput extends AgentFile {
  readonly timeSetup?: TimeSetup;
}

/** Defines a part of the agent; it is started if it is in the list of allparts.ts. */
export const part = partsOf<AgentInput, AgentContext>();

/** The subjects of the unit that a file describes. */
export const subjectsIn = ({ config: { agent } }: AgentFile) => subjectsOf(agent.unit, agent.role);

/** Where the unit answers to: what its leaf permits, and its own inbox. */
export const replySubjectsIn = ({ config: { agent, hub } }: AgentFile): string[] => [
  ...hub.reply_subject,
  `${inboxPrefixOf(agent.unit)}.>`,
];

/** What the unit is called in its records. */
export const nameIn = ({ config: { agent } }: AgentFile): UnitName => ({
  unit: agent.unit,
  ...known({ tenant: agent.tenant }),
  version,
});

/** Unix µs after a look for steps of the system clock. */
export const checkedNow_us = (wall: WallClock) => (): number => {
  wall.check();
  return wall.now_us();
};
