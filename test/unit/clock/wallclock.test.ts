import assert from 'node:assert/strict';
import { test } from 'node:test';
import { wallClock } from '../../../agent/clock/wallclock.ts';
import { seededRandom } from '../../kit/lib/random.ts';

/** A machine: each reading takes some 60 ns, and now and then the process is put aside. Time is known to the test. */
function machine(seed: number, preempted = true, uptime_s = 1e6) {
  const rand = seededRandom(seed);
  let mono = BigInt(Math.floor((0.9 + rand() / 10) * uptime_s * 1e9));
  let offset = BigInt(Math.floor(1.7e18 + rand() * 1e17));
  const spend = (): void => {
    mono += BigInt(40 + Math.floor(rand() * 40));
    if (preempted && rand() < 0.0005) mono += BigInt(Math.floor(rand() * rand() * 2e7));
  };
  return {
    rand,
    mono_us: () => {
      spend();
      return Number(mono) / 1000;
    },
    dateNow_ms: () => {
      spend();
      return Number((mono + offset) / 1_000_000n);
    },
    wait: (ms: number) => {
      mono += BigInt(Math.floor(ms * 1e6));
    },
    step: (us: number) => {
      offset += BigInt(Math.round(us * 1000));
    },
    /** True wall time now: whole, as a double would round it by a quarter of a us. */
    truth_ns: () => mono + offset,
  };
}
type Machine = ReturnType<typeof machine>;

/** Reads the clock and fails when it is off by more than it claims. Being put aside in now_us() itself is the reader's time. */
function assertWithin(unit: Machine, clock: ReturnType<typeof wallClock>, what: string): void {
  const before = unit.truth_ns();
  const read = BigInt(clock.now_us()) * 1000n;
  const after = unit.truth_ns();
  const bound = BigInt(clock.error_us()) * 1000n;
  assert.ok(
    read >= before - bound && read <= after + bound,
    `${what}: ${read} not in ${before}..${after} +- ${bound}`,
  );
}

test('the error never exceeds what is claimed, and no step is seen where none was: 2000 seeds', () => {
  for (let seed = 1; seed <= 1000; seed++) {
    const unit = machine(seed);
    const clock = wallClock(unit);
    for (let i = 0; i < 10; i++) {
      unit.wait(unit.rand() * 1000);
      assert.deepEqual(clock.check(), {}, `seed ${seed}`);
      assertWithin(unit, clock, `seed ${seed}`);
    }
  }
});

test('nor within nearly four years, nor once the clock was set by decades, however narrow the claim has become', () => {
  for (let seed = 1; seed <= 20; seed++) {
    const unit = machine(seed, false, 126e6);
    unit.step(-1.7e15);
    const clock = wallClock(unit);
    for (const [years, what] of ['1970', 'set'].entries()) {
      if (years > 0) {
        unit.step(1.7e15);
        assert.ok(Math.abs((clock.check().step_us ?? 0) - 1.7e15) <= 4);
      }
      for (let i = 0; i < 3000; i++) {
        unit.wait(unit.rand() * 10);
        assert.deepEqual(clock.check(), {}, `seed ${seed} ${what}: look ${i}`);
        assertWithin(unit, clock, `seed ${seed} ${what}`);
      }
    }
  }
});

test('undisturbed, the claim is within 2 us', () => {
  for (let seed = 1; seed <= 50; seed++) assert.ok(wallClock(machine(seed, false)).error_us() <= 2);
});

for (const size_us of [100_000, 5_000, 1_500])
  test(`a step of ${size_us} us either way is seen at the first check: 60 seeds`, () => {
    for (let seed = 1; seed <= 60; seed++) {
      const unit = machine(seed, false);
      const clock = wallClock(unit);
      const seen: number[] = [];
      clock.onStep((step_us) => seen.push(step_us));
      unit.wait(unit.rand() * 1000);
      const size = seed % 2 === 0 ? size_us : -size_us;
      unit.step(size);
      const { step_us } = clock.check();
      assert.ok(step_us !== undefined && Math.abs(step_us - size) <= 4, `seed ${seed}: ${step_us}`);
      assert.deepEqual(seen, [step_us]);
      assertWithin(unit, clock, `seed ${seed}`);
      assert.deepEqual(clock.check(), {});
    }
  });

test('steps under preemption are seen, and the claim holds afterwards: 100 seeds', () => {
  for (let seed = 1; seed <= 100; seed++) {
    const unit = machine(seed);
    const clock = wallClock(unit);
    unit.wait(500);
    for (let i = 0; i < 30; i++) clock.check(); // narrows what a disturbed start left wide
    unit.step(seed % 2 === 0 ? 100_000 : -100_000);
    let checks = 1;
    while (clock.check().step_us === undefined) checks++;
    assert.ok(checks <= 3, `seed ${seed}: ${checks}`);
    assertWithin(unit, clock, `seed ${seed}`);
  }
});

test('a step of 0.4 ms is found within some dozen checks: 100 seeds', () => {
  for (let seed = 1; seed <= 100; seed++) {
    const unit = machine(seed, false);
    const clock = wallClock(unit);
    unit.step(seed % 2 === 0 ? 400 : -400);
    let checks = 0;
    do {
      unit.wait(unit.rand() * 100);
      checks++;
    } while (clock.check().step_us === undefined && checks < 100);
    assert.ok(checks < 100, `seed ${seed}`);
    assertWithin(unit, clock, `seed ${seed}`);
  }
});

test('a listener hears no more once it is cancelled', () => {
  const unit = machine(1, false);
  const clock = wallClock(unit);
  let heard = 0;
  const cancel = clock.onStep(() => heard++);
  unit.step(50_000);
  clock.check();
  cancel();
  unit.step(50_000);
  clock.check();
  assert.equal(heard, 1);
});

test('a moment of a ticker is converted by its age', () => {
  const unit = machine(3, false);
  const clock = wallClock(unit);
  const moment = clock.now_us();
  unit.wait(1234);
  assert.ok(Math.abs(clock.toWall_us(500, 500 + 1234) - moment) <= 2);
});

test('a wall clock that stands still is not spun on for ever', () => {
  let mono = 0;
  const clock = wallClock({ mono_us: () => (mono += 0.01), dateNow_ms: () => 1_700_000_000_000 });
  assert.ok(clock.error_us() > 0);
});
