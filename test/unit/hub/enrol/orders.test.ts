import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { BoundRecord } from '../../../../agent/hub/book/bindings.ts';
import { decideEnrol } from '../../../../agent/hub/enrol/decide.ts';
import {
  orderApproval,
  orderForgetting,
  orderRenaming,
  orderRevocation,
  orderToken,
  orderWithdrawal,
} from '../../../../agent/hub/enrol/orders.ts';
import type { ParseResult } from '../../../../agent/lib/parse.ts';
import { board, day_ms, fakeKey } from '../../../kit/hub/bound.ts';

const one = (record: BoundRecord): BoundRecord[] => [record];
const whyNot = (outcome: ParseResult<unknown>): string => (outcome.ok ? 'done' : outcome.why);
const wish = { id: 't9', login: 'U', uses: 1, life_ms: day_ms, auto: false, replace: false };

describe('token', () => {
  test('a contradiction is refused with what is allowed', () => {
    const hub = board();
    hub.token('t1');
    hub.ask('t1', 1, { unit: 'a' });
    const why = (more: object): string =>
      whyNot(orderToken(hub.bindings, { ...wish, ...more }, hub.now_ms()));
    assert.match(why({ id: 't1' }), /t1 is there already/);
    assert.match(why({ unit: '_b' }), /not begin with _/);
    assert.match(why({ prefix: '_' }), /not begin with _/);
    assert.match(why({ unit: 'b', prefix: 'x-' }), /one unit or for a prefix/);
    for (const unit of ['*', 'a.b', '', 'ü']) assert.match(why({ unit }), /must be 1 to 64 of A-Z/);
    for (const prefix of ['*', 'a.', '', 'x'.repeat(49)]) assert.match(why({ prefix }), /must be 1 to 48 of/);
    assert.match(why({ replace: true }), /must name its unit/);
    assert.match(why({ unit: 'b', uses: 2 }), /admits one router/);
    assert.match(why({ unit: 'a' }), /a is bound already.*--replace/);
    assert.equal(why({ unit: 'a', replace: true }), 'done');
    hub.order(orderRevocation(hub.bindings, 'a', hub.now_ms()), one);
    assert.match(why({ unit: 'a' }), /a is revoked already.*--replace/);
    hub.order(orderForgetting(hub.bindings, 'a', hub.now_ms()), one);
    assert.equal(why({ unit: 'a' }), 'done');
  });

  test('is withdrawn once', () => {
    const hub = board();
    hub.token('t1');
    const first = hub.order(orderWithdrawal(hub.bindings, 't1', hub.now_ms()), one);
    hub.pass(1000);
    const again = orderWithdrawal(hub.bindings, 't1', hub.now_ms());
    assert.ok(again.ok && again.value.withdrawn_ms === first.withdrawn_ms);
    assert.match(whyNot(orderWithdrawal(hub.bindings, 't2', hub.now_ms())), /no token t2/);
  });
});

describe('approve', () => {
  test('by key or by unit, as the unit that was asked for or as another', () => {
    const hub = board();
    hub.token('t1', { auto: false, uses: 9 });
    hub.ask('t1', 1, { unit: 'a' });
    hub.ask('t1', 2, { unit: 'a' });
    hub.ask('t1', 3, { unit: 'c' });
    const approve = (which: string, as?: string, replace = false) =>
      orderApproval(hub.bindings, which, { as, replace }, hub.moment());
    assert.match(whyNot(approve('x')), /no request waits for x/);
    assert.match(whyNot(approve('a')), /2 requests wait for a: name one by its key/);
    assert.match(whyNot(approve('c', 'a.b')), /must be 1 to 64/);
    hub.order(approve(fakeKey(2)), ({ record }) => [record]);
    assert.equal(hub.bindings.units.get('a')?.key, fakeKey(2));
    assert.match(whyNot(approve('a')), /a is bound already; --replace/);
    hub.order(approve('c', 'd'), ({ record }) => [record]);
    assert.equal(hub.bindings.units.get('d')?.key, fakeKey(3));
    hub.order(approve('a', undefined, true), ({ record }) => [record]);
    assert.equal(hub.bindings.units.get('a')?.key, fakeKey(1));
    assert.deepEqual(
      hub.bindings.units.get('a')?.voids.map(({ key }) => key),
      [fakeKey(2)],
      'the login of the router that was replaced is void',
    );
    assert.equal(hub.bindings.pending.size, 0);
  });

  test('a token that replaces needs no further word; a bound key is not made another unit', () => {
    const hub = board();
    hub.token('t1');
    hub.ask('t1', 1, { unit: 'a' });
    hub.token('t2', { unit: 'a', replace: true, auto: false });
    hub.ask('t2', 2);
    hub.order(orderApproval(hub.bindings, 'a', { replace: false }, hub.moment()), ({ record }) => [record]);
    assert.equal(hub.bindings.units.get('a')?.key, fakeKey(2));
    hub.ask(undefined, 2, { hardware: 'other' });
    const as = orderApproval(hub.bindings, 'a', { as: 'b', replace: true }, hub.moment());
    assert.match(whyNot(as), /that of a: rename that/);
  });
});

test('a request by a token that was withdrawn is not approved, and can be dropped', () => {
  const hub = board();
  hub.token('t1', { auto: false });
  hub.ask('t1', 1, { unit: 'a' });
  hub.order(orderWithdrawal(hub.bindings, 't1', hub.now_ms()), one);
  const approval = orderApproval(hub.bindings, 'a', { replace: false }, hub.moment());
  assert.match(whyNot(approval), /the token of a was withdrawn/);
  hub.order(orderForgetting(hub.bindings, 'a', hub.now_ms()), one);
  assert.equal(hub.bindings.pending.size, 0);
});

describe('revoke, rename, forget', () => {
  test('a unit is revoked once, and its login void from then', () => {
    const hub = board();
    hub.token('t1');
    hub.ask('t1', 1, { unit: 'a' });
    const first = hub.order(orderRevocation(hub.bindings, 'a', hub.now_ms()), one);
    assert.deepEqual(first.voids, [
      { key: fakeKey(1), at_ms: hub.now_ms(), until_ms: first.until_ms, token: 't1' },
    ]);
    hub.pass(1000);
    const again = orderRevocation(hub.bindings, 'a', hub.now_ms());
    assert.ok(again.ok && again.value === hub.bindings.units.get('a'));
    assert.match(whyNot(orderRevocation(hub.bindings, 'b', hub.now_ms())), /no unit b/);
  });

  test('a login that was made by a clock that was ahead is void all the same, and a newer token admits its key', () => {
    const hub = board();
    hub.token('t1');
    const made = hub.ask('t1', 1, { unit: 'a' });
    assert.ok(made.kind === 'accept');
    hub.pass(-365 * day_ms);
    const { voids } = hub.order(orderRevocation(hub.bindings, 'a', hub.now_ms()), one);
    assert.ok(voids[0] && voids[0].at_ms >= made.unit.made_ms);
    hub.token('t2', { unit: 'a', replace: true });
    const again = hub.ask('t2', 1);
    assert.ok(again.kind === 'accept');
    assert.ok(Math.floor(again.unit.made_ms / 1000) > Math.floor(voids[0].at_ms / 1000));
    const token = hub.order(orderWithdrawal(hub.bindings, 't2', hub.now_ms()), one);
    assert.ok((token.withdrawn_ms ?? 0) >= token.made_ms);
  });

  test('a unit that is revoked in the second in which it was renamed is out by the new id, too', () => {
    const hub = board();
    hub.token('t1');
    hub.ask('t1', 1, { unit: 'a' });
    const renamed = hub.order(orderRenaming(hub.bindings, 'a', 'b', hub.now_ms()), one);
    const { voids } = hub.order(orderRevocation(hub.bindings, 'b', hub.now_ms()), one);
    assert.ok(Math.max(...voids.map(({ at_ms }) => at_ms)) >= renamed.made_ms);
  });

  test('a unit that was revoked comes back by a newer token that replaces, or once it is forgotten', () => {
    const hub = board();
    hub.token('t1');
    hub.ask('t1', 1, { unit: 'a' });
    hub.order(orderRevocation(hub.bindings, 'a', hub.now_ms()), one);
    hub.pass(1);
    hub.token('t2', { uses: 9 });
    const of = (token: string, key: number): string => {
      const decision = hub.ask(token, key, { unit: 'a' });
      return decision.kind === 'refuse' ? decision.code : decision.kind;
    };
    assert.equal(of('t2', 1), 'unit_revoked');
    assert.equal(of('t2', 2), 'unit_revoked');
    hub.token('t3', { unit: 'a', replace: true });
    assert.equal(of('t3', 1), 'accept', 'with the same key');
    hub.order(orderForgetting(hub.bindings, 'a', hub.now_ms()), one);
    assert.equal(of('t2', 1), 'unit_revoked', 'the token is older');
    assert.equal(of('t2', 2), 'accept', 'with another key');
  });

  test('a unit keeps its key when it is renamed; the login by the old id is void', () => {
    const hub = board();
    hub.token('t1', { uses: 9 });
    hub.ask('t1', 1, { unit: 'a' });
    hub.ask('t1', 2, { unit: 'taken' });
    const rename = (from: string, to: string) => orderRenaming(hub.bindings, from, to, hub.now_ms());
    assert.match(whyNot(rename('x', 'b')), /no unit x/);
    assert.match(whyNot(rename('a', 'taken')), /taken is bound already/);
    assert.match(whyNot(rename('a', '*')), /must be 1 to 64/);
    hub.order(rename('a', 'b'), one);
    assert.equal(hub.bindings.units.get('a'), undefined);
    assert.equal(hub.bindings.units.get('b')?.voids.length, 1);
    hub.ask('t1', 3, { unit: 'a' });
    hub.pass(60 * day_ms);
    hub.ask(undefined, 1);
    assert.equal(hub.bindings.units.get('a')?.key, fakeKey(3), 'the old id may be that of another router');
    assert.deepEqual(hub.reread(), hub.bindings);
  });

  test('a unit that was renamed again and again is one unit, also to whoever reads all anew', () => {
    const hub = board();
    hub.token('t1');
    hub.ask('t1', 1, { unit: 'a' });
    for (const [from, to] of [
      ['a', 'b'],
      ['b', 'c'],
      ['c', 'a'],
      ['a', 'd'],
    ] as const)
      hub.order(orderRenaming(hub.bindings, from, to, hub.now_ms()), one);
    assert.deepEqual([...hub.reread().units.keys()], ['d']);
    assert.deepEqual(hub.reread(), hub.bindings);
  });

  test('the old id of a renamed unit stays free once the new one is that of another router', () => {
    const hub = board();
    hub.token('t1', { uses: 9 });
    hub.ask('t1', 1, { unit: 'a' });
    hub.order(orderRenaming(hub.bindings, 'a', 'b', hub.now_ms()), one);
    assert.deepEqual([...hub.bindings.left.keys()], ['bound.unit.a'], 'the record that still says so');
    hub.clear();
    assert.equal(hub.bindings.left.size, 0);
    hub.pass(1);
    hub.token('t2', { unit: 'b', replace: true });
    hub.ask('t2', 2);
    assert.deepEqual([...hub.reread().units.keys()], ['b'], 'whoever reads all anew does not bring it back');
    const again = decideEnrol(
      hub.reread(),
      {
        request: { v: 1, key: fakeKey(1), hardware: 'machine-1', nonce: 'n' },
        by: fakeKey(1),
        account: 'ENROL',
        at_ms: hub.now_ms(),
      },
      hub.moment(),
    );
    assert.equal(again.kind, 'refuse', 'the router that was replaced');
  });

  test('a unit whose key was revoked by an earlier id stays when that is forgotten, or revoked again', () => {
    const hub = board();
    hub.token('t1');
    hub.ask('t1', 1, { unit: 'a' });
    hub.order(orderRevocation(hub.bindings, 'a', hub.now_ms()), one);
    hub.pass(1);
    hub.token('t2');
    hub.ask('t2', 1, { unit: 'b' });
    for (const order of [orderRevocation, orderForgetting]) {
      hub.order(order(hub.bindings, 'a', hub.now_ms()), one);
      assert.equal(hub.bindings.units.get('b')?.state, 'bound');
      const renewal = hub.ask(undefined, 1);
      assert.ok(renewal.kind === 'accept' && renewal.unit.unit === 'b');
      assert.deepEqual(hub.reread(), hub.bindings);
    }
  });

  test('a unit that is forgotten leaves its id to others, and its login is void', () => {
    const hub = board();
    hub.token('t1', { uses: 9 });
    hub.ask('t1', 1, { unit: 'a' });
    const forget = (which: string) => orderForgetting(hub.bindings, which, hub.now_ms());
    hub.order(forget('a'), one);
    assert.equal(hub.bindings.units.get('a')?.state, 'forgotten');
    assert.match(whyNot(forget('a')), /no unit a, and no request waits/);
    hub.ask('t1', 2, { unit: 'a' });
    assert.deepEqual(
      hub.bindings.units.get('a')?.voids.map(({ key }) => key),
      [fakeKey(1)],
    );
  });

  test('a request that was approved does not wait again once its unit is forgotten', () => {
    const hub = board();
    hub.token('t1', { auto: false });
    hub.ask('t1', 1, { unit: 'a' });
    hub.order(orderApproval(hub.bindings, 'a', { replace: false }, hub.moment()), ({ record }) => [record]);
    hub.clear();
    hub.order(orderForgetting(hub.bindings, 'a', hub.now_ms()), one);
    assert.equal(hub.reread().pending.size, 0);
  });

  test('a request that waits is forgotten by its unit or key', () => {
    const hub = board();
    hub.token('t1', { auto: false, uses: 9 });
    hub.ask('t1', 1, { unit: 'a' });
    hub.ask('t1', 2, { unit: 'b' });
    hub.order(orderForgetting(hub.bindings, 'a', hub.now_ms()), one);
    hub.order(orderForgetting(hub.bindings, fakeKey(2), hub.now_ms()), one);
    assert.equal(hub.bindings.pending.size, 0);
    assert.equal(hub.reread().pending.size, 0);
  });
});
