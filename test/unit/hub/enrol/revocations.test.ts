import assert from 'node:assert/strict';
import { test } from 'node:test';
import { orderRenaming, orderRevocation, orderWithdrawal } from '../../../../agent/hub/enrol/orders.ts';
import { revocationsOf } from '../../../../agent/hub/enrol/revocations.ts';
import { board, day_ms, fakeKey, life_ms } from '../../../kit/hub/bound.ts';

test('logins that are void are revoked until they have ended, each key to its last', () => {
  const hub = board();
  hub.token('t1', { uses: 9 });
  hub.ask('t1', 1, { unit: 'a' });
  hub.ask('t1', 2, { unit: 'b' });
  hub.ask('t1', 3, { unit: 'c' });
  hub.order(orderRenaming(hub.bindings, 'a', 'd', hub.now_ms()), (record) => [record]);
  hub.pass(5500);
  hub.order(orderRevocation(hub.bindings, 'd', hub.now_ms()), (record) => [record]);
  hub.pass(1000);
  hub.token('t2', { unit: 'b', replace: true });
  hub.ask('t2', 4);
  const due = () => revocationsOf(hub.bindings, 'FLEET', hub.now_ms());
  const now_s = Math.floor(hub.now_ms() / 1000);
  assert.deepEqual(due(), { [fakeKey(1)]: now_s - 1, [fakeKey(2)]: now_s });
  hub.pass(life_ms);
  assert.equal(Object.keys(due()).length, 2, 'a clock of a server may be behind');
  hub.pass(2 * day_ms);
  assert.deepEqual(due(), {});
});

test('the login of a token is revoked when that is withdrawn, in the account of the tokens', () => {
  const hub = board();
  hub.token('t1');
  hub.token('t2');
  hub.order(orderWithdrawal(hub.bindings, 't2', hub.now_ms()), (record) => [record]);
  assert.deepEqual(revocationsOf(hub.bindings, 'ENROL', hub.now_ms()), {
    Lt2: Math.floor(hub.now_ms() / 1000),
  });
  assert.deepEqual(revocationsOf(hub.bindings, 'FLEET', hub.now_ms()), {});
});
