// Keeps the clock of an app from the time of a nunect unit, for apps that cannot or may not set the clock of their
// machine: a web page, a phone, a container. It takes a client of this package, or a NATS connection of
// @nats-io/transport-node or of @nats-io/nats-core's wsconnect.
//
// How it works. Each exchange gives four times: t1 and t4 by our monotonic clock, t2 and t3 by the unit's clock:
//
//     us    ---t1------------------t4--->        offset of the unit = ((t2 - t1) + (t3 - t4)) / 2
//                 \              /               round trip         = (t4 - t1) - (t3 - t2)
//     unit  --------t2---------t3------->
//
// The reply cannot arrive before the request, so the offset is wrong by at most half the round trip, however unequal
// the two delays are. The error also includes the unit's own error bound, and the drift of our oscillator since then.
// Of several exchanges the one with the shortest round trip is the best. The wall clock is not used as time, so setting
// it has no effect; it is read only to detect that the machine has slept.

import { guarded, messageOf } from './errors.ts';
import { pauses } from './pause.ts';
import { mono_ms } from './wallclock.ts';

/** What is asked: a client of this package, or a connection of nats.js. */
export interface Requester {
  request(
    subject: string,
    payload: string,
    opts: { timeout: number },
  ): Promise<{ readonly data: Uint8Array }>;
}

/** One exchange with a unit. `at_us` and the offset refer to the monotonic clock. */
export interface Exchange {
  readonly offset_us: number;
  readonly error_us: number;
  readonly bound_us: number | undefined;
  readonly rtt_us: number;
  readonly at_us: number;
  readonly source: 'ptp' | 'ntp' | 'unsynced' | undefined;
  readonly quality: 'locked' | 'tracking' | 'acquiring' | 'freerun' | undefined;
  readonly utc_offset_s: number | undefined;
}

/** A clock at a moment, and the exchange in use, if there is one; what is not known is undefined. */
export interface ClockStatus extends Partial<Omit<Exchange, 'error_us'>> {
  readonly now_us: number | undefined;
  readonly error_us: number | undefined;
  readonly unit_error_us: number | undefined;
  /** Age of the exchange in use. */
  readonly age_s: number | undefined;
  /** Why the last exchange failed. */
  readonly trouble: string | undefined;
}

export interface ClockOptions {
  /** Seconds between two rounds; default 10. */
  readonly every_s?: number;
  /** In a round; default 8. */
  readonly exchanges?: number;
  /** Default 2000. */
  readonly timeout_ms?: number;
  /** Maximum rate error of this machine's clock, default 100; set more if a daemon slews it fast. */
  readonly drift_ppm?: number;
  /** Called after each round. */
  readonly onChange?: (status: ClockStatus) => void;
  /** Other clocks than performance.now (in us) and Date.now, for tests. */
  readonly mono?: () => number;
  readonly wall_ms?: () => number;
}

export interface UnitClock {
  /** Unix time of the unit in microseconds, undefined before the first reply. May go back a little at a round. */
  now_us(): number | undefined;
  /**
   * How far now_us() can be from true time, in microseconds. undefined if the unit gives no bound of its clock;
   * unit_error_us() still bounds the distance from the unit's clock.
   */
  error_us(): number | undefined;
  /** How far now_us() can be from the unit's clock, unless that was set since the last round. */
  unit_error_us(): number | undefined;
  /** All of these, with source and quality of the unit's clock, and the last error. */
  status(): ClockStatus;
  /** Stops the exchanges. */
  stop(): void;
}

const mono_us = (): number => mono_ms() * 1000;

/**
 * The error of one reading of the clock: browsers reduce its resolution to 5 us up to 100 ms, and round up as well as
 * down. Measures for at most half a second.
 */
function resolution_us(mono: () => number): number {
  const begun = mono();
  let last = begun;
  let least = Infinity;
  for (let steps = 0; steps < 20 && last - begun < 500_000; ) {
    const now = mono();
    if (now === last) continue;
    least = Math.min(least, now - last);
    last = now;
    steps += 1;
  }
  return 2 * least;
}

/** A figure of the unit that can be reckoned with: as a time it is before the year 2255. */
const isSound = (value: unknown): value is number => typeof value === 'number' && value >= 0 && value < 9e15;
/** What can stand in a header. */
const wordOf = <T>(value: T): T | undefined => (/^\w{1,20}$/.test(String(value)) ? value : undefined);

/**
 * Asks the unit for its time once. Returns offset_us = the unit's Unix time minus `mono` at that moment, error_us =
 * bound of the error of that offset, bound_us = bound of the error of the unit's clock (undefined if the unit has
 * none), rtt_us, at_us (by `mono`), and what the unit reports of its clock: source, quality, utc_offset_s. Rejects if
 * there is no reply, or one that is impossible.
 */
export async function exchange(
  nc: Requester,
  unit: string,
  opts: { readonly mono?: () => number; readonly resolution?: number; readonly timeout_ms?: number } = {},
): Promise<Exchange> {
  const { mono = mono_us, resolution = 1, timeout_ms = 2000 } = opts;
  const t1_us = mono();
  const reply = await nc.request(`ops.time.sync.${unit}`, JSON.stringify({ t1_us }), { timeout: timeout_ms });
  const t4_us = mono();
  const told = JSON.parse(new TextDecoder().decode(reply.data));
  const { t2_us, t3_us, error_bound_ns, source, quality, utc_offset_s } = told;
  const path_us = t4_us - t1_us - (t3_us - t2_us);
  if (told.t1_us !== t1_us || !isSound(t2_us) || !isSound(t3_us))
    throw new Error(`${unit}: no time in the reply`);
  // a unit whose clock was set between t2 and t3, or ours stood still
  if (t3_us < t2_us || path_us < -2 * resolution - 2) throw new Error(`${unit}: times out of order`);
  const rtt_us = Math.max(0, path_us);
  return {
    offset_us: (t2_us - t1_us + t3_us - t4_us) / 2,
    error_us: rtt_us / 2 + resolution + 1, // t2 and t3 are whole microseconds
    bound_us: isSound(error_bound_ns) ? error_bound_ns / 1000 : undefined,
    rtt_us,
    at_us: t4_us,
    source: wordOf(source),
    quality: wordOf(quality),
    utc_offset_s: isSound(utc_offset_s) ? utc_offset_s : undefined,
  };
}

/** Keeps a clock from the time of `unit` until `stop()`. */
export function keepClock(nc: Requester, unit: string, options: ClockOptions = {}): UnitClock {
  const {
    every_s = 10,
    exchanges = 8,
    timeout_ms = 2000,
    drift_ppm = 100,
    onChange,
    mono = mono_us,
    wall_ms = Date.now,
  } = options;
  const resolution = resolution_us(mono);
  const { pause, wake } = pauses();
  let isOver = false;
  let best: Exchange | undefined; // the exchange that the clock uses
  let slept_us = 0; // how long the machine may have slept since then
  let apart_us = wall_ms() * 1000 - mono();
  let lastError: object | undefined;

  /** The wall clock leaps ahead of the monotonic clock when the machine sleeps, or when it is set. */
  function check(): void {
    const now_us = wall_ms() * 1000 - mono();
    const leap_us = now_us - apart_us;
    apart_us = now_us;
    if (leap_us < 50_000) return; // or it was set back: that is never sleep
    slept_us += leap_us;
    wake();
  }

  const aged_us = (sample: Exchange): number => sample.error_us + ((mono() - sample.at_us) * drift_ppm) / 1e6;
  const size_us = (sample: Exchange): number => aged_us(sample) + (sample.bound_us ?? 0);

  /** The better of the two; an old one that contradicts the new one is outdated, because the unit's clock was set. */
  function better(old: Exchange | undefined, fresh: Exchange): Exchange {
    if (!old || slept_us || old.bound_us === undefined || fresh.bound_us === undefined) return fresh;
    const apart = Math.abs(old.offset_us - fresh.offset_us);
    return apart > size_us(old) + size_us(fresh) || size_us(fresh) <= size_us(old) ? fresh : old;
  }

  async function round(): Promise<void> {
    const sleptBefore_us = slept_us;
    let fresh: Exchange | undefined;
    for (let i = 0; i < exchanges && !isOver; i++) {
      try {
        const sample = await exchange(nc, unit, { mono, resolution, timeout_ms });
        lastError = undefined;
        if (!fresh || size_us(sample) < size_us(fresh)) fresh = sample;
      } catch (error) {
        lastError = Object(error); // the unit does not answer: earlier exchanges still count
        break;
      }
    }
    check();
    if (!fresh || slept_us > sleptBefore_us) return; // times from before and after a sleep do not mix
    best = better(best, fresh);
    if (best === fresh) slept_us = 0;
  }

  async function run(): Promise<void> {
    while (!isOver) {
      await round();
      void guarded(() => onChange?.(clock.status()));
      const isWell = best && !lastError && !slept_us;
      const pause_s = isWell ? every_s : Math.min(1, every_s);
      if (!isOver) await pause(pause_s * 1000 * (0.9 + 0.2 * Math.random()));
    }
  }

  const watch = setInterval(check, 1000);
  const clock: UnitClock = {
    now_us: () => best && mono() + best.offset_us,
    error_us() {
      check();
      return best?.bound_us === undefined ? undefined : size_us(best) + slept_us;
    },
    unit_error_us() {
      check();
      return best && aged_us(best) + slept_us;
    },
    status: () => ({
      ...best,
      now_us: clock.now_us(),
      error_us: clock.error_us(),
      unit_error_us: clock.unit_error_us(),
      age_s: best && (mono() - best.at_us) / 1e6,
      trouble: lastError && messageOf(lastError),
    }),
    stop() {
      clearInterval(watch);
      isOver = true;
      wake();
    },
  };
  void run();
  return clock;
}
