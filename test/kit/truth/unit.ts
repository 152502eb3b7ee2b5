import { execFile } from 'node:child_process';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { linuxptp } from '../clock/ptp.ts';
import { withoutClock } from '../clock/unsteered.ts';
import type { NetnsEnd } from '../net/netns.ts';
import type { Cleanup } from '../process/cleanup.ts';
import { childOf, type Daemon, daemon, eventually, tempDir } from '../process/daemon.ts';
import { reservePort } from '../process/ports.ts';
import { need, runtime } from '../process/tools.ts';
import { bundle, nunect } from '../unit/site.ts';
import type { Truthlab } from './build.ts';
import { type Truth, type VirtualClock, virtualClock } from './vclock.ts';

/** What a record of `ops.metric.time` says, as far as it is judged. */
export interface TimeRecord {
  readonly active_source: 'ptp' | 'ntp' | 'unsynced';
  readonly clock_quality: 'locked' | 'tracking' | 'acquiring' | 'freerun';
  readonly holdover: boolean;
  readonly reasons: readonly string[];
  readonly evidence: string;
  readonly error_bound_ns?: number;
  readonly error_rel_ns?: number;
  readonly ptp_offset_ns?: number;
  readonly ntp_offset_ms?: number;
}

/** A record and the truth at its arrival. */
export interface Row {
  /** Since the unit was made. */
  readonly at_s: number;
  readonly record: TimeRecord;
  readonly truth: Truth;
}

/** A time at which something was done to the unit. */
interface Mark {
  readonly at_s: number;
  readonly what: string;
}

/** What is to be so in a span in which nothing happens, besides that the verdict stands still. */
interface Steadiness {
  /** The verdict all the while, as `verdictOf` has it. */
  readonly verdict?: string;
  /** The most that the median of the bounds may be. */
  readonly median_ns?: number;
}

/** A span in which nothing happened. */
export interface Span extends Steadiness {
  readonly from_s: number;
  readonly to_s: number;
}

/** How a unit of the lab is made. */
export interface TruthUnitOptions {
  /** Its clock minus the truth at first; 0 by default. */
  readonly offset_s?: number;
  /** Error of its oscillator; 20 ppm by default. */
  readonly oscillator_ppm?: number;
  /** Lines of the time section of its config. */
  readonly time?: readonly string[];
}

/** A unit whose daemons and agent live by a clock of their own, and who see no processes but each other. */
export interface TruthUnit {
  readonly name: string;
  readonly rows: readonly Row[];
  readonly marks: readonly Mark[];
  readonly steadySpans: readonly Span[];
  /** Reasons that were expected of it in vain. */
  readonly unsaid: readonly string[];
  /** Starts its chronyd; with -x where it only watches. */
  chronyd(lines: readonly string[], opts?: { readonly monitorOnly?: boolean }): Daemon;
  /** Starts its ptp4l at an end of a cable, as a slave with software time stamps. */
  ptp4l(at: NetnsEnd, lines?: readonly string[]): Daemon;
  /** Starts its agent, once the daemons run. */
  agent(): Promise<void>;
  chronyc(...args: string[]): Promise<string>;
  /** Sets its clock by so much, as someone with `date` would. */
  step(by_s: number): void;
  /** Gives its oscillator another error. */
  oscillator(error_ppm: number): void;
  /** Waits until it is locked, for `most_s` at most, and 5 s more. */
  settled(most_s?: number): Promise<void>;
  /** Waits for so long, and its verdict is to stand still meanwhile. */
  steady(seconds: number, more?: Steadiness): Promise<void>;
  /** Writes into the log of the lab what happens now. */
  mark(what: string): void;
  /** Its latest record is to give this reason. */
  expect(reason: string): void;
  hear(record: TimeRecord): void;
  /** What its daemons and its agent have printed. */
  output(): string;
}

/** Waits so long. */
export const pause = (seconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, seconds * 1000));

/** Where the files, ports and processes of a unit are. */
interface Place {
  readonly dir: string;
  readonly cmdport: number;
  readonly statusPort: number;
  readonly ptpSocket: string;
  /** The words that run a program among its processes, by its clock, without the right to set that of the machine. */
  readonly inside: readonly string[];
}

/** A process namespace in which nothing runs yet but its first process; gives the number of that. */
async function processNamespace(owner: Cleanup): Promise<number> {
  const words = [
    '--pid',
    '--mount-proc',
    '--kill-child',
    '--fork',
    'sh',
    '-c',
    'echo made; exec sleep infinity',
  ];
  const first = daemon(owner, need('unshare'), words, { target: childOf, endBy: 'SIGKILL' });
  await eventually('a process namespace', () => first.output().includes('made'));
  return first.pid;
}

async function newPlace(owner: Cleanup, lab: Truthlab, clock: VirtualClock, dir: string): Promise<Place> {
  const env = Object.entries(clock.env).map(([name, value]) => `${name}=${value}`);
  const pid = await processNamespace(owner);
  return {
    dir,
    cmdport: await reservePort(),
    statusPort: await reservePort(),
    ptpSocket: join(dir, 'ptp4l'),
    inside: [lab.program, 'inside', String(pid), ...withoutClock(), 'env', ...env],
  };
}

const writeChronyConf = (at: Place, lines: readonly string[]): string => {
  const file = join(at.dir, 'chrony.conf');
  const all = [
    'port 0',
    `cmdport ${at.cmdport}`,
    'bindcmdaddress 127.0.0.1',
    `bindcmdaddress ${join(at.dir, 'chronyd.sock')}`,
    `pidfile ${join(at.dir, 'chronyd.pid')}`,
    ...lines, // which may say otherwise
  ];
  writeFileSync(file, `${all.join('\n')}\n`);
  return file;
};

const writePtpConf = (at: Place, { interface: name }: NetnsEnd, lines: readonly string[]): string => {
  const file = join(at.dir, 'ptp4l.conf');
  const all = [
    '[global]',
    'time_stamping software',
    'slaveOnly 1',
    'network_transport L2',
    `uds_address ${at.ptpSocket}`,
    'use_syslog 0',
    'verbose 1',
    ...lines,
    `[${name}]`,
  ];
  writeFileSync(file, `${all.join('\n')}\n`);
  return file;
};

/** A config of a unit that joins the hub as a plain client and reports each second. */
const writeUnitConf = (at: Place, name: string, hubUrl: string, time: readonly string[]): string => {
  const file = join(at.dir, 'nunect');
  const text = `config agent 'agent'
	option unit '${name}'
	option interval_s '1'

config leaf 'leaf'
	option mode 'external'
	option external_url '${hubUrl}'

config status 'status'
	option port '${at.statusPort}'

config time 'time'
	option chrony_port '${at.cmdport}'
	option chronyc '${need('chronyc')}'
	option pmc '${linuxptp('pmc')}'
	list ptp_socket '${at.ptpSocket}'
${time.map((line) => `\t${line}\n`).join('')}`;
  writeFileSync(file, text, { mode: 0o600 });
  return file;
};

/** Renders the config of a unit and runs the agent with it, until it is ready. */
async function startAgent(owner: Cleanup, at: Place, config: string): Promise<Daemon> {
  const rendered = await nunect(['render', '--config', config, '--out', at.dir]);
  if (rendered.code !== 0) throw new Error(`render: ${rendered.stderr}`);
  const [program = '', ...words] = [...at.inside, runtime(), bundle, 'run', '--dir', at.dir];
  const agent = daemon(owner, program, words, { target: childOf });
  await eventually(`${config} READY`, () => agent.output().includes('READY ')).catch((error: Error) => {
    throw new Error(`${error.message}\n${agent.output()}`);
  });
  return agent;
}

/** Makes a unit whose records are to come to the hub at `hubUrl`; nothing of it runs yet. */
export async function truthUnit(
  owner: Cleanup,
  lab: Truthlab,
  opts: TruthUnitOptions & { readonly name: string; readonly hubUrl: string; readonly epoch_ns: bigint },
): Promise<TruthUnit> {
  const { offset_s = 0, oscillator_ppm = 20, epoch_ns, name } = opts;
  const dir = tempDir(owner, name);
  chmodSync(dir, 0o750); // else chronyd makes no command socket
  const clock = virtualClock(owner, lab, join(dir, 'clock'), { offset_s, oscillator_ppm, epoch_ns });
  const at = await newPlace(owner, lab, clock, dir);
  const begun_ms = performance.now();
  const now_s = (): number => (performance.now() - begun_ms) / 1000;
  const rows: Row[] = [];
  const marks: Mark[] = [];
  const steadySpans: Span[] = [];
  const unsaid: string[] = [];
  const daemons: Daemon[] = [];
  const run = (words: readonly string[]): Daemon => {
    const [program = '', ...args] = words;
    const started = daemon(owner, program, args, { target: childOf });
    daemons.push(started);
    return started;
  };
  const isLocked = (): boolean => rows.at(-1)?.record.clock_quality === 'locked';
  return {
    name,
    rows,
    marks,
    steadySpans,
    unsaid,
    chronyd: (lines, { monitorOnly = false } = {}) => {
      const config = writeChronyConf(at, lines);
      const flags = [...(monitorOnly ? ['-x'] : []), '-d', '-u', 'root', '-f', config];
      return run([...at.inside, need('chronyd'), ...flags]);
    },
    ptp4l: (end, lines = []) =>
      run([...end.exec, ...at.inside, linuxptp('ptp4l'), '-f', writePtpConf(at, end, lines)]),
    agent: async () => {
      daemons.push(await startAgent(owner, at, writeUnitConf(at, name, opts.hubUrl, opts.time ?? [])));
    },
    chronyc: async (...args) => {
      const where = ['-n', '-h', '127.0.0.1', '-p', String(at.cmdport)];
      return (await promisify(execFile)(need('chronyc'), [...where, ...args])).stdout;
    },
    step: clock.step,
    oscillator: clock.oscillator,
    async settled(most_s = 45) {
      const until_s = now_s() + most_s;
      while (!isLocked() && now_s() < until_s) await pause(0.2);
      await pause(5);
    },
    async steady(seconds, more = {}) {
      const from_s = now_s();
      await pause(seconds);
      steadySpans.push({ ...more, from_s, to_s: now_s() });
    },
    mark: (what) => void marks.push({ at_s: now_s(), what }),
    expect(reason) {
      if (rows.at(-1)?.record.reasons.includes(reason) !== true) unsaid.push(reason);
    },
    hear: (record) => void rows.push({ at_s: now_s(), record, truth: clock.truth() }),
    output: () => daemons.map((one) => one.output()).join('\n'),
  };
}
