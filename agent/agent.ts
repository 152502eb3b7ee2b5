import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { trackTrust } from './clock/trust.ts';
import { type WallClockDeps, wallClock } from './clock/wallclock.ts';
import { type Console, openConsole } from './console.ts';
import type { Spawn } from './lib/child.ts';
import { messageOf } from './lib/errors.ts';
import type { LogLevel } from './lib/log.ts';
import { type RunningParts, startParts } from './lib/parts.ts';
import { machineClocks, systemTicker, type Ticker } from './lib/ticker.ts';
import { version } from './lib/version.ts';
import type { Link, LinkState } from './nats/link.ts';
import { echoPart, linkPart } from './parts/link.ts';
import type { AgentContext, AgentInput } from './parts/part.ts';

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
  /** Asks for a new rendering; default: nobody is asked. */
  readonly takeOver?: () => void;
  /** The one of the process, where it has one already: timers of one share their wake-ups. */
  readonly ticker?: Ticker;
  /** The clocks of the machine; a test has its own, and sets it by years. */
  readonly clocks?: WallClockDeps;
}

/** The rest of the start waits no longer for a server that does not answer. */
const answering_ms = 1000;
const look_ms = 5;
/** Time for whoever waits for the echo, before the rest of the start keeps the process busy. */
const firstAnswers_ms = 20;

function contextOf(
  { spawn, clocks = machineClocks, stateDir, ticker = systemTicker(), takeOver = () => {} }: AgentDeps,
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
    takeOver,
  };
}

/** Resolves once the server has what is subscribed, and who waited for it is answered; or where it cannot be reached. */
async function answering(link: Link): Promise<void> {
  const until_ms = performance.now() + answering_ms;
  const isTried = ({ connected, lastError }: LinkState): boolean => connected || lastError !== undefined;
  while (!isTried(link.state()) && performance.now() < until_ms) await pause(look_ms);
  if (!link.state().connected) return;
  const hold = setInterval(() => {}, answering_ms); // nothing else holds the process if the link goes down now
  await link.flushRtt_us(answering_ms);
  clearInterval(hold);
  await pause(firstAnswers_ms);
}

/** Loads and starts the other parts; where that fails, those that run are stopped too. */
async function startRest(parts: RunningParts<AgentInput, AgentContext>, file: AgentInput) {
  try {
    await answering(parts.get(linkPart));
    const { allParts, stopUnit, unitReady } = await import('./allparts.ts');
    await pause(0); // the load took a while
    await parts.add(allParts, file);
    return { stopUnit, unitReady };
  } catch (error) {
    await parts.stop();
    throw error;
  }
}

/** Starts the unit: first what answers an echo, then the other parts, whose code is loaded only then. */
export async function startAgent(file: AgentInput, deps: AgentDeps): Promise<Agent> {
  const console = openConsole(file, deps.write);
  const { log } = console;
  const context = contextOf(deps, console);
  const { unit, role } = file.config.agent;
  log.info('starting', { unit, version, boot: context.boot });
  const parts = await startParts([linkPart, echoPart], context, file, (part, error) =>
    log.error('a part did not stop cleanly', { part, error: messageOf(error) }),
  );
  const { stopUnit, unitReady } = await startRest(parts, file);
  const stopping = new AbortController();
  let changing: Promise<unknown> = Promise.resolve();
  return {
    identity: { unit, role },
    ready: unitReady(parts, context.ticker, stopping.signal),
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
      await stopUnit(parts);
    },
  };
}
