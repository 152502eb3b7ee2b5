import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FleetUnit } from '../../../../../../agent/hub/fleet/model.ts';
import { attentionCard } from '../../../../../../agent/hub/page/fleet/cards/attention.ts';
import { fleetSumsOf } from '../../../../../../agent/hub/page/fleet/sums.ts';
import { fleetUnit, silentUnit } from '../../../../../kit/hub/fleetunits.ts';
import { clockOf, fleetAt_ms, fleetWorld } from '../../../../../kit/hub/fleetworld.ts';
import { seenOf } from '../../../../../kit/page/markup.ts';

const world = fleetWorld(0);
const cardOf = (units: readonly FleetUnit[], more: object = {}): string =>
  attentionCard(fleetSumsOf(units), { units, changes: [], at_ms: fleetAt_ms, ...more }).html;

test('one cause, one row: who, what, what to do, for how long', () => {
  const page = cardOf(world.units);
  const rows = [...page.matchAll(/<li id="c-([^"]*)">(.*?)<\/li>/gs)].map(([, , row = '']) => seenOf(row));
  assert.equal(rows.length, 6);
  assert.match(rows[0] ?? '', /^critical engine-17 rail · engine Clock may be off by 48 ms/);
  assert.match(rows[1] ?? '', /^offline mv-borealis harbour · ship Silent\. .* 1 d 3 h$/);
  assert.match(
    rows[2] ?? '',
    /^wrong clock tower-09 valley · mast Clock is not where it says it is.* 18 min$/,
  );
  assert.match(
    rows.find((row) => row.includes('one cause')) ?? '',
    /^degraded 4 units, one cause ridge-01 ridge-02 ridge-03 ridge-04 Grandmaster .* 35 min$/,
  );
  assert.match(seenOf(page), /Needs you · 3 .* Copes on its own · 6 /);
});

test('a thousand that fell silent together are one row with a link to all of them', () => {
  const units = Array.from({ length: 1000 }, (_, i) => silentUnit(`u${i}`, 1e12 + i));
  const page = cardOf(units);
  assert.match(
    seenOf(page),
    /Needs you · 1,000 offline 1,000 units, one cause u0 u1 u10 u100 and 996 more 1,000 units fell silent together/,
  );
  assert.match(page, /<a href="\/\?state=offline#units">and 996 more<\/a>/);
  assert.ok(page.length < 3000);
});

test('more causes than anybody reads are a link', () => {
  const units = Array.from({ length: 40 }, (_, i) => silentUnit(`u${i}`, i * 60_000));
  const page = cardOf(units);
  assert.equal(page.match(/<li /g)?.length, 12);
  assert.match(page, /<a href="\/\?view=you#units">28 more causes<\/a>/);
});

test('who is quiet on purpose is folded away, with since when it is awaited', () => {
  const words = seenOf(cardOf(world.units));
  assert.match(words, /Quiet on purpose · 5 stopped or shut out by their operator, 2 not set up yet/);
  assert.match(words, /Stopped: depot-02, depot-03, engine-04, mast-east-4 and 1 more\./);
  assert.match(words, /mv-corona \(invited 2 d 18 h ago, never joined\)/);
  assert.doesNotMatch(seenOf(cardOf([fleetUnit('a')])), /Quiet/);
});

test('alerts: how many fire, when somebody was told, who cannot be told, and why none are told from here', () => {
  assert.match(
    seenOf(cardOf([], world)),
    /0 alerts fire · told last at 02:58 UTC · last sign of life of the alerter 12 s ago\.$/,
  );
  const output = { name: 'webhook', waiting: 3, dropped: 0, failing: { since_ms: 1, why: 'refused' } };
  const alerts = { firing: [{}], recent: [], outputs: [output], sees: false };
  assert.match(
    seenOf(cardOf([], { alerts })),
    /1 alert fires · it cannot see the units now\. webhook cannot be told\.$/,
  );
  assert.match(
    seenOf(cardOf([])),
    /Nothing is wrong that the hub knows of\. No alerts are told from here: this program runs without them\.$/,
  );
  const elsewhere = cardOf([], { untold: 'they are told by hub-a' });
  assert.match(seenOf(elsewhere), /No alerts are told from here: they are told by hub-a\.$/);
  assert.match(elsewhere, /<a href="\/alerts">alerts<\/a>/);
});

test('a critical unit in holdover: what it says comes first, and no row says that it mends itself', () => {
  const clock = clockOf({
    ...{ source: 'unsynced', quality: 'tracking', holdover: true, grandmaster: 'gm-r' },
    ...{ error_bound_ns: 41_000, limit_ns: 1e6 },
  });
  const problems = ['supply: 9.1 V, the battery is nearly empty', 'disk 91 % full'];
  const words = seenOf(cardOf([fleetUnit('mast-00021', { state: 'critical', clock, problems })]));
  assert.match(words, /critical mast-00021 rail · engine supply: 9\.1 V, the battery is nearly empty nunect/);
  assert.match(words, /Also: Disk 91 % full Also: Grandmaster gm-r is gone; the clock runs on without it\./);
  assert.doesNotMatch(words, /by itself/);
});

test('what else is wrong among many says whose it is, and no more than anybody reads', () => {
  const problems = ['a', 'b', 'c', 'd', 'e'].map((word) => `trouble ${word}`);
  const units = ['x', 'y', 'z'].map((unit) => fleetUnit(unit, { state: 'degraded', problems }));
  assert.match(seenOf(cardOf(units)), /Also, of x and 2 more: Trouble b .*: Trouble d and 1 more finding\./);
});

test('no id stands there twice', () => {
  const full = (unit: string, text: string, state: FleetUnit['state']) =>
    fleetUnit(unit, { state, problems: [text] });
  const page = cardOf([
    full('x', '97 % full', 'critical'),
    full('y', '91 % full', 'degraded'),
    full('z', '91_% full', 'degraded'),
    full('w', '91 %20full', 'degraded'),
  ]);
  const ids = [...page.matchAll(/ id="(c-[^"]*)"/g)].map(([, id]) => id);
  assert.equal(ids.length, 4);
  assert.equal(new Set(ids).size, 4, ids.join('\n'));
  assert.ok(ids.every((id) => !/\s/.test(id ?? '')));
});
