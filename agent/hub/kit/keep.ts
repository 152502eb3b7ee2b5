// How long the records of a fleet fit into the store. Pure.
import { type SlimKind, type Traffic, trafficProfileOf } from '../../config/traffic.ts';

/** What the records of a unit are counted as. */
export type StoredKind = SlimKind | 'full' | 'minutes';

/**
 * Bytes that NUNECT counts for what a unit with chronyd and four sources sends: a full set of five records, each slim record, and
 * a record of minutes. test/e2e/hubkeep.test.ts holds a real stream to it.
 */
export const storedBytes: Readonly<Record<StoredKind, number>> = {
  full: 4130,
  heartbeat: 362,
  rtt: 147,
  time: 188,
  minutes: 1750,
};

/** Bytes of one unit in an hour. Events come on top: they are few. */
function storedInHour(traffic: Traffic): number {
  const { interval_s, full_s, slim, minutes_s } = trafficProfileOf(traffic);
  const beats = 3600 / interval_s;
  const fulls = full_s === 0 ? beats : 3600 / full_s;
  const slims = slim.reduce((sum, kind) => sum + storedBytes[kind], 0);
  const minutes = minutes_s === 0 ? 0 : (3600 / minutes_s) * storedBytes.minutes;
  return fulls * storedBytes.full + (beats - fulls) * slims + minutes;
}

/** How long so many bytes hold the records of so many units, seconds. */
export const keptSpan_s = (bytes: number, units: number, traffic: Traffic): number =>
  (bytes / (units * storedInHour(traffic))) * 3600;

/** How many bytes hold the records of so many units for so many days. */
export const neededBytes = (days: number, units: number, traffic: Traffic): number =>
  days * 24 * units * storedInHour(traffic);
