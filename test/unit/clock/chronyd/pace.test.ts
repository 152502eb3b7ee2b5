import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chronyPace } from '../../../../agent/clock/chronyd/pace.ts';
import type { ChronyFacts, ChronySource } from '../../../../agent/clock/facts.ts';
import { chronyFacts, chronySource } from '../../../kit/clock/evidence.ts';

const polled = (poll: number, more: Partial<ChronySource> = {}): ChronySource =>
  chronySource({ poll, ...more });
const facts = (...sources: readonly ChronySource[]): ChronyFacts => chronyFacts(0, {}, sources);

/** The pause once nothing has changed for a while. */
function calm(seen: ChronyFacts | string, poll_ms = 1000): number {
  let now_ms = 0;
  const pace = chronyPace(poll_ms, () => now_ms);
  pace.saw(seen);
  assert.equal(pace.pause_ms(), poll_ms, 'what is new is looked at each poll');
  now_ms = 20_000;
  pace.saw(seen);
  return pace.pause_ms();
}

test('a chronyd is asked no more often than it can have something new to tell', () => {
  assert.equal(calm(facts(polled(0))), 1000);
  assert.equal(
    calm(facts(polled(2))),
    3000,
    'less than its 4 s, so that no two updates lie between two looks',
  );
  assert.equal(calm(facts(polled(6), polled(2))), 3000, 'the quickest counts');
  assert.equal(calm(facts(polled(6), polled(2, { reach: 0 }))), 5000, 'but one that does not answer');
  assert.equal(calm(facts(polled(10))), 5000);
  assert.equal(calm(facts()), 5000);
  assert.equal(calm('refused'), 5000);
  assert.equal(calm(facts(polled(2)), 10_000), 10_000, 'never more often than it is told to');
});

test('whatever changes makes it quick at once', () => {
  let now_ms = 0;
  const pace = chronyPace(1000, () => now_ms);
  const after = (seen: ChronyFacts | string): number => {
    now_ms += 60_000;
    pace.saw(seen);
    return pace.pause_ms();
  };
  const good = facts(polled(6));
  after(good);
  assert.equal(after(good), 5000);
  assert.equal(after('no_reply'), 1000);
  assert.equal(after(good), 1000);
  assert.equal(after(facts(polled(6, { name: '192.0.2.77' }))), 1000, 'another source');
  assert.equal(after(facts(polled(6, { name: '192.0.2.77', reach: 0 }))), 1000, 'which falls silent');
  assert.equal(after(chronyFacts(0, { leap: 'unsynchronised' }, [])), 1000);
  after(good);
  after(good);
  pace.hasten();
  assert.equal(pace.pause_ms(), 1000, 'as does who knows that it will');
});
