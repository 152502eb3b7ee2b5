// Clocks that are simulated together with the daemon that steers them, so that their true error is known; and a judge
// that looks at the daemon each second, whose bound must hold it.
import assert from 'node:assert/strict';
import type { PtpFacts, Sync } from '../../../agent/clock/facts.ts';
import { absent } from '../../../agent/lib/reading.ts';
import { seededRandom } from '../lib/random.ts';
import { chronyFacts, chronySource, epoch_s, ptpFacts, refclock, type Scene, timeline } from './evidence.ts';

type Timeline = ReturnType<typeof timeline>;

/** Normally distributed, the same each time. */
function noise(seed: number): () => number {
  const next = seededRandom(seed);
  return () => Math.sqrt(-2 * Math.log(next() + 1e-9)) * Math.cos(2 * Math.PI * next());
}

/** Fails when the published bound does not hold the true error. */
function holds(unit: Timeline, error_ns: number, what: string): void {
  const { absolute_ns } = unit.state.verdict.bound;
  assert.ok(
    absolute_ns === undefined || absolute_ns >= Math.abs(error_ns),
    `${what} at ${unit.now_ms} ms: ${absolute_ns} ns, and ${error_ns} ns off`,
  );
}

/** ptp4l's servo with gains that somebody chose; the usual ones for software stamps where nobody did. */
const piServo = (proportional = 0, integral = 0) => ({
  proportional: { constant: proportional, scale: 0, exponent: -0.3, norm_max: 0.7 },
  integral: { constant: integral, scale: 0, exponent: 0.4, norm_max: 0.3 },
  most_ppb: 1e8,
});

/** A servo as it works, by the interval between Syncs (linuxptp pi.c), and what the agent knows of it. */
export interface SimulatedServo {
  proportional(interval_s: number): number;
  integral(interval_s: number): number;
  readonly disciplines: NonNullable<Scene['disciplines']>;
}

export const usualServo: SimulatedServo = {
  proportional: (interval_s) => 0.1 * interval_s ** -0.3,
  integral: (interval_s) => 0.001 * interval_s ** 0.4,
  disciplines: { piServo: piServo() },
};
export const quickServo: SimulatedServo = {
  proportional: () => 0.7,
  integral: () => 0.3,
  disciplines: { piServo: piServo(0.7, 0.3) },
};
/** The same, but the agent cannot read how it is set. */
export const unknownServo = (servo: SimulatedServo): SimulatedServo => ({ ...servo, disciplines: {} });

/** How the grandmaster is while a simulated clock runs. */
interface Grandmaster {
  /** By how much it is wrong. */
  readonly source_ns?: number;
  /** By how much its Syncs come late. */
  readonly late_ns?: number;
  readonly clockClass?: number;
}

/** A clock that ptp4l's servo steers; the agent is told of each Sync, at once or (of one each second) so much later. */
export function servoClock(servo: SimulatedServo, { seed = 1, syncsEachSecond = 1, seenLate_ms = 0 } = {}) {
  const unit = timeline();
  const random = noise(seed);
  const interval_s = 1 / syncsEachSecond;
  let error_ns = 0;
  let drift_ppb = 0;
  let stepped_s = 0;
  let syncs: readonly Sync[] = [];
  const sync = (at_ms: number, measured_ns: number): void => {
    const [one] = ptpFacts(at_ms, measured_ns).syncs;
    if (one !== undefined) syncs = [...syncs.slice(-63), one];
  };
  /** Gives how far it moves the clock back until the next Sync. */
  const steps = (measured_ns: number): number => {
    const term_ppb = servo.integral(interval_s) * measured_ns;
    const wanted_ppb = servo.proportional(interval_s) * measured_ns + term_ppb + drift_ppb;
    if (Math.abs(wanted_ppb) < 1e8) drift_ppb += term_ppb;
    return Math.max(-1e8, Math.min(1e8, wanted_ppb)) * interval_s;
  };
  const steer = (measured_ns: number): void => {
    error_ns -= steps(measured_ns);
  };
  const facts = (at_ms: number, measured_ns: number, clockClass: number): PtpFacts => {
    const all = ptpFacts(at_ms, measured_ns, { logSyncInterval: Math.log2(interval_s) }, { syncs });
    const { parent } = all;
    assert.ok(parent);
    return { ...all, events: ['time_sync'], parent: { ...parent, gmClockClass: clockClass } };
  };
  /** A Sync that is seen late, and the moment just before the next one. */
  const seeLate = (measured_ns: number, clockClass: number): void => {
    const sync_ms = unit.now_ms;
    sync(sync_ms, measured_ns);
    const moved_ns = steps(measured_ns);
    for (const later_ms of [seenLate_ms, 1000 - seenLate_ms]) {
      unit.after(later_ms, () => ({
        ptp: { ...facts(sync_ms, measured_ns, clockClass), ingressAfter_ms: sync_ms - 1000 + seenLate_ms },
        disciplines: servo.disciplines,
        stepped_s,
      }));
      error_ns -= (moved_ns * later_ms) / 1000;
      holds(unit, error_ns, `seen ${seenLate_ms} ms late`);
    }
  };
  return {
    unit,
    /** Somebody sets the clock. */
    step(by_ns: number): void {
      error_ns += by_ns;
      stepped_s += by_ns / 1e9;
    },
    run(seconds: number, { source_ns = 0, late_ns = 0, clockClass = 6 }: Grandmaster = {}): void {
      for (let i = 0; i < seconds; i++) {
        if (seenLate_ms > 0) {
          seeLate(error_ns - source_ns + late_ns + random() * 1e4, clockClass);
          continue;
        }
        let measured_ns = 0;
        for (let n = 1; n <= syncsEachSecond; n++) {
          measured_ns = error_ns - source_ns + late_ns + random() * 1e4;
          sync(unit.now_ms + 1000 * n * interval_s, measured_ns);
          if (n < syncsEachSecond) steer(measured_ns);
        }
        unit.play(1, (now_ms) => ({
          ptp: facts(now_ms, measured_ns, clockClass),
          disciplines: servo.disciplines,
          stepped_s,
        }));
        holds(unit, error_ns, `source ${source_ns}, late ${late_ns}`);
        steer(measured_ns);
      }
    },
  };
}

/** A clock that a chronyd steers which takes so large a share of what it measures into account at each update. */
export function chronyClock(share: number, poll: number, { behindPtp = false } = {}) {
  const unit = timeline();
  const period_s = 2 ** poll;
  const slew_s = 0.02;
  let error_s = 0; // of the time that chronyd holds true
  let left_s = 0; // of it still to be slewed into the clock
  let found_s = 0;
  let sampled_s = 0;
  let ref_time_s = 0;
  let updates = 0;
  let second = 0;
  const chronyd = (now_ms: number, age_s: number) => {
    const measured = { poll, offset_s: sampled_s - found_s, last_rx_s: age_s };
    const tracking = {
      ref_time_s,
      system_time_s: -left_s,
      last_offset_s: found_s,
      update_interval_s: updates > 1 ? period_s : 0,
    };
    return behindPtp
      ? chronyFacts(now_ms, { ...tracking, root_delay_s: 1e-6, root_dispersion_s: 1e-6 }, [
          refclock('PTP0', { ...measured, error_margin_s: 1e-6 }),
        ])
      : chronyFacts(now_ms, { ...tracking, root_delay_s: 0.001 }, [
          chronySource({ ...measured, error_margin_s: 0.001 }),
        ]);
  };
  return {
    unit,
    /** chronyd ends and is started again after so long. */
    restart(seconds: number): void {
      left_s = 0;
      updates = 0;
      for (let i = 0; i < seconds; i++) unit.play(1, () => ({ ntp: absent('refused') }));
      second = 0;
    },
    /** `sample_s`: what a single sample says on top; `source_s`: by how much the source is wrong. */
    run(count: number, { source_s = 0, sample_s = 0 } = {}): void {
      for (let i = 0; i < count * period_s; i++) {
        const age_s = second % period_s;
        second += 1;
        if (age_s === 0) {
          sampled_s = error_s + left_s - source_s + sample_s;
          found_s = share * (sampled_s - left_s);
          error_s -= found_s;
          left_s += found_s;
          updates += 1;
          ref_time_s = epoch_s + unit.now_ms / 1e3 + 1 - left_s;
          sampled_s -= left_s - found_s;
        } else left_s = Math.abs(left_s) < slew_s ? 0 : left_s - Math.sign(left_s) * slew_s;
        const clock_ns = (error_s + left_s) * 1e9;
        unit.play(1, (now_ms) => ({
          ...(behindPtp
            ? { ptp: ptpFacts(now_ms, clock_ns - source_s * 1e9, { portState: 'UNCALIBRATED' }) }
            : {}),
          ntp: chronyd(now_ms, age_s),
        }));
        holds(unit, clock_ns, `source ${source_s}, sample ${sample_s}`);
      }
    },
  };
}
