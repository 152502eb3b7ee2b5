import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from './daemon.ts';

/** What V8 holds after a full collection, in MB (10^6 bytes). */
export interface HeapFigures {
  readonly heap_mb: number;
  readonly external_mb: number;
  readonly rss_mb: number;
}

/** An agent whose wall clock can be set, and whose garbage can be told from a leak. */
export interface Instrument {
  /** Flags of node for the agent. */
  readonly flags: readonly string[];
  /** From now on its wall clock is off by that: what a step of the machine's clock looks like to it. */
  shift(by_ms: number): void;
  /** Has the garbage of that process collected, and gives what is left. */
  collect(pid: number): Promise<HeapFigures>;
}

/** Loaded into the agent before itself. The file is looked at every 50 ms of the monotonic clock at most. */
const preload = (shiftFile: string, heapFile: string): string => `'use strict';
const { readFileSync, renameSync, writeFileSync } = require('node:fs');
const real = Date.now;
let shift = 0, looked = -Infinity;
const now = () => {
  const at = performance.now();
  if (at - looked > 50) {
    looked = at;
    try { shift = Number(readFileSync(${JSON.stringify(shiftFile)}, 'utf8')) || 0; } catch {}
  }
  return real() + shift;
};
const Real = Date;
globalThis.Date = class Date extends Real {
  constructor(...given) { if (given.length === 0) super(now()); else super(...given); }
  static now() { return now(); }
};
process.on('SIGUSR2', () => {
  for (let i = 0; i < 3; i++) globalThis.gc();
  const { heapUsed, external, rss } = process.memoryUsage();
  const figures = { heap_mb: heapUsed / 1e6, external_mb: external / 1e6, rss_mb: rss / 1e6 };
  try {
    writeFileSync(${JSON.stringify(`${heapFile}.new`)}, JSON.stringify(figures));
    renameSync(${JSON.stringify(`${heapFile}.new`)}, ${JSON.stringify(heapFile)});
  } catch {}
});
`;

/** Makes its files in `dir`. The flags are `more` and its own. */
export function instrument(dir: string, more: readonly string[] = []): Instrument {
  const script = join(dir, 'instrument.cjs');
  const shiftFile = join(dir, 'shift');
  const heapFile = join(dir, 'heap.json');
  writeFileSync(shiftFile, '0');
  writeFileSync(script, preload(shiftFile, heapFile));
  return {
    flags: [...more, '--expose-gc', '--require', script],
    shift: (by_ms) => writeFileSync(shiftFile, String(by_ms)),
    async collect(pid) {
      rmSync(heapFile, { force: true });
      process.kill(pid, 'SIGUSR2');
      await eventually('the heap figures', () => existsSync(heapFile), 20_000);
      return JSON.parse(readFileSync(heapFile, 'utf8')) as HeapFigures;
    },
  };
}
