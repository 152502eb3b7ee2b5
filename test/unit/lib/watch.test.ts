import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type PolledFacts, pollInRounds } from '../../../agent/lib/watch.ts';
import { fakeTicker } from '../../kit/lib/faketicker.ts';

test('facts of a polled daemon are fresh, stale, then absent for the reason that was given last', async () => {
  const ticker = fakeTicker();
  const polled: PolledFacts<number> = pollInRounds(ticker, 1000, async () => {});
  const now = (): string => {
    const reading = polled.read();
    return reading.kind === 'absent' ? reading.why : reading.kind;
  };
  const heard: string[] = [];
  polled.onChange(() => heard.push(now()));
  assert.equal(now(), 'not_yet');
  polled.set(7, true);
  polled.notify();
  polled.fail({ why: 'no_reply' });
  await ticker.pass(20_000);
  assert.deepEqual(heard, ['fresh', 'stale', 'no_reply'], 'listeners hear of old age, too');
  assert.equal(polled.last(), 7);
  polled.fail({ why: 'refused' }, true);
  assert.deepEqual([now(), polled.last()], ['refused', undefined]);
  polled.stop();
});

test('rounds do not overlap, and none begins after the stop', async () => {
  const ticker = fakeTicker();
  let [begun, running] = [0, 0];
  const polled: PolledFacts<number> = pollInRounds(ticker, 1000, async () => {
    begun += 1;
    running += 1;
    assert.equal(running, 1);
    await new Promise<void>((resolve) => ticker.after(2500, resolve));
    running -= 1;
  });
  assert.equal(begun, 0, 'nothing before it is asked to');
  void polled.poll();
  void polled.poll();
  await ticker.pass(10_000);
  assert.ok(begun >= 3 && begun <= 4, `${begun} rounds of 2.5 s in 10 s`);
  void polled.poll();
  const { lastRound } = polled.stop();
  const before = begun;
  await ticker.pass(10_000);
  await lastRound;
  void polled.poll();
  assert.deepEqual([begun, running], [before, 0]);
});
