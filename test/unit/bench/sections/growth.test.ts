import assert from 'node:assert/strict';
import { test } from 'node:test';
import { growthOf } from '../../../bench/sections/growth.ts';

test('what differs by no more than its noise is flat', () => {
  assert.equal(growthOf([100, 104, 107], 0.08), 'flat');
  assert.equal(growthOf([100, 130, 90], 0.08), 'flat');
});

test('what each one more adds is told, and whether it adds more and more or ever less', () => {
  assert.equal(growthOf([100, 250, 730], 0.08), 'linear: 10 each');
  assert.equal(growthOf([100, 250, 260], 0.08), 'less than linear: 2.54 each'); // a list that is cut
  assert.equal(growthOf([100, 110, 1000], 0.08), 'more than linear: 14.3 each');
});
