import { randomBytes } from 'node:crypto';
import { trackTrust } from './clock/trust.ts';
import { type WallClockDeps, wallClock } from './clock/wallclock.ts';
import { type Console, openConsole } from './console.ts';
import type { Spawn } from './lib/child.ts';
import { messageOf } from './lib/errors.ts';
import type { LogLevel } from './lib/log.ts';
import { type RunningParts, startParts } from './lib/parts.ts';
import { systemTicker, type Ticker } from './lib/ticker.ts';
import { version } from './lib/version.ts';
import { answersPart, echoPart } from './parts/answers.ts';
import { changesPart } from './parts/changes.ts';
import { clockPart, ordersPart } from './parts/clock.ts';
import { eventsPart } from './parts/events.ts';
import { clientsPart, leafPart } from './parts/leaf.ts';
import { linkPart, monitorPart } from './parts/link.ts';
import type { AgentContext, AgentInput } from './parts/part.ts';
import { publisherPart } from './parts/publisher.ts';
import { recorderPart } from './parts/recorder.ts';
import { rttPart } from './parts/rtt.ts';
import { spoolPart } from './parts/spool.ts';
import { spoolSnapshotPart } from './parts/spoolsnapshot.ts';
import { supervisorPart, tlsFilesPart } from './parts/supervisor.ts';
import { devicePart, surveyPart } from './parts/survey.ts';
import { webPart } from './parts/web.ts';
import { whenReady } from './ready.ts';

/** Every part of the agent. Each is started behind those that it needs, whatever the order here. */
const allParts = [
  clockPart,
  ordersPart,
  linkPart,
  monitorPart,
  leafPart,
  clientsPart,
  spoolPart,
  spoolSnapshotPart,
  echoPart,
  rttPart,
  devicePart,
  recorderPart,
  eventsPart,
  supervisorPart,
  surveyPart,
  answersPart,
  changesPart,
  publisherPart,
  webPart,
  tlsFilesPart,
];

/** The agent as a whole. */
export interface Agent {
  /** What its subjects are made of; a change of it takes a new agent. */
  readonly identity: { readonly unit: string; readonly role: string };
  /** Resolves when the leaf answers, the connection stands and the echo is subscribed; false when stopped before. */
  readonly ready: Promise<boolean>;
  /** Takes over a new agent.json: only the parts whose options changed are restarted. Gives their names. */
  reload(file: AgentInput): Promise<string[]>;
  /** Publishes a last heartbeat, sends what can still be sent, and stops all parts; within a second. */
  stop(): Promise<void>;
}

export interface AgentDeps {
  readonly spawn: Spawn;
  /** Takes one line of the log, with its line feed. */
  write(line: string, level: LogLevel): void;
  /** A directory that the agent may write to. */
  readonly stateDir: string;
  /** The one of the process, where it has one already: timers of one share their wake-ups. */
  readonly ticker?: Ticker;
  /** The clocks of the machine; a test has its own, and sets it by years. */
  readonly clocks?: WallClockDeps;
}

const machineClocks: WallClockDeps = { hrtime_ns: process.hrtime.bigint, dateNow_ms: Date.now };

/** How long records may take to leave at a stop. */
const drainMs = 400;

function contextOf(
  { spawn, clocks = machineClocks, stateDir, ticker = systemTicker() }: AgentDeps,
  console: Console,
): AgentContext {
  let children = 0;
  return {
    ticker,
    wall: wallClock(clocks),
    trust: trackTrust(),
    started_ms: ticker.now_ms(),
    boot: randomBytes(5).toString('hex'),
    spawn(command, args) {
      children += 1;
      return spawn(command, args);
    },
    childrenStarted: () => children,
    random: Math.random,
    log: console.log,
    publishLog: console.publishTo,
    stateDir,
  };
}

async function stopAgent(parts: RunningParts<AgentInput, AgentContext>): Promise<void> {
  parts.get(recorderPart).finish();
  await parts.get(publisherPart).publishLast();
  await parts.get(spoolPart).drained(drainMs);
  await parts.stop();
}

/** Starts the parts of the unit. */
export async function startAgent(file: AgentInput, deps: AgentDeps): Promise<Agent> {
  const console = openConsole(file, deps.write);
  const { log } = console;
  const context = contextOf(deps, console);
  const { unit, role } = file.config.agent;
  log.info('starting', { unit, version, boot: context.boot });
  const parts = await startParts(allParts, context, file, (part, error) =>
    log.error('a part did not stop cleanly', { part, error: messageOf(error) }),
  );
  const stopping = new AbortController();
  let changing: Promise<unknown> = Promise.resolve();
  return {
    identity: { unit, role },
    ready: whenReady(
      {
        link: () => parts.get(linkPart),
        leaf: () => parts.get(leafPart),
        isMonitored: () => parts.get(monitorPart).link !== undefined,
      },
      context.ticker,
      stopping.signal,
    ),
    reload(next) {
      const reloaded = changing.then(async () => {
        console.configure(next);
        const touched = await parts.reload(next);
        log.info('config reloaded', { parts: touched.length === 0 ? 'none' : touched.join(' ') });
        return touched;
      });
      changing = reloaded.catch(() => {});
      return reloaded;
    },
    async stop() {
      await changing;
      log.info('stopping');
      stopping.abort();
      await stopAgent(parts);
    },
  };
}
