/** How fast something comes in, with the last half hour or so counting most. */
export interface PutRate {
  add(bytes: number, now_ms: number): void;
  /** Undefined until half a minute has passed, or nothing came. */
  perSecond(now_ms: number): number | undefined;
}

const least_ms = 30_000;
const memory_ms = 1_800_000;

export function putRate(start_ms: number): PutRate {
  let from_ms = start_ms;
  let total = 0;
  return {
    add(bytes, now_ms) {
      total += bytes;
      if (now_ms - from_ms < memory_ms) return;
      total /= 2;
      from_ms = (from_ms + now_ms) / 2;
    },
    perSecond(now_ms) {
      const span_ms = now_ms - from_ms;
      return span_ms < least_ms || total === 0 ? undefined : (total * 1000) / span_ms;
    },
  };
}
