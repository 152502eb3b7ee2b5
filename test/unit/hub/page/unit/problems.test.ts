import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { askProblems, keepProblems, parseProblems } from '../../../../../agent/hub/page/unit/problems.ts';
import type { Answer } from '../../../../../agent/nats/outgoing.ts';
import { fleetUnit, silentUnit } from '../../../../kit/hub/fleetunits.ts';

const bytes = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));
const one = {
  code: 'hub_down',
  weight: 'critical',
  text: 'the hub is not joined',
  remedy: 'logread -e nunect',
};
const reply = (value: unknown): Answer => ({
  kind: 'reply',
  message: { subject: 'x', data: bytes(value), size: () => 1 },
});

test('the answer of a unit is read with what is known of it, whatever else stands there', () => {
  const found = parseProblems(
    bytes({ problems: [one, { text: 7 }, 'x', { text: 'a\u001b[2Jb', weight: 'odd' }] }),
  );
  assert.deepEqual(found, {
    ok: true,
    value: [
      { text: one.text, weight: 'critical', remedy: one.remedy },
      { text: 'a [2Jb', weight: 'degraded' },
    ],
  });
});

test('what is no answer says why', () => {
  assert.deepEqual(parseProblems(bytes({ error: "unknown command 'PROBLEMS'" })), {
    ok: false,
    why: "unknown command 'PROBLEMS'",
  });
  assert.equal(parseProblems(bytes([])).ok, false);
  assert.equal(parseProblems(new Uint8Array(70_000)).ok, false);
});

test('a unit is asked by its role; who does not answer is told', async () => {
  const asked: unknown[] = [];
  const link = (answer: Answer) => ({
    request: (subject: string, payload: unknown) => {
      asked.push([subject, payload]);
      return Promise.resolve(answer);
    },
  });
  const told = await askProblems(link(reply({ problems: [] })), 'u', 'mast', 5);
  assert.deepEqual(told, { at_ms: 5, problems: [] });
  assert.deepEqual(asked, [['ops.cmd.mast.u', 'PROBLEMS']]);
  const silent = await askProblems(link({ kind: 'timeout' }), 'u', 'mast', 5);
  assert.ok('why' in silent && silent.why.includes('5 s'));
});

describe('a keeper of answers', () => {
  const at = { now_ms: 0 };
  const ticker = { now_ms: () => at.now_ms };
  const kept = () => {
    let asked = 0;
    const request = () => {
      asked += 1;
      return Promise.resolve(reply({ problems: [one] }));
    };
    at.now_ms = 1e6;
    return { keeper: keepProblems({ request }, ticker, () => 5), asked: () => asked };
  };
  const settled = () => new Promise((resolve) => setImmediate(resolve));
  const bad = (text: string, more: object = {}) => fleetUnit('u', { problems: [text], ...more });

  test('asks once for the same problems, though their figures change, and anew after 5 minutes', async () => {
    const { keeper, asked } = kept();
    assert.equal(keeper.look(bad('off by 5 ms')), undefined);
    await settled();
    assert.deepEqual(keeper.look(bad('off by 6 ms')), {
      at_ms: 5,
      problems: [{ text: one.text, weight: 'critical', remedy: one.remedy }],
    });
    at.now_ms += 299_000;
    keeper.look(bad('off by 7 ms'));
    assert.equal(asked(), 1);
    at.now_ms += 1000;
    keeper.look(bad('off by 8 ms'));
    assert.equal(asked(), 2);
  });

  test('asks anew for other problems, and shows no answer to the old ones', async () => {
    const { keeper, asked } = kept();
    keeper.look(bad('one'));
    await settled();
    assert.equal(keeper.look(bad('two')), undefined);
    assert.equal(asked(), 1); // within 20 s
    at.now_ms += 20_000;
    keeper.look(bad('two'));
    assert.equal(asked(), 2);
  });

  test('does not ask who is well, silent, of no known role, or tells little and says the same', async () => {
    const { keeper, asked } = kept();
    const { role: _role, ...nameless } = bad('x');
    keeper.look(fleetUnit('u'));
    keeper.look(silentUnit('u', 1, { problems: ['x'] }));
    keeper.look(nameless);
    assert.equal(asked(), 0);
    keeper.look(bad('x', { interval_s: 60 }));
    await settled();
    at.now_ms += 9e6;
    keeper.look(bad('x', { interval_s: 60 }));
    assert.equal(asked(), 1);
  });
});
