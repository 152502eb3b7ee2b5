// Two agents under one id, such as a device and its copy: runs that speak by turns, where a restart ends the run before it.
// What they say must not stand in one row. Time is monotonic ms, passed in. Pure but for what it keeps.
import type { UnitRecord } from '../record/unitrecord.ts';

/** The runs of the agent that spoke under one id. */
export interface Speakers {
  /** The run that is shown, since when, and the number of its newest heartbeat. */
  boot: string | undefined;
  since_ms: number;
  n: number;
  /** Runs that were shown before, with the same number of each. */
  readonly past: Map<string, number>;
  /** `sequence` of the newest full heartbeat of the one that was shown before. */
  pastFull: number | undefined;
  /** How often one that was past was heard anew, when it was last, and heartbeats of the shown one since. */
  returns: number;
  returned_ms: number;
  alone: number;
  /** Two speak at once. */
  areTwo: boolean;
}

const mostPast = 4;
/** So long records of a run that has ended may be on their way. */
const inFlight_ms = 10_000;
/** Returns until two speak. */
const leastReturns = 2;
/** Two speak no more after so many heartbeats of one alone, and so much time. */
const leastAlone = 4;
const leastAlone_ms = 60_000;

export const newSpeakers = (): Speakers => ({
  ...{ boot: undefined, since_ms: -Infinity, n: 0, past: new Map(), pastFull: undefined },
  ...{ returns: 0, returned_ms: -Infinity, alone: 0, areTwo: false },
});

/** From now on that run is shown. */
export function beginRun(speakers: Speakers, { boot, n = 0 }: UnitRecord, now_ms: number): void {
  const { past } = speakers;
  if (speakers.boot !== undefined) past.set(speakers.boot, speakers.n);
  if (boot !== undefined) past.delete(boot);
  const [oldest] = past.keys();
  if (past.size > mostPast && oldest !== undefined) past.delete(oldest);
  Object.assign(speakers, { boot, n, since_ms: now_ms });
}

function heardShown(speakers: Speakers, n: number, now_ms: number): void {
  if (n <= speakers.n) return;
  speakers.n = n;
  speakers.alone += 1;
  if (speakers.alone < leastAlone || now_ms - speakers.returned_ms < leastAlone_ms) return;
  speakers.areTwo = false;
  speakers.returns = 0;
}

/** Takes note of who speaks; gives whether another one than before is to be shown: one of two that begins a full set. */
export function heardRun(speakers: Speakers, record: UnitRecord, now_ms: number): boolean {
  const { kind, boot, n } = record;
  if (kind !== 'heartbeat' || boot === undefined || n === undefined) return false;
  if (boot === speakers.boot) heardShown(speakers, n, now_ms);
  const before = speakers.past.get(boot);
  if (before === undefined || n <= before) return false;
  speakers.past.set(boot, n);
  if (now_ms - speakers.since_ms < inFlight_ms && !speakers.areTwo) return false;
  speakers.returns += 1;
  speakers.returned_ms = now_ms;
  speakers.alone = 0;
  speakers.areTwo ||= speakers.returns >= leastReturns;
  return speakers.areTwo && record.isFull && record.fields.stopping !== true;
}

/**
 * While two speak: whether a record is of the one that is not shown, or might be. Slim ones name no run: a heartbeat is of the
 * one whose full heartbeat it refers to, unless both count alike.
 */
export function isOfOther(
  { areTwo, past, pastFull }: Speakers,
  { kind, boot, full }: UnitRecord,
  shownFull: number | undefined,
): boolean {
  if (!areTwo) return false;
  if (boot !== undefined) return past.has(boot);
  return kind !== 'heartbeat' || full === undefined || full !== shownFull || full === pastFull;
}
