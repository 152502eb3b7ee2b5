import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LeafFacts } from '../../agent/leaf/watch/watch.ts';
import { absent, fresh, type Reading } from '../../agent/lib/reading.ts';
import { whenReady } from '../../agent/ready.ts';
import { fakeTicker } from '../kit/lib/faketicker.ts';
import { fakeLink } from '../kit/unit/unitfakes.ts';

function waiting(
  changes: { connected?: boolean; monitored?: boolean; flush?: () => Promise<number | undefined> } = {},
) {
  const ticker = fakeTicker();
  const stopping = new AbortController();
  const now = {
    connected: changes.connected ?? true,
    leaf: absent('not_yet') as Reading<LeafFacts>,
    answer: undefined as boolean | undefined,
    looks: 0,
    monitored: changes.monitored ?? false,
  };
  const link = fakeLink(
    {},
    {
      state: () => ({ connected: now.connected, since_ms: 0 }),
      flushRtt_us: changes.flush ?? (async () => 170),
    },
  );
  const leaf = {
    read: () => now.leaf,
    async look() {
      now.looks += 1;
    },
  };
  const parts = { link: () => link, leaf: () => leaf, isMonitored: () => now.monitored };
  void whenReady(parts, ticker, stopping.signal).then((ready) => {
    now.answer = ready;
  });
  return { ticker, stopping, now };
}

test('a unit is ready once the connection stands and the server has seen the subscriptions', async () => {
  const { ticker, now } = waiting({ connected: false });
  await ticker.pass(5000);
  assert.equal(now.answer, undefined);
  now.connected = true;
  await ticker.pass(100);
  assert.equal(now.answer, true);
});

test('a server that does not answer is asked again', async () => {
  let asked = 0;
  const { ticker, now } = waiting({ flush: async () => (++asked < 3 ? undefined : 100) });
  await ticker.pass(500);
  assert.equal(asked, 3);
  assert.equal(now.answer, true);
});

test('where the server can be asked, its first report is awaited', async () => {
  const { ticker, now } = waiting({ monitored: true });
  await ticker.pass(500);
  assert.equal(now.answer, undefined);
  assert.ok(now.looks > 1);
  now.leaf = fresh({} as LeafFacts, 0);
  await ticker.pass(100);
  assert.equal(now.answer, true);
});

test('a unit that is stopped before is not ready, and is looked at no more', async () => {
  const { ticker, now, stopping } = waiting({ connected: false });
  stopping.abort();
  now.connected = true;
  await ticker.pass(500);
  assert.equal(now.answer, false);
});

test('a part that a reload puts in the place of another is the one that counts', async () => {
  const { ticker, now } = waiting({ monitored: true });
  await ticker.pass(100);
  now.monitored = false;
  await ticker.pass(200);
  assert.equal(now.answer, true);
});
