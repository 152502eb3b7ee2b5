/** The monotonic clock. */
export const mono_ms = (): number => performance.now();

/** Date.now is cut to whole milliseconds; further apart than this, the clock was set. */
const set_ms = 2;

/** Unix time in us by the clock of the machine: finer than Date.now, and where that is set, this follows. */
export function wallClock(wall_ms = Date.now, steady_ms = mono_ms): () => number {
  let ahead_ms = -Infinity; // of the wall clock
  return () => {
    const mono = steady_ms();
    const ahead = wall_ms() - mono;
    // what is cut off makes it smaller: the largest is the best
    if (ahead > ahead_ms || ahead < ahead_ms - set_ms) ahead_ms = ahead;
    return (mono + ahead_ms) * 1000;
  };
}
