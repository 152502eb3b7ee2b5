// Whereto alerts are told. Each output takes what is given in order, and says whether it has it.
import type { Beat } from '../bodies.ts';
import type { Dropped, Queued } from '../journal.ts';

/** What became of a delivery. `isRefused`: fewer at once may be taken. */
export type Delivery =
  | { readonly ok: true }
  | { readonly ok: false; readonly why: string; readonly isRefused?: true };

/** It is there. */
export const delivery: Delivery = { ok: true };

export interface AlertOutput {
  readonly name: string;
  /** How many notices it takes at once, each of another alert. */
  readonly most: number;
  /** Never rejects, and ends by itself. */
  send(notices: readonly Queued[], idOf: (one: Queued) => string, dropped: Dropped): Promise<Delivery>;
  /** A sign of life; missing where it takes none. */
  beat?(beat: Beat): Promise<Delivery>;
  /** Ends at once what is under way; missing where that ends with this process. */
  end?(): void;
}
