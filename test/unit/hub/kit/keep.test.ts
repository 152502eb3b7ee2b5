import assert from 'node:assert/strict';
import { test } from 'node:test';
import { traffics } from '../../../../agent/config/traffic.ts';
import { keptSpan_s, neededBytes } from '../../../../agent/hub/kit/keep.ts';

test('what is said to be needed for so many days holds so many days', () => {
  for (const traffic of traffics) {
    const bytes = neededBytes(30, 250, traffic);
    assert.ok(Math.abs(keptSpan_s(bytes, 250, traffic) - 30 * 86_400) < 1, traffic);
  }
});

test('the fewer bytes a profile sends, the longer its records are kept', () => {
  const spans = traffics.map((traffic) => keptSpan_s(1e9, 10, traffic));
  assert.deepEqual(
    [...spans].sort((a, b) => a - b),
    spans,
  );
});
