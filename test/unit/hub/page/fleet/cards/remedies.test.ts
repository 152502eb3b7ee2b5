import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FleetUnit } from '../../../../../../agent/hub/fleet/model.ts';
import { causeWords } from '../../../../../../agent/hub/page/fleet/cards/remedies.ts';
import { fleetSumsOf } from '../../../../../../agent/hub/page/fleet/sums.ts';
import { fleetUnit, silentUnit } from '../../../../../kit/hub/fleetunits.ts';
import { clockOf, measuredOf } from '../../../../../kit/hub/fleetworld.ts';
import { seenOf } from '../../../../../kit/page/markup.ts';

/** What is said of each cause of these units. */
function said(...units: readonly FleetUnit[]): string[] {
  const sums = fleetSumsOf(units);
  return sums.causes.map((cause) => {
    const { text, remedy } = causeWords(cause, sums);
    return seenOf(`${text} | ${remedy.html}`);
  });
}

const wrong = (unit: string, given: object = {}, offset_us = 4100): FleetUnit =>
  fleetUnit(unit, {
    clock: clockOf({ error_bound_ns: 12_000, limit_ns: 100_000, grandmaster: 'gm-x', ...given }),
    measured: measuredOf(offset_us, { verdict: 'contradicts', runs: 3, beyond_us: 3188 }),
  });
const honest = (unit: string): FleetUnit =>
  fleetUnit(unit, {
    clock: clockOf({ error_bound_ns: 12_000, limit_ns: 100_000, grandmaster: 'gm-x' }),
    measured: measuredOf(3),
  });

test('a clock that contradicts: claim, measurement with its own width, and whom to suspect', () => {
  assert.deepEqual(said(wrong('a')), [
    'Clock is not where it says it is: it claims ± 12 µs, the hub measures it 4.1 ms ahead, ± 900 µs. | It follows grandmaster gm-x, and nobody else does. Look for a second PTP master on the network. Do not trust its timestamps until then. How this was measured',
  ]);
  assert.match(
    said(wrong('a'), honest('b'), honest('c'))[0] ?? '',
    /\| 2 other units follow grandmaster gm-x and do not contradict: see the path and the time daemons of this one\./,
  );
  assert.match(
    said(wrong('a'), wrong('b'))[0] ?? '',
    /^2 clocks are not where they say they are; all follow gm-x\. \| They follow/,
  );
  assert.match(
    said(wrong('a', { source: 'ntp', grandmaster: undefined, ntp_server: 'ntp-a' }))[0] ?? '',
    /\| It follows NTP server ntp-a, and nobody else does\. Compare it with another server\./,
  );
  assert.match(said(wrong('a', { grandmaster: undefined }))[0] ?? '', /\| What it follows is not known/);
});

test('where the newest exchange alone does not show it, what an earlier one showed is said', () => {
  assert.match(
    said(wrong('a', {}, 500))[0] ?? '',
    /^Clock is not where it says it is: it was measured at least 3\.2 ms ahead of what it claims\./,
  );
});

test('a clock above its limit: both figures, and the advice for its reason', () => {
  const beyond = (unit: string, given: object = {}) =>
    fleetUnit(unit, {
      state: 'critical',
      clock: clockOf({
        source: 'unsynced',
        quality: 'freerun',
        error_bound_ns: 48e6,
        limit_ns: 1e6,
        ...given,
      }),
    });
  assert.deepEqual(said(beyond('a', { reason: 'ntp_source_lost' })), [
    'Clock may be off by 48 ms, its limit is 1 ms (freerun). | Check the network and the servers (chronyc sources, chronyc activity). More',
  ]);
  for (const reason of [undefined, 'ptp_locked', 'toString', 'no_such'])
    assert.match(said(beyond('a', { reason }))[0] ?? '', /\| Give it a nearer or better time source/);
  const same = { ntp_server: 'ntp-a', source: 'ntp' };
  assert.match(
    said(beyond('a', same), beyond('b', { ...same, error_bound_ns: 90e6 }))[0] ?? '',
    /^2 clocks may be off by up to 90 ms, more than their limits; all follow ntp-a\./,
  );
});

test('clocks in holdover: how far off they may be now, and what they may be', () => {
  const held = (unit: string, given: object = {}) =>
    fleetUnit(unit, {
      state: 'degraded',
      clock: clockOf({
        source: 'unsynced',
        quality: 'tracking',
        holdover: true,
        grandmaster: 'gm-r',
        error_bound_ns: 41_000,
        limit_ns: 1e5,
        ...given,
      }),
    });
  assert.deepEqual(said(held('a'), held('b', { error_bound_ns: 12_000 })), [
    'Grandmaster gm-r is gone; 2 clocks run on without it, now ± 41 µs at most. | Allowed are ± 100 µs. The bound grows until the source is back, which ends this by itself. More',
  ]);
  assert.match(
    said(
      held('a', {
        grandmaster: undefined,
        ntp_server: 'ntp-a',
        error_bound_ns: undefined,
        limit_is_set: undefined,
      }),
    )[0] ?? '',
    /^NTP server ntp-a is gone; the clock runs on without it, with nothing that bounds their error\. \| The bound grows/,
  );
});

test('silence: last words and how to forget it; of many, what they share', () => {
  const alone = silentUnit('a', 1e12, { problems: ['supply 10.9 V and falling'] });
  assert.deepEqual(said(alone), [
    'Silent. Its last words: supply 10.9 V and falling | See its power and its uplink, then nunect doctor on it. Gone for good? Forget the unit.',
  ]);
  const enrolment = { state: 'bound', bound_ms: 1, until_ms: 2 } as const;
  assert.match(said({ ...alone, enrolment })[0] ?? '', /Forget the unit; that also revokes its login\.$/);
  assert.deepEqual(said(silentUnit('a', 1e12), silentUnit('b', 1e12 + 9)), [
    '2 units fell silent together, all rail · engine. | Look first for what they share: power, uplink, network.',
  ]);
  assert.match(
    said(silentUnit('a', 1e12), silentUnit('b', 1e12, { tenant: 'x' }))[0] ?? '',
    /^2 units fell silent together\. /,
  );
});

test('a login that has ended is named, with since when', () => {
  const one = fleetUnit('a', {
    expires: [
      { what: 'hub.creds', days_left: -2.5 },
      { what: 'ca.pem', days_left: 90 },
    ],
  });
  assert.match(said(one)[0] ?? '', /^hub\.creds ended 2 d 12 h ago\. \| Renew it/);
});

test('what a unit says of itself is said in its words, with what waits and what its clock needs', () => {
  const waits = fleetUnit('a', {
    ...{ state: 'degraded', problems: ['records wait: the hub does not answer', 'another', 'and one'] },
    link: { backlog: 8412, capacity_s: 111_600 },
  });
  assert.deepEqual(said(waits), [
    'Records wait: the hub does not answer | 8,412 records wait; there is room for 1 d 7 h. nunect doctor on it says what mends it. More',
  ]);
  const free = fleetUnit('a', {
    ...{ state: 'critical', problems: ['the clock is not known to be synchronised'] },
    clock: { source: 'unsynced', quality: 'freerun', limit_ns: 1e6, reason: 'no_daemon' },
  });
  assert.match(said(free)[0] ?? '', /\| Install chrony or linuxptp\. nunect doctor/);
  assert.match(
    said(fleetUnit('a', { state: 'critical' }))[0] ?? '',
    /^No record that has come here says why\./,
  );
  assert.match(said(fleetUnit('a', { state: 'unknown' }))[0] ?? '', /^Heard, but no record says how it is\./);
  const like = (unit: string, count: number) =>
    fleetUnit(unit, { state: 'degraded', problems: [`${count} records wait`] });
  assert.match(
    said(like('a', 1), like('b', 2))[0] ?? '',
    /^1 records wait, and the like of others \| nunect doctor on one of them/,
  );
});

test('clocks that lost one NTP server are one cause, and a clock that nothing bounds is not off by nothing', () => {
  const held = (unit: string) =>
    fleetUnit(unit, {
      clock: clockOf({
        ...{ source: 'ntp', quality: 'tracking', holdover: true, ntp_server: 'ntp-a' },
        ...{ error_bound_ns: 41_000, limit_ns: 1e5 },
      }),
    });
  assert.match(said(held('a'), held('b'))[0] ?? '', /^NTP server ntp-a is gone; 2 clocks run on/);
  const free = (unit: string) =>
    fleetUnit(unit, { clock: clockOf({ source: 'unsynced', quality: 'freerun', limit_ns: 1e6 }) });
  assert.match(
    said(free('a'))[0] ?? '',
    /^Nothing bounds how far off the clock may be, its limit is 1 ms \(freerun\)\./,
  );
});

test('two agents under one id: whom to look for, and how to part them', () => {
  assert.deepEqual(said(fleetUnit('a', { two_speak: true })), [
    'Two agents speak under this id. What is shown of it is of the one heard last. | Find the second device, often a copy of the first, and give it an id of its own: nunect-hub token lets it in. More',
  ]);
});
