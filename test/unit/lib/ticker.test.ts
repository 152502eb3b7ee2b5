import assert from 'node:assert/strict';
import { test } from 'node:test';
import { endingTicker, sharingTicker, systemTicker } from '../../../agent/lib/ticker.ts';
import { fakeTicker } from '../../kit/lib/faketicker.ts';
import { seededRandom } from '../../kit/lib/random.ts';

test('a ticker calls again and again at its mean pace, with jitter, until cancelled', async () => {
  const ticker = systemTicker();
  let calls = 0;
  const begun = ticker.now_ms();
  await new Promise<void>((resolve) => {
    const keepAlive = setTimeout(() => {}, 60_000);
    const cancel = ticker.every(
      10,
      () => {
        calls += 1;
        if (calls < 20) return;
        cancel();
        clearTimeout(keepAlive);
        resolve();
      },
      0.5,
    );
  });
  assert.ok(
    ticker.now_ms() - begun >= 190 * 0.9,
    'twenty periods of 10 ms cannot be much shorter than 200 ms',
  );
  const settled = calls;
  await new Promise((resolve) => setTimeout(resolve, 40));
  assert.equal(calls, settled);
});

/** A ticker over timers that count how often they wake the process: as those of node do, also when they were cancelled. */
function counting() {
  const base = fakeTicker();
  const woken = { times: 0 };
  let stalled_ms = 0;
  const ticker = sharingTicker({
    now_ms: () => base.now_ms() + stalled_ms,
    random: seededRandom(1),
    after(delayMs, fn) {
      let isCancelled = false;
      base.after(delayMs, () => {
        woken.times += 1;
        if (!isCancelled) fn();
      });
      return () => {
        isCancelled = true;
      };
    },
  });
  const stall = (ms: number): void => {
    stalled_ms += ms;
  };
  return { ticker, woken, pass: base.pass, stall };
}

test('periods of a second and more share their wake-ups, and each keeps its mean pace', async () => {
  const { ticker, woken, pass } = counting();
  const calls = new Map<number, number>();
  for (const every_ms of [1000, 1000, 2000, 5000, 15_000]) {
    await pass(130); // each began at another moment
    ticker.every(every_ms, () => void calls.set(every_ms, (calls.get(every_ms) ?? 0) + 1), 0.05);
  }
  await pass(600_000);
  assert.ok(woken.times <= 602, `${woken.times} wake-ups in ten minutes`);
  for (const [every_ms, times] of calls) {
    const meant = (600_000 / every_ms) * (every_ms === 1000 ? 2 : 1);
    assert.ok(Math.abs(times - meant) <= 2, `${times} calls each ${every_ms} ms, ${meant} were meant`);
  }
});

test('a timer that may slip comes with the next shared wake-up, never early, and costs nothing once it is cancelled', async () => {
  const { ticker, woken, pass } = counting();
  const end = ticker.every(1000, () => {});
  await pass(60_100);
  const before = woken.times;
  for (let at = 0; at < 60; at++) {
    ticker.after(300, () => assert.fail('it was cancelled'), true)();
    await pass(1000);
  }
  assert.ok(woken.times - before <= 61, `${woken.times - before} wake-ups in a minute`);
  for (let at = 0; at < 50; at++) {
    const begun_ms = ticker.now_ms();
    let late_ms = 0;
    const note = (): void => {
      late_ms = ticker.now_ms() - begun_ms - 300;
    };
    ticker.after(300, note, true);
    await pass(1500);
    assert.ok(late_ms >= 0 && late_ms <= 1101, `${late_ms} ms late`);
  }
  end();
  let calls = 0;
  const count = (): void => {
    calls += 1;
  };
  ticker.after(300, count, true);
  await pass(2000);
  assert.equal(calls, 1, 'also where nothing else wakes up');
  await pass(1100);
  const last = woken.times;
  await pass(60_000);
  assert.equal(woken.times, last, 'with nobody to wake there is no wake-up');
});

test('a timer that may not slip is exact, and a stall is not made up for', async () => {
  const { ticker, pass, stall } = counting();
  let at_ms = 0;
  ticker.every(1000, () => {});
  await pass(5321);
  const begun_ms = ticker.now_ms();
  ticker.after(123, () => {
    at_ms = ticker.now_ms() - begun_ms;
  });
  await pass(1000);
  assert.equal(at_ms, 123);
  const calls = { quick: 0, slow: 0 };
  ticker.every(100, () => {
    calls.quick += 1;
  });
  ticker.every(2000, () => {
    calls.slow += 1;
  });
  await pass(1000);
  assert.ok(calls.quick >= 9 && calls.quick <= 10, `${calls.quick} calls each 100 ms in a second`);
  stall(60_000);
  Object.assign(calls, { quick: 0, slow: 0 });
  await pass(4000);
  assert.ok(calls.quick <= 41 && calls.slow <= 3, JSON.stringify(calls));
});

test('timers that end at once: none fires after the end, none that is set after it, and cancelled ones are gone', async () => {
  const outer = fakeTicker();
  const ticker = endingTicker(outer);
  const fired: string[] = [];
  ticker.every(1000, () => fired.push('every'));
  ticker.after(1500, () => fired.push('after'));
  ticker.after(1500, () => fired.push('cancelled'))();
  await outer.pass(2000);
  assert.deepEqual(fired, ['every', 'after', 'every']);
  ticker.after(500, () => fired.push('late'));
  ticker.end();
  ticker.after(1, () => fired.push('too late'));
  ticker.every(1, () => fired.push('too late'));
  await outer.pass(5000);
  assert.equal(fired.length, 3);
});
