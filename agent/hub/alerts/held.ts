// What the keeper of alerts has in mind: conditions that hold, and groups of them. Times are of its own clock: observed time.
import type { Alert, AlertKey, Condition, Notice } from './alert.ts';
import type { Counters } from './conditions.ts';

/** Units that got a trouble together; times by the keeper's clock. */
export interface Group {
  /** When the first was seen, Unix ms. */
  readonly since_ms: number;
  /** When there were enough, or enough more. */
  formed_ms: number;
  /** When the last joined, and when one was last seen to be without the trouble for the first time: one that flaps holds up nobody. */
  joined_ms: number;
  back_ms: number;
  /** How many were told of; 0 before that. */
  told: number;
  told_ms: number;
  /** More have come that nobody was told of. */
  isNews: boolean;
}

/** A condition that holds, or did until a moment ago. */
export interface HeldAlert {
  readonly condition: Condition;
  readonly unit?: string;
  readonly about?: string;
  /** Unix ms. */
  readonly since_ms: number;
  /** By the keeper's own clock. */
  readonly began_ms: number;
  text: string;
  /** When it was seen to hold last. */
  seen_ms: number;
  /** So long it was seen to hold, without what it did not hold in between. */
  held_ms: number;
  /** So long it is seen to be over. */
  clear_ms: number;
  isWanted: boolean;
  isTold: boolean;
  /** The alert of many units tells of it, or is about to. */
  isGrouped: boolean;
  /** That alert has counted it, as it was told last. */
  isNamed?: boolean;
  /** It was seen to be over while it was of that alert. */
  wasBack?: boolean;
  /** It is told singly, whatever happens to others: too few of its wave stayed away. */
  isAlone: boolean;
}

/** All that the keeper must not forget. */
export interface KeeperState {
  /** Its clock: so long the units were seen. */
  clock_ms: number;
  /** So long they were seen without a gap. */
  settled_ms: number;
  wereSeen: boolean;
  readonly held: Map<AlertKey, HeldAlert>;
  readonly groups: Map<Condition, Group>;
  /** Who is silent and had no time to be heard since a gap: by its clock, since when. A restart forgets it. */
  readonly unheard: Map<AlertKey, number>;
  counters: Counters;
}

/** A look at everything. */
export interface Look {
  /** Unix ms. */
  readonly now_ms: number;
  /** Since the look before; missing after a gap: the first one, or after a sleep. */
  readonly passed_ms?: number;
  /** Units are among what was judged. */
  readonly areUnitsSeen: boolean;
}

/** Takes what is to be told. */
export type Tell = (event: Notice['event'], alert: Alert) => void;
