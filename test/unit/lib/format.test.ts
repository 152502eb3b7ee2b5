import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  commandSteps,
  formatAgo,
  formatMoment,
  formatNs,
  formatShortSpan,
  formatStep,
  formatUs,
  formatUtc,
  prettyBytes,
  prettyMoment,
  prettyNs,
  prettySpan,
  shellWord,
  visible,
} from '../../../agent/lib/format.ts';

test('quantities on the page read well', () => {
  const plain = (text: string): string => text.replaceAll('\u00a0', ' ');
  assert.equal(plain(prettyNs(180)), '180 ns');
  assert.equal(plain(prettyNs(0)), '0 ns');
  assert.equal(plain(prettyNs(0.5)), '0.50 ns');
  assert.equal(plain(prettyNs(-1_200_000)), '−1.20 ms');
  assert.equal(plain(prettyNs(37_000_000_000)), '37 s');
  assert.equal(plain(prettyBytes(0)), '0 B');
  assert.equal(plain(prettyBytes(1.5 * 2 ** 30)), '1.50 GiB');
  assert.equal(plain(prettySpan(0.4)), '0 s');
  assert.equal(plain(prettySpan(-5)), '0 s');
  assert.equal(plain(prettySpan(3600)), '1 h');
  assert.equal(plain(prettySpan(3661)), '1 h 1 min');
  assert.equal(plain(prettySpan(200_000)), '2 d 7 h');
  const day = Date.UTC(2026, 10, 21, 9, 12, 5);
  assert.equal(plain(prettyMoment(day, day + 3_600_000)), '09:12 UTC');
  assert.equal(plain(prettyMoment(day, day + 86_400_000)), '21 Nov 09:12 UTC');
  assert.equal(plain(prettyMoment(0, day)), '1 Jan 1970 00:00 UTC');
  assert.equal(prettyMoment(Number.MAX_VALUE, day), `${Number.MAX_VALUE} ms`);
  assert.equal(formatUtc(0), '1970-01-01 00:00:00 UTC');
  assert.equal(formatUtc(Number.MAX_VALUE), `${Number.MAX_VALUE} ms`);
});

test('spans in a table take at most four characters', () => {
  assert.deepEqual([0, 59.6, 99, 100, 5999, 6000, 359_999, 360_000].map(formatShortSpan), [
    '0s',
    '60s',
    '99s',
    '1m',
    '99m',
    '1h',
    '99h',
    '4d',
  ]);
});

test('times in evidence, logs and terminals are plain', () => {
  assert.deepEqual([-350.4, 2812, -1_500_000, 37e9].map(formatNs), [
    '-350 ns',
    '2.8 us',
    '-1.5 ms',
    '37.0 s',
  ]);
  assert.deepEqual([-5, 1234].map(formatAgo), ['0.0 s ago', '1.2 s ago']);
  assert.deepEqual([168, 2810, 28_100, 1.2e6].map(formatUs), ['168 µs', '2.81 ms', '28.1 ms', '1.20 s']);
  assert.deepEqual([-1_500_000, 56.9 * 31_557_600e6, 3 * 86_400e6].map(formatStep), [
    '1.500 s back',
    '56.9 years forward',
    '3.0 days forward',
  ]);
  const day = Date.UTC(2026, 10, 21, 9, 12, 5);
  assert.equal(formatMoment(day, day + 3_600_000), '09:12 UTC');
  assert.equal(formatMoment(day, day + 86_400_000), '2026-11-21 09:12 UTC');
});

test('what others wrote is one line without anything that a terminal obeys or hides, and as JSON the same text', () => {
  const odd = '\0\t\n\x1b\x7f\x9b\u061c\u200e\u202e\u2069\u2028\u{e0041}\ud800';
  const shown = String.raw`\x00\x09\x0a\x1b\u007f\u009b\u061c\u200e\u202e\u2069\u2028\udb40\udc41\ud800`;
  assert.equal(visible(odd), shown);
  assert.equal(JSON.parse(visible(JSON.stringify(odd))), odd);
  for (const text of ['ü 温度 👩 −1\u00a0µs', 'a\\x1b']) assert.equal(visible(text), text);
});

test('a command has steps and a remark, and neither begins within a quoted word', () => {
  const said = (text: string) => [commandSteps(text).steps, commandSteps(text).remark];
  assert.deepEqual(said('a; b c # at the hub; d # e'), [['a', 'b c'], 'at the hub; d # e']);
  assert.deepEqual(said('ls'), [['ls'], undefined]);
  const odd = shellWord("it's; here # there");
  assert.deepEqual(said(`df ${odd}; ls ${odd} # x`), [[`df ${odd}`, `ls ${odd}`], 'x']);
  assert.deepEqual(
    said(`vi ${odd}; ls # x`),
    [[`vi ${odd}; ls`], 'x'],
    'an editor takes what is pasted behind it',
  );
  assert.deepEqual(said("echo 'open # x"), [["echo 'open # x"], undefined]);
});
