// The init script nunect-time, killed at each of its steps, and in random order: what it says of the clock is made good.
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { describe, it, type TestContext } from 'node:test';
import { seededRandom } from '../kit/lib/random.ts';
import {
  assertSettled,
  systemConfig as config,
  timeDaemons as daemons,
  setInterface,
  type TimeStage,
  timeStage,
} from '../kit/openwrt/timestage.ts';

/** Kills an action at each of its steps in turn, each time on a unit of its own; gives how many there were. */
function killEverywhere(
  t: TestContext,
  action: 'reload' | 'stop',
  after: (stage: TimeStage, original: string, when: string) => void,
): number {
  for (let step = 1; ; step += 1) {
    const stage = timeStage(t);
    const original = stage.read(config);
    setInterface(stage, 'wan');
    stage.plan(daemons);
    if (action === 'stop') stage.run('nunect-time', 'reload');
    stage.run('nunect-time', action, step);
    if (!stage.wasKilled()) return step - 1;
    after(stage, original, `step ${step}`);
  }
}

describe('killed at any step', { timeout: 900_000 }, () => {
  it('a start is made good by the next one', (t) => {
    const steps = killEverywhere(t, 'reload', (stage, original, when) => {
      stage.run('nunect-time', 'start');
      assert.deepEqual(stage.running().instances, ['ptp4l', 'orders']);
      assertSettled(stage, original, when);
      stage.run('nunect-time', 'stop');
      assertSettled(stage, original, `${when}, stopped`);
    });
    assert.ok(steps > 10, `${steps} steps`);
  });

  it('and without power, a start is undone by a boot that does not start the service', (t) => {
    killEverywhere(t, 'reload', (stage, original, when) => {
      rmSync(stage.at('etc/rc.d/S99nunect-time'));
      stage.powerCycle();
      assertSettled(stage, original, when);
    });
  });

  it('and without power, a stop is made good by the next boot, with the service or without it', (t) => {
    let isOff = false;
    const steps = killEverywhere(t, 'stop', (stage, original, when) => {
      isOff = !isOff;
      if (isOff) rmSync(stage.at('etc/rc.d/S99nunect-time'));
      stage.powerCycle();
      assert.equal(stage.running().instances.length === 0, isOff, when);
      assertSettled(stage, original, when);
    });
    assert.ok(steps > 3, `${steps} steps`);
  });
});

it('50 changes in random order never leave two steerers, or none', { timeout: 900_000 }, (t) => {
  const stage = timeStage(t);
  const original = stage.read(config);
  const random = seededRandom(14);
  setInterface(stage, 'wan');
  const actions: readonly (() => void)[] = [
    () => stage.run('nunect-time', 'reload'),
    () => stage.run('nunect-time', 'restart'),
    () => stage.run('nunect-time', 'stop'),
    () => stage.run('nunect-time', 'start'),
    () => stage.plan('nothing', { says: 'a fault\n' }),
    () => stage.plan('ptp4l phc2sys orders'),
    () => stage.plan(daemons),
    () => stage.plan('ptp4l'),
    () => stage.run('chronyd', 'restart'),
    () => stage.powerCycle(),
  ];
  for (let at = 0; at < 50; at += 1) {
    const chosen = actions[Math.floor(random() * actions.length)];
    chosen?.();
    if (!/plan/.test(String(chosen))) assertSettled(stage, original, `change ${at}: ${String(chosen)}`);
  }
});
