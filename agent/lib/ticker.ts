/** Monotonic time and timers, passed in so that tests can run a day in a millisecond. */
export interface Ticker {
  /** CLOCK_MONOTONIC in milliseconds with a fraction, the same clock as process.hrtime. Not wall time. */
  now_ms(): number;
  /**
   * Calls `fn` once after `delayMs`. Returns its cancellation. The timer keeps no process alive. `maySlip`: up to a second
   * later, with what else is due then; such a timer costs no wake-up of its own, and one that is cancelled none at all.
   */
  after(delayMs: number, fn: () => void, maySlip?: boolean): () => void;
  /**
   * Calls `fn` every `intervalMs`, each time moved by up to ±`jitter` (a fraction) of it so that units
   * booted together drift apart. The mean period stays `intervalMs`. Returns its cancellation. Periods of a second and
   * more share their wake-ups: a call comes up to half a second early or late.
   */
  every(intervalMs: number, fn: () => void, jitter?: number): () => void;
}

/** A moment by both clocks: monotonic, and Unix ms. */
export interface BothClocks {
  readonly mono_ms: number;
  readonly wall_ms: number;
}

type After = Ticker['after'];

/** The timers that a ticker is made of. */
export interface SingleTimers extends Pick<Ticker, 'now_ms'> {
  after(delayMs: number, fn: () => void): () => void;
  /** Gives [0, 1). */
  random(): number;
}

/** From one shared wake-up to the next, and by how much of it each is moved. */
const shared = { every_ms: 1000, jitter: 0.05 } as const;

/** Calls `fn` again and again by single timers. It catches up with nothing. */
function repeat(
  { now_ms, random }: SingleTimers,
  after: After,
  intervalMs: number,
  fn: () => void,
  jitter: number,
): () => void {
  let cancel = (): void => {};
  let isStopped = false;
  let due = now_ms();
  const arm = (): void => {
    due += intervalMs;
    const now = now_ms();
    if (due < now) due = now + intervalMs; // asleep or stalled: do not fire a burst to catch up
    const shift = (random() * 2 - 1) * jitter * intervalMs;
    cancel = after(Math.max(0, due + shift - now), () => {
      arm();
      if (!isStopped) fn();
    });
  };
  arm();
  return () => {
    isStopped = true;
    cancel();
  };
}

/** The clocks of this machine: CLOCK_MONOTONIC since the start of the process in µs, and CLOCK_REALTIME in whole ms. */
export const machineClocks = {
  mono_us: (): number => performance.now() * 1000,
  dateNow_ms: Date.now,
} as const;

/** Timers that wait for the next of the wake-ups that they share, which come while any of them waits. */
function sharedTimer(timers: SingleTimers): After {
  const waiting = new Set<{ readonly due_ms: number; readonly fn: () => void }>();
  let stop: (() => void) | undefined;
  const wake = (): void => {
    const now = timers.now_ms();
    for (const one of [...waiting]) if (one.due_ms <= now && waiting.delete(one)) one.fn();
    if (waiting.size > 0) return;
    stop?.();
    stop = undefined;
  };
  return (delayMs, fn) => {
    const one = { due_ms: timers.now_ms() + delayMs, fn };
    waiting.add(one);
    stop ??= repeat(timers, timers.after, shared.every_ms, wake, shared.jitter);
    return () => waiting.delete(one);
  };
}

/** A ticker whose timers share their wake-ups where they may slip. */
export function sharingTicker(timers: SingleTimers): Ticker {
  const afterShared = sharedTimer(timers);
  /** The shared wake-up that is nearest to it. */
  const nearest: After = (delayMs, fn) => afterShared(delayMs - shared.every_ms / 2, fn);
  return {
    now_ms: timers.now_ms,
    after: (delayMs, fn, maySlip = false) => (maySlip ? afterShared : timers.after)(delayMs, fn),
    every: (intervalMs, fn, jitter = 0) =>
      repeat(timers, intervalMs < shared.every_ms ? timers.after : nearest, intervalMs, fn, jitter),
  };
}

/** The process's own clock and timers. `random` gives [0, 1). */
export const systemTicker = (random: () => number = Math.random): Ticker =>
  sharingTicker({
    random,
    now_ms() {
      const [s, ns] = process.hrtime();
      return s * 1e3 + ns / 1e6;
    },
    after(delayMs, fn) {
      const timer = setTimeout(fn, delayMs);
      timer.unref();
      return () => clearTimeout(timer); // node wakes up for it all the same
    },
  });

/** The same time, with timers that all end at once: for what sets some and has no end of its own. */
export function endingTicker(ticker: Ticker): Ticker & { end(): void } {
  const cancels = new Set<() => void>();
  let isOver = false;
  const kept = (start: (done: () => void) => () => void): (() => void) => {
    if (isOver) return () => {};
    const cancel = start(() => cancels.delete(end));
    const end = (): void => {
      cancels.delete(end);
      cancel();
    };
    cancels.add(end);
    return end;
  };
  return {
    now_ms: ticker.now_ms,
    after: (delayMs, fn, maySlip) =>
      kept((done) =>
        ticker.after(
          delayMs,
          () => {
            done();
            fn();
          },
          maySlip,
        ),
      ),
    every: (intervalMs, fn, jitter) => kept(() => ticker.every(intervalMs, fn, jitter)),
    end() {
      isOver = true;
      for (const cancel of [...cancels]) cancel();
    },
  };
}

/** Resolves with the promise, or with undefined once it fails or `ms` have passed; see `Ticker.after` for `maySlip`. */
export function within<T>(
  ticker: Ticker,
  ms: number,
  promise: Promise<T>,
  maySlip = false,
): Promise<T | undefined> {
  return new Promise((resolve) => {
    const cancel = ticker.after(ms, () => resolve(undefined), maySlip);
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
