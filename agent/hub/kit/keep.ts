// How long the records of a fleet fit into the store. Pure.
import type { Traffic } from '../../config/traffic.ts';

/**
 * Bytes that NUNECT stores of one unit in an hour, as its max_bytes counts them (before compression), by agent.traffic: measured with
 * nats-server 2.15.2 for a unit with chronyd and four sources, over an hour's worth of records.
 */
const stored_b_per_h: Readonly<Record<Traffic, number>> = {
  lan: 3_030_000,
  standard: 1_000_000,
  wan: 400_000,
  satellite: 60_000,
};

/** How long so many bytes hold the records of so many units, seconds. */
export const keptSpan_s = (bytes: number, units: number, traffic: Traffic): number =>
  (bytes / (units * stored_b_per_h[traffic])) * 3600;

/** How many bytes hold the records of so many units for so many days. */
export const neededBytes = (days: number, units: number, traffic: Traffic): number =>
  days * 24 * units * stored_b_per_h[traffic];
