import { spawn } from 'node:child_process';
import { accessSync, constants, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Agent, startAgent } from '../agent.ts';
import { type AgentFile, parseAgentFile } from '../config/agentfile.ts';
import { statePath } from '../leaf/statefiles.ts';
import { spawnSafely } from '../lib/child.ts';
import { runDir } from '../lib/defaults.ts';
import { messageOf } from '../lib/errors.ts';
import { formatEntry } from '../lib/log.ts';
import { readFlags } from './flags.ts';
import type { CommandIo } from './io.ts';
import { render } from './render.ts';

const retry_ms = 5000;

const usage = `usage: nunect run [--dir DIR] [--config FILE]

Runs the agent by DIR/agent.json, which 'nunect render' makes. Prints READY once the unit answers.
SIGHUP: read agent.json again. SIGTERM: stop.
  --dir DIR      default: ${runDir}
  --config FILE  render FILE into DIR first, and again at each SIGHUP: for hosts without init scripts

The leaf server is started beside it, as the same user, by something that starts it again whenever it ends (the
agent ends it to have other settings taken up), such as a systemd unit with Restart=always:
  /usr/lib/nunect/leaf DIR nats-server
`;

const flags = {
  dir: { type: 'string', default: runDir },
  config: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const;

/** How the process asks for an end and for a reload. */
export interface RunSignals {
  readonly stop: AbortSignal;
  onReload(fn: () => void): void;
}

/**
 * A directory that this user may write to: that which render made for it, else one of its own that `remove` takes away.
 * Where there is neither it is the first all the same: who writes there says why it cannot.
 */
function scratch(dir: string): { readonly path: string; remove(): void } {
  try {
    accessSync(dir, constants.W_OK);
    return { path: dir, remove: () => {} };
  } catch {
    try {
      const path = mkdtempSync(join(tmpdir(), 'nunect-'));
      return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
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

/**
 * `nunect run`: ends with 0 after a stop by signal or once agent.enabled is 0; throws when there is no usable
 * agent.json at the start. One that cannot be used at a reload changes nothing.
 */
export async function run(args: readonly string[], io: CommandIo, signals: RunSignals): Promise<number> {
  const given = readFlags(args, flags, usage);
  if (given.help === true) {
    io.stdout(usage);
    return 0;
  }
  const { dir, config } = given;
  const path = statePath(dir, 'agentFile');
  const load = async (): Promise<AgentFile> => {
    if (config !== undefined) await render(['--config', config, '--out', dir], { ...io, stdout: io.stderr });
    return parseAgentFile(readRendered(path), path);
  };
  const crash = (error: unknown): never => {
    const why = error instanceof Error ? (error.stack ?? error.message) : String(error);
    io.stderr(`${formatEntry({ level: 'fatal', comp: 'agent', msg: 'crashed', fields: { why } })}\n`);
    process.exit(1); // procd starts it anew; to go on in an unknown state would be worse
  };
  let reload = async (): Promise<void> => {}; // what is asked for before the start is in the file that is read then
  let reloading = Promise.resolve();
  let asked = false;
  let complaint = ''; // of the reload that failed last
  const askReload = (): void => {
    if (asked) return; // the one that waits reads what is there then
    asked = true;
    reloading = reloading
      .then(async () => {
        asked = false;
        await reload();
        complaint = '';
      })
      .catch((error: unknown) => {
        if (complaint !== String(error)) complain(io, 'reload failed', error);
        complaint = String(error);
        setTimeout(askReload, retry_ms).unref(); // what was asked for is still to come
      });
  };
  signals.onReload(askReload);
  const file = await load();
  if (!file.config.agent.enabled) return disabled(io);
  process.on('uncaughtException', crash);
  process.on('unhandledRejection', crash);
  const own = scratch(statePath(dir, 'state'));
  const deps = {
    spawn: spawnSafely((command, rest) => spawn(command, [...rest])),
    // procd logs stdout as daemon.info and stderr as daemon.err
    write: (line: string): void => (/^(DEBUG|INFO) /.test(line) ? io.stdout : io.stderr)(line),
    runDir: own.path,
  };
  let agent = await startAgent(file, deps);
  const announce = (): void =>
    void agent.ready.then((ready) => ready && io.stdout(`READY ${agent.identity.unit}\n`));
  const ended = new AbortController();
  reload = async () => {
    if (signals.stop.aborted || ended.signal.aborted) return;
    const next = await load();
    if (!next.config.agent.enabled) {
      disabled(io);
      ended.abort();
    } else if (isSameUnit(agent.identity, next)) await agent.reload(next);
    else {
      await agent.stop(); // another unit: its records have other names and another count
      agent = await startAgent(next, deps).catch(crash);
      announce();
    }
  };
  announce();
  await stopped(AbortSignal.any([signals.stop, ended.signal]));
  await reloading;
  await agent.stop();
  own.remove();
  return 0;
}

/** Its text; throws with the advice to render it when there is none. */
function readRendered(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const why = messageOf(error);
    throw new Error(`${path} cannot be read: has 'nunect render' made it? ${why}`, { cause: error });
  }
}

function disabled(io: CommandIo): 0 {
  io.stderr('nunect run: agent.enabled is 0\n');
  return 0;
}

const isSameUnit = (identity: Agent['identity'], { config: { agent } }: AgentFile): boolean =>
  identity.unit === agent.unit && identity.role === agent.role;

function complain(io: CommandIo, msg: string, error: unknown): void {
  const why = messageOf(error);
  io.stderr(`${formatEntry({ level: 'error', comp: 'agent', msg, fields: { why } })}\n`);
}
