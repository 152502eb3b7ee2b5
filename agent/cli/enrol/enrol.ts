import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { clockCaveat } from '../../clock/trust.ts';
import { unjudged } from '../../clock/types.ts';
import { daemonIds, type Ids } from '../../config/checks/accounts.ts';
import { enrolDirOf } from '../../config/enrolfiles.ts';
import { loadConfigFile } from '../../config/file.ts';
import type { Config } from '../../config/options.ts';
import { formatProblem } from '../../config/problem.ts';
import { hostKind } from '../../device/hostkind.ts';
import { type EnrolDeps, type EnrolOutcome, type EnrolState, enrolWith } from '../../enrol/enrol.ts';
import { enrolFolder, giveFolder } from '../../enrol/folder.ts';
import type { AboutDevice } from '../../enrol/request.ts';
import { sayEnrolState } from '../../enrol/words.ts';
import { commandsOf } from '../../health/host.ts';
import { linkErrorText } from '../../leaf/linkcause.ts';
import { runChild, spawnSafely } from '../../lib/child.ts';
import { defaultConfigFile, keepDir } from '../../lib/defaults.ts';
import { formatUtc, visible } from '../../lib/format.ts';
import { known } from '../../lib/known.ts';
import { logTo } from '../../lib/log.ts';
import { isObject } from '../../lib/parse.ts';
import { systemTicker } from '../../lib/ticker.ts';
import { type EnrolToken, parseEnrolToken } from '../../wire/enrol.ts';
import { numberFlag, readArgs } from '../flags.ts';
import { type CommandIo, UsageError } from '../io.ts';

const usage = `usage: nunect enrol TOKEN [--config FILE] [--keep DIR] [--wait SECONDS] [--no-reload]

Enrols this device at the hub that made TOKEN ('nunect-hub token'), and has the leaf join that hub. '-' reads the token
from standard input. The device makes its own key, which never leaves DIR/enrol. Waits until the hub answers; if it is
ended before, the same command goes on with the same key. Exit code 1: not enrolled.
  --config FILE     default: ${defaultConfigFile}; agent.unit in it is the id that is asked for
  --keep DIR        directory that outlives reboots; default: ${keepDir}
  --wait SECONDS    end without an answer after that time; default: wait for ever
  --no-reload       leave it to somebody else to take over the enrolment
`;

const flags = {
  config: { type: 'string', default: defaultConfigFile },
  keep: { type: 'string', default: keepDir },
  wait: { type: 'string' },
  'no-reload': { type: 'boolean', default: false },
  about: { type: 'string' }, // for the command itself, as another user
  help: { type: 'boolean', short: 'h' },
} as const;

/** A week: longer than that nobody waits at a terminal. */
const longestWait_s = 604_800;
const reloadLimit_ms = 120_000;

function tokenOf([given, extra]: readonly string[]): string {
  if (given === undefined)
    throw new UsageError("the token is missing: it is what 'nunect-hub token' printed");
  if (extra !== undefined) throw new UsageError('there must be one token, without blanks in it');
  return given === '-' ? readFileSync(0, 'utf8') : given;
}

function readToken(text: string): EnrolToken {
  const found = parseEnrolToken(text);
  if (!found.ok) throw new UsageError(found.why); // and no part of it is shown
  return found.value;
}

/** What the hub is told of the device, as the command tells itself as another user. */
function readAbout(text: string): AboutDevice {
  try {
    const about: unknown = JSON.parse(text);
    if (isObject(about) && typeof about['hardware'] === 'string') return about as unknown as AboutDevice;
  } catch {
    // no JSON
  }
  throw new UsageError("--about must be JSON that 'nunect enrol' itself has made");
}

interface Job {
  readonly token: string;
  readonly about: AboutDevice;
  readonly dir: string;
  readonly wait: string | undefined;
}

/** The same command as user nunect, whose folder it is: nothing that comes from a hub is read by root. Gives its exit code. */
function asDaemon({ token, about, dir, wait }: Job, ids: Required<Ids>, stop: AbortSignal): Promise<number> {
  const [script = ''] = process.argv.slice(1);
  const args = ['-', '--about', JSON.stringify(about), '--keep', dirname(dir), '--no-reload'];
  const limit = wait === undefined ? [] : ['--wait', wait];
  return new Promise((done, fail) => {
    const child = spawn(process.execPath, [...process.execArgv, script, 'enrol', ...args, ...limit], {
      ...ids,
      stdio: ['pipe', 'inherit', 'inherit'],
    });
    child.on('error', fail);
    child.on('exit', (code) => done(code ?? 1));
    stop.addEventListener('abort', () => child.kill(), { once: true });
    child.stdin?.end(token);
  });
}

/** Prints each step once. */
function teller(io: CommandIo): (state: EnrolState) => void {
  let last = '';
  return (state) => {
    const text = visible(sayEnrolState(state));
    if (text !== last) io.stdout(`${text}\n`);
    last = text;
  };
}

function sayOutcome(outcome: EnrolOutcome, io: CommandIo): number {
  if (outcome.state === 'refused') {
    io.stderr(`nunect enrol: refused (${visible(outcome.code)}): ${visible(outcome.why)}\n`);
    return 1;
  }
  const { unit, leaf_urls, until_s } = outcome.hub;
  io.stdout(
    `enrolled as ${unit} at ${leaf_urls.join(', ')}, until ${formatUtc(until_s * 1000)} and renewed before\n`,
  );
  return 0;
}

/** Enrols as this user. */
async function enrolHere(
  { token, about, dir, wait }: Job,
  io: CommandIo,
  stop: AbortSignal,
): Promise<number> {
  const ending =
    wait === undefined ? [] : [AbortSignal.timeout(numberFlag(wait, 'wait', [1, longestWait_s]) * 1000)];
  const signal = AbortSignal.any([stop, ...ending]);
  const hold = setInterval(() => {}, 2 ** 30); // the timers of a ticker hold no process
  const deps: EnrolDeps = {
    folder: enrolFolder(dir),
    about,
    ticker: systemTicker(),
    log: logTo(() => {}),
    wall_ms: Date.now,
    random: Math.random,
    textOf: (error) => linkErrorText(error, clockCaveat(unjudged.quality, Date.now())),
  };
  try {
    io.stdout(`key ${deps.folder.key().publicKey}\n`);
    return sayOutcome(await enrolWith(readToken(token), deps, teller(io), signal), io);
  } catch (error) {
    if (!signal.aborted) throw error;
    io.stderr('nunect enrol: not enrolled yet: the same command goes on with the same key\n');
    return 1;
  } finally {
    clearInterval(hold);
  }
}

/** Has the services take over the enrolment, or says how. */
async function takeOver(command: string, isOpenWrt: boolean, io: CommandIo): Promise<number> {
  if (!isOpenWrt || process.geteuid?.() !== 0) {
    io.stdout(`to take it over: ${command}\n`);
    return 0;
  }
  const { code, stderr } = await runChild(
    spawnSafely(spawn),
    '/etc/init.d/nunect',
    ['reload'],
    reloadLimit_ms,
  );
  if (code !== 0) io.stderr(`nunect enrol: ${command} failed: ${stderr.trim()}\n`);
  return code === 0 ? 0 : 1;
}

/** Why a config does without the hub that the device is enrolled with. */
function whyUnused({ hub, leaf, enrolled }: Config): string | undefined {
  if (leaf.mode === 'external') return 'leaf.mode is external, and that server has its own login';
  return enrolled === undefined && hub.url.length > 0 ? 'the config has a hub.url, remove it' : undefined;
}

/** `nunect enrol`: gives the exit code; wrong arguments throw a UsageError. */
export async function enrol(args: readonly string[], io: CommandIo, stop: AbortSignal): Promise<number> {
  const { values, positionals } = readArgs(args, flags);
  if (values.help === true) {
    io.stdout(usage);
    return 0;
  }
  const token = tokenOf(positionals);
  process.title = 'nunect enrol'; // everybody may read the command lines of others
  readToken(token);
  const dir = enrolDirOf(resolve(values.keep));
  if (values.about !== undefined)
    return enrolHere({ token, about: readAbout(values.about), dir, wait: values.wait }, io, stop);
  const { config, enrol: setup, problems } = loadConfigFile(values.config, { enrolDir: dir });
  for (const problem of problems.filter(({ option = '' }) => /^(hub|agent\.(unit|role))\b/.test(option)))
    io.stderr(`${formatProblem(problem)}\n`);
  const other = setup.token === undefined ? undefined : parseEnrolToken(setup.token);
  if (other?.ok === true && other.value.id !== readToken(token).id)
    throw new Error(
      'hub.enrol_token is another token, which the agent would use after this one: remove it first',
    );
  const { unit, own, hardware } = setup;
  const about = { ...known({ unit }), own, hardware, role: config.agent.role };
  const job: Job = { token, about, dir, wait: values.wait };
  const ids = process.geteuid?.() === 0 ? daemonIds() : undefined;
  const isOther = ids?.uid !== undefined && ids.gid !== undefined;
  if (isOther) giveFolder(dir, ids as Required<Ids>);
  const code = await (isOther ? asDaemon(job, ids as Required<Ids>, stop) : enrolHere(job, io, stop));
  if (code !== 0) return code;
  const why = whyUnused(config);
  if (why !== undefined) io.stderr(`note: the enrolment is not used: ${why}\n`);
  if (values['no-reload']) return code;
  const kind = hostKind(config.agent.host);
  return takeOver(commandsOf(kind, values.config).reload, kind === 'openwrt', io);
}
