// What page and alerts are told of a hub behind a link of the test's own: whether it is heard, and what is not known.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { OwnClock } from '../../../../agent/clock/ownclock.ts';
import { noLimits } from '../../../../agent/hub/fleet/limits.ts';
import { openSources } from '../../../../agent/hub/page/sources.ts';
import type { LinkOptions } from '../../../../agent/nats/session.ts';
import { fullRecords, slimRecords, usualState } from '../../../kit/hub/simrecords.ts';
import { hubEpoch_ms, storedHub } from '../../../kit/hub/storedlink.ts';

const own = {
  wall: { now_us: () => 0, check: () => ({}), onStep: () => () => {} },
  keeper: { summary: () => ({ source: 'unsynced', quality: 'freerun' }), followsPtp: () => false },
} as unknown as OwnClock;

function looking() {
  const hub = storedHub();
  const { link, ticker } = hub;
  const options: LinkOptions = { servers: ['here'], name: 'test', inboxPrefix: '_INBOX' };
  const deps = { ticker, own, wall_ms: () => hubEpoch_ms + ticker.now_ms(), limits: noLimits };
  const sources = openSources({ name: 'here', link, options }, deps, new AbortController().signal);
  return { hub, ticker, sources };
}

/** What a unit sends: its full set, and a slim heartbeat that refers to it. */
function recordsOf(unit: string, sequence: number) {
  const since = { started_ms: hubEpoch_ms, clock_ms: hubEpoch_ms, link_ms: hubEpoch_ms };
  const run = { unit, boot: 'abcd1234', sequence, n: sequence, ...since };
  const state = { ...usualState(1), status: 'critical', problems: ['the disk is full'] } as const;
  const full = fullRecords(run, state, hubEpoch_ms, false);
  run.sequence += 1;
  const [beat] = slimRecords(run, state, hubEpoch_ms, sequence, false);
  assert.ok(beat !== undefined);
  return { full, beat };
}

test('a hub that answers nothing for some seconds is not heard since its last answer, though the connection stands', async () => {
  const { hub, ticker, sources } = looking();
  await ticker.pass(10_000);
  const { connected, notes, lost_ms } = sources.moment();
  assert.deepEqual([connected, notes, lost_ms], [true, [], undefined]);
  hub.isMute = true;
  await ticker.pass(3000);
  assert.equal(sources.moment().connected, true);
  await ticker.pass(3000);
  const lost = sources.moment();
  assert.deepEqual([lost.connected, lost.lost_ms], [false, hubEpoch_ms + 11_000]);
  assert.match(lost.notes[0] ?? '', /the connection stands, and the hub does not answer/);
  hub.isMute = false;
  await ticker.pass(2000);
  assert.equal(sources.moment().connected, true);
});

test('of how many units the last full set is not read yet is said, and no more once it is', async () => {
  const { hub, ticker, sources } = looking();
  await ticker.pass(10_000);
  hub.send(recordsOf('u1', 7).beat);
  await ticker.pass(2000);
  const before = sources.moment();
  assert.deepEqual(before.notes, [
    'Of 1 unit it is not known yet why they are unwell, when certificates end and what waits: their last full sets of records are being read.',
  ]);
  assert.deepEqual([before.units[0]?.unread, before.units[0]?.problems], [true, []]);
  const { full, beat } = recordsOf('u1', 9);
  for (const one of full) hub.store('NUNECT', one, ticker.now_ms());
  hub.send(beat);
  await ticker.pass(2000);
  const after = sources.moment();
  assert.deepEqual(
    [after.notes, after.units[0]?.unread, after.units[0]?.problems],
    [[], undefined, ['the disk is full']],
  );
});
