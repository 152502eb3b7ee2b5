import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import {
  applyTime,
  type HostDeps,
  settleTime,
  showTime,
  stopTime,
  type TimeJob,
  type TimeOutcome,
} from '../clock/host/apply.ts';
import { confirmTime } from '../clock/host/confirm.ts';
import { timeDir, timePath } from '../clock/host/timedir.ts';
import { bestConfDir } from '../clock/setup/chronyconf.ts';
import { describeHost } from '../clock/setup/describe.ts';
import { dropInName } from '../clock/setup/dropin.ts';
import type { TimePlan } from '../clock/setup/plan.ts';
import { loadConfigFile } from '../config/file.ts';
import { formatProblem } from '../config/problem.ts';
import { lockFile, spawnWith } from '../device/lock.ts';
import { procProcesses } from '../device/processes.ts';
import { runChild, spawnSafely } from '../lib/child.ts';
import { defaultConfigFile, runDir } from '../lib/defaults.ts';
import { visible } from '../lib/format.ts';
import { readArgs } from './flags.ts';
import { type CommandIo, UsageError } from './io.ts';

const usage = `usage: nunect time apply|confirm|stop|show [--config FILE] [--out DIR] [--device NETWORK=DEVICE]...

Sets up ptp4l, phc2sys and chronyd by the section ptp of the config. For the service nunect-time; but for show, as root.
  apply    plan, try and install. Last line: 'run: ptp4l phc2sys orders', as far as they are to run, or 'run: nothing';
           then '; restart: chronyd' if it has to be started anew. Exit code 1: it cannot be done, and nothing is left
           of what was installed before
  confirm  once chronyd was started anew: wait until it runs with what was installed. Last line: 'nothing to do', or,
           with exit code 1, 'restart: chronyd' where that had to be removed again
  stop     remove all that was installed. Last line: 'restart: chronyd' or 'nothing to do'
  show     show what this host has for PTP and what would be installed, and change nothing

  --config FILE            default: ${defaultConfigFile}
  --out DIR                default: ${runDir}
  --device NETWORK=DEVICE  the device of an OpenWrt network that the config may name
`;

const flags = {
  config: { type: 'string', default: defaultConfigFile },
  out: { type: 'string', default: runDir },
  device: { type: 'string', multiple: true, default: [] as string[] },
  help: { type: 'boolean', short: 'h' },
} as const;

const deps: HostDeps = {
  spawn: spawnSafely((command, args) => spawn(command, [...args])),
  processes: procProcesses(),
};

/** NETWORK=DEVICE of each --device. A network that has no device now is left out. */
function devicesOf(pairs: readonly string[]): Map<string, string> {
  return new Map(
    pairs.flatMap((pair) => {
      const [, network = '', device = ''] = /^([^=]+)=(.*)$/.exec(pair) ?? [];
      if (network === '') throw new UsageError(`--device '${pair}' must be NETWORK=DEVICE`);
      return device === '' ? [] : [[network, device] as const];
    }),
  );
}

interface TimeGiven {
  readonly config: string;
  readonly out: string;
  readonly device: readonly string[];
}

function jobOf(given: TimeGiven, io: CommandIo): TimeJob {
  const devices = devicesOf(given.device);
  const { config, problems } = loadConfigFile(given.config);
  for (const problem of problems.filter(({ option = 'ptp' }) => /^ptp\b/.test(option)))
    io.stderr(`${formatProblem(problem)}\n`);
  return { config, time: timeDir(given.out), devices };
}

/** Notes and fault, for people. */
function say({ notes, fault }: Pick<TimeOutcome, 'notes' | 'fault'>, io: CommandIo): number {
  for (const { text } of notes) io.stderr(`note: ${visible(text)}\n`);
  if (fault === undefined) return 0;
  io.stderr(`nunect time: ${visible(fault.text)}\n`);
  return 1;
}

const restartLine = ({ restart }: TimeOutcome): string => (restart ? 'restart: chronyd' : 'nothing to do');

/** The commands that change the set-up, each with its last line. */
const changes = {
  apply: {
    run: applyTime,
    line: ({ run, restart }: TimeOutcome): string =>
      `run: ${run.length === 0 ? 'nothing' : run.join(' ')}${restart ? '; restart: chronyd' : ''}`,
  },
  confirm: { run: confirmTime, line: restartLine },
  stop: { run: stopTime, line: restartLine },
} as const;

/** More than a set-up takes in which a program does not answer. */
const longestWait_ms = 60_000;

async function change(word: keyof typeof changes, job: TimeJob, io: CommandIo): Promise<number> {
  if (process.geteuid?.() !== 0) throw new Error(`time ${word} has to be run as root`);
  job.time.makeRunDir();
  const lock = await lockFile(spawnWith, timePath(job.time.dir, 'lock'), longestWait_ms);
  try {
    if (lock.lacking !== undefined) io.stderr(`note: ${lock.lacking}\n`);
    const outcome = await changes[word].run(deps, job);
    const code = say(outcome, io);
    io.stdout(`${changes[word].line(outcome)}\n`);
    await new Promise(setImmediate); // by then it is known, and ends the process, that nobody reads: it stays due
    settleTime(job);
    return code;
  } finally {
    lock.release();
  }
}

/** The files of a plan, each under the name that it would have. */
function showFiles({ files }: TimePlan, job: TimeJob, dropInPath: string, io: CommandIo): void {
  const { ptp4lConf, phc2sysArgs, dropIn } = files ?? {};
  const texts = [
    [timePath(job.time.dir, 'ptp4lConf'), ptp4lConf],
    [timePath(job.time.dir, 'phc2sysArgs'), phc2sysArgs && `${phc2sysArgs.join('\n')}\n`],
    [dropInPath, dropIn],
  ] as const;
  const shown = texts.flatMap(([path, text]) => (text === undefined ? [] : [`## ${path}\n${text}`]));
  io.stdout(shown.length === 0 ? 'nothing is to be run\n' : shown.join('\n'));
}

const service = '/etc/init.d/nunect-time';

/** What the service on OpenWrt says of the devices behind networks, which it would tell `apply`. */
async function networkDevices(): Promise<string[]> {
  if (!existsSync(service)) return [];
  const { code, stdout } = await runChild(deps.spawn, service, ['devices'], 10_000);
  return code === 0 ? stdout.split('\n').filter((line) => line.includes('=')) : [];
}

async function show(given: TimeGiven, io: CommandIo): Promise<number> {
  const device = given.device.length > 0 ? given.device : await networkDevices();
  const job = jobOf({ ...given, device }, io);
  const { plan, host } = await showTime(deps, job);
  const dir = host?.chrony && bestConfDir(host.chrony);
  if (host !== undefined)
    io.stdout(
      `## this host\n${describeHost(host)
        .map((line) => `${visible(line)}\n`)
        .join('')}\n`,
    );
  const ownDir = timePath(job.time.dir, 'chronyDir');
  if (dir === undefined && plan.files?.dropIn !== undefined) {
    const text = `chronyd's config includes no folder, so nothing can be put beside it: add the line 'confdir ${ownDir}' to it`;
    return say({ ...plan, fault: { code: 'chrony_confdir', text } }, io);
  }
  showFiles(plan, job, join(dir ?? ownDir, dropInName), io);
  return say(plan, io);
}

/** `nunect time`: gives the exit code; wrong arguments throw a UsageError. */
export async function time(args: readonly string[], io: CommandIo): Promise<number> {
  const { values, positionals } = readArgs(args, flags);
  if (values.help === true) {
    io.stdout(usage);
    return 0;
  }
  const [word, ...more] = positionals;
  if (more.length > 0) throw new UsageError(`unexpected argument '${more[0]}'`);
  if (word === 'show') return show(values, io);
  if (word === 'apply' || word === 'confirm' || word === 'stop') return change(word, jobOf(values, io), io);
  throw new UsageError("expected one of 'apply', 'confirm', 'stop' and 'show'");
}
