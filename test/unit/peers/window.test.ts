import assert from 'node:assert/strict';
import { test } from 'node:test';
import { windowStats } from '../../../agent/peers/window.ts';

test('answers of before a peer fell silent are no figures of now', () => {
  const answers = [170, 200, 180];
  assert.equal(windowStats([...answers, undefined, undefined]).p50_us, 180);
  assert.deepEqual(windowStats([...answers, undefined, undefined, undefined]), {
    count: 6,
    loss_percent: 50,
  });
  assert.equal(windowStats([...answers, undefined, undefined, undefined, 190]).p50_us, 180);
});
