import assert from 'node:assert/strict';
import { test } from 'node:test';
import { copyBytes, writeNumber } from '../../../agent/wire/bytes.ts';
import { anyMatches, subjectMatches } from '../../../agent/wire/values.ts';
import { seededRandom } from '../../kit/lib/random.ts';

test('numbers are written as JavaScript prints them', () => {
  const random = seededRandom(1);
  const into = Buffer.alloc(64, 'x');
  const some = Array.from({ length: 2000 }, () => Math.floor(10 ** (random() * 16)));
  const edges = [0, -0, 9, 10, 99, 100, 999_999_999, 1e9, 2 ** 31, 2 ** 53 - 1, 2 ** 53, 1e21, -1, -1e15];
  for (const value of [...some, ...edges]) {
    const end = writeNumber(into, 3, value);
    assert.equal(into.toString('latin1', 3, end), String(value));
  }
});

test('bytes are copied, few or many, and nothing beside them is touched', () => {
  const from = Buffer.from(Array.from({ length: 600 }, (_, i) => i & 255));
  for (const length of [0, 1, 127, 128, 129, 500]) {
    const into = Buffer.alloc(600, 255);
    assert.equal(copyBytes(from, 7, 7 + length, into, 11), 11 + length);
    const want = Buffer.alloc(600, 255);
    want.set(from.subarray(7, 7 + length), 11);
    assert.deepEqual(into, want);
  }
});

test('what begins as a pattern does is matched as token by token', () => {
  const tokens = ['a', 'b', '', '*', '>', 'a*', 'a>'];
  const subjects = tokens.flatMap((one) => [
    one,
    ...tokens.flatMap((two) => [`${one}.${two}`, `${one}.${two}.a`]),
  ]);
  for (const pattern of subjects)
    for (const subject of subjects)
      assert.equal(
        anyMatches([pattern])(subject),
        subject !== '' && subjectMatches(pattern, subject),
        `${pattern} ${subject}`,
      );
  assert.equal(anyMatches(['a.>', 'b'])(undefined), false);
});
