// Three servers on one bus of the test's own, which can be cut; who tells is counted at each moment.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Turns, takeTurns } from '../../../../agent/hub/page/turns.ts';
import type { Handler } from '../../../../agent/nats/incoming.ts';
import { type FakeTicker, fakeTicker } from '../../../kit/lib/faketicker.ts';

const servers = ['a', 'b', 'c'];

interface Server {
  readonly name: string;
  connected: boolean;
  sees: boolean;
  isMine: boolean;
  turns: Turns | undefined;
  handler: Handler | undefined;
  /** Held up: its timers do nothing, and what it is sent waits. */
  isFrozen: boolean;
}

/** Starts a server of the bus. */
function start(all: Server[], ticker: FakeTicker, name: string, list = servers): Server {
  const one: Server = {
    name,
    connected: true,
    sees: true,
    isMine: false,
    turns: undefined,
    handler: undefined,
    isFrozen: false,
  };
  all.push(one);
  one.turns = takeTurns({
    ...{ servers: list, own: name },
    ticker: {
      now_ms: ticker.now_ms,
      after: ticker.after,
      every: (interval_ms, fn) => ticker.every(interval_ms, () => one.isFrozen || fn()),
    },
    link: {
      state: () => ({ connected: one.connected, since_ms: 0 }),
      publish(subject, payload) {
        if (!one.connected) return false;
        const data = new TextEncoder().encode(String(payload));
        for (const { connected, handler, isFrozen } of all)
          if (connected && !isFrozen) void handler?.({ subject, data } as Parameters<Handler>[0]);
        return true;
      },
      subscribe(_subject, handler) {
        one.handler = handler;
        return () => {
          one.handler = undefined;
        };
      },
    },
    sees: () => one.sees,
    changed(isMine) {
      one.isMine = isMine;
    },
  });
  return one;
}

const tellers = (all: readonly Server[]): string =>
  all.flatMap(({ name, isMine }) => (isMine ? [name] : [])).join('');

test('a hub of one server tells at once', () => {
  const all: Server[] = [];
  start(all, fakeTicker(), 'hub', ['hub']);
  assert.equal(tellers(all), 'hub');
});

test('the first that is there tells; where it ends the next one takes over, and gives back', async () => {
  const ticker = fakeTicker();
  const all: Server[] = [];
  const c = start(all, ticker, 'c');
  const b = start(all, ticker, 'b');
  const a = start(all, ticker, 'a');
  await ticker.pass(60_000);
  assert.equal(tellers(all), 'a');
  assert.deepEqual([b.turns?.teller(), c.turns?.teller(), a.turns?.teller()], ['a', 'a', undefined]);
  a.connected = false; // it cannot be heard, and goes on, as it may reach a webhook
  await ticker.pass(19_000);
  assert.equal(tellers(all), 'a');
  await ticker.pass(6_000);
  assert.match(tellers(all), /b/);
  await ticker.pass(25_000);
  assert.doesNotMatch(tellers(all), /c/, 'one of the two takes over');
  a.connected = true;
  await ticker.pass(6_000);
  assert.equal(tellers(all), 'a');
});

test('one whose own link is away waits longer, for the fault may be its own; then it tells all the same', async () => {
  const ticker = fakeTicker();
  const all: Server[] = [];
  start(all, ticker, 'a');
  const b = start(all, ticker, 'b');
  await ticker.pass(10_000);
  b.connected = false;
  await ticker.pass(120_000);
  assert.equal(tellers(all), 'a');
  await ticker.pass(90_000);
  assert.match(tellers(all), /b/);
  b.connected = true;
  await ticker.pass(6_000);
  assert.equal(tellers(all), 'a');
});

test('one that was held up does not take the turn as it wakes: it may not have read yet what was said meanwhile', async () => {
  const ticker = fakeTicker();
  const all: Server[] = [];
  const b = start(all, ticker, 'b');
  await ticker.pass(2500); // its looks are those before the others speak
  const a = start(all, ticker, 'a');
  await ticker.pass(30_000);
  b.isFrozen = true;
  await ticker.pass(180_000);
  b.isFrozen = false;
  for (let i = 0; i < 60; i += 1) {
    await ticker.pass(1000);
    assert.equal(tellers(all), 'a', `${i} s after it woke`);
  }
  a.connected = false;
  await ticker.pass(26_000);
  assert.match(tellers(all), /b/, 'silence after that counts');
});

test('one that sees no units gives up its turn where another one sees them, and takes it back once it sees', async () => {
  const ticker = fakeTicker();
  const all: Server[] = [];
  const a = start(all, ticker, 'a');
  const b = start(all, ticker, 'b');
  const c = start(all, ticker, 'c');
  await ticker.pass(30_000);
  a.sees = false;
  await ticker.pass(19_000);
  assert.equal(tellers(all), 'a', 'nobody else tells yet');
  await ticker.pass(30_000);
  assert.equal(tellers(all), 'b');
  assert.equal(a.turns?.teller(), 'b');
  b.sees = false;
  await ticker.pass(50_000);
  assert.equal(tellers(all), 'c');
  c.sees = false;
  await ticker.pass(50_000);
  assert.equal(tellers(all), 'a', 'where none sees it is the first that is there');
  b.sees = true;
  await ticker.pass(50_000);
  assert.equal(tellers(all), 'b');
  a.sees = true;
  await ticker.pass(30_000);
  assert.equal(tellers(all), 'a');
});
