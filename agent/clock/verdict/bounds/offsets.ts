// The last offsets that ptp4l measured: where they lie, how they scatter, and how far they went.

import type { Sync } from '../../facts.ts';
import { medianOf, noiseOf } from '../../numbers.ts';

const mostOffsets = 64;
/** Fewer have no spread. */
const fewestOffsets = 4;
/** An outlier counts in full for so many Syncs, and in the standard deviation for as long as it is remembered. */
const recentOffsets = 16;

/** An offset that none after it has exceeded. */
interface Peak {
  readonly at_ms: number;
  readonly ns: number;
}

/** An offset, and the time between its Sync and the one before; 0 where that is not known. */
export interface AddedOffset {
  readonly offset_ns: number;
  readonly interval_s: number;
}

/** The last offsets from one port of one grandmaster in one state of our port, oldest first, at most 64. */
export interface Offsets {
  /** What they were measured under; anything else starts the window anew. */
  readonly regime?: string;
  /** ingress_time_ns of the last one that was taken; undefined before the first. */
  readonly lastId?: string;
  /** Between the last two; 0 while there are not two. */
  readonly interval_s: number;
  readonly values_ns: readonly number[];
  /** Those that the last look has brought, whatever they were measured under. */
  readonly added: readonly AddedOffset[];
  /** The largest since any moment of the last hour, over all regimes; each smaller than the one before it. */
  readonly peaks: readonly Peak[];
}

/** After the clock was set: the times of the Syncs before it are of another scale. */
export const steppedRegime = 'stepped';

export const noOffsets: Offsets = { interval_s: 0, values_ns: [], added: [], peaks: [] };

const mostPeaks = 32;
/** So long it is known how large the offsets were. */
export const peaksFor_ms = 3_600_000;

/** Where there are too many, the newest ones count as one: as late as the last and as large as the first of them. */
function withPeak(peaks: readonly Peak[], peak: Peak): readonly Peak[] {
  const young = peaks.filter(({ at_ms, ns }) => ns > peak.ns && peak.at_ms - at_ms < peaksFor_ms);
  const kept = young.slice(0, mostPeaks - 1);
  return [...kept, { at_ms: peak.at_ms, ns: young[kept.length]?.ns ?? peak.ns }];
}

/** The largest offset since `since_ms`; 0 where there was none. */
export const largestSince_ns = ({ peaks }: Offsets, since_ms: number): number =>
  peaks.find(({ at_ms }) => at_ms >= since_ms)?.ns ?? 0;

const idOf = ({ ingress_time_ns }: Sync): string => String(ingress_time_ns);

/** Those that came after the last one taken, where that is still among them; else the newest alone. */
function newOnes({ lastId }: Offsets, syncs: readonly Sync[]): readonly Sync[] {
  const at = syncs.findLastIndex((sync) => idOf(sync) === lastId); // it is the last one, or nearly
  return at === -1 ? syncs.slice(-1) : syncs.slice(at + 1);
}

const seconds = (fromId: string | undefined, toId: string | undefined): number =>
  fromId === undefined || toId === undefined ? 0 : Number(BigInt(toId) - BigInt(fromId)) / 1e9;

/** The window after another look. `syncs` are the last ones, oldest first. Another regime starts it anew, with the newest alone. */
export function addOffsets(before: Offsets, syncs: readonly Sync[], regime: string, now_ms: number): Offsets {
  const isSame = before.regime === regime;
  const fresh = newOnes(before, syncs);
  const kept = isSame ? before.values_ns : [];
  const ids = [before.regime === steppedRegime ? undefined : before.lastId, ...fresh.map(idOf)];
  const added = fresh.map(({ master_offset_ns }, i) => ({
    offset_ns: master_offset_ns,
    interval_s: seconds(ids[i], ids[i + 1]),
  }));
  const lastId = ids.at(-1);
  if (fresh.length === 0 || lastId === undefined) return { ...before, regime, values_ns: kept, added };
  const offsets_ns = added.map(({ offset_ns }) => offset_ns).slice(isSame ? 0 : -1);
  const largest_ns = Math.max(...added.map(({ offset_ns }) => Math.abs(offset_ns)));
  return {
    regime,
    lastId,
    interval_s: added.at(-1)?.interval_s ?? 0,
    values_ns: settled([...kept, ...offsets_ns].slice(-mostOffsets)),
    added,
    peaks: withPeak(before.peaks, { at_ms: now_ms, ns: largest_ns }),
  };
}

const meanOf = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

function deviationOf(values: readonly number[]): number {
  const mean = meanOf(values);
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1));
}

/** Without what was before a servo settled, which it may do without a change of state (ntpshm): that is no jitter of now. */
function settled(values_ns: readonly number[]): readonly number[] {
  const recent = values_ns.slice(-recentOffsets);
  return recent.length === recentOffsets && 4 * deviationOf(recent) < deviationOf(values_ns)
    ? recent
    : values_ns;
}

/** How far the farthest of these may really be: an outlier is as uncertain as any other. */
function reachOf(recent: readonly number[], noise_ns: number): number {
  const farthest_ns = Math.max(...recent);
  return farthest_ns > 4 * noise_ns ? farthest_ns + 3 * noise_ns : farthest_ns;
}

/** Where offsets lie and how they scatter. */
export interface Spread {
  readonly mean_ns: number;
  /** Four standard deviations (as fbclock; more while there are few samples), or the farthest recent one from the mean. */
  readonly jitter_ns: number;
  /** By how much they changed in each second from the last but one to the last. */
  readonly change_ppb: number;
}

function scatterOf(values_ns: readonly number[]): Omit<Spread, 'change_ppb'> {
  const mean_ns = meanOf(values_ns);
  const from = (middle_ns: number): number[] => values_ns.map((value) => Math.abs(value - middle_ns));
  return {
    mean_ns,
    jitter_ns: Math.max(
      (4 + 16 / values_ns.length) * deviationOf(values_ns),
      reachOf(from(mean_ns).slice(-recentOffsets), noiseOf(from(medianOf(values_ns)))),
    ),
  };
}

/** By the window that they are of, which stays the same until the next Sync and is asked for several times. */
const scatters = new WeakMap<readonly number[], Omit<Spread, 'change_ppb'>>();

/** The spread of a window; undefined while there are too few samples for one. */
export function spreadOf({ values_ns, interval_s }: Offsets): Spread | undefined {
  const count = values_ns.length;
  if (count < fewestOffsets) return undefined;
  const scatter = scatters.get(values_ns) ?? scatterOf(values_ns);
  scatters.set(values_ns, scatter);
  const [last = 0, before = 0] = [values_ns[count - 1], values_ns[count - 2]];
  return { ...scatter, change_ppb: interval_s > 0 ? (last - before) / interval_s : 0 };
}
