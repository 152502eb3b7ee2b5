// When Sync messages arrived. Polls see them late, and their own stamps are in a timescale that may be any:
// but how far that is from our monotonic clock shows in the poll that came soonest after a Sync.

/** Follows the stamps of one port's Sync messages. */
export interface SyncAge {
  /** ptp4l reported at `now_ms` (monotonic) that its last Sync came at `ingress_time_ns`, 0n for none. */
  take(ingress_time_ns: bigint, now_ms: number): void;
  /**
   * Monotonic ms at which the last Sync arrived: never before it truly did, and never after it was seen.
   * -Infinity before the first change: a Sync that was there when we came may be of any age.
   */
  arrived_ms(): number;
  /** Monotonic ms at which it had not arrived yet; -Infinity where that is not known. */
  after_ms(): number;
  /** Another daemon may answer from now on. */
  reopen(): void;
}

/** Enough to meet a poll soon after a Sync; so few that the two clocks drift by a millisecond at most. */
const remembered = 8;
/** A reply takes that long at most. */
const tolerance_ms = 20;

/** Nothing is known yet. */
export function syncAge(): SyncAge {
  let last: { readonly ingress_ns: bigint; readonly at_ms: number } | undefined;
  let isOther = false;
  let delays_ms: number[] = []; // from stamp to sight, each in one and the same unknown timescale
  let arrived_ms = Number.NEGATIVE_INFINITY;
  let after_ms = Number.NEGATIVE_INFINITY;

  function see(ingress_ns: bigint, now_ms: number, before_ms: number): void {
    const ingress_ms = Number(ingress_ns) / 1e6;
    const delays = [...delays_ms, now_ms - ingress_ms].slice(-remembered);
    const guess_ms = ingress_ms + Math.min(...delays);
    // One that came before we asked last would have been seen then: so the timescale has stepped, or it is another.
    const fits = guess_ms >= before_ms - tolerance_ms;
    if (isOther && !(fits && delays.length > 1)) {
      delays_ms = [];
      arrived_ms = Number.NEGATIVE_INFINITY;
      after_ms = Number.NEGATIVE_INFINITY;
      return;
    }
    delays_ms = fits ? delays : delays.slice(-1);
    after_ms = isOther ? Number.NEGATIVE_INFINITY : before_ms;
    arrived_ms = fits ? Math.min(now_ms, Math.max(guess_ms, before_ms)) : now_ms;
  }

  return {
    take(ingress_ns, now_ms) {
      if (ingress_ns === 0n) delays_ms = [];
      else if (last !== undefined && ingress_ns !== last.ingress_ns) see(ingress_ns, now_ms, last.at_ms);
      last = { ingress_ns, at_ms: now_ms };
      isOther = false;
    },
    arrived_ms: () => arrived_ms,
    after_ms: () => after_ms,
    reopen() {
      isOther = true;
    },
  };
}
