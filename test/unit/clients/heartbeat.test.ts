import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { type Health, keepHeartbeat } from '../../../config/clients/nunect-client/src/heartbeat.ts';
import { recordComplaints } from '../../kit/lib/schema.ts';

/** What a heartbeat says of an app whose `health` is this, to a server that takes so many characters. */
async function heartbeatOf(t: TestContext, health: () => unknown, largest_chars = 10_000) {
  const console = t.mock.method(globalThis.console, 'error', () => {});
  const sent: Record<string, unknown>[] = [];
  const heartbeat = keepHeartbeat({
    ...{ id: 'app-1', interval_s: 60, version: undefined, clock: undefined },
    health: health as () => Health,
    now_us: () => 1_790_000_000_123_456,
    publish(_subject, payload) {
      if (payload.length > largest_chars) throw new Error('max_payload');
      sent.push(JSON.parse(payload));
      return true;
    },
    flush: async () => {},
    echo: async () => {},
  });
  await heartbeat.beat().finally(heartbeat.stop);
  await new Promise((resolve) => setImmediate(resolve));
  for (const one of sent) assert.deepEqual(recordComplaints.get('heartbeat')?.(one), []);
  return {
    sent,
    said: sent.map(({ status, problems }) => ({ status, problems })),
    printed: console.mock.callCount(),
  };
}

test('an app that cannot say how it is lives on, and its heartbeat says so', async (t) => {
  const failing = () => {
    throw new Error('no sensor');
  };
  const one = { status: 'degraded', problems: ['health: no sensor'] };
  const { sent, said } = await heartbeatOf(t, failing);
  assert.deepEqual(said, [one, one]);
  assert.deepEqual(
    sent.map(({ sequence, stopping }) => [sequence, stopping]),
    [
      [1, undefined],
      [2, true],
    ],
  );
});

test('a promise is no health: that is said, and where it rejects the console has it', async (t) => {
  const { said, printed } = await heartbeatOf(t, () => Promise.reject(new Error('later')));
  assert.match(JSON.stringify(said), /^(.*"degraded","problems":\["health: .+){2}$/);
  assert.equal(printed, 2);
});

test('what is no health is said as such', async (t) => {
  for (const given of [undefined, null, {}, { status: 7 }]) {
    const { said } = await heartbeatOf(t, () => given);
    assert.equal(said.length, 2);
    for (const { status, problems } of said) {
      assert.equal(status, 'degraded');
      assert.match(String(problems), /^health: .+/);
    }
  }
});

test('of problems that the server does not take the heartbeat says why', async (t) => {
  const long = { status: 'critical', problems: ['x'.repeat(20_000)] };
  const { said } = await heartbeatOf(t, () => long);
  assert.deepEqual(said[0], { status: 'degraded', problems: ['health: max_payload'] });
});

test('where nothing can be sent, the console has it and the app lives on', async (t) => {
  const { said, printed } = await heartbeatOf(t, () => ({ status: 'healthy' }), 10);
  assert.deepEqual([said, printed], [[], 2]);
});
