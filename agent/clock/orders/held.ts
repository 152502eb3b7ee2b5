// The clock itself as a witness: what held it until a moment ago is what it still shows.
import type { ChronyFacts } from '../facts.ts';
import { liveSource } from '../verdict/ntp.ts';
import { compareTimes, drifted_s, liveWitnesses, ptpSource } from './witness.ts';

/** Until when the clock was held, monotonic ms, and by how much it had been set then. */
export interface Held {
  readonly at_ms: number;
  readonly set_s: number;
}

/** A clock that is still being corrected by more says nothing of the time. */
const settled_s = 0.5;

const theClock = { offset_s: 0, error_margin_s: 0 };

const isSettled = (facts: ChronyFacts): boolean => {
  const source = liveSource(facts);
  const offsets_s = [source?.offset_s ?? Infinity, facts.tracking.system_time_s];
  return offsets_s.every((offset_s) => Math.abs(offset_s) < settled_s);
};

/** After a look at chronyd; undefined while nothing is known to have held it, or NTP says that it is wrong. */
export function heldNow(
  before: Held | undefined,
  facts: ChronyFacts,
  set_s: number,
  now_ms: number,
): Held | undefined {
  const live = liveWitnesses(facts);
  const against = live.filter((one) => compareTimes(theClock, one) === 'disagree');
  if (against.length > 0 && 2 * against.length >= live.length) return undefined;
  if (isSettled(facts)) return { at_ms: now_ms, set_s };
  return before !== undefined && Math.abs(set_s - before.set_s) < settled_s ? before : undefined;
}

/** Whether PTP shows the time that the clock has; undefined where nothing is known to have held it. */
export function agreesWithClock(
  held: Held | undefined,
  facts: ChronyFacts,
  now_ms: number,
): boolean | undefined {
  const ptp = ptpSource(facts);
  if (held === undefined || ptp === undefined) return undefined;
  const margin_s = drifted_s((now_ms - held.at_ms) / 1e3);
  return compareTimes(ptp, { offset_s: 0, error_margin_s: margin_s }) === 'agree';
}
