import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  aheadBy,
  boundMark,
  listed,
  plusMinus,
  signedNs,
  sinceMark,
  spanNs,
} from '../../../../../agent/hub/page/fleet/words.ts';
import { capital } from '../../../../../agent/hub/page/look/marks.ts';
import { clockOf } from '../../../../kit/hub/fleetworld.ts';

const plain = (text: string): string => text.replaceAll('\u00a0', ' ');

test('spans have two digits and the unit that fits', () => {
  const cases: [number, string][] = [
    [0, '0 ns'],
    [7, '7 ns'],
    [99.7, '100 ns'],
    [123, '120 ns'],
    [999.6, '1 µs'],
    [1040, '1 µs'],
    [1050, '1.1 µs'],
    [12_000, '12 µs'],
    [995_000, '1 ms'],
    [4_099_000, '4.1 ms'],
    [48e6, '48 ms'],
    [1.25e9, '1.3 s'],
    [104e9, '100 s'],
  ];
  assert.deepEqual(
    cases.map(([ns]) => plain(spanNs(ns))),
    cases.map(([, words]) => words),
  );
  assert.equal(plain(plusMinus(310)), '± 310 ns');
  assert.deepEqual([4_100_000, -12_000].map(signedNs).map(plain), ['+ 4.1 ms', '− 12 µs']);
  assert.deepEqual([4100, -12].map(aheadBy).map(plain), ['4.1 ms ahead', '12 µs behind']);
});

test('a bound against the grandmaster is marked, none is said', () => {
  const mark = (given: object): string => plain(boundMark(clockOf({ limit_ns: 1e6, ...given })).html);
  assert.equal(mark({ error_bound_ns: 12_000 }), '± 12 µs');
  assert.equal(mark({ error_rel_ns: 310 }), '± 310 ns <small>vs GM</small>');
  assert.equal(mark({}), 'no bound');
});

test('a moment that nobody knows, or that no calendar has, is empty', () => {
  assert.equal(sinceMark(undefined, 1e12).html, '<span class="n"></span>');
  assert.equal(sinceMark(1e300, 1e12).html, '<span class="n"></span>');
  assert.match(
    plain(sinceMark(1e12 - 1_080_000, 1e12).html),
    /<time class="n" datetime="2001-09-09T01:28:40\.000Z">18 min</,
  );
});

test('sentences of units begin with a capital, names stay', () => {
  assert.deepEqual(['the hub is away', 'hub.pem ended', 'NTP is gone', '/etc/x is wrong', ''].map(capital), [
    ...['The hub is away', 'hub.pem ended', 'NTP is gone', '/etc/x is wrong', ''],
  ]);
  assert.deepEqual([[], ['a'], ['a', 'b'], ['a', 'b', 'c']].map(listed), ['', 'a', 'a and b', 'a, b and c']);
});
