import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FleetChange } from '../../../../../../agent/hub/fleet/model.ts';
import { keepDays, silencesSeen } from '../../../../../../agent/hub/page/unit/past/keep.ts';
import type { Link } from '../../../../../../agent/nats/link.ts';
import { fleetUnit } from '../../../../../kit/hub/fleetunits.ts';
import { fakeTicker } from '../../../../../kit/lib/faketicker.ts';

const change = (at_ms: number, before: string, after: string, unit = 'u'): FleetChange => ({
  ...{ at_ms, unit, what: 'state', before, after },
});

test('a silence is from when the unit was found to be offline until it is not', () => {
  const changes = [
    change(1, 'healthy', 'critical'),
    change(10, 'critical', 'offline'),
    change(15, 'healthy', 'offline', 'v'),
    change(20, 'offline', 'healthy'),
    change(30, 'healthy', 'away'),
  ];
  assert.deepEqual(silencesSeen('u', changes), [{ from_ms: 10, to_ms: 20 }, { from_ms: 30 }]);
});

/** A link to a hub that refuses everything, which counts. */
function refusing() {
  const asked: string[] = [];
  const link = {
    request(subject: string) {
      asked.push(subject);
      return Promise.resolve({ kind: 'no_responders' } as const);
    },
  };
  return { link: link as unknown as Link, asked };
}

test('who is looked at again within a minute is not read again; what failed is told', async () => {
  const ticker = fakeTicker();
  const { link, asked } = refusing();
  const days = keepDays(link, ticker, () => 1.7e12);
  const unit = fleetUnit('u');
  const first = await days.look(unit, [], 1000);
  assert.match(first?.trouble ?? '', /JetStream does not answer/);
  assert.equal((await days.look(unit, [], 1000))?.trouble, first?.trouble);
  assert.equal(asked.length, 1);
  await ticker.pass(60_001);
  await days.look(unit, [], 1000);
  assert.equal(asked.length, 2);
});

test('at most two units are read at a time', async () => {
  const ticker = fakeTicker();
  const ends: (() => void)[] = [];
  const link = {
    request: () => new Promise((resolve) => ends.push(() => resolve({ kind: 'closed' }))),
  } as unknown as Link;
  const days = keepDays(link, ticker, () => 1.7e12);
  const looks = ['a', 'b', 'c'].map((name) => days.look(fleetUnit(name), [], 5000));
  assert.equal(await looks[2], undefined);
  assert.equal(ends.length, 2);
  for (const end of ends) end();
  await Promise.all(looks);
  const third = days.look(fleetUnit('c'), [], 5000);
  assert.equal(ends.length, 3);
  ends[2]?.();
  assert.ok((await third)?.trouble !== undefined);
});
