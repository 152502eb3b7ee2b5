import type { Ticker } from '../../lib/ticker.ts';
import type { LeafControl } from './process.ts';

/** The names of the hub parts that render made last: of the settings asked for, and of those to fall back on. */
export interface HubsMade {
  readonly asked: string;
  readonly fallback: string | undefined;
}

/**
 * For how many s the server has been seen to run with another hub part than that which render made last, as it was not
 * restarted; 0 where it does not, or where that is not known.
 */
export function timeBehind(
  ticker: Ticker,
  control: Pick<LeafControl, 'process'> | undefined,
  { asked, fallback }: HubsMade,
): () => number {
  let since_ms: number | undefined;
  return () => {
    const process = control?.process();
    const made = process?.onFallback === true ? fallback : asked;
    const isBehind = process?.hub !== undefined && made !== undefined && process.hub !== made;
    const now_ms = ticker.now_ms();
    since_ms = isBehind ? (since_ms ?? now_ms) : undefined;
    return since_ms === undefined ? 0 : (now_ms - since_ms) / 1000;
  };
}
