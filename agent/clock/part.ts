import { readFile } from 'node:fs/promises';
import type { SectionValues } from '../config/options.ts';
import { processSearch } from '../device/processes.ts';
import type { Spawn } from '../lib/child.ts';
import { readForeign } from '../lib/files.ts';
import { type Ticker, within } from '../lib/ticker.ts';
import { isFileUsable, usualSigns } from './chronyd/signs.ts';
import { openUdp } from './chronyd/udp.ts';
import { watchChronyd } from './chronyd/watch.ts';
import { isClockProgram, watchDisciplines } from './disciplines.ts';
import { systemSocketFiles } from './ptp4l/keeper.ts';
import { watchPtp4l } from './ptp4l/watch.ts';
import { keepTime, type Timekeeper } from './timekeeper.ts';
import type { WallClock } from './wallclock.ts';

export interface ClockDeps {
  readonly spawn: Spawn;
  readonly ticker: Ticker;
  readonly wall: WallClock;
  random(): number;
  /** A directory that we may write to: pmc's own socket is made there. */
  readonly stateDir: string;
  /** Where root's helper writes which daemon says that something else changes the clock. */
  readonly interferenceFile?: string | undefined;
}

/** Room for what a file of one line holds. */
const smallest = 128;
/** Longer than a daemon that works takes to answer. */
const lookLimit_ms = 500;

/**
 * Watches the daemons of the time section and judges them. Both are asked in every mode: PTP may reach the
 * system clock through chronyd's refclock, and each is a witness for or against the other.
 */
export function watchClock(deps: ClockDeps, time: SectionValues<'time'>, signal: AbortSignal): Timekeeper {
  const { spawn, ticker, wall, random } = deps;
  const ptp = watchPtp4l(
    { spawn, ticker, files: systemSocketFiles },
    {
      pmc: time.pmc,
      sockets: time.ptp_socket,
      domain: time.ptp_domain,
      transportSpecific: time.transport_specific,
      poll_s: time.poll_s,
      stateDir: deps.stateDir,
    },
    signal,
  );
  const ntp = watchChronyd(
    { open: openUdp, spawn, isUsable: isFileUsable, ticker, random },
    { ...time, signs: usualSigns },
    signal,
  );
  const disciplines = watchDisciplines(
    {
      search: processSearch(isClockProgram),
      readText: (path) => readFile(path, 'utf8'),
      readSmall: (path) => readForeign(path, undefined, smallest)?.toString(),
      ticker,
    },
    { interferenceFile: deps.interferenceFile },
    signal,
  );
  const keeper = keepTime({ ptp, ntp, disciplines: disciplines.read, wall, ticker }, time);
  disciplines.onChange(() => void keeper.look());
  return {
    ...keeper,
    async look() {
      await within(ticker, lookLimit_ms, keeper.look(), true);
    },
    async stop() {
      keeper.stop();
      disciplines.stop();
      await Promise.all([ptp.stop(), ntp.stop()]);
    },
  };
}
