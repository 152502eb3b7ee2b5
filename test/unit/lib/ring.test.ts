import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ring } from '../../../agent/lib/ring.ts';

test('a ring keeps the newest entries, oldest first', () => {
  const r = ring<number>(3);
  for (let i = 1; i <= 20; i++) {
    r.push(i);
    assert.deepEqual(
      r.items(),
      [i - 2, i - 1, i].filter((n) => n > 0),
    );
  }
  assert.equal(r.size, 3);
  r.clear();
  assert.deepEqual(r.items(), []);
  r.push(7);
  assert.deepEqual(r.items(), [7]);
});
