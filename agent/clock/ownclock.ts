import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defaultsOf, type SectionValues } from '../config/options.ts';
import { machineClocks, type Ticker } from '../lib/ticker.ts';
import { watchClock } from './part.ts';
import type { Timekeeper } from './timekeeper.ts';
import { type WallClock, wallClock } from './wallclock.ts';

/** The clock of this machine, and what its chronyd and ptp4l say of it. */
export interface OwnClock {
  readonly wall: WallClock;
  readonly keeper: Timekeeper;
  stop(): Promise<void>;
}

/** Watches the clock daemons of this machine, where they are by default or where `time` says. */
export function watchOwnClock(ticker: Ticker, time: SectionValues<'time'> = defaultsOf('time')): OwnClock {
  const wall = wallClock(machineClocks);
  const stateDir = mkdtempSync(join(tmpdir(), 'nunect-'));
  const ended = new AbortController();
  const keeper = watchClock(
    { spawn: (name, rest) => spawn(name, [...rest]), ticker, wall, random: Math.random, stateDir },
    time,
    ended.signal,
  );
  return {
    wall,
    keeper,
    async stop() {
      await keeper.stop();
      ended.abort();
      rmSync(stateDir, { recursive: true, force: true });
    },
  };
}
