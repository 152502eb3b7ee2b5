import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseTimeReply } from '../../../../agent/hub/measure/reply.ts';

const said = (more: object) =>
  parseTimeReply(
    new TextEncoder().encode(
      JSON.stringify({ t2_us: 5, t3_us: 6, source: 'ntp', quality: 'locked', ...more }),
    ),
  );

test('a bound that no clock can have is no claim: more than a year', () => {
  const times = { t2_us: 5, t3_us: 6, source: 'ntp', quality: 'locked' };
  assert.deepEqual(said({ error_bound_ns: 3.15e16 }), { ...times, error_bound_ns: 3.15e16 });
  assert.deepEqual(said({ error_bound_ns: 3.16e16, error_rel_ns: 1e300 }), times);
});
