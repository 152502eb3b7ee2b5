import type { StoredRecord } from '../kit/hub/storedids.ts';
import type { Change, Place } from './place.ts';
import type { Watch } from './vitals.ts';

/** What actions may have to themselves: two that break the same thing never overlap. */
export type Thing =
  | 'hub'
  | 'leaf'
  | 'agent'
  | 'path'
  | 'files'
  | 'chronyd'
  | 'ptp'
  | 'pmc'
  | 'wall'
  | 'flood';

/** What an action works with. */
export interface Scene extends Place {
  readonly watch: Watch;
  /** When agents were ended, by performance.now(). */
  readonly endedAt_ms: Map<Watch['runs'][number], number>;
  /** When a clock daemon was dead or stood still, by performance.now(). */
  readonly dark: { readonly source: 'ntp' | 'ptp'; readonly from_ms: number; readonly until_ms: number }[];
  /** Edits of the UCI file that are in force. */
  readonly changes: Set<Change>;
  /** What streams had that were deleted, each by itself. */
  readonly archive: (readonly StoredRecord[])[];
  /** Adds to the log of what was done. */
  note(text: string): void;
}

/** Something that is broken, held so for a while, and mended again by itself. */
export interface Action {
  readonly name: string;
  readonly things: readonly Thing[];
  /** Shortest and longest time for which it is held, in s. */
  readonly held_s: readonly [number, number];
  /** Ends the run of the agent: left out where its memory is compared. */
  readonly endsAgent?: boolean;
  /** How much more often it is chosen than others; 1 by default. */
  readonly weight?: number;
  /** False where this place lacks what it needs. */
  can?(scene: Scene): boolean;
  /** `hold` resolves when it is time to mend. `random` gives [0, 1). */
  run(scene: Scene, hold: () => Promise<void>, random: () => number): Promise<void>;
}
