import type { Sample } from './hysteresis.ts';

const most = 64;
const fewest = 4;

/** The last offsets from one grandmaster, oldest first, at most 64. */
export interface Offsets {
  readonly grandmaster?: string;
  readonly lastId?: string;
  readonly values_ns: readonly number[];
}

export const noOffsets: Offsets = { values_ns: [] };

/** The window after one more sample. Another grandmaster starts it anew; a sample seen before changes nothing. */
export function addOffset(before: Offsets, sample: Sample, grandmaster: string): Offsets {
  const same = before.grandmaster === grandmaster;
  if (same && before.lastId === sample.id) return before;
  const kept = same ? before.values_ns.slice(1 - most) : [];
  return { grandmaster, lastId: sample.id, values_ns: [...kept, sample.offset_ns] };
}

/** Where offsets lie and how they scatter. */
export interface Spread {
  readonly mean_ns: number;
  /** Four standard deviations (as fbclock), or the farthest sample from the mean where that is more. */
  readonly jitter_ns: number;
}

/** The spread of a window; undefined while there are too few samples for one. */
export function spreadOf({ values_ns }: Offsets): Spread | undefined {
  const count = values_ns.length;
  if (count < fewest) return undefined;
  const mean_ns = values_ns.reduce((sum, value) => sum + value, 0) / count;
  const deviations = values_ns.map((value) => Math.abs(value - mean_ns));
  const stddev = Math.sqrt(deviations.reduce((sum, d) => sum + d * d, 0) / (count - 1));
  return { mean_ns, jitter_ns: Math.max(4 * stddev, ...deviations) };
}
