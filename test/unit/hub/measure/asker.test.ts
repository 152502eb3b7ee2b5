import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { openAsker } from '../../../../agent/hub/measure/asker.ts';
import { clockWorld, type WorldUnit, worldUnit } from '../../../kit/hub/clockworld.ts';

function asking(unit: WorldUnit) {
  const world = clockWorld(() => 0);
  world.units.set(unit.unit, unit);
  return { world, asker: openAsker(world.deps, '_INBOX') };
}
const slow = { bound_us: 1000, there_ms: () => 300, back_ms: () => 300 };

describe('one exchange', () => {
  test('is asked for under a token of its own each time, with nothing in it', async () => {
    const { world, asker } = asking(worldUnit('a', slow));
    const sent: unknown[] = [];
    const { publish } = world.deps.link;
    Object.assign(world.deps.link, {
      publish: (...args: Parameters<typeof publish>) => {
        sent.push(args);
        return publish(...args);
      },
    });
    asker.ask('a');
    asker.ask('a');
    assert.deepEqual(sent, [
      ['ops.time.sync.a', '', { reply: '_INBOX.t1.t2' }],
      ['ops.time.sync.a', '', { reply: '_INBOX.t1.t3' }],
    ]);
  });

  test('during which the hub finds its clock set tells nothing, whichever way it was set', async () => {
    for (const by_us of [10e6, -10e6, 50])
      for (const after_ms of [0, 100, 599]) {
        const { world, asker } = asking(worldUnit('a', slow));
        const { first } = asker.ask('a');
        await world.ticker.pass(after_ms);
        world.stepHub(by_us);
        await world.ticker.pass(1000);
        assert.equal((await first).kind, 'void', `${by_us} us after ${after_ms} ms`);
        assert.equal(asker.steps(), 1);
      }
  });

  test('a step before it is found before the first time is taken', async () => {
    const { world, asker } = asking(worldUnit('a', slow));
    world.stepHub(10e6);
    const { first } = asker.ask('a');
    await world.ticker.pass(1000);
    assert.equal((await first).kind, 'answered');
  });

  test('a copy of the answer changes nothing, another one disputes it, and a late one is not heard', async () => {
    const other = new TextEncoder().encode('{}');
    for (const [answers, kind, isDisputed] of [
      [
        (data: Uint8Array) => [
          { after_ms: 0, data },
          { after_ms: 5, data },
        ],
        'answered',
        false,
      ],
      [
        (data: Uint8Array) => [
          { after_ms: 0, data },
          { after_ms: 5, data: other },
        ],
        'answered',
        true,
      ],
      [
        (data: Uint8Array) => [
          { after_ms: 0, data },
          { after_ms: 6000, data: other },
        ],
        'answered',
        false,
      ],
      [(data: Uint8Array) => [{ after_ms: 6000, data }], 'timeout', undefined],
      [
        (data: Uint8Array) => [
          { after_ms: 0, data: other },
          { after_ms: 5, data },
        ],
        'unfit',
        undefined,
      ],
    ] as const) {
      const { world, asker } = asking(worldUnit('a', { ...slow, answers }));
      const { settled } = asker.ask('a');
      await world.ticker.pass(10_000);
      const outcome = await settled;
      assert.equal(outcome.kind, kind);
      assert.equal(outcome.kind === 'answered' ? outcome.isDisputed : undefined, isDisputed);
    }
  });

  test('with a unit that is not there, and without a link, says so at once', async () => {
    const { world, asker } = asking(worldUnit('a', slow));
    const nobody = asker.ask('b').first;
    world.linkUp = false;
    const unlinked = asker.ask('a').first;
    await world.ticker.pass(10);
    assert.deepEqual([(await nobody).kind, (await unlinked).kind], ['nobody', 'void']);
  });

  test('counts the bound of the hub at both ends, and none where it was lost meanwhile', async () => {
    const { world, asker } = asking(worldUnit('a', slow));
    world.hub = { source: 'ntp', quality: 'locked', error_bound_ns: 900 };
    const grown = asker.ask('a').first;
    world.hub = { source: 'ntp', quality: 'locked', error_bound_ns: 700 };
    await world.ticker.pass(1000);
    const a = await grown;
    assert.equal(a.kind === 'answered' && a.exchange.hub.error_bound_ns, 900);
    const third = asker.ask('a').first;
    world.hub = { source: 'unsynced', quality: 'freerun' };
    await world.ticker.pass(1000);
    const c = await third;
    assert.equal(c.kind === 'answered' && c.exchange.hub.error_bound_ns, undefined);
  });
});
