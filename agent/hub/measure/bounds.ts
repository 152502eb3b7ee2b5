// The error bounds of a fleet, for its page. Pure.
import { quantile } from '../../peers/window.ts';
import type { FleetUnit } from '../fleet/model.ts';

/** What a clock is shown by: `relative` has a bound against its grandmaster only, `unbounded` none. */
export const boundKinds = ['ptp', 'ntp', 'holdover', 'relative', 'unbounded'] as const;
export type BoundKind = (typeof boundKinds)[number];

/** What of a unit is looked at. */
export type BoundedUnit = Pick<FleetUnit, 'unit' | 'clock'>;
type Clock = NonNullable<FleetUnit['clock']>;

/** Units whose bound is below `below_ns`, and not below that of the bucket before; the last one takes all that are left. */
export interface Bucket {
  readonly below_ns: number;
  readonly counts: Readonly<Record<Exclude<BoundKind, 'unbounded'>, number>>;
}

/** How wide the clocks of a fleet say that they may be off. */
export interface BoundSpread {
  readonly buckets: readonly Bucket[];
  /** Units of each kind; those without a bound stand in no bucket. */
  readonly counts: Readonly<Record<BoundKind, number>>;
  readonly median_ns: Readonly<Partial<Record<BoundKind, number>>>;
}

/** The upper ends of the buckets: 1, 2 and 5 of each power of ten from 100 ns to 10 s. */
const edges_ns: readonly number[] = Array.from(
  { length: 25 },
  (_, i) => [1, 2, 5].map((digit) => digit * 10 ** (2 + Math.floor(i / 3)))[i % 3],
).filter((edge) => edge !== undefined);

/** The bound that a clock is ranked by: against true time, else against its grandmaster. */
const boundOf = ({ error_bound_ns, error_rel_ns }: Clock): number | undefined =>
  error_bound_ns ?? error_rel_ns;

/** What a clock is shown by. */
export function boundKindOf({ source, holdover, error_bound_ns, error_rel_ns }: Clock): BoundKind {
  if (error_bound_ns === undefined) return error_rel_ns === undefined ? 'unbounded' : 'relative';
  return holdover === true || (source !== 'ptp' && source !== 'ntp') ? 'holdover' : source;
}

/** The number of the bucket that a clock stands in: by its bound, against its grandmaster where there is no other. */
export function bucketOf(clock: Clock): number | undefined {
  const bound_ns = boundOf(clock);
  if (bound_ns === undefined) return undefined;
  const bucket = edges_ns.findIndex((edge) => bound_ns < edge);
  return bucket < 0 ? edges_ns.length : bucket;
}

/** The distribution of bounds, over all units whose clock is known. */
export function boundSpreadOf(units: readonly BoundedUnit[]): BoundSpread {
  const buckets = [...edges_ns, Infinity].map((below_ns) => ({
    below_ns,
    counts: { ptp: 0, ntp: 0, holdover: 0, relative: 0 },
  }));
  const bounds = new Map(boundKinds.map((kind) => [kind, [] as number[]]));
  const counts = { ptp: 0, ntp: 0, holdover: 0, relative: 0, unbounded: 0 };
  for (const { clock } of units) {
    if (clock === undefined) continue;
    const kind = boundKindOf(clock);
    const bound_ns = boundOf(clock);
    counts[kind] += 1;
    if (bound_ns === undefined || kind === 'unbounded') continue;
    bounds.get(kind)?.push(bound_ns);
    const bucket = buckets[bucketOf(clock) ?? -1];
    if (bucket !== undefined) bucket.counts[kind] += 1;
  }
  const medians = [...bounds].flatMap(([kind, all]) => {
    const median_ns = quantile(
      all.sort((a, b) => a - b),
      0.5,
    );
    return median_ns === undefined ? [] : [[kind, median_ns] as const];
  });
  return { buckets, counts, median_ns: Object.fromEntries(medians) };
}

/** A clock by its share of what its operator allows it. */
export interface RankedClock {
  readonly unit: string;
  readonly bound_ns: number;
  readonly limit_ns: number;
  readonly share: number;
  /** Its bound is against its grandmaster only. */
  readonly isRelative: boolean;
}

const rankOf = ({ unit, clock }: BoundedUnit): readonly RankedClock[] => {
  const bound_ns = clock && boundOf(clock);
  if (clock === undefined || bound_ns === undefined) return [];
  const { limit_ns, error_bound_ns } = clock;
  return [{ unit, bound_ns, limit_ns, share: bound_ns / limit_ns, isRelative: error_bound_ns === undefined }];
};

const byShare = (a: RankedClock, b: RankedClock): number => b.share - a.share || (a.unit < b.unit ? -1 : 1);

/** The clocks that come nearest to their own limit, or are furthest beyond it. One without a bound has no share. */
export function worstClocks(units: readonly BoundedUnit[], most = 10): RankedClock[] {
  let worst: RankedClock[] = [];
  let least = 0; // the share below which nobody gets among them any more
  for (const { unit, clock } of units) {
    const bound_ns = clock && boundOf(clock);
    if (clock === undefined || bound_ns === undefined || bound_ns < least * clock.limit_ns) continue;
    worst.push(...rankOf({ unit, clock }));
    if (worst.length < 4 * most) continue;
    worst = worst.sort(byShare).slice(0, most);
    least = worst.at(-1)?.share ?? 0;
  }
  return worst.sort(byShare).slice(0, most);
}

/** A clock that runs on without its source. */
export interface HeldOver {
  readonly unit: string;
  /** Missing where nothing bounds it any more. */
  readonly bound_ns?: number;
  readonly share?: number;
  readonly since_ms?: number;
}

/** All clocks in holdover: those without a bound first, then by share of their limit. */
export function holdoversOf(units: readonly BoundedUnit[]): HeldOver[] {
  return units
    .flatMap(({ unit, clock }): HeldOver[] => {
      if (clock?.holdover !== true) return [];
      const [ranked] = rankOf({ unit, clock });
      const { since_ms } = clock;
      return [
        {
          unit,
          ...(ranked && { bound_ns: ranked.bound_ns, share: ranked.share }),
          ...(since_ms === undefined ? {} : { since_ms }),
        },
      ];
    })
    .sort((a, b) => (b.share ?? Infinity) - (a.share ?? Infinity) || (a.unit < b.unit ? -1 : 1));
}
