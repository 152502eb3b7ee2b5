// What was claimed before, on a clock that is simulated together with its servo: its true error is known, and not zero.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { followed } from '../../../../agent/clock/verdict/past/servomodel.ts';
import {
  chronyFacts,
  chronySource,
  epoch_s,
  properties,
  ptpFacts,
  type Scene,
  timeline,
} from '../../../kit/clock/evidence.ts';
import {
  chronyClock,
  quickServo,
  servoClock,
  unknownServo,
  usualServo,
} from '../../../kit/clock/simulated.ts';

const servos = {
  usual: usualServo,
  quick: quickServo,
  'unknown, slow': unknownServo(usualServo),
  'unknown, quick': unknownServo(quickServo),
};

test('Syncs that come late are no jump of their source, however many follow each other', () => {
  for (const [name, servo] of Object.entries({ usual: usualServo, quick: quickServo }))
    for (const count of [1, 2, 3, 5, 10])
      for (const late_ns of [1e5, 3e5, 2e6, 5e7]) {
        const what = `${name}: ${count} late by ${late_ns} ns`;
        const { unit, run } = servoClock(servo, { seed: count });
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

test('a jump is seen that hides behind another event: a step, a late Sync, another jump, a word that is missing', () => {
  const jumps: Readonly<Record<string, (clock: ReturnType<typeof servoClock>) => void>> = {
    'after a step of the clock': ({ step, run }) => {
      step(5e7);
      run(3);
      run(120, { source_ns: 2e7 });
    },
    'after a late Sync': ({ run }) => {
      run(1, { late_ns: 2e6 });
      run(5);
      run(120, { source_ns: 1.5e6 });
    },
    'after another one, and half way back': ({ run }) => {
      run(30, { source_ns: 2e6 });
      run(60, { source_ns: 3e6 });
      run(120, { source_ns: 1e6 });
    },
    'before the grandmaster claims nothing for a moment': ({ run }) => {
      run(5, { source_ns: 2e6 });
      run(2, { source_ns: 2e6, clockClass: 248 });
      run(120, { source_ns: 2e6 });
    },
  };
  for (const [name, servo] of Object.entries({ usual: usualServo, quick: quickServo }))
    for (const [what, happens] of Object.entries(jumps))
      for (const syncsEachSecond of [1, 4]) {
        const clock = servoClock(servo, { syncsEachSecond });
        clock.run(100);
        happens(clock);
        const { reasons } = clock.unit.state.verdict;
        assert.ok(reasons.includes('source_jumped'), `${name}, ${syncsEachSecond} a second: ${what}`);
      }
});

test('a clock that somebody sets is no jump of its source, however many Syncs a look brings', () => {
  for (const [name, servo] of Object.entries(servos))
    for (const syncsEachSecond of [1, 4])
      for (const by_ns of [5e7, -3e6]) {
        if (name.startsWith('unknown') && syncsEachSecond > 1) continue; // which of them came before the step?
        const { unit, run, step } = servoClock(servo, { syncsEachSecond });
        run(100);
        step(by_ns);
        const what = `${name}, ${syncsEachSecond} a second: ${by_ns} ns`;
        for (let i = 0; i < 200; i++) {
          run(1);
          const { reasons, offset_ns = 0, bound } = unit.state.verdict;
          assert.ok(!reasons.includes('source_jumped'), what);
          assert.ok((bound.absolute_ns ?? Infinity) >= Math.abs(offset_ns), `${what}, beside its own offset`);
        }
      }
});

test('after a step the bound holds a clock that its servo has moved since a Sync that was seen late', () => {
  for (const [name, servo] of Object.entries(servos))
    for (const seenLate_ms of [100, 400, 700, 950])
      for (const by_ns of [9e7, 5e7, -3e6]) {
        if (name.startsWith('unknown')) continue;
        const { run, step } = servoClock(servo, { seenLate_ms });
        run(100);
        step(by_ns);
        run(100);
      }
});

test('three late Syncs among many of one look are late', () => {
  const { unit, run } = servoClock(usualServo, { syncsEachSecond: 16 });
  run(60);
  run(1, { late_ns: 3e5 });
  run(60);
  assert.ok(!unit.state.verdict.reasons.includes('source_jumped'));
});

test('a jump of the grandmaster is seen where chronyd follows it through a refclock', () => {
  for (const poll of [0, 2, 4])
    for (const source_s of [0.002, 0.03]) {
      const { unit, run } = chronyClock(0.9, poll, { behindPtp: true });
      run(Math.ceil(60 / 2 ** poll) + 4);
      run(Math.ceil(60 / 2 ** poll) + 12, { source_s });
      assert.ok(unit.state.verdict.reasons.includes('source_jumped'), `poll ${poll}: ${source_s} s`);
    }
});

test('a jump is seen that happens while chronyd is restarted; a restart alone is none', () => {
  for (const source_s of [0, 0.03]) {
    const { unit, run, restart } = chronyClock(1, 2);
    run(20);
    restart(5);
    run(12, { source_s });
    assert.equal(unit.state.verdict.reasons.includes('source_jumped'), source_s > 0, `${source_s} s`);
  }
});

test('a bound of before holds the offset that is told beside it', () => {
  const unit = timeline();
  const { disciplines } = quickServo;
  unit.play(30, (now_ms) => ({ ptp: ptpFacts(now_ms), disciplines }));
  const { bound, offset_ns } = unit.play(1, (now_ms) => ({
    ptp: ptpFacts(now_ms, 9e7 + 45_000),
    disciplines,
    stepped_s: 0.09,
  }));
  assert.ok((bound.absolute_ns ?? 0) >= (offset_ns ?? Infinity), `${bound.absolute_ns} and ${offset_ns} ns`);
});

test('a servo that has not begun to act is not taken to move the clock', () => {
  const added = [1, 2, 3].map(() => ({ offset_ns: 5e7, interval_s: 1 }));
  const gains = { proportional: 0.1, integral: 0.001, most_ppb: 1e8, interval_s: 1 };
  const { samples, servo } = followed(undefined, added, { gains, acts: false, calm_ns: Infinity });
  assert.deepEqual(
    [servo, samples.map(({ moved_ns }) => moved_ns)],
    [undefined, [undefined, undefined, undefined]],
  );
  const acting = followed(undefined, added, { gains, acts: true, calm_ns: 1e3 });
  assert.ok((acting.samples[1]?.moved_ns ?? 0) > 5e6, 'a tenth of it each second');
});
