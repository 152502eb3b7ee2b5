// Whereto alerts are told. Each output takes what is given in order, and says whether it has it.
import { createHash } from 'node:crypto';
import type { Beat } from '../bodies.ts';
import type { Dropped, Queued } from '../journal.ts';

/** What became of a delivery. `isRefused`: fewer at once may be taken. */
export type Delivery =
  | { readonly ok: true }
  | { readonly ok: false; readonly why: string; readonly isRefused?: true };

/** What tells a receiver from another one, and says nothing of it. */
export const targetOf = (...words: readonly string[]): string =>
  createHash('sha256').update(JSON.stringify(words)).digest('hex').slice(0, 16);

/** It is there. */
export const delivery: Delivery = { ok: true };

export interface AlertOutput {
  readonly name: string;
  /** By what its receiver is told from another one; no secret can be read from it. */
  readonly target: string;
  /** How many notices it takes at once, each of another alert. */
  readonly most: number;
  /** Never rejects, and ends by itself. */
  send(notices: readonly Queued[], dropped: Dropped): Promise<Delivery>;
  /** It is just being connected for the first time: what does not get through yet is no failure. */
  isOpening?(): boolean;
  /** Why it cannot work as it is now, where that can be known before something is sent. */
  fault?(): string | undefined;
  /** A sign of life; missing where it takes none. */
  beat?(beat: Beat): Promise<Delivery>;
  /** Ends at once what is under way; missing where that ends with this process. */
  end?(): void;
}
