import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
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

describe('after a connection that', () => {
  /** How many attempts follow within the shortest pause, where 8 failed before it came after `connect_ms`. */
  async function attemptsAfter(
    t: TestContext,
    times: { connect_ms: number; lived_ms: number },
  ): Promise<number> {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    let now_ms = 0;
    t.mock.method(performance, 'now', () => now_ms);
    let tried = 0;
    const attempts = keepTrying({
      async connect() {
        tried += 1;
        if (tried <= 8) throw new Error('refused');
        now_ms += times.connect_ms;
        return {} as Connection;
      },
      async serve() {
        now_ms += times.lived_ms;
      },
      failed: (_error, retry_ms) => void setImmediate(() => t.mock.timers.tick(retry_ms)),
    });
    for (let i = 0; i < 40; i++) await turn();
    assert.equal(tried, 9);
    t.mock.timers.tick(375);
    await turn();
    attempts.end();
    return tried - 9;
  }

  test('lived, the next attempt is made at once, though the outage before it was long', async (t) => {
    assert.equal(await attemptsAfter(t, { connect_ms: 0, lived_ms: 15_000 }), 1);
  });

  test('did not live, the pauses stay long, though it was long in coming', async (t) => {
    assert.equal(await attemptsAfter(t, { connect_ms: 15_000, lived_ms: 5000 }), 0);
  });
});
