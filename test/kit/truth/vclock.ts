import { execFileSync } from 'node:child_process';
import { closeSync, openSync, readSync } from 'node:fs';
import { type Cleanup, undoLater } from '../process/cleanup.ts';
import type { Truthlab } from './build.ts';

/** How wrong the clock of a unit is, in ns; positive: it is ahead of the truth. */
export interface Truth {
  readonly error_ns: number;
  /** What it would be had the clock not been set a moment ago: a message may have left the unit before that. */
  readonly unstepped_ns?: number;
}

/** The clock of one unit, as all processes that have `env` in their environment see it. */
export interface VirtualClock {
  /** What a process needs to live by it. */
  readonly env: Readonly<Record<string, string>>;
  /** How wrong it is now, exact to about a microsecond. */
  truth(): Truth;
  /** Sets it by so much, as someone with `date` would. */
  step(by_s: number): void;
  /** Gives its oscillator another error. */
  oscillator(error_ppm: number): void;
}

/** So long a message of a unit may be under way. */
const onTheWay_ns = 100e6;

/** CLOCK_REALTIME minus CLOCK_MONOTONIC of this machine. */
export const hostEpoch_ns = (lab: Truthlab): bigint =>
  BigInt(execFileSync(lab.program, ['host'], { encoding: 'utf8' }).trim());

const generationBytes = 8;
const slotBytes = 13 * 8;

/** The present state of the clock in its file, by the layout of native/clock.h. */
function readState(fd: number): Buffer {
  const all = Buffer.alloc(generationBytes + 2 * slotBytes);
  const again = Buffer.alloc(generationBytes);
  for (;;) {
    readSync(fd, all, 0, all.length, 0);
    readSync(fd, again, 0, again.length, 0);
    const generation = all.readBigUInt64LE();
    if (generation !== again.readBigUInt64LE()) continue; // changed while it was read
    return all.subarray(generationBytes + Number(generation % 2n) * slotBytes).subarray(0, slotBytes);
  }
}

/** Of a state, how wrong the clock is at `now_ns` of the host's CLOCK_MONOTONIC. */
function truthAt(state: Buffer, now_ns: bigint, epoch_ns: bigint): Truth {
  const at_ns = state.readBigInt64LE(0);
  const wall_ns = state.readBigInt64LE(8);
  const oscillator_ppm = state.readDoubleLE(24);
  const freq_ppm = Number(state.readBigInt64LE(32)) / 65_536;
  const tick_ppm = (Number(state.readBigInt64LE(40)) - 10_000) * 100;
  const gain_ns = Number(now_ns - at_ns) * (oscillator_ppm + freq_ppm + tick_ppm) * 1e-6;
  const error_ns = Number(wall_ns - at_ns - epoch_ns) + gain_ns;
  const sinceStep_ns = Number(now_ns - state.readBigInt64LE(48));
  if (sinceStep_ns > onTheWay_ns) return { error_ns };
  return { error_ns, unstepped_ns: error_ns - Number(state.readBigInt64LE(56)) };
}

/** Makes the clock of a unit in a file, off by `offset_s` and with an oscillator of such an error. */
export function virtualClock(
  owner: Cleanup,
  lab: Truthlab,
  file: string,
  opts: { readonly offset_s: number; readonly oscillator_ppm: number; readonly epoch_ns: bigint },
): VirtualClock {
  const run = (...args: (string | number)[]): void =>
    void execFileSync(lab.program, ['clock', file, ...args.map(String)], { stdio: 'pipe' });
  run('init', opts.offset_s, opts.oscillator_ppm);
  const fd = openSync(file, 'r');
  undoLater(owner, () => closeSync(fd));
  return {
    env: { TRUTHLAB_CLOCK: file, LD_PRELOAD: lab.library },
    truth: () => truthAt(readState(fd), process.hrtime.bigint(), opts.epoch_ns),
    step: (by_s) => run('step', by_s),
    oscillator: (error_ppm) => run('osc', error_ppm),
  };
}
