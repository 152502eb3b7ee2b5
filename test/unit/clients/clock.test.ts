// The clock of nunect-client against a unit that is a function: its claims hold whatever the path and the clocks do.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as client from '../../../config/clients/nunect-client/src/clock.ts';
import { eventually } from '../../kit/process/daemon.ts';

type Requester = client.Requester;
type UnitClock = client.UnitClock;

/** Unix time of the simulation when its monotonic clock shows 0. */
const epoch_us = 1_790_000_000_000_000;

/** A world in which time passes only as it is told to, but for a microsecond at each look. */
function world() {
  let now_us = 0;
  let unitWrong_us = 0;
  let wallSet_us = 0;
  let slept_us = 0;
  let bound_ns: number | undefined = 1_000_000;
  const path = { there_us: 500, back_us: 500, away: false };
  const nc: Requester = {
    async request(_subject, payload) {
      if (path.away) throw new Error('no responders');
      now_us += path.there_us;
      const t2_us = Math.round(epoch_us + now_us + unitWrong_us);
      now_us += 7;
      const t3_us = Math.round(epoch_us + now_us + unitWrong_us);
      now_us += path.back_us;
      const told = { ...JSON.parse(payload), t2_us, t3_us, source: 'ntp', quality: 'locked' };
      if (bound_ns !== undefined) told.error_bound_ns = bound_ns;
      return { data: new TextEncoder().encode(JSON.stringify(told)) };
    },
  };
  return {
    nc,
    path,
    mono: () => {
      now_us += 1;
      return now_us - slept_us;
    },
    wall_ms: () => Math.floor((epoch_us + now_us + wallSet_us) / 1000),
    true_us: () => epoch_us + now_us,
    pass(us: number) {
      now_us += us;
    },
    sleep(us: number) {
      now_us += us;
      slept_us += us;
    },
    setWall(us: number) {
      wallSet_us += us;
    },
    setUnit: (us: number, bound?: number) => {
      unitWrong_us = us;
      bound_ns = bound;
    },
  };
}

type World = ReturnType<typeof world>;

/** How wrong the clock is and how wrong it says it can be. */
function look(clock: UnitClock, { true_us }: World) {
  const claimed = clock.error_us();
  const now_us = clock.now_us();
  return { wrong_us: Math.abs((now_us ?? NaN) - true_us()), claimed };
}

function holds(clock: UnitClock, of: World): { wrong_us: number; claimed: number } {
  const { wrong_us, claimed } = look(clock, of);
  assert.ok(claimed !== undefined && wrong_us <= claimed, `${wrong_us} us wrong, ${claimed} claimed`);
  return { wrong_us, claimed };
}

/** A clock that has had its first round, and takes the next ones quickly. */
async function kept(of: World, run: (clock: UnitClock) => Promise<void> | void, every_s = 0.02) {
  const clock = client.keepClock(of.nc, 'u1', { every_s, mono: of.mono, wall_ms: of.wall_ms });
  try {
    await eventually('the first round', () => clock.now_us() !== undefined || of.path.away);
    await run(clock);
  } finally {
    clock.stop();
  }
}

describe('one exchange', () => {
  test('the offset is within its error however unequal the two ways are', async () => {
    for (const [there_us, back_us] of [
      [0, 0],
      [1, 0],
      [500, 500],
      [100_000, 10],
      [10, 100_000],
    ] as const) {
      const of = world();
      Object.assign(of.path, { there_us, back_us });
      const { offset_us, error_us, rtt_us, bound_us } = await client.exchange(of.nc, 'u1', { mono: of.mono });
      assert.ok(Math.abs(offset_us - epoch_us) <= error_us, `${there_us}/${back_us}`);
      assert.ok(error_us <= (there_us + back_us) / 2 + 4, 'and the error is no larger than it must be');
      assert.ok(Math.abs(rtt_us - there_us - back_us) <= 3);
      assert.equal(bound_us, 1000);
    }
  });

  test('an answer without times, to another question, or out of order is refused', async () => {
    const answers: object[] = [
      {},
      { t1_us: 1, t2_us: 2, t3_us: 3 },
      { t2_us: '2', t3_us: 3 },
      { t2_us: 3, t3_us: 2 },
      { t2_us: 2, t3_us: 2e6 },
      { t2_us: 1e20, t3_us: 1e20 },
      { t2_us: -1e20, t3_us: -1e20 },
      { t2_us: 1e308, t3_us: 1e308 },
      { t2_us: -1, t3_us: -1 },
    ];
    for (const answer of answers) {
      const nc: Requester = {
        request: async (_subject, payload) => ({
          data: new TextEncoder().encode(JSON.stringify({ ...JSON.parse(payload), ...answer })),
        }),
      };
      await assert.rejects(client.exchange(nc, 'u1'), /no time|out of order/, JSON.stringify(answer));
    }
  });
});

describe('a unit that tells nonsense', () => {
  const telling = (of: World, answer: object): Requester => ({
    async request(...args) {
      const { data } = await of.nc.request(...args);
      const told = { ...JSON.parse(new TextDecoder().decode(data)), ...answer };
      return { data: new TextEncoder().encode(JSON.stringify(told)) };
    },
  });

  test('has no such bound, source, quality or offset, and its time counts', async () => {
    const answers = [
      { error_bound_ns: -1e9, source: 'ptp\r\nX-Unit-ID: other', quality: {}, utc_offset_s: '37' },
      { error_bound_ns: 1e300, source: 'x'.repeat(100), quality: 'a b', utc_offset_s: -1e300 },
      { error_bound_ns: '5', source: '', quality: ['a', 'b'], utc_offset_s: null },
    ];
    for (const answer of answers) {
      const of = world();
      const { bound_us, source, quality, utc_offset_s, offset_us, error_us } = await client.exchange(
        telling(of, answer),
        'u1',
        { mono: of.mono },
      );
      assert.deepEqual(
        [bound_us, source, quality, utc_offset_s],
        [undefined, undefined, undefined, undefined],
      );
      assert.ok(Math.abs(offset_us - epoch_us) <= error_us);
    }
  });

  test('never makes a time that is none of a calendar', async () => {
    for (const t2_us of [0, 1e15, 8.999e15, 9e15, 1e20, 8.64e18, Number.MAX_VALUE]) {
      const of = world();
      const asked = client.exchange(telling(of, { t2_us, t3_us: t2_us }), 'u1', { mono: of.mono });
      const exchange = await asked.catch(() => ({ offset_us: 0 }));
      assert.match(
        new Date((of.mono() + exchange.offset_us) / 1000).toISOString(),
        /^(19|2[0-2])\d\d-/,
        `${t2_us}`,
      );
    }
  });
});

describe('a kept clock', () => {
  test('goes on where the app fails to take what it tells', async (t) => {
    const printed = t.mock.method(console, 'error', () => {});
    const of = world();
    let told = 0;
    const onChange = async () => {
      told += 1;
      throw new Error('rejected');
    };
    const failing = () => {
      told += 1;
      throw new Error('thrown');
    };
    for (const each of [onChange, failing]) {
      const clock = client.keepClock(of.nc, 'u1', { ...of, every_s: 0.01, exchanges: 1, onChange: each });
      told = 0;
      try {
        await eventually('the third round', () => told >= 3);
      } finally {
        clock.stop();
      }
    }
    assert.ok(printed.mock.callCount() >= 6);
  });

  test('takes the shortest of several exchanges', async () => {
    const of = world();
    let count = 0;
    const { request } = of.nc;
    const nc: Requester = {
      request(...args) {
        count += 1;
        of.path.there_us = count === 5 ? 30 : 20_000;
        return request(...args);
      },
    };
    await kept({ ...of, nc }, (clock) => {
      assert.ok(holds(clock, of).claimed < 1000 + 300 + 20);
    });
  });

  test('counts the drift of its own machine', async () => {
    const of = world();
    await kept(
      of,
      (clock) => {
        const first = holds(clock, of).claimed;
        of.pass(100e6);
        const later = holds(clock, of).claimed;
        assert.ok(Math.abs(later - first - 10_000) < 100, `${first} ${later}`);
      },
      60,
    );
  });

  test('setting the wall clock of the machine changes the time by nothing, either way', async () => {
    for (const step_us of [3600e6, -3600e6, 60_000]) {
      const of = world();
      await kept(of, async (clock) => {
        const before = holds(clock, of);
        of.setWall(step_us);
        const after = holds(clock, of);
        assert.ok(Math.abs(after.wrong_us - before.wrong_us) < 2000);
        await eventually('trusted again', () => holds(clock, of).claimed < 3000);
      });
    }
  });

  test('sleep, in which the monotonic clock stands still, is in the error at once and gone after a round', async () => {
    const of = world();
    await kept(of, async (clock) => {
      of.path.away = true;
      of.sleep(600e6);
      assert.ok(holds(clock, of).claimed >= 600e6);
      of.path.away = false;
      await eventually('trusted again', () => holds(clock, of).claimed < 3000);
    });
  });

  test('a unit without a bound gives a time and no error, but the distance to the unit', async () => {
    const of = world();
    of.setUnit(5e6, undefined);
    await kept(of, (clock) => {
      assert.equal(clock.error_us(), undefined);
      const wrong_us = Math.abs((clock.now_us() ?? 0) - of.true_us() - 5e6);
      assert.ok(wrong_us <= (clock.unit_error_us() ?? 0));
      assert.equal(clock.status().quality, 'locked');
    });
  });

  test('a unit whose clock was wrong within its bound and is set right takes the time with it', async () => {
    const of = world();
    of.setUnit(900, 1_000_000);
    await kept(of, async (clock) => {
      holds(clock, of);
      of.setUnit(0, 10_000);
      await eventually('the better bound', () => holds(clock, of).claimed < 1000);
    });
  });

  test('an absent unit is named and the time runs on, ever less exact', async () => {
    const of = world();
    of.path.away = true;
    await kept(of, async (clock) => {
      await eventually('trouble', () => clock.status().trouble === 'no responders');
      assert.equal(clock.now_us(), undefined);
      assert.equal(clock.error_us(), undefined);
      of.path.away = false;
      await eventually('an answer', () => clock.now_us() !== undefined);
      of.path.away = true;
      const { claimed } = holds(clock, of);
      of.pass(10e6);
      assert.ok(holds(clock, of).claimed > claimed + 900);
    });
  });
});
