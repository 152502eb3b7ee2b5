import { spawn } from 'node:child_process';
import { readFlags } from '../../cli/flags.ts';
import { type CommandIo, UsageError } from '../../cli/io.ts';
import { isHeld, type Lock, spawnWith, tryLock } from '../../device/lock.ts';
import { spawnSafely } from '../../lib/child.ts';
import { shellWord } from '../../lib/format.ts';
import { formatEntry, type Log, logTo } from '../../lib/log.ts';
import { systemTicker } from '../../lib/ticker.ts';
import { serverProgram } from '../../natsserver/program.ts';
import { formatVersion } from '../../natsserver/version.ts';
import { defaultHubDir, hubPaths } from '../kit/hubdir.ts';
import { makePrivateFolder, refuseForeign } from '../kit/keys.ts';
import { keepCertificates } from './certificates.ts';
import { endServer } from './ending.ts';
import { type HubHere, loadHub } from './hubhere.ts';
import { canBeHub, hubMinimum, isolates } from './minimum.ts';
import { runPath, serverPid } from './runfiles.ts';
import type { HubPart } from './runninghub.ts';
import { startHub } from './starthub.ts';

const usage = `usage: nunect-hub up [--dir DIR] [--nats-server PROGRAM | --no-server]

Runs the hub that 'nunect-hub init' made: starts nats-server, makes or mends its streams, and prints READY once an echo
of its own has come through. It keeps the server running until it is stopped. No stream loses a record by it: what it
would have to shrink it leaves as it is, and says so.
SIGHUP: read all again; what needs a restart of nats-server is said. SIGTERM: stop in order.
Exit code: 0 stopped; 1 it cannot run, or runs already; 2 for wrong usage.
  --dir DIR              default: ${defaultHubDir}
  --no-server            something else runs nats-server with that config on this machine, or in this pod
  --nats-server PROGRAM  version ${hubMinimum}; default: nats-server of the PATH
`;

const flags = {
  dir: { type: 'string', default: defaultHubDir },
  'nats-server': { type: 'string' },
  'no-server': { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h' },
} as const;

/** What `up` is given besides its arguments. */
export interface UpGiven {
  readonly stop: AbortSignal;
  onReload(fn: () => void): void;
  readonly parts: readonly HubPart[];
}

const spawnHere = spawnSafely((command, args) => spawn(command, [...args]));
/** Ctrl-C at a terminal is for us alone: we end the server once all that needs it has ended. */
const spawnApart = spawnSafely((command, args) => spawn(command, [...args], { detached: true }));

/** The reason why that program cannot run a hub; undefined where it can. */
async function unfit(program: string, { conf, file }: HubHere): Promise<string | undefined> {
  const server = serverProgram(spawnHere, program);
  const found = await server.version();
  const advice = `install version ${hubMinimum}, and name it by --nats-server where it is not in the PATH`;
  if ('why' in found) return `${found.why}: ${advice}`;
  if (!canBeHub(found.known))
    return `${program} is version ${formatVersion(found.known)}, which does not check what units send: ${advice}`;
  if (file.isolated && !isolates(found.known))
    return `${program} is version ${formatVersion(found.known)}, which cannot do 'init --isolate yes': install 2.12.7 or newer, or 'nunect-hub init --isolate no'`;
  const wrong = await server.test(conf);
  return wrong === undefined ? undefined : `nats-server refuses ${conf}: ${wrong}`;
}

/** Waits for the stop, or for the reason why the hub cannot run. */
async function untilOver(stop: AbortSignal, failed: Promise<string>): Promise<string | undefined> {
  const keepAlive = setInterval(() => {}, 2 ** 30); // timers and links of ours hold no process
  const stopped = new Promise<undefined>((resolve) => {
    if (stop.aborted) resolve(undefined);
    else stop.addEventListener('abort', () => resolve(undefined), { once: true });
  });
  const why = await Promise.race([stopped, failed]);
  clearInterval(keepAlive);
  return why;
}

/** Has `told` what nothing has caught, rather than end of it: units need the hub more than we need all its parts. Gives the end of that. */
function outlive(told: (error: unknown) => void): () => void {
  const thrown = (error: NodeJS.ErrnoException): void => {
    if (error.code === 'EPIPE') process.exit(); // nobody is there to be told
    told(error);
  };
  process.on('uncaughtException', thrown).on('unhandledRejection', told);
  return () => process.off('uncaughtException', thrown).off('unhandledRejection', told);
}

/** Ends what an `up` that was killed has left. */
async function endOrphan(here: HubHere, log: Log): Promise<void> {
  const pid = serverPid(here);
  if (pid === undefined) return;
  log.warn(`a nats-server of an earlier run is still there, process ${pid}: it is ended first`);
  await endServer(() => serverPid(here));
}

/** Makes ready for the start of that program; gives why it cannot be. */
async function prepare(here: HubHere, program: string, log: Log): Promise<string | undefined> {
  const why = await unfit(program, here);
  if (why === undefined) await endOrphan(here, log);
  return why;
}

/** Without a program the server is run by something else. Gives why the hub cannot run, or no longer. */
async function runHub(
  { dir, program }: { readonly dir: string; readonly program: string | undefined },
  io: CommandIo,
  given: UpGiven,
): Promise<string | undefined> {
  const log = logTo((entry) => entry.level !== 'debug' && io.stderr(`${formatEntry(entry)}\n`), 'hub');
  let reload = (): void => {};
  given.onReload(() => reload()); // at once: until then the signal would end us
  const here = loadHub(dir);
  const why = program === undefined ? undefined : await prepare(here, program, log);
  if (why !== undefined || given.stop.aborted) return why;
  const ticker = systemTicker();
  const keep = (now: HubHere) =>
    keepCertificates({ ticker, log: log.part('tls'), wall_ms: Date.now, renewed: () => reload() }, now);
  let [kept, certificates] = [here, keep(here)];
  /** Before nats-server is to read them: what is renewed after that is seen. */
  const load = (): HubHere => {
    const now = loadHub(dir);
    if (given.stop.aborted || JSON.stringify(now) === JSON.stringify(kept)) return now;
    certificates.stop();
    [kept, certificates] = [now, keep(now)];
    return now;
  };
  const hub = startHub(
    {
      log,
      ticker,
      spawn: spawnApart,
      load,
      testConf: async () => program && serverProgram(spawnHere, program).test(here.conf),
      parts: given.parts,
      ready({ isFirst, rtt_ms }) {
        if (isFirst) io.stdout(`READY ${here.server}\n`);
        log.info(isFirst ? 'ready' : 'ready again', { echo: `${rtt_ms.toFixed(1)} ms` });
      },
    },
    program,
  );
  reload = () => void hub.reload();
  const mortal = outlive(hub.fault);
  const failure = await untilOver(given.stop, hub.failed);
  certificates.stop();
  await hub.stop();
  mortal();
  return failure === undefined ? undefined : `nats-server ${failure}`;
}

/** `nunect-hub up`. Gives the exit code; wrong arguments throw a UsageError, what is wrong with the directory an Error. */
export async function up(args: readonly string[], io: CommandIo, given: UpGiven): Promise<number> {
  const { dir, 'nats-server': named, 'no-server': isElsewhere, help } = readFlags(args, flags);
  if (help === true) {
    io.stdout(usage);
    return 0;
  }
  if (isElsewhere && named !== undefined)
    throw new UsageError('only one of --nats-server and --no-server can be meant');
  const program = isElsewhere ? undefined : (named ?? 'nats-server');
  loadHub(dir); // before anything is made in a folder that is no hub
  refuseForeign(dir);
  makePrivateFolder(hubPaths(dir).run);
  const lock = await tryLock(spawnWith, runPath(dir, 'lock'));
  if (isHeld(lock)) {
    const by = lock.heldBy ? ` (process ${lock.heldBy})` : '';
    io.stderr(
      `nunect-hub up: the hub of ${dir} runs already${by}; nothing was changed. To stop it: nunect-hub down --dir ${shellWord(dir)}\n`,
    );
    return 1;
  }
  return withLock(lock, io, async () => {
    const why = await runHub({ dir, program }, io, given);
    if (why === undefined) return 0;
    io.stderr(`nunect-hub up: ${why}\n`);
    return 1;
  });
}

async function withLock(lock: Lock, io: CommandIo, fn: () => Promise<number>): Promise<number> {
  if (lock.lacking !== undefined) io.stderr(`nunect-hub up: ${lock.lacking}\n`);
  try {
    return await fn();
  } finally {
    lock.release();
  }
}
