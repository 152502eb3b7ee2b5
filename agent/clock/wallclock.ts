// Wall time in microseconds that survives steps. Node's hrtime is slewed exactly as the wall clock is, so their
// difference is a constant except at steps; each pair of readings confines it (facts on time, section 6).

/** The clocks it is built on. */
export interface WallClockDeps {
  /** CLOCK_MONOTONIC, as process.hrtime.bigint(). */
  hrtime_ns(): bigint;
  /** CLOCK_REALTIME rounded down to a ms, as Date.now(). */
  dateNow_ms(): number;
}

/** Wall time with a bound of its own reading error; the verdict says how right the system clock is. */
export interface WallClock {
  /** Whole microseconds since 1970. */
  now_us(): number;
  /** Half-width of the error of now_us(), rounded up. A step smaller than this may not have been noticed yet. */
  error_us(): number;
  /** Wall time, by today's knowledge of the clock, of the moment `mono_ms` on a ticker that now shows `now_ms`. */
  toWall_us(mono_ms: number, now_ms: number): number;
  /**
   * Compares the two clocks. Call it each second and before a stamp that leaves the unit.
   * `step_us` is there when the wall clock was set since the last check; positive: forward.
   */
  check(): { readonly step_us?: number };
  /** Calls `fn` at each step that a check finds. Returns its cancellation. */
  onStep(fn: (step_us: number) => void): () => void;
}

const ms_ns = 1_000_000n;
const goodWidth_ns = 2_000n;
const mostEdges = 6;
/** A clock that makes no edge for so many readings stands still. */
const mostReadings = 200_000;

/** Where the offset wall minus monotonic lies: low <= offset < high, in ns. */
interface Interval {
  readonly low: bigint;
  readonly high: bigint;
}

// biome-ignore-start lint/complexity/useMathMinMax: Math.min takes no bigint
const intersect = (a: Interval, b: Interval): Interval => ({
  low: a.low > b.low ? a.low : b.low,
  high: a.high < b.high ? a.high : b.high,
});
// biome-ignore-end lint/complexity/useMathMinMax: as above
const isEmpty = ({ low, high }: Interval): boolean => low >= high;
const width = ({ low, high }: Interval): bigint => high - low;
const middle = ({ low, high }: Interval): bigint => (low + high) / 2n;

/** One pair of readings. */
function readBoth(deps: WallClockDeps): Interval {
  const before = deps.hrtime_ns();
  const wall = BigInt(deps.dateNow_ms()) * ms_ns;
  const after = deps.hrtime_ns();
  return { low: wall - after, high: wall + ms_ns - before };
}

/** Spins to the next ms edge. It lies between the last old reading and the first new one, bracketed outside both. */
function readEdge(deps: WallClockDeps): Interval {
  let before = deps.hrtime_ns();
  const old = deps.dateNow_ms();
  for (let i = 0; i < mostReadings; i++) {
    const start = deps.hrtime_ns();
    const now = deps.dateNow_ms();
    const wall = BigInt(now) * ms_ns;
    if (now === old + 1) return { low: wall - deps.hrtime_ns(), high: wall - before };
    if (now !== old) break; // a step, or a pause of several ms
    before = start;
  }
  return readBoth(deps);
}

/** The offset as well as a few edges can say. */
function anchor(deps: WallClockDeps): Interval {
  let found = readBoth(deps);
  for (let edges = 0; edges < mostEdges && width(found) > goodWidth_ns; edges++) {
    const next = readEdge(deps);
    const both = intersect(found, next);
    found = isEmpty(both) ? next : both; // stepped while anchoring
  }
  return found;
}

/** Starts a wall clock; this spins for up to 6 ms, as does each step. */
export function wallClock(deps: WallClockDeps): WallClock {
  const listeners = new Set<(step_us: number) => void>();
  let offset = anchor(deps);
  const at = (mono_ns: bigint): number => Number((mono_ns + middle(offset)) / 1000n);

  return {
    now_us: () => at(deps.hrtime_ns()),
    error_us: () => Math.ceil(Number(width(offset)) / 2000 + 1), // and the rounding to a microsecond
    toWall_us: (mono_ms, now_ms) => at(deps.hrtime_ns()) - Math.round((now_ms - mono_ms) * 1e3),
    check() {
      const seen = intersect(offset, readBoth(deps));
      if (!isEmpty(seen)) {
        offset = seen;
        return {};
      }
      const old = middle(offset);
      offset = anchor(deps);
      const step_us = Number(middle(offset) - old) / 1000;
      for (const listener of listeners) listener(step_us);
      return { step_us };
    },
    onStep(fn) {
      listeners.add(fn);
      return () => listeners.delete(fn);
    },
  };
}
