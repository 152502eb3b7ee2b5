import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FleetChange, FleetUnit } from '../../../../../../agent/hub/fleet/model.ts';
import { happenedCard } from '../../../../../../agent/hub/page/fleet/cards/happened.ts';
import { fleetSumsOf } from '../../../../../../agent/hub/page/fleet/sums.ts';
import { fleetUnit } from '../../../../../kit/hub/fleetunits.ts';
import { fleetAt_ms, fleetWorld } from '../../../../../kit/hub/fleetworld.ts';
import { seenOf } from '../../../../../kit/page/markup.ts';

const cardOf = (changes: readonly FleetChange[], units: readonly FleetUnit[] = []): string =>
  happenedCard(fleetSumsOf(units), { units, changes, at_ms: fleetAt_ms }).html;
const lines = (page: string): string[] => [...page.matchAll(/<li .*?<\/li>/gs)].map(([line]) => seenOf(line));
const state = (before: string, after: string, unit = 'a', at_ms = fleetAt_ms - 60_000): FleetChange => ({
  ...{ at_ms, unit, what: 'state', before, after },
});

test('the last hour, the newest first, with what happened to many at once in one line', () => {
  const { units, changes } = fleetWorld(0);
  const page = cardOf(changes, units);
  assert.deepEqual(lines(page), [
    '03:13 UTC mast-new joined',
    '03:09 UTC engine-08 came back',
    '02:58 UTC tower-09 began to contradict what it claims of its clock: claims 12.0 µs and is 3.2 ms further ahead at least',
    '02:58 UTC tower-09 changed from grandmaster 00b0aa.fffe.0002c8 to 020000.fffe.00a1b2',
    '02:41 UTC 4 units (ridge-01, ridge-02, ridge-03 and 1 more) lost the source of the time, in holdover',
    '02:33 UTC stage-spare stopped on purpose',
    '02:24 UTC mv-aurora became degraded: records wait: the hub does not answer',
    '02:19 UTC 7 units (rail-engine-0, rail-engine-1, rail-engine-2 and 4 more) changed from version 0.9.3 to 0.9.4',
  ]);
  assert.match(seenOf(page), /hour 1 flagged · 1 came back · 1 joined · 1 small change of a clock/);
  assert.doesNotMatch(page, /nats-ui/); // an app comes and goes
});

test('each change of a state has words, or is none that anybody should read', () => {
  const cases: [string, string, string | undefined][] = [
    ['healthy', 'offline', 'fell silent'],
    ['healthy', 'stopped', 'stopped on purpose'],
    ['healthy', 'critical', 'became critical'],
    ['offline', 'critical', 'came back, critical'],
    ['offline', 'degraded', 'came back, degraded'],
    ['critical', 'degraded', 'recovered in part, degraded'],
    ['degraded', 'healthy', 'recovered'],
    ['stopped', 'healthy', 'came back'],
    ['offline', 'unknown', 'came back'],
    ['unknown', 'healthy', undefined],
    ['healthy', 'unknown', undefined],
    ['healthy', 'away', undefined],
  ];
  for (const [before, after, text] of cases)
    assert.deepEqual(
      lines(cardOf([state(before, after)])),
      text === undefined ? [] : [`03:15 UTC a ${text}`],
    );
});

test('of a clock only more than a step between locked and tracking', () => {
  const clock = (before: string, after: string) =>
    lines(cardOf([{ at_ms: fleetAt_ms - 60_000, unit: 'a', what: 'clock', before, after }])).map((line) =>
      line.slice(12),
    );
  assert.deepEqual(clock('ntp locked', 'ntp tracking'), []);
  assert.deepEqual(clock('ptp locked', 'ntp tracking'), ['took the time from NTP, before PTP']);
  assert.deepEqual(clock('ptp locked', 'unsynced freerun'), ['lost the time: the clock runs free']);
  const measured = (before: string, after: string) =>
    lines(cardOf([{ at_ms: fleetAt_ms - 60_000, unit: 'a', what: 'measured', before, after }])).length;
  assert.deepEqual(
    [
      ['contradicts', 'holds'],
      ['unjudged', 'holds'],
      ['holds', 'unjudged'],
      ['unjudged', 'contradicts'],
    ].map(([a = '', b = '']) => measured(a, b)),
    [1, 0, 0, 1],
  );
});

test('one that flaps is one line that says how often; what is apart by more than five minutes is two', () => {
  const at = (minutes: number): number => fleetAt_ms - minutes * 60_000;
  const flaps = [50, 47, 44].map((minutes) => state('healthy', 'offline', 'a', at(minutes)));
  assert.deepEqual(lines(cardOf(flaps)), ['02:32 UTC a fell silent, 3 times in all']);
  assert.equal(lines(cardOf([...flaps, state('healthy', 'offline', 'a', at(30))])).length, 2);
});

test('a silence that was found late says when; one that was found at once does not', () => {
  const late = state('healthy', 'offline', 'a', fleetAt_ms - 40 * 60_000);
  assert.deepEqual(lines(cardOf([{ ...late, found_ms: fleetAt_ms - 60_000 }])), [
    '02:36 UTC a fell silent, found 03:15 UTC',
  ]);
  assert.deepEqual(lines(cardOf([late])), ['02:36 UTC a fell silent']);
});

test('a line keeps its id while others join it', () => {
  const [one, two] = [
    state('healthy', 'offline', 'a', fleetAt_ms - 90_000),
    state('healthy', 'offline', 'b'),
  ];
  const ids = (changes: readonly FleetChange[]) =>
    [...cardOf(changes).matchAll(/<li id="([^"]*)"/g)].map(([, id]) => id);
  assert.deepEqual(ids([one]), ids([two, one]));
});

test('nothing, and more than is shown', () => {
  assert.equal(seenOf(cardOf([])), 'What changed in the last hour Nothing that the hub has seen.');
  const many = Array.from(
    { length: 20 },
    (_, i): FleetChange => ({
      at_ms: fleetAt_ms - i,
      unit: `u${i}`,
      what: 'version',
      before: '1',
      after: `${i}`,
    }),
  );
  const page = cardOf(many, [fleetUnit('u1')]);
  assert.equal(lines(page).length, 12);
  assert.match(seenOf(page), /8 earlier lines not shown\.$/);
  const cut = (lostChanges_ms: number): string =>
    seenOf(happenedCard(fleetSumsOf([]), { units: [], changes: [], at_ms: fleetAt_ms, lostChanges_ms }).html);
  assert.match(
    cut(fleetAt_ms - 600_000),
    /More happened than is kept: what was until 03:06 UTC is not all here\.$/,
  );
  assert.doesNotMatch(cut(fleetAt_ms - 3_600_000), /not all here/);
});
