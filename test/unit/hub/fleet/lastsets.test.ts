// The full sets that units refer to, read off a stream that is made up here of records as units send them; none of these is read
// by the code that is tested before it asks.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newFleet } from '../../../../agent/hub/fleet/fleet.ts';
import { followSets } from '../../../../agent/hub/fleet/lastsets.ts';
import { noLimits } from '../../../../agent/hub/fleet/limits.ts';
import { parseRecord } from '../../../../agent/hub/fleet/record/unitrecord.ts';
import { watchFleet } from '../../../../agent/hub/fleet/watch.ts';
import { fullRecords, type SimState, slimRecords, usualState } from '../../../kit/hub/simrecords.ts';
import { hubEpoch_ms, incomingOf, storedHub } from '../../../kit/hub/storedlink.ts';

/** Unix ms of the hub's clock when the test begins. */
const hub_ms = hubEpoch_ms + 1000;

/** A hub of which the sets are followed. */
function followed() {
  const hub = storedHub();
  const { ticker, link, asked, requests } = hub;
  const fleet = newFleet(1000);
  const watch = watchFleet(fleet, noLimits);
  followSets(link, ticker, fleet);
  const now = () => ({ mono_ms: ticker.now_ms(), wall_ms: hubEpoch_ms + ticker.now_ms() });
  return {
    ...{ ticker, asked, requests, fleet, watch, now },
    away(isAway: boolean) {
      hub.isMute = isAway;
    },
    /** A unit that sent a full set 100 s ago, and since then slim ones, of which the last is heard. */
    add(unit: string, state: SimState, isStored = true): void {
      const began_ms = hub_ms - 3_600_000;
      const of = { started_ms: began_ms, clock_ms: began_ms, link_ms: began_ms, n: 40 };
      const run = { unit, boot: 'abcd1234', sequence: 7, ...of };
      const full = fullRecords(run, state, hub_ms - 100_000, false);
      run.sequence = 27;
      const slim = slimRecords(run, state, hub_ms, 7, false);
      for (const one of isStored ? full : []) hub.store('NUNECT', one, ticker.now_ms() - 100_000);
      for (const one of slim) hub.store('NUNECT', one, ticker.now_ms());
      const [beat] = slim;
      const record = beat && parseRecord('heartbeat', incomingOf(beat.subject, beat.body, beat.headers));
      if (record) fleet.addLast(record, ticker.now_ms(), ticker.now_ms());
      watch.settle(now());
    },
  };
}

const usual = usualState(3);

test('why a unit is unwell is not known, and not none, until its last full set is read; then nothing has happened just now', async () => {
  const { add, ticker, watch, now } = followed();
  const problems = ['storage: /overlay is 97 % full'];
  const clock = { ...usual.clock, source: 'unsynced', quality: 'tracking', holdover: true } as const;
  add('u1', {
    ...usual,
    clock,
    status: 'critical',
    problems,
    backlog: 120,
    dropped: 37,
    certificate_days_left: -2,
  });
  const before = watch.unit('u1', now());
  assert.deepEqual(
    [before?.state, before?.unread, before?.problems, before?.expires, before?.version],
    ['critical', true, [], [], undefined],
  );
  await ticker.pass(1000);
  watch.settle(now());
  const after = watch.unit('u1', now());
  assert.deepEqual(
    [after?.state, after?.unread, after?.problems, after?.version, after?.tenant],
    ['critical', undefined, problems, '0.1.0', 'harbour'],
  );
  const { backlog, dropped, up } = after?.link ?? {};
  assert.deepEqual([backlog, dropped, up, after?.clock?.holdover], [120, 37, true, true]);
  assert.deepEqual(
    after?.expires.map(({ what, days_left }) => [what, Math.round(days_left * 100)]),
    [['certificate', -200]],
  );
  assert.equal(
    after?.clock?.since_ms,
    hub_ms - 3_600_000,
    'since when, at the time of that set, and not as of now',
  );
  assert.deepEqual(watch.changes(0), []);
  assert.deepEqual([before?.boot, after?.boot, after?.restarts], [undefined, 'abcd1234', 0]);
});

test('the certificates of a unit whose full sets are an hour apart stay known between two', async () => {
  const { add, ticker, watch, now } = followed();
  add('sat', { ...usual, traffic: 'satellite', certificate_days_left: 9 });
  await ticker.pass(1500);
  watch.settle(now());
  for (let s = 0; s < 300; s += 10) await ticker.pass(10_000);
  assert.deepEqual(
    watch.unit('sat', now())?.expires.map(({ days_left }) => Math.ceil(days_left)),
    [9],
  );
});

test('of many sets no more than fifty are read in a second, those of the unwell first, and each once', async () => {
  const { add, asked, fleet, ticker, watch, now } = followed();
  for (let i = 0; i < 120; i++) add(`u${i}`, usual);
  for (const unit of ['sick', 'ill']) add(unit, { ...usual, status: 'degraded', problems: ['p'] });
  await ticker.pass(1000);
  watch.settle(now());
  const [first] = asked;
  assert.deepEqual(first?.multi_last?.slice(0, 3), [
    'ops.metric.nats.sick',
    'ops.metric.nats.ill',
    'ops.metric.nats.u0',
  ]);
  assert.deepEqual([first?.multi_last?.length, asked.length, fleet.lacking().length], [50, 51, 72]);
  assert.deepEqual(watch.unit('sick', now())?.problems, ['p']);
  await ticker.pass(20_000);
  assert.deepEqual([fleet.lacking().length, asked.length], [0, 122 + 3]);
});

test('a stream that gives no answer is let alone for half a minute, and then asked again', async () => {
  const { add, asked, requests, away, fleet, ticker } = followed();
  away(true);
  add('u1', usual);
  await ticker.pass(30_000);
  assert.deepEqual([asked.length, requests.length, fleet.lacking().length], [0, 1, 1]);
  away(false);
  await ticker.pass(8000);
  assert.deepEqual(fleet.lacking(), []);
});

test('a set that the stream does not have is asked for once, and stays not known', async () => {
  const { add, asked, ticker, watch, now } = followed();
  add('u1', { ...usual, status: 'degraded', problems: ['p'] }, false);
  await ticker.pass(60_000);
  watch.settle(now());
  assert.deepEqual([asked.length, watch.unit('u1', now())?.unread], [1, true]);
});
