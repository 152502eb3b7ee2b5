import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exitCode, fail, ok, report, skip, warn } from '../../../../agent/cli/doctor/checkresult.ts';

const plain = (_hue: string, text: string): string => text;

test('the last line names what to begin with, and the exit code the gravest level', () => {
  const results = [
    ok('a', 'fine'),
    warn('b', 'odd', 'mend b'),
    fail('c', 'broken', 'mend c'),
    skip('d', '-'),
  ];
  assert.match(report(results, plain), /^OK {4}a {2}fine\nWARN {2}b {2}odd\n {6}\$ mend b\nFAIL {2}c/);
  assert.match(report(results, plain), /\n2 findings; begin with: c \(FAIL\)\n$/);
  assert.deepEqual([results, results.slice(0, 2), results.slice(0, 1)].map(exitCode), [2, 1, 0]);
  assert.match(report([ok('a', 'fine')], plain), /Nothing is wrong\.\n$/);
});
