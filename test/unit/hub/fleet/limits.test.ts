import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clockLimitOf, noLimits, parseClockLimits } from '../../../../agent/hub/fleet/limits.ts';

const limits = (value: unknown) => {
  const found = parseClockLimits(value);
  assert.ok(found.ok, found.ok ? '' : found.why);
  return found.value;
};

test('the limit of a clock is that of its role, else of its tenant, else the one for all, else 1 ms that nobody has set', () => {
  const set = limits({ any_ns: 5, by_role: { mast: 1000 }, by_tenant: { rail: 70 } });
  assert.deepEqual(
    [
      clockLimitOf(set, 'mast', 'rail'),
      clockLimitOf(set, 'ship', 'rail'),
      clockLimitOf(set, 'constructor', '__proto__'),
    ].map(({ limit_ns }) => limit_ns),
    [1000, 70, 5],
  );
  assert.deepEqual(clockLimitOf(limits(undefined), 'mast', undefined), { limit_ns: 1_000_000 });
  assert.deepEqual(clockLimitOf(set, undefined, undefined), { limit_ns: 5, limit_is_set: true });
  assert.deepEqual(limits({}), noLimits);
});

test('a mistake is told with its place and what is allowed', () => {
  const why = (value: unknown): string => {
    const found = parseClockLimits(value);
    return found.ok ? '' : found.why;
  };
  assert.equal(why(7), 'clock_limits must be an object');
  assert.equal(why({ any: 7 }), 'clock_limits.any is not known: any_ns, by_role and by_tenant are');
  for (const any_ns of [0, -1, '5', Number.NaN, 1e20])
    assert.match(why({ any_ns }), /^clock_limits\.any_ns must be a number of ns from 1 to /);
  assert.match(why({ by_role: { mast: 1, ship: null } }), /^clock_limits\.by_role\.ship must be a number/);
  assert.equal(why({ by_tenant: [] }), 'clock_limits.by_tenant must be an object');
});
