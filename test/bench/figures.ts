import { type Goal, goals } from '../kit/budgets.ts';

/** What stands beside a figure: its floor, or a peer that does the same, measured in the same run. */
export interface Beside {
  readonly what: string;
  readonly samples: readonly number[];
}

/** One figure of the table, with all that was measured for it. */
export interface Figure {
  /** Its section and name, by which it is found again in other runs: `echo.p50`. */
  readonly id: string;
  readonly what: string;
  readonly unit: string;
  readonly samples: readonly number[];
  readonly beside?: Beside;
  /** What it may reach, as the goal was when it was measured. */
  readonly goal?: Goal;
  /** What a reader must know of how it was measured. */
  readonly note?: string;
}

/** A section that could not be measured, and why. */
export interface Skipped {
  readonly section: string;
  readonly why: string;
}

/** One build that was measured: that of this checkout, or an older one beside it in the same run. */
export interface Measured {
  readonly name: 'now' | 'before';
  readonly commit: string;
  readonly version: string;
  readonly figures: readonly Figure[];
  readonly skipped: readonly Skipped[];
}

/** A run of `make bench`, as its file in results/ has it. */
export interface Results {
  readonly date: string;
  readonly mode: 'quick' | 'full';
  readonly machine: {
    readonly cpu: string;
    readonly cores: number;
    readonly memory_mb: number;
    readonly kernel: string;
    /** Load of the last minute when it began and when it ended: others may have used the machine. */
    readonly load: readonly [number, number];
  };
  readonly versions: Readonly<Record<string, string>>;
  readonly builds: readonly Measured[];
}

/** The value in the middle; that of an even number of samples is the mean of the two in the middle. */
export function median(samples: readonly number[]): number {
  const sorted = samples.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const at = (index: number): number => sorted[index] ?? Number.NaN;
  return sorted.length % 2 === 1 ? at(Math.floor(middle)) : (at(middle - 1) + at(middle)) / 2;
}

/** Ratios of samples that were taken in turn, pair by pair; where they were not, of the medians alone. */
export function ratiosOf({ samples, beside }: Pick<Figure, 'samples' | 'beside'>): readonly number[] {
  if (beside === undefined || beside.samples.length === 0) return [];
  if (beside.samples.length !== samples.length) return [median(samples) / median(beside.samples)];
  return samples.map((sample, at) => sample / (beside.samples[at] ?? Number.NaN));
}

/** A goal missed by less than this share of what stands beside it is the floor: there is nothing left to save. */
const floorShare = 0.05;

/** ok, OVER, or floor: missed, but not above what the bare floor of the same run costs. Empty where there is no goal. */
export function verdictOf(one: Figure): '' | 'ok' | 'OVER' | 'floor' {
  const { samples, beside, goal } = one;
  if (goal === undefined) return '';
  const value = median(samples);
  const floor = beside === undefined ? Number.NaN : median(beside.samples);
  const reached = goal.of === 'value' ? value : goal.of === 'above' ? value - floor : median(ratiosOf(one));
  if ('least' in goal ? reached >= goal.least : reached <= goal.most) return 'ok';
  const isFloor = 'most' in goal && goal.of === 'value' && Math.abs(value - floor) <= floor * floorShare;
  return isFloor ? 'floor' : 'OVER';
}

/** A figure with the goal that belongs to its id. */
export function figure(
  id: string,
  what: string,
  unit: string,
  samples: readonly number[],
  more: { readonly beside?: Beside | undefined; readonly note?: string | undefined } = {},
): Figure {
  const goal = goals[id];
  return {
    id,
    what,
    unit,
    samples: samples.map(rounded),
    ...(more.beside === undefined
      ? {}
      : { beside: { what: more.beside.what, samples: more.beside.samples.map(rounded) } }),
    ...(goal === undefined ? {} : { goal }),
    ...(more.note === undefined ? {} : { note: more.note }),
  };
}

/** Four digits are more than any of it means. */
const rounded = (value: number): number => Number(value.toPrecision(4));
