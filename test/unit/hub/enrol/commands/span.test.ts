import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseSpan } from '../../../../../agent/hub/enrol/commands/span.ts';

test('a span is a number with its unit, and nothing else', () => {
  const cases = {
    '7d': 604_800_000,
    '12h': 43_200_000,
    '30m': 1_800_000,
    '1s': 1000,
    '3652d': 315_532_800_000,
  };
  for (const [text, span_ms] of Object.entries(cases))
    assert.deepEqual(parseSpan(text), { ok: true, value: span_ms });
  for (const text of [
    '',
    '7',
    'd',
    '0d',
    '-1d',
    '1.5d',
    '7 d',
    '7d ',
    '7dd',
    '3653d',
    '9999999999d',
    '7w',
    'constructor',
  ])
    assert.equal(parseSpan(text).ok, false, text);
});
