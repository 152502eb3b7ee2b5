import { spawn } from 'node:child_process';
import { accessSync, constants, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { type Agent, type AgentDeps, startAgent } from '../agent.ts';
import { readTimeSetup, watchTimeSetup } from '../clock/orders/appliedfile.ts';
import { fifoWriter } from '../clock/orders/fifo.ts';
import { parseAgentFile } from '../config/agentfile.ts';
import { daemonIds } from '../config/checks/accounts.ts';
import { statePath } from '../leaf/statefiles.ts';
import { spawnSafely } from '../lib/child.ts';
import { runDir } from '../lib/defaults.ts';
import { messageOf } from '../lib/errors.ts';
import { known } from '../lib/known.ts';
import { formatEntry } from '../lib/log.ts';
import { systemTicker } from '../lib/ticker.ts';
import type { AgentInput } from '../parts/part.ts';
import { readFlags } from './flags.ts';
import type { CommandIo } from './io.ts';

const retry_ms = 5000;

/**
 * V8's young generation stays at its first 1 MB; by default it grows to 16 MB under load and keeps what it got. So little is
 * collected by one thread: to wake others for it costs more than they save. Set from within, it costs nothing: with a flag
 * of the command line node no longer uses its own compiled code, which takes 12 ms.
 */
const memoryFlags = '--semi-space-growth-factor=1 --no-parallel-scavenge';

const usage = `usage: nunect run [--dir DIR] [--config FILE [--keep DIR]]

Runs the agent with DIR/agent.json, which 'nunect render' writes. Prints READY once the unit answers.
SIGHUP: read agent.json again. SIGTERM: stop.
  --dir DIR      default: ${runDir}
  --config FILE  render FILE into DIR first, and again at each SIGHUP: for hosts without init scripts
  --keep DIR     directory that outlives reboots, as 'nunect render' has it

Run the leaf server as the same user under a supervisor that restarts it, such as systemd with Restart=always. The
agent stops it to apply new settings.
  /usr/lib/nunect/leaf DIR nats-server
`;

const flags = {
  dir: { type: 'string', default: runDir },
  config: { type: 'string' },
  keep: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const;

/** How the process asks for an end and for a reload. */
export interface RunSignals {
  readonly stop: AbortSignal;
  onReload(fn: () => void): void;
}

/**
 * A directory that this user may write to: the one that render made, else a new one that `remove` removes. Where there
 * is neither it gives the first: whoever writes there reports why it cannot.
 */
function scratch(dir: string): { readonly path: string; remove(): void } {
  try {
    accessSync(dir, constants.W_OK);
    return { path: dir, remove: () => {} };
  } catch {
    try {
      const own = mkdtempSync(join(tmpdir(), 'nunect-'));
      return { path: own, remove: () => rmSync(own, { recursive: true, force: true }) };
    } catch {
      return { path: dir, remove: () => {} };
    }
  }
}

const stopped = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const keepAlive = setInterval(() => {}, 2 ** 30); // nothing else may hold the process while the link is down
    const end = (): void => {
      clearInterval(keepAlive);
      resolve();
    };
    if (signal.aborted) end();
    else signal.addEventListener('abort', end, { once: true });
  });

/** Reloads run one after the other; a request while one waits to begin is served by that one. */
interface Reloads {
  request(): void;
  /** Resolves once none is under way or waits to begin. */
  idle(): Promise<void>;
}

/** So that a storm of requests is a few reloads, however quick one is. */
const betweenReloads_ms = 100;

/** A reload that fails is tried again; each new reason is reported once. */
function reloadsOf(reload: () => Promise<void>, report: (error: unknown) => void): Reloads {
  const state = { isWaiting: false, lastFailure: '', chain: Promise.resolve(), notBefore_ms: 0 };
  async function reloadOnce(): Promise<void> {
    await pause(state.notBefore_ms - performance.now());
    state.isWaiting = false;
    try {
      await reload();
      state.lastFailure = '';
    } catch (error) {
      if (state.lastFailure !== String(error)) report(error);
      state.lastFailure = String(error);
      setTimeout(request, retry_ms).unref();
    }
    state.notBefore_ms = performance.now() + betweenReloads_ms;
  }
  function request(): void {
    if (state.isWaiting) return;
    state.isWaiting = true;
    state.chain = state.chain.then(reloadOnce);
  }
  return { request, idle: () => state.chain };
}

/** The agent that runs, and what it is made of. */
interface Running {
  agent: Agent;
  readonly io: CommandIo;
  readonly deps: AgentDeps;
  load(): Promise<AgentInput>;
  /** Ends the command once the config says so. */
  readonly disabled: AbortController;
}

function crash(io: CommandIo, error: unknown): never {
  const why = error instanceof Error ? (error.stack ?? error.message) : String(error);
  io.stderr(`${formatEntry({ level: 'fatal', comp: 'agent', msg: 'crashed', fields: { why } })}\n`);
  process.exit(1); // procd starts it anew; to go on in an unknown state would be worse
}

async function start(file: AgentInput, deps: AgentDeps, io: CommandIo): Promise<Agent> {
  const agent = await startAgent(file, deps);
  void agent.ready.then((ready) => ready && io.stdout(`READY ${agent.identity.unit}\n`));
  return agent;
}

async function reload(running: Running, stop: AbortSignal): Promise<void> {
  const { agent, io, disabled } = running;
  if (stop.aborted || disabled.signal.aborted) return;
  const next = await running.load();
  if (!next.config.agent.enabled) {
    reportDisabled(io);
    disabled.abort();
  } else if (isSameUnit(agent.identity, next)) await agent.reload(next);
  else {
    await agent.stop(); // another unit: its records have other names and another count
    running.agent = await start(next, running.deps, io).catch((error: unknown) => crash(io, error));
  }
}

const depsOf = (io: CommandIo): Omit<AgentDeps, 'stateDir'> => ({
  spawn: spawnSafely((command, rest) => spawn(command, [...rest], daemonIds() ?? {})),
  // procd logs stdout as daemon.info and stderr as daemon.err
  write: (line, level) => (level === 'debug' || level === 'info' ? io.stdout : io.stderr)(line),
});

/**
 * `nunect run`: ends with 0 after a stop by signal or once agent.enabled is 0; throws when there is no usable
 * agent.json at the start. One that cannot be used at a reload changes nothing.
 */
export async function run(args: readonly string[], io: CommandIo, signals: RunSignals): Promise<number> {
  const { dir, config, keep, help } = readFlags(args, flags);
  if (help === true) {
    io.stdout(usage);
    return 0;
  }
  setFlagsFromString(memoryFlags);
  const path = statePath(dir, 'agentFile');
  const load = async (): Promise<AgentInput> => {
    if (config !== undefined) await renderFirst({ config, dir, keep }, io);
    const timeSetup = readTimeSetup(resolve(dir));
    return { ...parseAgentFile(readRendered(path), path), ...known({ timeSetup }) };
  };
  let starting: Promise<Running> | undefined; // until then, what a reload asks for is in the file that is read then
  const reloads = reloadsOf(
    async () => starting && reload(await starting, signals.stop),
    (error) => reportFailure(io, 'reload failed', error),
  );
  signals.onReload(reloads.request);
  const ticker = systemTicker();
  const endWatch = watchTimeSetup(resolve(dir), ticker, reloads.request);
  const file = await load();
  if (!file.config.agent.enabled) {
    endWatch();
    return reportDisabled(io);
  }
  process.on('uncaughtException', (error) => crash(io, error));
  process.on('unhandledRejection', (error) => crash(io, error));
  const own = scratch(statePath(dir, 'state'));
  const takeOver = config === undefined ? askForReload(dir) : reloads.request;
  const deps = { ...depsOf(io), stateDir: own.path, ticker, takeOver };
  starting = start(file, deps, io).then((agent) => ({
    agent,
    io,
    deps,
    load,
    disabled: new AbortController(),
  }));
  const running = await starting;
  await stopped(AbortSignal.any([signals.stop, running.disabled.signal]));
  endWatch();
  await reloads.idle();
  await running.agent.stop();
  own.remove();
  return 0;
}

/** Asks the init scripts, which are root's, to render anew; where none of them listens, the unit says what to do. */
function askForReload(dir: string): () => void {
  const fifo = fifoWriter(statePath(resolve(dir), 'reloadFifo'));
  return () => {
    fifo.write('reload');
    fifo.close();
  };
}

/** Renders `config` into `dir` and has the leaf server use it; the code for that is loaded only where it is asked for. */
async function renderFirst(
  { config, dir, keep }: { config: string; dir: string; keep: string | undefined },
  io: CommandIo,
): Promise<void> {
  const { render } = await import('./render.ts');
  const { leafControl } = await import('../leaf/supervisor/process.ts');
  const kept = keep === undefined ? [] : ['--keep', keep];
  await render(['--config', config, '--out', dir, ...kept], { ...io, stdout: io.stderr }, (todo) => {
    const leaf = leafControl(systemTicker(), resolve(dir));
    if (todo.leaf === 'restart') leaf.end(); // its supervisor starts it again
    if (todo.leaf === 'reload') leaf.reload();
  });
}

/** The text of agent.json; throws with the advice to render it when there is none. */
function readRendered(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const why = messageOf(error);
    throw new Error(`${path} cannot be read: has 'nunect render' made it? ${why}`, { cause: error });
  }
}

function reportDisabled(io: CommandIo): 0 {
  io.stderr('nunect run: agent.enabled is 0\n');
  return 0;
}

const isSameUnit = (identity: Agent['identity'], { config: { agent } }: AgentInput): boolean =>
  identity.unit === agent.unit && identity.role === agent.role;

function reportFailure(io: CommandIo, msg: string, error: unknown): void {
  const why = messageOf(error);
  io.stderr(`${formatEntry({ level: 'error', comp: 'agent', msg, fields: { why } })}\n`);
}
