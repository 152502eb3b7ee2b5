import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keepTrying } from '../../../config/clients/nunect-client/src/attempts.ts';
import type { Connection } from '../../../config/clients/nunect-client/src/transport.ts';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('a client that is refused for days tries on, at most every 45 s', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const pauses: number[] = [];
  const attempts = keepTrying({
    connect: () => Promise.reject(new Error('refused')),
    serve: () => Promise.resolve(),
    failed: (_error, retry_ms) => void pauses.push(retry_ms),
  });
  for (let i = 0; i < 50; i++) {
    await turn();
    t.mock.timers.tick(pauses.at(-1) ?? 0);
  }
  attempts.end();
  assert.equal(pauses.length, 50);
  for (const [i, pause_ms] of pauses.entries()) {
    const least_ms = Math.min(30_000, 250 * 2 ** i);
    assert.ok(pause_ms >= least_ms && pause_ms <= least_ms * 1.5, `pause ${i}: ${pause_ms} ms`);
  }
});

test('a pause is cut short at wish, and nothing is tried after the end', async () => {
  let tried = 0;
  const attempts = keepTrying({
    connect: () => Promise.reject(new Error(`attempt ${++tried}`)),
    serve: () => Promise.resolve(),
    failed: () => {},
  });
  for (let i = 0; i < 12; i++) {
    await turn();
    attempts.retryNow();
  }
  await turn();
  assert.equal(tried, 13);
  attempts.end();
  attempts.retryNow();
  await turn();
  assert.equal(tried, 13);
});

test('a connection that comes up after the end is closed', async () => {
  let isClosed = false;
  let connect = (_connection: Connection): void => {};
  const attempts = keepTrying({
    connect: () => new Promise((resolve) => (connect = resolve)),
    serve: () => assert.fail('served'),
    failed: () => assert.fail('failed'),
  });
  await turn();
  attempts.end();
  const close = async (): Promise<void> => {
    isClosed = true;
  };
  connect({ close } as never);
  await turn();
  assert.ok(isClosed);
});
