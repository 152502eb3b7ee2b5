import { execFile } from 'node:child_process';
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Measured } from '../../../agent/hub/fleet/model.ts';
import { linuxptp } from '../clock/ptp.ts';
import type { NetnsEnd } from '../net/netns.ts';
import type { PathDelays } from '../net/slowpath.ts';
import type { Cleanup } from '../process/cleanup.ts';
import { childOf, type Daemon, daemon, tempDir } from '../process/daemon.ts';
import { need } from '../process/tools.ts';
import type { Truthlab } from './build.ts';
import { newPlace, type Place, startAgent, writeChronyConf, writePtpConf, writeUnitConf } from './place.ts';
import type { Mark, MeasuredRow, Row, Span, Steadiness, TimeRecord } from './records.ts';
import { type StackHost, type TimeStack, timeStack } from './stack.ts';
import { type VirtualClock, virtualClock } from './vclock.ts';

/** How a unit of the lab is made. */
export interface TruthUnitOptions {
  /** Its clock minus the truth at first; 0 by default. */
  readonly offset_s?: number;
  /** Error of its oscillator; 20 ppm by default. */
  readonly oscillator_ppm?: number;
  /** What its link to the hub takes; nothing by default. */
  readonly link?: PathDelays;
  /** Lines of the time section of its config. */
  readonly time?: readonly string[];
}

/** The programs of a unit. */
interface Programs {
  /** Starts its chronyd; with -x where it only watches. */
  chronyd(lines: readonly string[], opts?: { readonly monitorOnly?: boolean }): Daemon;
  /** Starts its ptp4l at an end of a cable, as a slave with software time stamps. */
  ptp4l(at: NetnsEnd, lines?: readonly string[]): Daemon;
  /** Starts its agent, once the daemons run, or anew. */
  agent(): Promise<Daemon>;
  chronyc(...args: string[]): Promise<string>;
  /** Starts a receiver of GNSS for its chronyd, which listens on this socket (refclock SOCK). */
  gnss(socket: string): Daemon;
  /** Its clock daemons as nunect-time runs them, in place of the above. */
  stack(host: StackHost): TimeStack;
  /** What its daemons and its agent have printed. */
  output(): string;
}

/** What a unit tells, and what is expected of it. */
interface Watched {
  readonly rows: readonly Row[];
  readonly measures: readonly MeasuredRow[];
  readonly marks: readonly Mark[];
  readonly steadySpans: readonly Span[];
  /** Reasons that were expected of it in vain. */
  readonly unsaid: readonly string[];
  /** Takes a record that has come from it. */
  hear(record: TimeRecord): void;
  /** Takes what the hub has measured of it. */
  measure(measured: Measured): void;
  /** It is deceived from the first, in a way that it cannot find out: what it tells is not held against it. */
  deceived(): void;
  isDeceived(): boolean;
  /** Waits until the hub flags it, as it is to do within `most_s`. */
  flagged(most_s?: number): Promise<void>;
  /** Writes into the log of the lab what happens now. */
  mark(what: string): void;
  /** Waits until it is locked, as it is to be within `most_s`, and 5 s more. */
  settled(most_s?: number): Promise<void>;
  /** Waits for so long, and its verdict is to stand still meanwhile. */
  steady(seconds: number, more?: Steadiness): Promise<void>;
  /** Its latest record is to give this reason. */
  expect(reason: string): void;
  /** It did not do what was expected of it. */
  miss(what: string): void;
  /** Its clock is to be off by no more than this now. */
  atMost(off_s: number): void;
}

/** A unit whose daemons and agent live by a clock of their own, and who see no processes but each other. */
export interface TruthUnit extends Programs, Watched, Pick<VirtualClock, 'step' | 'oscillator'> {
  readonly name: string;
}

/** Waits so long. */
export const pause = (seconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, seconds * 1000));

function programsOf(owner: Cleanup, at: Place, config: string): Omit<Programs, 'gnss'> {
  const started: Daemon[] = [];
  const run = (words: readonly string[]): Daemon => {
    const [program = '', ...args] = words;
    const running = daemon(owner, program, args, { target: childOf });
    started.push(running);
    return running;
  };
  return {
    chronyd: (lines, { monitorOnly = false } = {}) => {
      const flags = [...(monitorOnly ? ['-x'] : []), '-d', '-u', 'root', '-f', writeChronyConf(at, lines)];
      return run([...at.inside, need('chronyd'), ...flags]);
    },
    ptp4l: (end, lines = []) =>
      run([...end.exec, ...at.inside, linuxptp('ptp4l'), '-f', writePtpConf(at, end, lines)]),
    agent: async () => {
      const agent = await startAgent(owner, at, config);
      started.push(agent);
      return agent;
    },
    chronyc: async (...args) => {
      const where = ['-n', '-h', '127.0.0.1', '-p', String(at.cmdport)];
      return (await promisify(execFile)(need('chronyc'), [...where, ...args])).stdout;
    },
    stack: (host) => timeStack(owner, at, config, host, (one) => started.push(one)),
    output: () => started.map((one) => one.output()).join('\n'),
  };
}

function watch(clock: VirtualClock): Watched {
  const begun_ms = performance.now();
  const now_s = (): number => (performance.now() - begun_ms) / 1000;
  const rows: Row[] = [];
  const measures: MeasuredRow[] = [];
  const marks: Mark[] = [];
  let isDeceived = false;
  const steadySpans: Span[] = [];
  const unsaid: string[] = [];
  return {
    rows,
    measures,
    marks,
    steadySpans,
    unsaid,
    hear: (record) => void rows.push({ at_s: now_s(), record, truth: clock.truth() }),
    measure: (measured) => void measures.push({ at_s: now_s(), measured, truth: clock.truth() }),
    deceived() {
      isDeceived = true;
    },
    isDeceived: () => isDeceived,
    async flagged(most_s = 45) {
      const until_s = now_s() + most_s;
      while (measures.at(-1)?.measured.verdict !== 'contradicts') {
        if (now_s() >= until_s) return void unsaid.push('a contradiction to what the hub measures');
        await pause(0.2);
      }
    },
    mark: (what) => void marks.push({ at_s: now_s(), what }),
    async settled(most_s = 45) {
      const until_s = now_s() + most_s;
      while (rows.at(-1)?.record.clock_quality !== 'locked' && now_s() < until_s) await pause(0.2);
      if (now_s() >= until_s) unsaid.push('locked');
      await pause(5);
    },
    async steady(seconds, more = {}) {
      const from_s = now_s();
      await pause(seconds);
      steadySpans.push({ ...more, from_s, to_s: now_s() });
    },
    expect(reason) {
      if (rows.at(-1)?.record.reasons.includes(reason) !== true) unsaid.push(reason);
    },
    miss: (what) => void unsaid.push(what),
    atMost(off_s) {
      const off_ns = Math.abs(clock.truth().error_ns);
      if (off_ns > off_s * 1e9) unsaid.push(`off by at most ${off_s} s: it is off by ${off_ns / 1e9} s`);
    },
  };
}

/** Makes a unit whose records are to come to the hub at `hubUrl`; nothing of it runs yet. */
export async function truthUnit(
  owner: Cleanup,
  lab: Truthlab,
  opts: TruthUnitOptions & { readonly name: string; readonly hubUrl: string; readonly epoch_ns: bigint },
): Promise<TruthUnit> {
  const { name, hubUrl, epoch_ns, offset_s = 0, oscillator_ppm = 20, time = [] } = opts;
  const dir = tempDir(owner, name);
  chmodSync(dir, 0o750); // else chronyd makes no command socket
  const clock = virtualClock(owner, lab, join(dir, 'clock'), { offset_s, oscillator_ppm, epoch_ns });
  const at = await newPlace(owner, lab, clock, dir);
  const programs = programsOf(owner, at, writeUnitConf(at, name, hubUrl, time));
  const gnss = (socket: string): Daemon => daemon(owner, lab.program, ['gnss', join(dir, 'clock'), socket]);
  return { name, ...programs, gnss, ...watch(clock), step: clock.step, oscillator: clock.oscillator };
}
