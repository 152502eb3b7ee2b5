import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemTicker } from '../../../agent/lib/ticker.ts';

test('a ticker calls again and again at its mean pace, with jitter, until cancelled', async () => {
  const ticker = systemTicker();
  let calls = 0;
  const begun = ticker.now_ms();
  await new Promise<void>((resolve) => {
    const keepAlive = setTimeout(() => {}, 60_000);
    const cancel = ticker.every(
      10,
      () => {
        calls += 1;
        if (calls < 20) return;
        cancel();
        clearTimeout(keepAlive);
        resolve();
      },
      0.5,
    );
  });
  assert.ok(
    ticker.now_ms() - begun >= 190 * 0.9,
    'twenty periods of 10 ms cannot be much shorter than 200 ms',
  );
  const settled = calls;
  await new Promise((resolve) => setTimeout(resolve, 40));
  assert.equal(calls, settled);
});
