import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  exitCode,
  fail,
  findingResult,
  ok,
  resultLines,
  skip,
  summaryLine,
  warn,
} from '../../../../agent/cli/doctor/checkresult.ts';

const plain = (_hue: string, text: string): string => text;

test('the last line names what to begin with, and the exit code the gravest level', () => {
  const results = [
    ok('a', 'fine'),
    warn('b', 'odd', 'mend b'),
    fail('c', 'broken', 'mend c'),
    skip('d', '-'),
  ];
  assert.match(resultLines(results, plain), /^OK {4}a {2}fine\nWARN {2}b {2}odd\n {6}\$ mend b\nFAIL {2}c/);
  assert.equal(summaryLine(results, plain), '\n2 findings; begin with: c (FAIL)\n');
  assert.deepEqual([results, results.slice(0, 2), results.slice(0, 1)].map(exitCode), [2, 1, 0]);
  assert.equal(summaryLine([ok('a', 'fine')], plain), '\nNothing is wrong.\n');
});

test('a finding keeps its weight, sentence and remedy', () => {
  const level = (weight: 'critical' | 'degraded' | 'setup' | 'note'): string =>
    findingResult('x', { weight, text: 't', remedy: 'r' }).level;
  assert.deepEqual(
    ['FAIL', 'FAIL', 'WARN', 'WARN'],
    (['critical', 'degraded', 'setup', 'note'] as const).map(level),
  );
  assert.deepEqual(findingResult('x', { weight: 'note', text: 't', remedy: 'r' }), {
    level: 'WARN',
    what: 'x',
    detail: 't',
    mend: 'r',
    weight: 'note',
  });
});
