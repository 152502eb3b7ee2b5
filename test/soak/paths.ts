// What happens between leaf and hub, to files and descriptors, and to the wall clock.
import { execFileSync } from 'node:child_process';
import { appendFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { cpu_ms, openFiles } from '../kit/process/strain.ts';
import { need } from '../kit/process/tools.ts';
import type { Action } from './action.ts';

const path: readonly Action[] = [
  {
    name: 'path cut',
    things: ['path'],
    held_s: [0, 10],
    async run({ gate }, hold) {
      gate.set('shut');
      await hold();
      gate.set('open');
    },
  },
  {
    name: 'path reset',
    things: ['path'],
    held_s: [0, 1],
    async run({ hole }, hold) {
      hole.cut();
      await hold();
    },
  },
  {
    name: 'path unreliable',
    things: ['path'],
    held_s: [1, 10],
    async run({ gate }, hold) {
      gate.unreliable(0.5);
      await hold();
      gate.unreliable(0);
    },
  },
  ...(['swallow', 'deaf'] as const).map(
    (mode): Action => ({
      name: `path a black hole (${mode})`,
      things: ['path'],
      held_s: [1, 20],
      async run({ hole }, hold) {
        hole.set(mode);
        await hold();
        hole.set('pass');
        hole.cut(); // what was swallowed never comes
      },
    }),
  ),
  {
    name: 'path slow',
    things: ['path'],
    held_s: [2, 15],
    async run({ slow }, hold, random) {
      slow.delay_ms = 20 + Math.floor(random() * 1500);
      await hold();
      slow.delay_ms = 0;
    },
  },
];

/** Fills a file system to its last byte and gives the file that does. */
function fill(disk: string): string {
  const file = join(disk, 'fill');
  for (let size = 1 << 20; size >= 1; ) {
    try {
      appendFileSync(file, Buffer.alloc(size));
    } catch {
      size >>= 2; // full for a piece of that size
    }
  }
  return file;
}

const limitFiles = (pid: number, files: number): void =>
  void execFileSync(need('prlimit'), ['--pid', String(pid), `--nofile=${files}:4096`], { stdio: 'pipe' });

const shortages: readonly Action[] = [
  {
    name: 'disk full',
    things: ['files'],
    held_s: [1, 10],
    can: ({ disk }) => disk !== undefined,
    async run({ disk = '', apply, changes }, hold) {
      const file = fill(disk);
      await apply([...changes, (text) => text.replace("option interval_s '1'", "option interval_s '2'")]);
      await hold();
      rmSync(file);
      await apply([...changes]);
    },
  },
  {
    name: 'disk full during a stop of the agent',
    things: ['files', 'agent'],
    held_s: [1, 5],
    endsAgent: true,
    can: ({ disk }) => disk !== undefined,
    async run({ disk = '', unit, watch, endedAt_ms, note }, hold) {
      const file = fill(disk);
      const run = watch.run();
      run.ended = 'SIGTERM';
      endedAt_ms.set(run, performance.now());
      await unit.agent().end('SIGTERM');
      const isLost = /waiting records are lost at this stop/.test(unit.agent().output());
      if (isLost) run.ended = 'SIGKILL'; // no better than that
      if (isLost) note('the agent could not save the waiting records, and reported that');
      await hold();
      rmSync(file);
      await unit.startAgent();
      watch.begun();
    },
  },
  {
    name: 'no free file descriptor',
    things: ['agent'],
    held_s: [1, 6],
    async run({ unit, watch, note }, hold, random) {
      const { pid } = watch.run();
      const before = { cpu: cpu_ms(pid), at: performance.now() };
      limitFiles(pid, random() < 0.5 ? 3 : openFiles(pid));
      const asking = setInterval(() => {
        fetch(`${unit.statusUrl}healthz`, { signal: AbortSignal.timeout(500) }).catch(() => {});
      }, 200);
      await hold();
      clearInterval(asking);
      const load = (cpu_ms(pid) - before.cpu) / (performance.now() - before.at);
      limitFiles(pid, 1024);
      note(`without free descriptors the agent used ${(load * 100).toFixed(0)} % of a core`);
    },
  },
];

const second = 1000;
const hour = 3600 * second;
const year = 365 * 24 * hour;

const steps: readonly Action[] = [
  {
    name: 'wall clock stepped',
    things: ['wall'],
    held_s: [1, 12],
    weight: 2,
    async run({ instrument, note }, hold, random) {
      const unit = [second, 60 * second, hour, year][Math.floor(random() * 4)] ?? second;
      const by_ms = Math.round((random() < 0.5 ? -1 : 1) * (0.2 + random() * 9) * unit);
      note(`wall clock stepped by ${(by_ms / second).toFixed(1)} s`);
      instrument.shift(by_ms);
      await hold();
      instrument.shift(0);
    },
  },
];

/** Paths, shortages and steps. */
export const paths: readonly Action[] = [...path, ...shortages, ...steps];
