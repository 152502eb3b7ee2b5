import assert from 'node:assert/strict';
import { test } from 'node:test';
import { quickOnes } from '../../../agent/device/hostfiles.ts';

test('what was quick is done at once, and what is slow is left to the thread pool', async () => {
  let now_ms = 0;
  const quickly = quickOnes(() => now_ms);
  const ways: string[] = [];
  const read = (took_ms: number): Promise<void> => {
    const by = (way: string) => (): void => {
      ways.push(way);
      now_ms += took_ms;
    };
    return quickly('/sys/x', by('at once'), async () => by('pool')());
  };
  for (const took_ms of [50, 1, 1, 1, 40, 1, 1]) await read(took_ms);
  // one of them was slow: it must show in the pool that it is quick again
  assert.deepEqual(ways, ['pool', 'pool', 'at once', 'at once', 'at once', 'pool', 'at once']);
  ways.length = 0;
  for (const took_ms of [40, 1, 40, 1, 1, 1]) await read(took_ms);
  assert.deepEqual(ways.slice(-2), ['pool', 'pool'], 'three times were enough');
});

test('what fails is not quick by that, and fails', async () => {
  const quickly = quickOnes(() => 0);
  const fail = (): never => {
    throw new Error('ENOENT');
  };
  await assert.rejects(
    quickly('/x', fail, async () => fail()),
    /ENOENT/,
  );
  await assert.rejects(
    quickly('/x', fail, async () => fail()),
    /ENOENT/,
  );
});
