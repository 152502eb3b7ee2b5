// A leap second that a source has announced: the clock is set by a second then, and stays right.
import { freshValue } from '../../lib/reading.ts';
import type { Evidence } from '../facts.ts';

/** What was announced, and when it was heard last (monotonic ms). */
export interface Leap {
  /** By how much the clock is set: -1 where the last minute has 61 seconds. */
  readonly step_s: 1 | -1;
  readonly heard_ms: number;
}

/** Sources announce it on the day that it ends. */
const announcedFor_ms = 86_400_000;

function heard({ ptp, ntp }: Evidence): Leap['step_s'] | undefined {
  const properties = freshValue(ptp)?.timeProperties;
  const leap = freshValue(ntp)?.tracking.leap;
  if (properties?.leap61 === true || leap === 'insert') return -1;
  return properties?.leap59 === true || leap === 'delete' ? 1 : undefined;
}

/** The leap second that is due, or has been within a day. */
export function leapNow(before: Leap | undefined, evidence: Evidence, now_ms: number): Leap | undefined {
  const step_s = heard(evidence);
  if (step_s !== undefined) return { step_s, heard_ms: now_ms };
  return before !== undefined && now_ms - before.heard_ms > announcedFor_ms ? undefined : before;
}

const day_s = 86_400;
/** A step is noticed so soon. */
const noticed_s = 120;
const sameStep_s = 0.1;

/** What of a step that has brought the clock to `wall_s` is the leap second. */
export function leapOf_s(leap: Leap | undefined, step_s: number, wall_s: number): number {
  const ofDay_s = wall_s % day_s;
  const isMidnight = ofDay_s < noticed_s || ofDay_s > day_s - 2;
  return leap !== undefined && isMidnight && Math.abs(step_s - leap.step_s) < sameStep_s ? leap.step_s : 0;
}

/** What is believed of TAI - UTC, and what a grandmaster says instead. */
export interface UtcOffset {
  readonly believed_s: number;
  readonly other?: { readonly s: number; readonly since_ms: number };
}

/** Whether another currentUtcOffset than before follows from the leap second. */
const isByLeap = (leap: Leap | undefined, from_s: number, to_s: number): boolean =>
  leap !== undefined && from_s - to_s === leap.step_s;

/**
 * What to believe once a grandmaster has declared `said_s` valid: the first that was said, one that a witness confirms or
 * a leap second explains, or another that was said for `lasting_ms`.
 */
export function utcOffsetAfter(
  before: UtcOffset | undefined,
  said_s: number,
  isConfirmed: boolean,
  leap: Leap | undefined,
  now_ms: number,
  lasting_ms: number,
): UtcOffset {
  if (before === undefined || isConfirmed || said_s === before.believed_s) return { believed_s: said_s };
  const since_ms = before.other?.s === said_s ? before.other.since_ms : now_ms;
  return isByLeap(leap, before.believed_s, said_s) || now_ms - since_ms > lasting_ms
    ? { believed_s: said_s }
    : { believed_s: before.believed_s, other: { s: said_s, since_ms } };
}
