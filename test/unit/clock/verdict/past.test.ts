// What was claimed before, on a clock that is simulated together with its servo: its true error is known, and not zero.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  chronyFacts,
  chronySource,
  epoch_s,
  properties,
  ptpFacts,
  type Scene,
  timeline,
} from '../../../kit/clock/evidence.ts';

type Timeline = ReturnType<typeof timeline>;

/** Normally distributed, the same each time. */
function noise(seed: number): () => number {
  let state = seed;
  const next = (): number => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state / 2_147_483_648;
  };
  return () => Math.sqrt(-2 * Math.log(next() + 1e-9)) * Math.cos(2 * Math.PI * next());
}

/** Fails when the published bound does not hold the true error. */
function holds(unit: Timeline, error_ns: number, what: string): void {
  const { absolute_ns } = unit.state.verdict.bound;
  assert.ok(absolute_ns === undefined || absolute_ns >= Math.abs(error_ns), `${what} at ${unit.now_ms} ms`);
}

/** ptp4l's servo with gains that somebody chose; the usual ones for software stamps where nobody did. */
const piServo = (proportional = 0, integral = 0) => ({
  proportional: { constant: proportional, scale: 0, exponent: -0.3, norm_max: 0.7 },
  integral: { constant: integral, scale: 0, exponent: 0.4, norm_max: 0.3 },
  most_ppb: 1e8,
});
const usual = { proportional: 0.1, integral: 0.001, disciplines: { piServo: piServo() } };
const quick = { proportional: 0.7, integral: 0.3, disciplines: { piServo: piServo(0.7, 0.3) } };
const unknown = { disciplines: {} };

/** A clock that ptp4l's servo steers. */
function servoClock(servo: typeof quick | (Omit<typeof quick, 'disciplines'> & typeof unknown), seed = 1) {
  const unit = timeline();
  const random = noise(seed);
  let error_ns = 0;
  let drift_ppb = 0;
  return {
    unit,
    /** `source_ns`: by how much the grandmaster is wrong; `late_ns`: by how much its Syncs come late. */
    run(seconds: number, { source_ns = 0, late_ns = 0 } = {}): void {
      for (let i = 0; i < seconds; i++) {
        const measured_ns = error_ns - source_ns + late_ns + random() * 1e4;
        unit.play(1, (now_ms) => ({
          ptp: ptpFacts(now_ms, measured_ns),
          disciplines: servo.disciplines,
        }));
        holds(unit, error_ns, `source ${source_ns}, late ${late_ns}`);
        const wanted_ppb = (servo.proportional + servo.integral) * measured_ns + drift_ppb;
        if (Math.abs(wanted_ppb) < 1e8) drift_ppb += servo.integral * measured_ns;
        error_ns -= Math.max(-1e8, Math.min(1e8, wanted_ppb));
      }
    },
  };
}

const servos = {
  usual,
  quick,
  'unknown, slow': { ...usual, ...unknown },
  'unknown, quick': { ...quick, ...unknown },
};

test('Syncs that come late are no jump of their source, however many follow each other', () => {
  for (const [name, servo] of Object.entries({ usual, quick }))
    for (const count of [1, 2, 3, 5, 10])
      for (const late_ns of [1e5, 3e5, 2e6, 5e7]) {
        const what = `${name}: ${count} late by ${late_ns} ns`;
        const { unit, run } = servoClock(servo, count);
        run(100);
        run(count, { late_ns });
        for (let i = 0; i < 200; i++) {
          run(1);
          assert.ok(!unit.state.verdict.reasons.includes('source_jumped'), what);
        }
        assert.deepEqual(unit.state.verdict.reasons, ['ptp_locked'], what);
      }
});

test('where the servo is not known, a late Sync is told from a jump by its overshoot', () => {
  const { unit, run } = servoClock(servos['unknown, quick']);
  run(100);
  run(1, { late_ns: 4e5 });
  run(100);
  assert.deepEqual(unit.state.verdict.reasons, ['ptp_locked']);
});

test('a jump of the grandmaster is seen by the way that the clock has gone, and so is its return', () => {
  for (const [name, servo] of Object.entries(servos))
    for (const source_ns of [3e5, -2e6, 3e7, 3e9]) {
      if (source_ns === 3e5 && name.startsWith('unknown')) continue; // it could go as far by itself
      const what = `${name}: ${source_ns} ns`;
      const { unit, run } = servoClock(servo);
      run(100);
      run(3, { source_ns });
      assert.ok((unit.state.verdict.bound.absolute_ns ?? 0) > Math.abs(source_ns), what);
      assert.match(unit.state.verdict.evidence, /the source seems to have moved by/);
      run(60, { source_ns });
      assert.ok(unit.state.verdict.reasons.includes('source_jumped'), what);
      assert.equal(unit.state.verdict.bound.absolute_ns, undefined);
      if (source_ns > 1e7) continue; // the servo is still on its way: it may last an hour until that is forgotten
      run(400);
      assert.deepEqual(unit.state.verdict.reasons, ['ptp_locked'], what);
    }
});

/** A clock that a chronyd steers which takes so large a share of what it measures into account at each update. */
function chronyClock(share: number, poll: number) {
  const unit = timeline();
  const period_s = 2 ** poll;
  let error_s = 0; // of the time that chronyd holds true
  let left_s = 0; // of it still to be slewed into the clock
  let found_s = 0;
  let sampled_s = 0;
  let ref_time_s = 0;
  let second = 0;
  return {
    unit,
    /** `sample_s`: what a single sample says on top; `source_s`: by how much the source is wrong. */
    run(updates: number, { source_s = 0, sample_s = 0 } = {}): void {
      for (let i = 0; i < updates * period_s; i++) {
        const age_s = second % period_s;
        second += 1;
        if (age_s === 0) {
          sampled_s = error_s - source_s + sample_s;
          found_s = share * sampled_s;
          error_s -= found_s;
          left_s += found_s;
          ref_time_s = epoch_s + second - left_s;
        } else left_s = Math.abs(left_s) < 0.02 ? 0 : left_s - Math.sign(left_s) * 0.02;
        unit.play(1, (now_ms) => ({
          ntp: chronyFacts(
            now_ms,
            {
              ref_time_s,
              system_time_s: -left_s,
              last_offset_s: found_s,
              root_delay_s: 0.001,
              update_interval_s: period_s,
            },
            [chronySource({ poll, offset_s: sampled_s - found_s, error_margin_s: 0.001, last_rx_s: age_s })],
          ),
        }));
        holds(unit, (error_s + left_s) * 1e9, `source ${source_s}, sample ${sample_s}`);
      }
    },
  };
}

test('a server that jumps is seen though chronyd has followed at once, and so is its return', () => {
  for (const share of [1, 0.97, 0.6])
    for (const source_s of [0.05, -1.5]) {
      const { unit, run } = chronyClock(share, 4);
      run(10);
      run(12, { source_s });
      const jumped = unit.state.verdict;
      assert.ok(jumped.reasons.includes('source_jumped'), `${share} of ${source_s} s`);
      assert.equal(jumped.bound.absolute_ns, undefined);
      run(30);
      assert.deepEqual(unit.state.verdict.reasons, ['ntp_locked'], `${share} of ${source_s} s`);
    }
});

test('a sample that was delayed is no jump of the server, though chronyd has followed it', () => {
  for (const share of [1, 0.6]) {
    const { unit, run } = chronyClock(share, 4);
    run(10);
    run(1, { sample_s: 0.05 });
    run(12);
    assert.deepEqual(unit.state.verdict.reasons, ['ntp_locked'], `${share}`);
  }
});

test("a step of chronyd's own is counted once, and is no scatter of its source", () => {
  for (const poll of [6, 10]) {
    const unit = timeline();
    const found = (last_offset_s: number) => (now_ms: number) => ({
      ntp: chronyFacts(
        now_ms,
        { last_offset_s, ref_time_s: epoch_s + 500 + 5, root_delay_s: 0.001, update_interval_s: 2 ** poll },
        [chronySource({ poll, error_margin_s: 0.001 })],
      ),
      stepped_s: 500,
    });
    unit.play(5, (now_ms) => ({
      ntp: chronyFacts(now_ms, { refid: '00000000', stratum: 0, leap: 'unsynchronised' }, []),
    }));
    const isUsable = ({ quality }: { quality: string }) => quality === 'tracking' || quality === 'locked';
    const usable_s = unit.until(60, found(-500), isUsable);
    assert.ok(usable_s <= 5, `${usable_s} s at poll ${poll}`);
  }
});

/** One that was announced, at the midnight that comes 1200 s after the epoch of the timeline. */
const reasonsAfterLeap = (scene: (now_ms: number) => Scene) => {
  const unit = timeline();
  unit.play(1200, scene);
  return unit.play(120, (now_ms) => ({ ...scene(now_ms), stepped_s: -1 })).reasons;
};

test('a leap second that was announced is no jump of the source', () => {
  const isOver = (now_ms: number): boolean => now_ms > 1_200_000;
  const ntp = (leap: 'insert' | 'normal') => (now_ms: number) => ({
    ntp: chronyFacts(now_ms, {
      leap: isOver(now_ms) ? 'normal' : leap,
      ref_time_s: epoch_s + (now_ms - (now_ms % 16_000)) / 1e3 - (isOver(now_ms) ? 1 : 0),
    }),
  });
  assert.deepEqual(reasonsAfterLeap(ntp('insert')), ['ntp_locked']);
  assert.ok(reasonsAfterLeap(ntp('normal')).includes('source_jumped'));
  const ptp = (leap61: boolean) => (now_ms: number) => ({
    ptp: ptpFacts(
      now_ms,
      0,
      {},
      {
        timeProperties: properties({
          currentUtcOffset_s: isOver(now_ms) ? 38 : 37,
          leap61: leap61 && !isOver(now_ms),
        }),
      },
    ),
  });
  assert.deepEqual(reasonsAfterLeap(ptp(true)), ['ptp_locked']);
  assert.deepEqual(reasonsAfterLeap(ptp(false)), ['ptp_tracking', 'source_jumped', 'gm_implausible']);
});

test('what is said for an hour is believed again, as of a source that is met first', () => {
  const utcOffset = (currentUtcOffset_s: number) => (now_ms: number) => ({
    ptp: ptpFacts(now_ms, 0, {}, { timeProperties: properties({ currentUtcOffset_s }) }),
  });
  const unit = timeline();
  unit.play(60, utcOffset(38));
  assert.equal(unit.play(3500, utcOffset(37)).reasons[1], 'gm_implausible');
  assert.deepEqual(unit.play(120, utcOffset(37)).reasons, ['ptp_locked']);
});
