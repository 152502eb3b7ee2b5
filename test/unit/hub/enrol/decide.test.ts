import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { BoundRecord } from '../../../../agent/hub/book/bindings.ts';
import type { Decision } from '../../../../agent/hub/enrol/decide.ts';
import {
  orderApproval,
  orderForgetting,
  orderRenaming,
  orderRevocation,
  orderWithdrawal,
} from '../../../../agent/hub/enrol/orders.ts';
import { board, day_ms, fakeKey, life_ms } from '../../../kit/hub/bound.ts';

const one = (record: BoundRecord): BoundRecord[] => [record];

/** The code of a refusal; the kind of another decision, with the unit of one that is admitted. */
const outcome = (decision: Decision): string =>
  decision.kind === 'refuse'
    ? decision.code
    : decision.kind === 'accept'
      ? `accept ${decision.unit.unit}`
      : decision.kind;

describe('a token', () => {
  test('admits a router, by the id that it has or that the token names', () => {
    const hub = board();
    hub.token('t1', { uses: 9 });
    hub.token('t2', { unit: 'r4-07' });
    hub.token('t3', { prefix: 'ship-', uses: 9 });
    assert.equal(outcome(hub.ask('t1', 1, { unit: 'tower' })), 'accept tower');
    assert.equal(outcome(hub.ask('t2', 2)), 'accept r4-07');
    assert.equal(outcome(hub.ask('t3', 3, { unit: 'ship-3' })), 'accept ship-3');
    const decision = hub.ask('t3', 4, { role: 'Relay_1' });
    assert.match(outcome(decision), /^accept ship-[0-9a-f]{6}$/);
    assert.ok(decision.kind === 'accept' && decision.unit.role === 'Relay_1');
    assert.equal(decision.unit.until_ms, hub.now_ms() + life_ms);
    assert.equal(outcome(hub.ask('t1', 5, { own: 'OpenWrt-1a2b3c' })), 'accept OpenWrt-1a2b3c');
    assert.match(outcome(hub.ask('t1', 6)), /^accept unit-[0-9a-f]{6}$/);
    assert.match(outcome(hub.ask('t3', 7, { own: 'OpenWrt-1a2b3c' })), /^accept ship-[0-9a-f]{6}$/);
  });

  test('the id that the hub makes up tells machines apart, and stays with the machine', () => {
    const hub = board();
    hub.token('t1', { uses: 9 });
    const first = outcome(hub.ask('t1', 1));
    assert.equal(outcome(hub.ask('t1', 1)), first);
    assert.notEqual(outcome(hub.ask('t1', 2)), first);
    assert.equal(outcome(hub.ask('t1', 3, { hardware: 'machine-1' })), 'unit_bound', 'the key is another');
    const taken = first.replace('accept ', '');
    const other = board();
    other.token('t1', { uses: 9 });
    other.ask('t1', 9, { unit: taken });
    assert.match(outcome(other.ask('t1', 1)), new RegExp(`^accept ${taken}[0-9a-f]{4}$`), 'the id is taken');
  });

  test('that is unknown, withdrawn or ended admits nobody', () => {
    const hub = board();
    hub.token('t1', { uses: 9 });
    hub.token('t2', { uses: 9 });
    assert.equal(outcome(hub.ask('other', 1, { unit: 'a' })), 'token_unknown');
    hub.order(orderWithdrawal(hub.bindings, 't2', hub.now_ms()), one);
    assert.equal(outcome(hub.ask('t2', 1, { unit: 'a' })), 'token_unknown');
    hub.pass(7 * day_ms);
    assert.equal(outcome(hub.ask('t1', 1, { unit: 'a' })), 'token_expired');
    assert.equal(hub.count(), 3, 'nothing was written for them');
  });

  test('has to be valid when the hub took the request, not when the issuer is up again', () => {
    const hub = board();
    hub.token('t1', { uses: 9 });
    const asked = hub.now_ms() + 7 * day_ms;
    hub.pass(8 * day_ms);
    assert.equal(outcome(hub.ask('t1', 1, { unit: 'a', at_ms: asked - 1 })), 'accept a');
    assert.equal(outcome(hub.ask('t1', 2, { unit: 'b', at_ms: asked })), 'token_expired');
  });

  test('is used once by a key, however often that asks', () => {
    const hub = board();
    hub.token('t1', { uses: 2 });
    const before = hub.count();
    for (let i = 0; i < 100; i++)
      assert.equal(outcome(hub.ask('t1', 1, { unit: 'a', nonce: `n${i}` })), 'accept a');
    assert.equal(hub.count(), before + 1, 'and written once');
    assert.equal(outcome(hub.ask('t1', 2, { unit: 'b' })), 'accept b');
    assert.equal(outcome(hub.ask('t1', 3, { unit: 'c' })), 'token_used_up');
    assert.equal(hub.bindings.units.size, 2);
  });

  test('is not free again when its router is forgotten, revoked or replaced', () => {
    const hub = board();
    hub.token('t1', { uses: 1 });
    hub.ask('t1', 1, { unit: 'a' });
    hub.order(orderForgetting(hub.bindings, 'a', hub.now_ms()), one);
    assert.equal(outcome(hub.ask('t1', 2, { unit: 'a' })), 'token_used_up');
    hub.pass(1);
    hub.token('t2', { unit: 'a' });
    hub.ask('t2', 3);
    assert.equal(
      outcome(hub.ask('t1', 2, { unit: 'b' })),
      'token_used_up',
      'nor when the id has another router',
    );
    hub.token('t3', { unit: 'a', replace: true });
    hub.ask('t3', 4);
    assert.equal(outcome(hub.ask('t2', 5)), 'token_used_up');
  });

  test('a request that was answered and whose answer was lost is answered again after the end of the token', () => {
    const hub = board();
    hub.token('t1');
    hub.ask('t1', 1, { unit: 'a' });
    hub.pass(8 * day_ms);
    assert.equal(outcome(hub.ask('t1', 1, { unit: 'a' })), 'accept a');
    hub.order(orderWithdrawal(hub.bindings, 't1', hub.now_ms()), one);
    assert.equal(outcome(hub.ask('t1', 1, { unit: 'a' })), 'accept a');
  });

  test('is not used through the login of another token, nor over the link of a unit', () => {
    const hub = board();
    hub.token('t1');
    hub.token('t2');
    assert.equal(outcome(hub.ask('t1', 1, { unit: 'a', by: 't2' })), 'request_garbled');
    assert.equal(outcome(hub.ask('t1', 1, { unit: 'a', account: 'FLEET' })), 'request_garbled');
  });
});

describe('ids', () => {
  test('what would widen or change the permissions of a unit is refused', () => {
    const hub = board();
    hub.token('t1', { uses: 99 });
    const odd = [
      '*',
      '>',
      'a.b',
      'a.*',
      '',
      ' ',
      'ü',
      'a b',
      '{{name()}}',
      '..',
      'a\n',
      'a\0',
      'x'.repeat(65),
    ];
    for (const unit of odd) {
      assert.equal(outcome(hub.ask('t1', 1, { unit })), 'request_garbled', JSON.stringify(unit));
      assert.equal(outcome(hub.ask('t1', 1, { own: unit })), 'request_garbled', JSON.stringify(unit));
      assert.equal(outcome(hub.ask('t1', 1, { role: unit })), 'request_garbled', JSON.stringify(unit));
    }
    for (const unit of ['_', '_hub'])
      assert.equal(outcome(hub.ask('t1', 1, { unit })), 'request_garbled', 'servers of the hub answer so');
    for (const key of ['', '*', 'UABC', `A${'A'.repeat(55)}`, `U${'a'.repeat(55)}`, `${fakeKey(1)}.x`])
      assert.equal(outcome(hub.ask('t1', 1, { unit: 'a', key })), 'request_garbled', key);
    for (const more of [{ hardware: '' }, { hardware: 'x'.repeat(129) }, { nonce: 'a\nb' }, { nonce: '' }])
      assert.equal(outcome(hub.ask('t1', 1, { unit: 'a', ...more })), 'request_garbled');
    assert.equal(hub.count(), 1);
  });

  test('a token of one unit or of a prefix admits no other', () => {
    const hub = board();
    hub.token('t1', { unit: 'a' });
    hub.token('t2', { prefix: 'ship-', uses: 9 });
    assert.equal(outcome(hub.ask('t1', 1, { unit: 'b' })), 'unit_not_allowed');
    for (const unit of ['a', 'ship', 'Ship-1', 'xship-1'])
      assert.equal(outcome(hub.ask('t2', 2, { unit })), 'unit_not_allowed', unit);
    assert.equal(outcome(hub.ask('t2', 2, { unit: 'ship-1' })), 'accept ship-1');
  });

  test('one that is bound is refused to another key, but for a token that replaces', () => {
    const hub = board();
    hub.token('t1', { uses: 9 });
    hub.ask('t1', 1, { unit: 'a' });
    assert.equal(outcome(hub.ask('t1', 2, { unit: 'a' })), 'unit_bound');
    hub.token('t2', { unit: 'a', replace: true });
    assert.equal(outcome(hub.ask('t2', 2)), 'accept a');
    assert.equal(hub.bindings.units.get('a')?.key, fakeKey(2));
    assert.equal(outcome(hub.ask('t2', 2)), 'accept a', 'again');
    assert.equal(outcome(hub.ask('t2', 3)), 'token_used_up', 'a third');
  });

  test('a router that was replaced does not come back by a token that is older than that', () => {
    const hub = board();
    hub.token('t1', { uses: 9 });
    hub.ask('t1', 1, { unit: 'a' });
    hub.token('t2', { unit: 'a', replace: true });
    hub.ask('t2', 2);
    assert.equal(outcome(hub.ask('t1', 1, { unit: 'a' })), 'unit_revoked');
    assert.equal(outcome(hub.ask('t1', 1, { unit: 'b' })), 'unit_revoked');
    assert.equal(outcome(hub.ask(undefined, 1)), 'unit_revoked');
    hub.pass(1);
    hub.token('t3', { unit: 'a', replace: true });
    hub.ask('t3', 3);
    assert.equal(outcome(hub.ask('t2', 2)), 'unit_revoked', 'its token replaces, and is older');
    assert.equal(hub.bindings.units.get('a')?.key, fakeKey(3));
    hub.pass(1);
    hub.token('t4');
    assert.equal(outcome(hub.ask('t4', 1, { unit: 'b' })), 'accept b', 'by a new token it does');
  });

  test('one that was replaced too often within the life of a login is refused, and admitted later', () => {
    const hub = board();
    hub.token('t1', { unit: 'a' });
    hub.ask('t1', 1);
    const replace = (n: number): string => {
      hub.pass(1);
      hub.token(`r${n}`, { unit: 'a', replace: true });
      return outcome(hub.ask(`r${n}`, n));
    };
    for (let n = 2; n <= 65; n++) assert.equal(replace(n), 'accept a');
    assert.equal(replace(66), 'unit_bound');
    const longest = JSON.stringify(hub.bindings.units.get('a')).length;
    assert.ok(longest < 15_000, `${longest} bytes fit into a message of the stream`);
    hub.pass(life_ms);
    assert.equal(replace(67), 'accept a');
  });
});

describe('clones', () => {
  test('the same key on another machine waits for a person, with a token and without', () => {
    const hub = board();
    hub.token('t1', { uses: 9 });
    hub.ask('t1', 1, { unit: 'a' });
    assert.equal(outcome(hub.ask('t1', 1, { unit: 'a', hardware: 'copy' })), 'wait');
    assert.equal(hub.bindings.pending.get(fakeKey(1))?.why, 'other_hardware');
    assert.equal(outcome(hub.ask(undefined, 1, { hardware: 'copy' })), 'wait');
    assert.equal(outcome(hub.ask(undefined, 1)), 'accept a', 'the machine that is bound');
    hub.pass(60 * day_ms);
    assert.equal(outcome(hub.ask(undefined, 1)), 'accept a');
    assert.equal(hub.bindings.pending.size, 1, 'its renewal does not hide the copy');
  });

  test('a router that a copied flash went to is bound to it once that was approved', () => {
    const hub = board();
    hub.token('t1');
    hub.ask('t1', 1, { unit: 'a' });
    hub.ask(undefined, 1, { hardware: 'new-board' });
    hub.order(orderApproval(hub.bindings, 'a', { replace: false }, hub.moment()), ({ record }) => [record]);
    assert.equal(hub.bindings.pending.size, 0);
    assert.equal(outcome(hub.ask(undefined, 1, { hardware: 'new-board' })), 'accept a');
    assert.equal(outcome(hub.ask(undefined, 1)), 'wait', 'the old board');
  });

  test('a key that is a unit is not admitted as another', () => {
    const hub = board();
    hub.token('t1', { uses: 9 });
    hub.ask('t1', 1, { unit: 'a' });
    hub.token('t2', { unit: 'b' });
    assert.equal(outcome(hub.ask('t1', 1, { unit: 'b' })), 'unit_bound');
    assert.equal(outcome(hub.ask('t2', 1)), 'unit_bound');
    assert.equal(hub.bindings.units.size, 1);
  });
});

describe('a token that wants approval', () => {
  test('lets the request wait, and answers the approved key', () => {
    const hub = board();
    hub.token('t1', { auto: false });
    assert.equal(outcome(hub.ask('t1', 1, { unit: 'a' })), 'wait');
    assert.equal(outcome(hub.ask('t1', 1, { unit: 'a' })), 'wait');
    assert.equal(hub.count(), 2, 'written once');
    const { record, request } = hub.order(
      orderApproval(hub.bindings, 'a', { replace: false }, hub.moment()),
      (approval) => [approval.record],
    );
    assert.deepEqual([record.unit, record.key, request.nonce], ['a', fakeKey(1), 'n1']);
    assert.equal(outcome(hub.ask('t1', 1, { unit: 'a' })), 'accept a');
    assert.equal(outcome(hub.ask('t1', 2, { unit: 'b' })), 'token_used_up');
  });

  test('what waits is written again with another nonce, but not within moments', () => {
    const hub = board();
    hub.token('t1', { auto: false });
    for (let i = 0; i < 50; i++) hub.ask('t1', 1, { unit: 'a', nonce: `n${i}` });
    assert.equal(hub.count(), 2);
    hub.pass(20_000);
    hub.ask('t1', 1, { unit: 'a', nonce: 'later' });
    assert.equal(hub.bindings.pending.get(fakeKey(1))?.nonce, 'later');
  });

  test('one token does not fill the list, nor keep others from it', () => {
    const hub = board();
    hub.token('t1', { auto: false });
    hub.token('t2', { auto: false });
    const outcomes = Array.from({ length: 150 }, (_, i) => outcome(hub.ask('t1', i, { unit: `u${i}` })));
    assert.equal(outcomes.filter((one) => one === 'wait').length, 101);
    assert.equal(outcomes.at(-1), 'token_used_up');
    assert.equal(outcome(hub.ask('t2', 200, { unit: 'a' })), 'wait');
  });
});

describe('renewal', () => {
  test('the key that is bound gets a new login, written when the old one has run for a while', () => {
    const hub = board();
    hub.token('t1');
    hub.ask('t1', 1, { unit: 'a' });
    const before = hub.count();
    for (const account of ['FLEET', 'ENROL'] as const)
      assert.equal(outcome(hub.ask(undefined, 1, { account })), 'accept a');
    assert.equal(hub.count(), before);
    hub.pass(60 * day_ms);
    const decision = hub.ask(undefined, 1, { account: 'FLEET' });
    assert.ok(decision.kind === 'accept');
    assert.equal(decision.unit.until_ms, hub.now_ms() + life_ms);
    assert.equal(hub.bindings.units.get('a')?.until_ms, hub.now_ms() + life_ms);
  });

  test('a unit whose login has run out long ago still gets one', () => {
    const hub = board();
    hub.token('t1');
    hub.ask('t1', 1, { unit: 'a' });
    hub.pass(400 * day_ms);
    assert.equal(outcome(hub.ask(undefined, 1)), 'accept a');
  });

  test('a token without --auto brings back whom the hub knows, however many, and nobody else', () => {
    const hub = board();
    hub.token('t1', { uses: 5 });
    for (const key of [1, 2, 3, 4, 5]) hub.ask('t1', key, { unit: `u${key}` });
    const written = hub.count();
    hub.token('t2', { auto: false });
    for (const key of [1, 2, 3, 4, 5]) assert.equal(outcome(hub.ask('t2', key)), `accept u${key}`);
    assert.equal(hub.count(), written + 1, 'they keep what they have');
    assert.equal(outcome(hub.ask('t2', 6, { unit: 'u1' })), 'unit_bound');
    assert.equal(outcome(hub.ask('t2', 7)), 'wait');
    assert.equal(outcome(hub.ask('t2', 1, { hardware: 'machine-7' })), 'wait', 'a stolen key elsewhere');
  });

  test('another key gets none', () => {
    const hub = board();
    hub.token('t1');
    hub.ask('t1', 1, { unit: 'a' });
    assert.equal(outcome(hub.ask(undefined, 2, { unit: 'a', hardware: 'machine-1' })), 'key_unknown');
    assert.equal(outcome(hub.ask(undefined, 2, { unit: 'a', by: fakeKey(1) })), 'key_unknown');
  });

  test('a unit that was revoked or forgotten gets none', () => {
    const hub = board();
    hub.token('t1', { uses: 9 });
    hub.ask('t1', 1, { unit: 'a' });
    hub.ask('t1', 2, { unit: 'b' });
    hub.order(orderRevocation(hub.bindings, 'a', hub.now_ms()), one);
    hub.order(orderForgetting(hub.bindings, 'b', hub.now_ms()), one);
    for (const account of ['FLEET', 'ENROL'] as const) {
      assert.equal(outcome(hub.ask(undefined, 1, { account })), 'unit_revoked');
      assert.equal(outcome(hub.ask(undefined, 2, { account, unit: 'b' })), 'unit_revoked');
    }
    for (const unit of ['a', 'b', 'c']) assert.equal(outcome(hub.ask('t1', 1, { unit })), 'unit_revoked');
    assert.equal(outcome(hub.ask('t1', 2, { unit: 'b' })), 'unit_revoked');
  });

  test('a unit that was renamed gets its new id, with a token of the old one too', () => {
    const hub = board();
    hub.token('t1', { unit: 'a' });
    hub.ask('t1', 1);
    hub.order(orderRenaming(hub.bindings, 'a', 'b', hub.now_ms()), one);
    assert.equal(outcome(hub.ask(undefined, 1)), 'accept b');
    assert.equal(outcome(hub.ask('t1', 1, { unit: 'a' })), 'accept b');
  });

  test('where the records were lost, a unit that the hub lets in waits for a person', () => {
    const hub = board();
    assert.equal(outcome(hub.ask(undefined, 1, { account: 'FLEET', unit: 'a' })), 'wait');
    assert.equal(outcome(hub.ask(undefined, 2, { account: 'FLEET', own: 'b' })), 'wait');
    assert.equal(outcome(hub.ask(undefined, 3, { account: 'FLEET' })), 'key_unknown');
    assert.equal(
      outcome(hub.ask(undefined, 4, { account: 'FLEET', unit: 'c', by: fakeKey(1) })),
      'key_unknown',
    );
    assert.equal(outcome(hub.ask(undefined, 5, { account: 'ENROL', unit: 'd' })), 'key_unknown');
    assert.equal(
      outcome(hub.ask(undefined, 1, { unit: 'a' })),
      'wait',
      'by its other login: it waits already',
    );
    assert.equal(hub.bindings.pending.get(fakeKey(1))?.account, 'FLEET', 'where it is answered');
    hub.order(orderApproval(hub.bindings, 'a', { replace: false }, hub.moment()), ({ record }) => [record]);
    assert.equal(outcome(hub.ask(undefined, 1, { account: 'FLEET' })), 'accept a');
  });
});
