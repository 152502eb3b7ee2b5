// The four times of an exchange, all Unix µs: ours at sending and at arrival, the peer's when the request came and when its
// answer left. What one-way times, offsets and contradictions of clocks are made of.

export interface FourTimes {
  readonly sent_us: number;
  readonly received_us: number;
  readonly answered_us: number;
  readonly back_us: number;
}

/** How long each way took by the clocks of both ends. */
export interface Ways {
  readonly forward_us: number;
  readonly back_us: number;
}

export const waysOf = ({ sent_us, received_us, answered_us, back_us }: FourTimes): Ways => ({
  forward_us: received_us - sent_us,
  back_us: back_us - answered_us,
});

/**
 * By how much the peer's clock is ahead of ours (negative: behind) at least, after `error_us` of both has explained what it
 * can; 0 where that explains all. No way takes less than no time, so that an uneven path alone never gives anything else.
 */
export function beyond_us({ forward_us, back_us }: Ways, error_us: number): number {
  if (back_us < -error_us) return -error_us - back_us;
  return forward_us < -error_us ? forward_us + error_us : 0;
}
