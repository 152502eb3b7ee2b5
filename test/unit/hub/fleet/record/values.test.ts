import assert from 'node:assert/strict';
import { test } from 'node:test';
import { plainText } from '../../../../../agent/hub/fleet/record/values.ts';

test('texts lose what a terminal would obey or stack up, and their length', () => {
  assert.equal(plainText('a\x1b[31m\r\nb\u202ec\u0301\u0301\u200bd\u2028e', 40), 'a [31m b c d e');
  assert.equal(plainText('x'.repeat(50), 10), `${'x'.repeat(9)}…`);
  assert.equal(plainText('\x07\x00', 10), undefined);
  assert.equal(plainText(7, 10), undefined);
});
