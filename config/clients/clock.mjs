// Keeps the clock of an app from the time of a nunect unit, for apps that cannot or may not set the clock of their
// machine: a web page, a phone, a container. One file without dependencies; it takes a NATS connection of
// @nats-io/transport-node or of @nats-io/nats-core's wsconnect. See README.md beside it.
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

const mono_us = () => performance.now() * 1000;

/**
 * The error of one reading of the clock: browsers reduce its resolution to 5 us up to 100 ms, and round up as well as
 * down. Measures for at most half a second.
 */
function resolution_us(mono) {
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

const isTime = (value) => typeof value === 'number' && Number.isFinite(value);

/**
 * Asks the unit for its time once. Returns offset_us = the unit's Unix time minus `mono` at that moment, error_us =
 * bound of the error of that offset, bound_us = bound of the error of the unit's clock (undefined if the unit has
 * none), rtt_us, at_us (by `mono`), and what the unit reports of its clock: source, quality, utc_offset_s. Rejects if
 * there is no reply, or one that is impossible.
 */
export async function exchange(nc, unit, { mono = mono_us, resolution = 1, timeout_ms = 2000 } = {}) {
  const t1_us = mono();
  const reply = await nc.request(`ops.time.sync.${unit}`, JSON.stringify({ t1_us }), { timeout: timeout_ms });
  const t4_us = mono();
  const told = JSON.parse(new TextDecoder().decode(reply.data));
  const { t2_us, t3_us, error_bound_ns, source, quality, utc_offset_s } = told;
  const rtt_us = t4_us - t1_us - (t3_us - t2_us);
  if (told.t1_us !== t1_us || !isTime(t2_us) || !isTime(t3_us)) throw new Error(`${unit}: no time in the reply`);
  // a unit whose clock was set between t2 and t3, or ours stood still
  if (t3_us < t2_us || rtt_us < -2 * resolution - 2) throw new Error(`${unit}: times out of order`);
  return {
    offset_us: (t2_us - t1_us + t3_us - t4_us) / 2,
    error_us: Math.max(0, rtt_us) / 2 + resolution + 1, // t2 and t3 are whole microseconds
    bound_us: isTime(error_bound_ns) ? error_bound_ns / 1000 : undefined,
    rtt_us: Math.max(0, rtt_us),
    at_us: t4_us,
    source,
    quality,
    utc_offset_s,
  };
}

const sleep = (ms, signal) =>
  new Promise((resolve) => {
    const wake = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', wake);
      resolve();
    };
    const timer = setTimeout(wake, ms);
    signal.addEventListener('abort', wake);
    if (signal.aborted) wake();
  });

/**
 * Keeps a clock from the time of `unit` until `stop()`.
 *
 * options: every_s 10 (seconds between two rounds), exchanges 8 (in a round), timeout_ms 2000, drift_ppm 100 (maximum
 * rate error of this machine's clock; set more if a daemon slews it fast), onChange(status) after each round.
 */
export function keepClock(nc, unit, options = {}) {
  const { every_s = 10, exchanges = 8, timeout_ms = 2000, drift_ppm = 100, onChange = () => {} } = options;
  const { mono = mono_us, wall_ms = Date.now } = options; // other clocks, for tests
  const resolution = resolution_us(mono);
  const ended = new AbortController();
  let best; // the exchange that the clock uses
  let slept_us = 0; // how long the machine may have slept since then
  let apart_us = wall_ms() * 1000 - mono();
  let lastError;
  let hurry = () => {};

  /** The wall clock leaps ahead of the monotonic clock when the machine sleeps, or when it is set. */
  function check() {
    const now_us = wall_ms() * 1000 - mono();
    const leap_us = now_us - apart_us;
    apart_us = now_us;
    if (leap_us < 50_000) return; // or it was set back: that is never sleep
    slept_us += leap_us;
    hurry();
  }

  const aged_us = (sample) => sample.error_us + ((mono() - sample.at_us) * drift_ppm) / 1e6;
  const size_us = (sample) => aged_us(sample) + (sample.bound_us ?? 0);

  /** The better of the two; an old one that contradicts the new one is outdated, because the unit's clock was set. */
  function better(old, fresh) {
    if (old === undefined || slept_us > 0 || old.bound_us === undefined || fresh.bound_us === undefined)
      return fresh;
    const apart = Math.abs(old.offset_us - fresh.offset_us);
    return apart > size_us(old) + size_us(fresh) || size_us(fresh) <= size_us(old) ? fresh : old;
  }

  async function round() {
    const sleptBefore_us = slept_us;
    let fresh;
    for (let i = 0; i < exchanges && !ended.signal.aborted; i++) {
      try {
        const sample = await exchange(nc, unit, { mono, resolution, timeout_ms });
        lastError = undefined;
        if (fresh === undefined || size_us(sample) < size_us(fresh)) fresh = sample;
      } catch (error) {
        lastError = error; // the unit does not answer: earlier exchanges still count
        break;
      }
    }
    check();
    if (fresh === undefined || slept_us > sleptBefore_us) return; // times from before and after a sleep do not mix
    best = better(best, fresh);
    if (best === fresh) slept_us = 0;
  }

  async function run() {
    while (!ended.signal.aborted) {
      await round();
      onChange(clock.status());
      const isWell = best !== undefined && lastError === undefined && slept_us === 0;
      const pause_s = isWell ? every_s : Math.min(1, every_s);
      const nap = new AbortController();
      hurry = () => nap.abort();
      ended.signal.addEventListener('abort', hurry, { once: true });
      await sleep(pause_s * 1000 * (0.9 + 0.2 * Math.random()), nap.signal);
      ended.signal.removeEventListener('abort', hurry);
      hurry = () => {};
    }
  }

  const watch = setInterval(check, 1000);
  const clock = {
    /** Unix time of the unit in microseconds, undefined before the first reply. May go back a little at a round. */
    now_us: () => (best === undefined ? undefined : mono() + best.offset_us),
    /**
     * How far now_us() can be from true time, in microseconds. undefined if the unit gives no bound of its clock;
     * unit_error_us() still bounds the distance from the unit's clock.
     */
    error_us() {
      check();
      return best?.bound_us === undefined ? undefined : size_us(best) + slept_us;
    },
    /** How far now_us() can be from the unit's clock, unless that was set since the last round. */
    unit_error_us() {
      check();
      return best === undefined ? undefined : aged_us(best) + slept_us;
    },
    /** All of these, with the age of the exchange in use, source and quality of the unit's clock, and the last error. */
    status: () => ({
      now_us: clock.now_us(),
      error_us: clock.error_us(),
      unit_error_us: clock.unit_error_us(),
      age_s: best === undefined ? undefined : (mono() - best.at_us) / 1e6,
      rtt_us: best?.rtt_us,
      source: best?.source,
      quality: best?.quality,
      utc_offset_s: best?.utc_offset_s,
      trouble: lastError === undefined ? undefined : String(lastError.message ?? lastError),
    }),
    /** Stops the exchanges. */
    stop() {
      clearInterval(watch);
      ended.abort();
    },
  };
  run();
  return clock;
}
