import type { Echo } from '../answers/echo.ts';
import type { Trust } from '../clock/trust.ts';
import type { WallClock } from '../clock/wallclock.ts';
import type { AgentFile } from '../config/agentfile.ts';
import type { LeafSupervisor } from '../leaf/supervisor/supervisor.ts';
import type { Spawn } from '../lib/child.ts';
import type { Plan } from '../lib/parts.ts';
import type { Ticker } from '../lib/ticker.ts';
import type { Link } from '../nats/link.ts';
import type { Events } from '../status/events.ts';
import type { FlightRecorder } from '../status/flightrecorder.ts';
import type { Publisher } from '../status/publisher.ts';
import type { SurveyParts } from '../status/survey.ts';
import type { Console } from './console.ts';

/** What every part is given: the machine, as far as it is not asked through probes. It outlives reloads. */
export interface Ground {
  readonly ticker: Ticker;
  readonly wall: WallClock;
  readonly trust: Trust;
  /** Monotonic ms at which the agent started. */
  readonly started_ms: number;
  /** A word that tells this start from any other. Ids of records are made of it: who knows it can suppress them. */
  readonly boot: string;
  readonly spawn: Spawn;
  childrenStarted(): number;
  random(): number;
  readonly console: Console;
  /** A directory that the agent may write to. */
  readonly runDir: string;
  /** Ends when the agent stops for good. */
  readonly signal: AbortSignal;
}

/** The parts of a running unit by name. */
export interface UnitParts extends SurveyParts {
  readonly monitor: { readonly link?: Link };
  readonly echo: Echo;
  readonly answers: object;
  readonly recorder: FlightRecorder;
  readonly events: Events;
  readonly watches: object;
  readonly publisher: Publisher;
  readonly web: object;
  readonly care: LeafSupervisor;
  readonly tlsFiles: object;
}

/** How some of the parts are built. */
export type PlanOf<K extends keyof UnitParts> = Pick<Plan<UnitParts, AgentFile>, K>;
