import assert from 'node:assert/strict';
import { test } from 'node:test';
import { percent, perSecond, shortCount } from '../../../../../agent/hub/page/hub/words.ts';

const plain = (text: string): string => text.replaceAll('\u00a0', ' ');

test('a share is never rounded to nothing or to all', () => {
  assert.deepEqual([0, 0.0001, 0.014, 0.9999, 1, 1.2].map(percent).map(plain), [
    ...['0 %', '< 1 %', '1 %', '99 %', '100 %', '120 %'],
  ]);
});

test('counts and rates have few digits', () => {
  assert.deepEqual([7402, 318_000, 41_200_000, 2.5e9].map(shortCount).map(plain), [
    '7,402',
    '318 k',
    '41.2 M',
    '2.5 G',
  ]);
  assert.deepEqual([0, 0.04, 0.44, 9.9, 2410.4].map(perSecond).map(plain), [
    '0 /s',
    '< 0.1 /s',
    '0.4 /s',
    '9.9 /s',
    '2,410 /s',
  ]);
});
