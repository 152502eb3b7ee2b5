/** Monotonic time and timers, passed in so that tests can run a day in a millisecond. */
export interface Ticker {
  /** CLOCK_MONOTONIC in milliseconds with a fraction, the same clock as process.hrtime. Not wall time. */
  now_ms(): number;
  /** Calls `fn` once after `delayMs`. Returns its cancellation. The timer keeps no process alive. */
  after(delayMs: number, fn: () => void): () => void;
  /**
   * Calls `fn` every `intervalMs`, each time moved by up to ±`jitter` (a fraction) of it so that units
   * booted together drift apart. The mean period stays `intervalMs`. Returns its cancellation.
   */
  every(intervalMs: number, fn: () => void, jitter?: number): () => void;
}

/** The process's own clock and timers. `random` gives [0, 1). */
export function systemTicker(random: () => number = Math.random): Ticker {
  const now_ms = (): number => {
    const [s, ns] = process.hrtime();
    return s * 1e3 + ns / 1e6;
  };
  const after = (delayMs: number, fn: () => void): (() => void) => {
    const timer = setTimeout(fn, delayMs);
    timer.unref();
    return () => clearTimeout(timer);
  };
  return {
    now_ms,
    after,
    every(intervalMs, fn, jitter = 0) {
      let cancel = (): void => {};
      let stopped = false;
      let due = now_ms();
      const arm = (): void => {
        due += intervalMs;
        const now = now_ms();
        if (due < now) due = now + intervalMs; // asleep or stalled: do not fire a burst to catch up
        const shift = (random() * 2 - 1) * jitter * intervalMs;
        cancel = after(Math.max(0, due + shift - now), () => {
          arm();
          if (!stopped) fn();
        });
      };
      arm();
      return () => {
        stopped = true;
        cancel();
      };
    },
  };
}

/** The clocks of this machine: CLOCK_MONOTONIC since the start of the process in µs, and CLOCK_REALTIME in whole ms. */
export const machineClocks = {
  mono_us: (): number => performance.now() * 1000,
  dateNow_ms: Date.now,
} as const;

/** Resolves with the promise, or with undefined once it fails or `ms` have passed. */
export function within<T>(ticker: Ticker, ms: number, promise: Promise<T>): Promise<T | undefined> {
  return new Promise((resolve) => {
    const cancel = ticker.after(ms, () => resolve(undefined));
    promise.then(resolve, () => resolve(undefined)).finally(cancel);
  });
}

/** A timer that is set to many times and fires once, at the earliest of them. */
export interface Alarm {
  /** Fires at that monotonic ms, or before if it is set so already. */
  by(due_ms: number): void;
  /** For good. */
  stop(): void;
}

/** Calls `fn` whenever it fires. */
export function alarm(ticker: Ticker, fn: () => void): Alarm {
  let cancel = (): void => {};
  let next_ms = Infinity;
  return {
    by(due_ms) {
      if (due_ms >= next_ms) return;
      cancel();
      next_ms = due_ms;
      cancel = ticker.after(Math.max(1, due_ms - ticker.now_ms()), () => {
        next_ms = Infinity;
        fn();
      });
    },
    stop() {
      cancel();
      next_ms = -Infinity;
    },
  };
}
