import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { holdsRecord, keysOfToken, parseBoundRecord } from '../../../../agent/hub/book/bindings.ts';
import {
  orderApproval,
  orderForgetting,
  orderRenaming,
  orderRevocation,
} from '../../../../agent/hub/enrol/orders.ts';
import { revocationsOf } from '../../../../agent/hub/enrol/revocations.ts';
import { board, day_ms } from '../../../kit/hub/bound.ts';

test('a record that is garbled, or of a newer nunect-hub, is said to be so', () => {
  const hub = board();
  const token = hub.token('t1');
  const why = (text: string): string => {
    const read = parseBoundRecord(text);
    return read.ok ? 'read' : read.why;
  };
  assert.equal(why(JSON.stringify(token)), 'read');
  assert.match(why(''), /no JSON/);
  assert.match(why('[]'), /no object/);
  assert.match(why(JSON.stringify({ ...token, v: 2 })), /version 2, known is 1/);
  for (const kind of ['cat', 'constructor', 'toString', '__proto__'])
    assert.match(why(JSON.stringify({ ...token, kind })), /unknown kind/);
  for (const more of [{ uses: '1' }, { auto: 1 }, { id: 7 }, { until_ms: null }])
    assert.match(why(JSON.stringify({ ...token, ...more })), /no valid (uses|auto|id|until_ms)/);
});

test('whether a record was written can be seen by whoever lost the answer', () => {
  const hub = board();
  const token = hub.token('t1', { auto: false });
  hub.ask('t1', 1, { unit: 'a' });
  const [waiting] = hub.bindings.pending.values();
  assert.ok(waiting !== undefined);
  assert.equal(holdsRecord(hub.bindings, token), true);
  assert.equal(holdsRecord(hub.bindings, { ...token, uses: 2 }), false);
  assert.equal(holdsRecord(hub.bindings, { ...token, id: 't2' }), false);
  assert.equal(holdsRecord(hub.bindings, waiting), true);
  const gone = { v: 1, kind: 'gone', what: 'pending', id: waiting.key } as const;
  assert.equal(holdsRecord(hub.bindings, gone), false);
  const approval = orderApproval(hub.bindings, 'a', { replace: false }, hub.moment());
  assert.ok(approval.ok && !holdsRecord(hub.bindings, approval.value.record));
  hub.put(approval.value.record);
  assert.equal(holdsRecord(hub.reread(), approval.value.record), true);
  assert.equal(holdsRecord(hub.bindings, gone), true);
});

const ids = ['a', 'b', 'c', 'p-1'];
const anyStep = fc.oneof(
  fc.record({
    do: fc.constant('ask' as const),
    token: fc.constantFrom(undefined, 't0', 't1', 't2'),
    key: fc.integer({ min: 0, max: 5 }),
    unit: fc.constantFrom(undefined, ...ids),
    hardware: fc.constantFrom(undefined, 'copy'),
    account: fc.constantFrom('ENROL' as const, 'FLEET' as const),
  }),
  fc.record({
    do: fc.constantFrom('approve' as const, 'revoke' as const, 'forget' as const, 'replace' as const),
    unit: fc.constantFrom(...ids),
    key: fc.integer({ min: 0, max: 5 }),
  }),
  fc.record({
    do: fc.constant('rename' as const),
    unit: fc.constantFrom(...ids),
    to: fc.constantFrom(...ids),
  }),
  fc.record({ do: fc.constant('pass' as const), ms: fc.constantFrom(1, 1000, day_ms, 60 * day_ms) }),
);
type Step = typeof anyStep extends fc.Arbitrary<infer T> ? T : never;
type Board = ReturnType<typeof board>;

function take(hub: Board, step: Step, n: number): void {
  const { bindings } = hub;
  switch (step.do) {
    case 'ask': {
      const { token, key, unit, hardware, account } = step;
      const more = {
        ...(unit === undefined ? {} : { unit }),
        ...(hardware === undefined ? {} : { hardware }),
      };
      const first = hub.ask(token, key, { ...more, account });
      const count = hub.count();
      const again = hub.ask(token, key, { ...more, account });
      assert.equal(again.kind, first.kind, 'the same request is decided the same way');
      assert.equal(hub.count(), count, 'and writes nothing more');
      return;
    }
    case 'replace':
      hub.token(`r${n}`, { unit: step.unit, replace: true });
      hub.ask(`r${n}`, step.key);
      return;
    case 'pass':
      hub.pass(step.ms);
      return;
    case 'approve': {
      const done = orderApproval(bindings, step.unit, { replace: n % 2 === 0 }, hub.moment());
      if (done.ok) hub.put(done.value.record);
      return;
    }
    case 'rename': {
      const done = orderRenaming(bindings, step.unit, step.to, hub.now_ms());
      if (done.ok) hub.put(done.value);
      return;
    }
    default: {
      const order = step.do === 'revoke' ? orderRevocation : orderForgetting;
      const done = order(bindings, step.unit, hub.now_ms());
      if (done.ok) hub.put(done.value);
    }
  }
}

test('whatever is asked and ordered: one router for an id, one id for a key, no token used too often, nothing forgotten', () => {
  fc.assert(
    fc.property(fc.array(anyStep, { maxLength: 60, size: 'max' }), (steps) => {
      const hub = board();
      const { bindings } = hub;
      hub.token('t0', { uses: 2, auto: false });
      hub.token('t1', { uses: 2 });
      hub.token('t2', { uses: 3, prefix: 'p-', life_ms: 400 * day_ms });
      for (const [n, step] of steps.entries()) {
        const lasting = [...bindings.units.values()].filter(({ until_ms }) => until_ms > hub.now_ms());
        const lapsed = new Set(lasting.map(({ key, unit }) => `${key} ${unit}`));
        const wasBound = [...bindings.units.values()].flatMap(({ key, unit, state }) =>
          state === 'bound' ? [`${key} ${unit}`] : [],
        );
        take(hub, step, n);
        if (step.do !== 'ask') hub.clear();
        const bound = [...bindings.units.values()].filter(({ state }) => state === 'bound');
        assert.equal(new Set(bound.map(({ key }) => key)).size, bound.length, 'no key is two units');
        for (const { key, unit } of bound) assert.equal(bindings.unitOfKey.get(key), unit);
        for (const [id, uses] of [
          ['t1', 2],
          ['t2', 3],
        ] as const)
          assert.ok(keysOfToken(bindings, id).size <= uses, `${id} admits ${uses}`);
        // a login that was given and is no longer that of its unit is revoked, until it has ended
        const due = revocationsOf(bindings, 'FLEET', hub.now_ms());
        const live = new Set(bound.map(({ key, unit }) => `${key} ${unit}`));
        if (step.do === 'revoke' || step.do === 'forget')
          for (const one of wasBound)
            assert.ok(
              live.has(one) || one.endsWith(` ${step.unit}`),
              `${one}: only what is named is shut out`,
            );
        for (const one of lapsed)
          if (!live.has(one)) assert.ok(step.do === 'pass' || (one.split(' ')[0] ?? '') in due, one);
        assert.deepEqual(hub.reread(), bindings, 'an issuer that begins anew knows the same');
      }
    }),
    { seed: 16, numRuns: 300 },
  );
});
