import { randomBytes } from 'node:crypto';
import { trackTrust } from './clock/trust.ts';
import { type WallClockDeps, wallClock } from './clock/wallclock.ts';
import type { AgentFile } from './config/agentfile.ts';
import type { Spawn } from './lib/child.ts';
import { startParts } from './lib/parts.ts';
import { systemTicker } from './lib/ticker.ts';
import { version } from './lib/version.ts';
import { openConsole } from './parts/console.ts';
import type { Ground, UnitParts } from './parts/ground.ts';
import { leafParts } from './parts/leaf.ts';
import { reportParts } from './parts/report.ts';
import { workParts } from './parts/work.ts';
import { whenReady } from './ready.ts';

/** The agent as a whole. */
export interface Agent {
  /** What its subjects are made of; a change of it takes a new agent. */
  readonly identity: { readonly unit: string; readonly role: string };
  /** Resolves when the leaf answers, the connection stands and the echo is subscribed; false when stopped before. */
  readonly ready: Promise<boolean>;
  /** Takes over a new agent.json: only the parts whose options changed are started anew. Gives their names. */
  reload(file: AgentFile): Promise<string[]>;
  /** Says farewell, sends what can still be sent, and stops all parts; within a second. */
  stop(): Promise<void>;
}

export interface AgentDeps {
  readonly spawn: Spawn;
  /** Takes one line of the log, with its line feed. */
  write(line: string): void;
  /** A directory that the agent may write to. */
  readonly runDir: string;
  /** The clocks of the machine; a test has its own, and sets it by years. */
  readonly clocks?: WallClockDeps;
}

const machineClocks: WallClockDeps = { hrtime_ns: process.hrtime.bigint, dateNow_ms: Date.now };

const farewellMs = 400;

/** Starts the parts of the unit in order. */
export async function startAgent(file: AgentFile, deps: AgentDeps): Promise<Agent> {
  const console = openConsole(file, deps.write);
  const { log } = console;
  const ticker = systemTicker();
  const stopping = new AbortController();
  let children = 0;
  const ground: Ground = {
    ticker,
    wall: wallClock(deps.clocks ?? machineClocks),
    trust: trackTrust(),
    started_ms: ticker.now_ms(),
    boot: randomBytes(5).toString('hex'),
    spawn(command, args) {
      children += 1;
      return deps.spawn(command, args);
    },
    childrenStarted: () => children,
    random: Math.random,
    console,
    runDir: deps.runDir,
    signal: stopping.signal,
  };
  log.info('starting', { unit: file.config.agent.unit, version, boot: ground.boot });
  const parts = await startParts<UnitParts, AgentFile>(
    { ...workParts(ground), ...reportParts(ground), ...leafParts(ground) },
    file,
    (part, error) => log.error('a part did not stop cleanly', { part: String(part), error: String(error) }),
  );
  let changing: Promise<unknown> = Promise.resolve();

  const { unit, role } = file.config.agent;
  return {
    identity: { unit, role },
    ready: whenReady(parts.running, ground),
    reload(next) {
      const reloaded = changing.then(async () => {
        console.configure(next);
        const touched = await parts.reload(next);
        log.info('config reloaded', { parts: touched.length === 0 ? 'none' : touched.join(' ') });
        return touched.map(String);
      });
      changing = reloaded.catch(() => {});
      return reloaded;
    },
    async stop() {
      await changing;
      log.info('stopping');
      const { publisher, recorder, spool } = parts.running;
      recorder.finish();
      await publisher.farewell();
      await spool.drained(farewellMs);
      stopping.abort();
      await parts.stop();
    },
  };
}
