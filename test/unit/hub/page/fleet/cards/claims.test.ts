import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FleetUnit, Measured } from '../../../../../../agent/hub/fleet/model.ts';
import { claimsCard } from '../../../../../../agent/hub/page/fleet/cards/claims.ts';
import { fleetSumsOf } from '../../../../../../agent/hub/page/fleet/sums.ts';
import { fleetUnit } from '../../../../../kit/hub/fleetunits.ts';
import { fleetAt_ms, fleetWorld, measuredOf } from '../../../../../kit/hub/fleetworld.ts';
import { seenOf } from '../../../../../kit/page/markup.ts';

const { measuring } = fleetWorld(0);
const cardOf = (units: readonly FleetUnit[], more: object = { measuring }): string =>
  claimsCard(fleetSumsOf(units), { units, changes: [], at_ms: fleetAt_ms, ...more }).html;
const unit = (id: string, offset_us: number, given: Partial<Measured> = {}): FleetUnit =>
  fleetUnit(id, { measured: measuredOf(offset_us, given) });
const wrong = (id: string, beyond_us: number, given: Partial<Measured> = {}): FleetUnit =>
  unit(id, beyond_us + 912, {
    verdict: 'contradicts',
    runs: 3,
    beyond_us,
    since_ms: fleetAt_ms - 1_080_000,
    ...given,
  });

test('how many contradict, hold, and of how many nothing can be told, and why', () => {
  const units = [
    wrong('a', 3188),
    unit('b', 1),
    unit('c', 1),
    unit('d', 1, { verdict: 'unjudged', reason: 'relative_claim' }),
    unit('e', 1, { verdict: 'unjudged', reason: 'too_wide' }),
    unit('f', 1, { verdict: 'unjudged' }),
    fleetUnit('g'),
  ];
  const words = seenOf(cardOf(units));
  assert.match(
    words,
    /^Claimed against measured 1 clock contradicts its claim\. 2 hold, of 4 nothing can be told\./,
  );
  assert.match(words, /a since 02:58 UTC ± 12 µs it claims \+ 4\.1 ms the hub measures, ± 900 µs/);
  assert.match(
    words,
    /1: are bounded against their grandmaster only, .* 1: lie behind a path that is too slow to tell 1: not said why 1: not measured yet/,
  );
  assert.match(
    words,
    /Measured by the hub's own clock: NTP locked, ± 100 µs\. 5,101 of 5,120 questions answered; 1 unit gave no answer that can be used to the last three: [\w-]+\./,
  );
  assert.match(seenOf(cardOf([unit('b', 1)])), /No clock contradicts its claim\. 1 holds\./);
});

test('the axis has claim and measurement where they are, which do not touch', () => {
  const page = cardOf([wrong('a', 3188)]);
  const label = /role="img" aria-label="([^"]*)"/.exec(page)?.[1]?.replaceAll('\u00a0', ' ');
  assert.equal(label, 'Claimed: ± 12 µs. Measured: + 3.2 ms to + 5 ms.');
  const ends = (name: string): number[] =>
    (new RegExp(`<g class="${name}"><line x1="([\\d.]+)%" x2="([\\d.]+)%"`).exec(page) ?? [])
      .slice(1)
      .map(Number);
  const [[a = 0, b = 0], [c = 0, d = 0]] = [ends('claimed'), ends('measured')];
  assert.equal(a, 9);
  assert.equal(d, 91);
  assert.ok(a < b && b < c && c < d);
  const us = (percent: number): number => -12 + ((percent - 9) / 82) * (5000 + 12);
  assert.ok(Math.abs(us(c) - 3200) < 5 && Math.abs(us(b) - 12) < 5, `${us(b)} ${us(c)}`);
  assert.match(seenOf(page), /0 \+ 2 ms \+ 4 ms/);
});

test('the furthest is first and alone has an axis; beyond four there is a link', () => {
  const page = cardOf(
    ['a', 'b', 'c', 'd', 'e', 'f'].map((id, i) => wrong(id, i % 2 === 0 ? 1000 * i : -1000 * i)),
  );
  assert.deepEqual(
    [...page.matchAll(/<li id="m-(.)"/g)].map(([, id]) => id),
    ['f', 'e', 'd', 'c'],
  );
  assert.equal(page.match(/<svg/g)?.length, 1);
  assert.match(page, /<a href="\/\?clock=contradicts#units">2 more clocks<\/a>/);
});

test("a hub's clock that is outvoted is said first, and which way it is off", () => {
  const doubted = { ...measuring, doubt: { against: 2, sources: 3, by_us: 39_300 } };
  assert.match(
    seenOf(cardOf([unit('b', 1)], { measuring: doubted })),
    /The hub's own clock is outvoted: 2 of 3 sources of its units agree that it is at least 39 ms behind\. Nothing is held/,
  );
  const unbounded = { ...measuring, clock: { source: 'unsynced', quality: 'freerun' } };
  assert.match(
    seenOf(cardOf([unit('b', 1)], { measuring: unbounded })),
    /own clock: freerun, which nothing bounds\./,
  );
});

test('where nobody measures that is all that is said', () => {
  assert.equal(seenOf(cardOf([fleetUnit('a')], {})), 'Claimed against measured Nobody measures clocks here.');
});

test('where nothing is measured yet, or any more, nothing is said of claims', () => {
  assert.match(seenOf(cardOf([])), /^Claimed against measured No clock is measured\. Measured by/);
  assert.match(seenOf(cardOf([fleetUnit('a')])), /No clock is measured\. 1 clock waits for a first answer\./);
  assert.match(
    seenOf(cardOf([unit('b', 1, { verdict: 'unjudged' })])),
    /Nothing can be told of the 1 clock that was measured\./,
  );
});

test('a claim of nothing and a measurement of nothing have an axis too', () => {
  const { claimed_us: _, ...unclaimed } = measuredOf(0, {
    verdict: 'contradicts',
    path_us: 0,
    own_bound_us: 0,
    runs: 3,
  });
  const page = cardOf([fleetUnit('a', { measured: unclaimed })]);
  assert.match(seenOf(page), /a contradicts nothing it claims \+ 0 ns the hub measures/);
  assert.doesNotMatch(page, /NaN|Infinity/);
});
