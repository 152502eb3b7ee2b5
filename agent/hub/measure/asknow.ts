// What a few exchanges in a row tell of a unit that somebody asks for. Pure.
import { known } from '../../lib/known.ts';
import { beyond_us } from '../../peers/fourtimes.ts';
import { quantile } from '../../peers/window.ts';
import { claimOf, type Exchange, offsetOf } from './claim.ts';

/** What the page shows when somebody asks for a unit. */
export interface AskSummary {
  readonly asked: number;
  readonly answered: number;
  /** Round trips without the time in the unit. */
  readonly rtt_us?: { readonly min: number; readonly median: number; readonly max: number };
  /** Unit minus hub, by the shortest round trip, and its half-width. */
  readonly offset_us?: number;
  readonly path_us?: number;
  /** From hub to unit and back, with the error that both clocks may have together; missing where that has no bound. */
  readonly forward_us?: number;
  readonly back_us?: number;
  readonly one_way_error_us?: number;
  /** The times cannot be if both bounds hold. */
  readonly clocks_contradict?: true;
  readonly source?: string;
  readonly quality?: string;
}

const rttOf = ({ ways }: Exchange): number => Math.max(0, ways.forward_us + ways.back_us);

/** Of several exchanges the one that tells most: that with the shortest round trip. */
export const bestOf = (exchanges: readonly Exchange[]): Exchange | undefined =>
  exchanges.reduce<Exchange | undefined>(
    (best, one) => (best === undefined || rttOf(one) < rttOf(best) ? one : best),
    undefined,
  );

function oneWays(best: Exchange, grandmaster: string | undefined) {
  const { claimed_us, own_bound_us } = claimOf(best, grandmaster);
  if (claimed_us === undefined || own_bound_us === undefined) return {};
  const one_way_error_us = Math.ceil(claimed_us + own_bound_us + best.resolution_us);
  return beyond_us(best.ways, one_way_error_us) === 0
    ? { ...best.ways, one_way_error_us }
    : ({ clocks_contradict: true } as const);
}

/** Summary of `asked` questions; `grandmaster` is whom the unit follows, as its records say. */
export function askSummaryOf(
  asked: number,
  exchanges: readonly Exchange[],
  grandmaster: string | undefined,
): AskSummary {
  const best = bestOf(exchanges);
  const counts = { asked, answered: exchanges.length };
  if (best === undefined) return counts;
  const sorted = exchanges.map(rttOf).sort((a, b) => a - b);
  const [min = 0, median = 0, max = 0] = [0, 0.5, 1].map((share) => quantile(sorted, share));
  const { source, quality } = best.told;
  return {
    ...counts,
    rtt_us: { min, median, max },
    ...offsetOf(best),
    ...oneWays(best, grandmaster),
    ...known({ source, quality }),
  };
}
