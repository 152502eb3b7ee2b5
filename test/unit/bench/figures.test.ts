import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Figure, median, ratiosOf, verdictOf } from '../../bench/figures.ts';

const one = (more: Partial<Figure>): Figure => ({ id: 'x', what: 'x', unit: '', samples: [10], ...more });
const beside = (...samples: number[]) => ({ what: 'floor', samples });

test('the median is the value in the middle, or the mean of the two there', () => {
  assert.equal(median([9, 1, 5]), 5);
  assert.equal(median([4, 1, 100, 2]), 3);
  assert.equal(median([]), Number.NaN);
});

test('ratios are of pairs where samples were taken in turn, else of the medians', () => {
  assert.deepEqual(ratiosOf(one({ samples: [2, 9], beside: beside(1, 3) })), [2, 3]);
  assert.deepEqual(ratiosOf(one({ samples: [2, 4, 6], beside: beside(2) })), [2]);
  assert.deepEqual(ratiosOf(one({})), []);
});

test('a goal is of the value, of the ratio, or of what lies above the floor', () => {
  assert.equal(verdictOf(one({ goal: { of: 'value', most: 10 } })), 'ok');
  assert.equal(verdictOf(one({ goal: { of: 'value', most: 9 } })), 'OVER');
  assert.equal(verdictOf(one({ goal: { of: 'value', least: 11 } })), 'OVER');
  assert.equal(verdictOf(one({ beside: beside(20), goal: { of: 'ratio', most: 0.5 } })), 'ok');
  assert.equal(verdictOf(one({ beside: beside(20), goal: { of: 'ratio', least: 0.6 } })), 'OVER');
  assert.equal(verdictOf(one({ beside: beside(3), goal: { of: 'above', most: 7 } })), 'ok');
  assert.equal(verdictOf(one({ beside: beside(2.5), goal: { of: 'above', most: 7 } })), 'OVER');
  assert.equal(verdictOf(one({})), '');
});

test('what misses its goal but costs no more than the bare floor is the floor', () => {
  assert.equal(verdictOf(one({ beside: beside(9.6), goal: { of: 'value', most: 9 } })), 'floor');
  assert.equal(verdictOf(one({ beside: beside(9.4), goal: { of: 'value', most: 9 } })), 'OVER');
  assert.equal(
    verdictOf(one({ beside: beside(50), goal: { of: 'value', most: 9 } })),
    'OVER',
    'what costs more than the agent is not its floor',
  );
  assert.equal(
    verdictOf(one({ beside: beside(10), goal: { of: 'ratio', most: 0.9 } })),
    'OVER',
    'a goal that says better than what stands beside it is not reached by being as good',
  );
});

test('a goal for something that was not measured beside anything is not reached', () => {
  assert.equal(verdictOf(one({ goal: { of: 'ratio', most: 2 } })), 'OVER');
  assert.equal(verdictOf(one({ samples: [], goal: { of: 'value', most: 2 } })), 'OVER');
});
