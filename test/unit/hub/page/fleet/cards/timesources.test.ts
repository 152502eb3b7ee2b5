import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FleetUnit } from '../../../../../../agent/hub/fleet/model.ts';
import {
  shareTone,
  shareWords,
  sourcesCard,
  worstCard,
} from '../../../../../../agent/hub/page/fleet/cards/timesources.ts';
import { fleetSumsOf } from '../../../../../../agent/hub/page/fleet/sums.ts';
import { fleetUnit } from '../../../../../kit/hub/fleetunits.ts';
import { clockOf, measuredOf } from '../../../../../kit/hub/fleetworld.ts';
import { seenOf } from '../../../../../kit/page/markup.ts';

const worst = (units: readonly FleetUnit[]): string => worstCard(fleetSumsOf(units)).html;
const sources = (units: readonly FleetUnit[]): string => sourcesCard(fleetSumsOf(units)).html;

test('a share is in percent, or so many times', () => {
  assert.deepEqual(
    [0, 0.004, 0.96, 1, 9.94, 9.95, 48, 1000, 1001, 9e9].map((share) =>
      shareWords(share).replaceAll('\u00a0', ' '),
    ),
    ['0 %', '0 %', '96 %', '100 %', '994 %', '10 ×', '48 ×', '1,000 ×', '> 1,000 ×', '> 1,000 ×'],
  );
  assert.deepEqual(
    [
      [0.79, true],
      [0.8, true],
      [1.1, true],
      [1.1, false],
    ].map(([share, isSet]) => shareTone(Number(share), isSet === true)),
    ['plain', 'warn', 'bad', 'warn'],
  );
});

test('the worst ten by their own limits, with what is taken where none is set', () => {
  const clocks = Array.from({ length: 12 }, (_, i) =>
    fleetUnit(`u${i}`, { clock: clockOf({ error_bound_ns: (i + 1) * 1e5, limit_ns: 1e6 }) }),
  );
  const { limit_is_set: _, ...unset } = clockOf({ error_rel_ns: 48e6, limit_ns: 1e6 });
  const page = worst([
    ...clocks,
    fleetUnit('far', { clock: unset }),
    fleetUnit('none', { clock: clockOf({ limit_ns: 1 }) }),
  ]);
  assert.deepEqual(
    [...page.matchAll(/<tr id="w-(\w+)"/g)].map(([, id]) => id),
    [...['far', 'u11', 'u10', 'u9', 'u8', 'u7', 'u6', 'u5', 'u4', 'u3']],
  );
  const words = seenOf(page);
  assert.match(words, /far PTP locked ± 48 ms vs GM 48 ×/);
  assert.match(words, /Where no limit is set, 1 ms is taken\. 1 clock has no bound and no share\.$/);
  assert.match(page, /<b class="bad">120/);
  assert.doesNotMatch(page, /<b class="bad">48/);
});

test('units by source: how their clocks are, and where most of them place it, with how well that is known', () => {
  const unit = (id: string, offset_us: number, given: object = {}) =>
    fleetUnit(id, {
      clock: clockOf({ error_bound_ns: 12_000, limit_ns: 1e6, grandmaster: 'gm-a', ...given }),
      measured: measuredOf(offset_us),
    });
  const units = [
    ...['a', 'b', 'c', 'd'].map((id) => unit(id, 20)),
    unit('e', 9020, { quality: 'tracking' }),
    unit('f', 20, { source: 'ntp', grandmaster: undefined, ntp_server: 'ntp-a' }),
    fleetUnit('g', {
      clock: clockOf({
        source: 'unsynced',
        quality: 'tracking',
        holdover: true,
        grandmaster: 'gm-b',
        limit_ns: 1,
      }),
    }),
    fleetUnit('h', { clock: clockOf({ source: 'unsynced', quality: 'freerun', limit_ns: 1 }) }),
  ];
  const page = sources(units);
  const rows = [...page.matchAll(/<tr id="s-[^"]*">.*?<\/tr>/gs)].map(([row]) => seenOf(row));
  assert.deepEqual(rows, [
    'gm-a PTP grandmaster 5 4 locked, 1 tracking + 20 µs ± 910 µs 1 apart by 7.2 ms',
    'gm-b PTP grandmaster 1 1 holdover',
    'ntp-a NTP server 1 1 locked',
    'not known no source, or not told yet 1 1 freerun',
  ]);
  assert.match(page, /href="\/\?source=gm-a#units"/);
  assert.match(page, /href="\/\?source=-#units"/);
  assert.match(page, /<span class="s st-degraded">1\u00a0holdover/);
});

test('many sources are cut, and none is said', () => {
  const units = Array.from({ length: 20 }, (_, i) =>
    fleetUnit(`u${i}`, { clock: clockOf({ source: 'ntp', ntp_server: `ntp-${i}`, limit_ns: 1 }) }),
  );
  assert.match(seenOf(sources(units)), /8 more sources with fewer units: search by name below\./);
  assert.equal(seenOf(sources([])), 'Who gives the time No clock is known.');
});
