import assert from 'node:assert/strict';
import { test } from 'node:test';
import { unboundUnits } from '../../../../agent/hub/book/roster.ts';
import { orderForgetting, orderRenaming, orderRevocation } from '../../../../agent/hub/enrol/orders.ts';
import { board, day_ms } from '../../../kit/hub/bound.ts';

test('units that are heard of lately and that no record has are told, whatever became of those that one has', () => {
  const hub = board();
  hub.token('t1', { uses: 9 });
  for (const [key, unit] of ['in', 'old-name', 'out', 'forgotten'].entries())
    hub.ask('t1', key + 1, { unit });
  const now_ms = hub.now_ms();
  hub.order(orderRenaming(hub.bindings, 'old-name', 'new-name', now_ms), (record) => [record]);
  hub.order(orderRevocation(hub.bindings, 'out', now_ms), (record) => [record]);
  hub.order(orderForgetting(hub.bindings, 'forgotten', now_ms), (record) => [record]);
  const names = ['in', 'old-name', 'new-name', 'out', 'forgotten', 'stranger', 'another'];
  const heard = new Map([
    ...names.map((name) => [name, now_ms - 1000] as const),
    ['long-ago', now_ms - 2 * day_ms],
  ]);
  assert.deepEqual(unboundUnits(hub.bindings, heard, now_ms), ['another', 'stranger']);
  assert.deepEqual(unboundUnits(hub.bindings, new Map([['in', now_ms]]), now_ms), []);
});
