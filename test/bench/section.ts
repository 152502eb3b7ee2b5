import type { Build } from './build.ts';
import type { Figure } from './figures.ts';

/** What a section is told. */
export interface Bench {
  readonly build: Build;
  readonly mode: 'quick' | 'full';
  /** Asked for by BENCH_SECONDS, where a section may take as long as is wished. */
  readonly seconds: number | undefined;
  /** BENCH_LONG=1: what takes many minutes is measured too. */
  readonly isLong: boolean;
  say(text: string): void;
}

/** One part of the table. It may throw: then it says why, and the others go on. */
export type Section = (bench: Bench) => Promise<readonly Figure[]>;

/** Thrown by a section that cannot be measured here. */
export class CannotMeasure extends Error {}

/** One of two numbers, by the mode. */
export const by = <T>({ mode }: Pick<Bench, 'mode'>, of: { readonly quick: T; readonly full: T }): T =>
  of[mode];

export const pause = (seconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, seconds * 1000));
