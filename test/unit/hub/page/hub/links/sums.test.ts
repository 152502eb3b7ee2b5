import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  linkSums,
  measuredBy,
  rttClassOf,
  rttClassWords,
} from '../../../../../../agent/hub/page/hub/links/sums.ts';
import { leafLink } from '../../../../../kit/hub/hubview.ts';
import { seededRandom } from '../../../../../kit/lib/random.ts';

test('there are five classes to a power of ten, from 0.1 ms to 1 s', () => {
  const random = seededRandom(7);
  for (let at = 0; at < 2000; at += 1) {
    const rtt_us = 10 ** (random() * 6);
    const place = 5 * Math.log10(rtt_us / 100);
    if (Math.abs(place - Math.round(place)) < 1e-6) continue; // at an edge the logarithm may be either side
    assert.equal(rttClassOf(rtt_us), Math.max(0, Math.min(19, Math.floor(place))), String(rtt_us));
  }
  assert.deepEqual([0, 100, 1000, 10_000, 100_000, 1e6, 1e9].map(rttClassOf), [0, 0, 5, 10, 15, 19, 19]);
  assert.deepEqual(
    [0, 5, 19].map((at) => rttClassWords(at).replaceAll('\u00a0', ' ')),
    [...['below 158 µs', 'from 1 ms to 1.58 ms', 'from 631 ms on']],
  );
});

test('links are summed up, and those that are not measured count for nothing', () => {
  const { rtt_us: _rtt, rtt_by: _by, ...unmeasured } = leafLink('none', 1, { server: 'hub-z' });
  const far = leafLink('far', 900, { times_slower: 9, rtt_by: 'unit' });
  const links = [
    ...[800_000, 300_001, 300_000, 2000, 1000, 950].map((us) => leafLink(`u${us}`, us)),
    far,
    unmeasured,
  ];
  const sums = linkSums(links);
  assert.deepEqual([sums.measured, sums.median_us, sums.long, sums.far], [7, 2000, 2, 1]);
  assert.deepEqual(
    sums.slowest.map(({ who }) => who),
    ['u800000', 'u300001', 'u300000', 'u2000', 'far'],
  );
  assert.equal(sums.farthest, far);
  assert.deepEqual([...sums.servers], ['hub-a', 'hub-z']);
  assert.equal(
    sums.classes.reduce((sum, one) => sum + one, 0),
    7,
  );
  assert.equal(measuredBy(sums), 'measured by units and servers');
  assert.equal(linkSums(links), sums, 'reckoned once');
  const none = linkSums([unmeasured]);
  assert.deepEqual(
    [none.median_us, none.slowest, none.farthest, measuredBy(none)],
    [undefined, [], undefined, ''],
  );
});
