// Wall time in microseconds that survives steps. Node's hrtime is slewed exactly as the wall clock is, so their
// difference is a constant except at steps; each pair of readings confines it (facts on time, section 6).

/** The clocks it is built on. */
export interface WallClockDeps {
  /** CLOCK_MONOTONIC in µs with a fraction, from any moment less than four years ago. */
  mono_us(): number;
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

const ms_us = 1000;
const goodWidth_us = 2;
const mostEdges = 6;
/** A clock that makes no edge for so many readings stands still. */
const mostReadings = 200_000;
/** More than doubles round a monotonic time by within four years: 1/64 µs, and as much in its conversion from ms. */
const rounding_us = 0.05;

/**
 * From when both clocks are counted: the last time the wall clock was set, or the start. Doubles hold a µs since 1970
 * to 1/4 µs only, which would look like steps.
 */
interface Zero {
  readonly wall_ms: number;
  readonly mono_us: number;
}

/** Where the offset wall minus monotonic lies, both counted from a zero: low <= offset < high, in µs. */
interface Interval {
  readonly low: number;
  readonly high: number;
}

const intersect = (a: Interval, b: Interval): Interval => ({
  low: Math.max(a.low, b.low),
  high: Math.min(a.high, b.high),
});
const isEmpty = ({ low, high }: Interval): boolean => low >= high;
const width = ({ low, high }: Interval): number => high - low;
const middle = ({ low, high }: Interval): number => (low + high) / 2;

/** A wall clock that showed `wall_ms` between two monotonic readings. */
const between = (wall_ms: number, before_us: number, after_us: number, zero: Zero): Interval => {
  const offset = (wall_ms - zero.wall_ms) * ms_us + zero.mono_us;
  return { low: offset - after_us - rounding_us, high: offset + ms_us - before_us + rounding_us };
};

/** One pair of readings. */
function readBoth(deps: WallClockDeps, zero: Zero): Interval {
  const before = deps.mono_us();
  const wall = deps.dateNow_ms();
  return between(wall, before, deps.mono_us(), zero);
}

/** Spins to the next ms edge. It lies between the last old reading and the first new one, bracketed outside both. */
function readEdge(deps: WallClockDeps, zero: Zero): Interval {
  let before = deps.mono_us();
  const old = deps.dateNow_ms();
  for (let i = 0; i < mostReadings; i++) {
    const start = deps.mono_us();
    const now = deps.dateNow_ms();
    if (now === old + 1)
      return intersect(between(old, before, start, zero), between(now, start, deps.mono_us(), zero));
    if (now !== old) break; // a step, or a pause of several ms
    before = start;
  }
  return readBoth(deps, zero);
}

/** The offset as well as a few edges can say. */
function anchor(deps: WallClockDeps, zero: Zero): Interval {
  let found = readBoth(deps, zero);
  for (let edges = 0; edges < mostEdges && width(found) > goodWidth_us; edges++) {
    const next = readEdge(deps, zero);
    const both = intersect(found, next);
    found = isEmpty(both) ? next : both; // stepped while anchoring
  }
  return found;
}

const noStep = {};

/** Starts a wall clock; this spins for up to 6 ms, as does each step. */
export function wallClock(deps: WallClockDeps): WallClock {
  const listeners = new Set<(step_us: number) => void>();
  const zeroNow = (): Zero => ({ wall_ms: deps.dateNow_ms(), mono_us: deps.mono_us() });
  let zero = zeroNow();
  let offset = anchor(deps, zero);
  const now_us = (): number =>
    Math.round(deps.mono_us() - zero.mono_us + middle(offset)) + zero.wall_ms * ms_us;

  return {
    now_us,
    error_us: () => Math.ceil(width(offset) / 2 + 0.5), // and the rounding to a microsecond
    toWall_us: (mono_ms, now_ms) => now_us() - Math.round((now_ms - mono_ms) * 1e3),
    check() {
      const now = readBoth(deps, zero);
      if (now.low <= offset.low && now.high >= offset.high) return noStep; // nearly always: it says nothing new
      const seen = intersect(offset, now);
      if (!isEmpty(seen)) {
        offset = seen;
        return noStep;
      }
      const old = { zero, offset };
      zero = zeroNow();
      offset = anchor(deps, zero);
      const moved_us = (zero.wall_ms - old.zero.wall_ms) * ms_us - (zero.mono_us - old.zero.mono_us);
      const step_us = moved_us + middle(offset) - middle(old.offset);
      for (const listener of listeners) listener(step_us);
      return { step_us };
    },
    onStep(fn) {
      listeners.add(fn);
      return () => listeners.delete(fn);
    },
  };
}
