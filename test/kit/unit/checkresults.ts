import assert from 'node:assert/strict';
import type { CheckResult } from '../../../agent/cli/doctor/checkresult.ts';

/** What came of each check: `hub TCP FAIL`. */
export const levels = (results: readonly CheckResult[]): string[] =>
  results.map(({ what, level }) => `${what} ${level}`);

/** The result of one check. */
export function resultOf(results: readonly CheckResult[], name: string): CheckResult {
  const found = results.find(({ what }) => what === name);
  assert.ok(found, `${name} in ${levels(results)}`);
  return found;
}
