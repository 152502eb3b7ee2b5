import assert from 'node:assert/strict';
import { test } from 'node:test';
import { slopePerHour } from '../../../bench/sections/hour.ts';

const minutes = (count: number, of: (at: number) => number): number[] =>
  Array.from({ length: count }, (_, at) => of(at));

test('a leak of 60 KB a minute is 3.6 MB an hour, however the heap breathes', () => {
  const slope = slopePerHour(minutes(60, (at) => 20 + 0.06 * at + (at % 2 === 0 ? 1 : -1)));
  assert.ok(Math.abs(slope - 3.6) < 0.15, `${slope}`);
});

test('a heap that breathes and does not grow has next to no slope', () => {
  assert.ok(Math.abs(slopePerHour(minutes(60, (at) => 20 + (at % 5)))) < 0.5);
});
