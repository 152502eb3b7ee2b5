import assert from 'node:assert/strict';
import { test } from 'node:test';
import { has, parseProgramVersion, showVersion } from '../../../../agent/clock/setup/programs.ts';

test('the version in what a program prints', () => {
  for (const [text, version] of [
    ['3.1.1\n', [3, 1]],
    ['4.4\n', [4, 4]],
    ['v4.2-12-gabc', [4, 2]],
    ['chronyd (chrony) version 4.6.1 (+CMDMON +NTP)', [4, 6]],
    ['chronyd (chrony) version 4.10', [4, 10]],
    ['', undefined],
    ['usage: ptp4l', undefined],
  ] as const)
    assert.deepEqual(parseProgramVersion(text), version, text);
  assert.equal(showVersion([4, 10]), '4.10');
});

test('what came with a version is there from that on', () => {
  assert.deepEqual(
    (
      [
        [3, 1],
        [4, 0],
        [4, 4],
        [5, 0],
      ] as const
    ).map((version) => has(version, 'client_only')),
    [false, true, true, true],
  );
  assert.deepEqual(
    (
      [
        [4, 3],
        [4, 4],
        [4, 10],
      ] as const
    ).map((version) => has(version, 'selectopts')),
    [false, true, true],
  );
  assert.deepEqual(
    (
      [
        [4, 7],
        [4, 8],
        [4, 9],
        [5, 1],
      ] as const
    ).map((version) => has(version, 'maxunreach')),
    [false, true, true, true],
  );
});
