import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FleetClock, FleetUnit } from '../../../../../../agent/hub/fleet/model.ts';
import { bucketWords, histogramCard } from '../../../../../../agent/hub/page/fleet/cards/histogram.ts';
import { fleetSumsOf } from '../../../../../../agent/hub/page/fleet/sums.ts';
import { fleetUnit } from '../../../../../kit/hub/fleetunits.ts';
import { clockOf } from '../../../../../kit/hub/fleetworld.ts';
import { seenOf } from '../../../../../kit/page/markup.ts';

const limit_ns = 1e6;
const many = (count: number, given: Partial<FleetClock>): FleetUnit[] =>
  Array.from({ length: count }, (_, i) =>
    fleetUnit(`${JSON.stringify(given)}${i}`, { clock: clockOf({ limit_ns, ...given }) }),
  );
const cardOf = (units: readonly FleetUnit[]): string => histogramCard(fleetSumsOf(units)).html;

/** Bars in order: the label of each, and the heights of its parts by class. */
const barsOf = (page: string) =>
  [
    ...page.matchAll(/<a href="([^"]*)"[^>]*aria-label="([^"]*)">.*?<svg height="(\d+)".*?>(.*?)<\/svg>/gs),
  ].map(([, href = '', label = '', height, parts = '']) => ({
    href,
    label: label.replaceAll('\u00a0', ' '),
    height: Number(height),
    parts: [...parts.matchAll(/class="(\S+)" width="100%" y="(\d+)" height="(\d+)"/g)].map(
      ([, name, y, size]) => [name, Number(y), Number(size)] as const,
    ),
  }));

test('bars are links with their range and number, as high as the square root, stacked from the bottom', () => {
  const page = cardOf([
    ...many(75, { error_bound_ns: 150 }),
    ...many(25, { error_rel_ns: 150 }),
    ...many(25, { source: 'ntp', error_bound_ns: 3e6 }),
    ...many(1, { source: 'unsynced', error_bound_ns: 48e6, holdover: true }),
    ...many(2, { source: 'unsynced' }),
  ]);
  assert.deepEqual(barsOf(page), [
    {
      ...{ href: '/?b=1#units', label: '100 clocks: 100 ns to 200 ns', height: 128 },
      parts: [
        ['f-ptp', 32, 96],
        ['f-rel', 0, 32],
      ],
    },
    { href: '/?b=14#units', label: '25 clocks: 2 ms to 5 ms', height: 64, parts: [['f-ntp', 0, 64]] },
    { href: '/?b=17#units', label: '1 clock: 20 ms to 50 ms', height: 13, parts: [['f-warn', 0, 13]] },
  ]);
  const words = seenOf(page);
  assert.match(words, /^Error bound of 128 clocks median 150 ns PTP · 3 ms NTP/);
  assert.match(words, /PTP 75 NTP 25 without a source 1 PTP, vs GM only 25 without a bound 2/);
});

test('the decades are those with clocks, from below 100 ns to 10 s and more', () => {
  const labels = (bounds: readonly number[]): string[] =>
    [
      ...cardOf(bounds.flatMap((error_bound_ns) => many(1, { error_bound_ns }))).matchAll(
        /<small[^>]*>([^<]*)</g,
      ),
    ].map(([, label = '']) => label.replaceAll('\u00a0', ' '));
  assert.deepEqual(labels([40, 3e10]), [
    'below',
    ...['100 ns', '1 µs', '10 µs', '100 µs', '1 ms', '10 ms', '100 ms', '1 s', '10 s'],
  ]);
  assert.deepEqual(labels([1500, 9000]), ['1 µs']);
  assert.match(
    seenOf(cardOf(many(2, { source: 'unsynced' }))),
    /^Error bound of 2 clocks No clock is bounded\. without a bound 2$/,
  );
});

test('one among ten thousand is seen', () => {
  const page = cardOf([...many(10_000, { error_bound_ns: 150 }), ...many(1, { error_bound_ns: 48e6 })]);
  assert.deepEqual(
    barsOf(page).map(({ height }) => height),
    [128, 3],
  );
});

test('a bucket has words for its range', () => {
  const { spread } = fleetSumsOf([]);
  assert.deepEqual(
    [0, 3, 25, 26].map((at) => bucketWords(spread, at)?.replaceAll('\u00a0', ' ')),
    ['less than 100 ns', '500 ns to 1 µs', '10 s or more', undefined],
  );
});
