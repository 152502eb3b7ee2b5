import type { Finding, Weight } from '../../health/finding.ts';
import { visible } from '../../lib/format.ts';
import { commandLines, type Hue, type Paint, wrap } from '../terminal.ts';

export type Level = 'OK' | 'WARN' | 'FAIL' | 'skip';

/** What one check came to. */
export interface CheckResult {
  readonly level: Level;
  readonly what: string;
  readonly detail: string;
  /** The command that mends it, or shows what is wrong. */
  readonly mend?: string | undefined;
  /** Of a finding that page and heartbeat show too. */
  readonly weight?: Weight;
}

export const ok = (what: string, detail: string): CheckResult => ({ level: 'OK', what, detail });
export const skip = (what: string, detail: string): CheckResult => ({ level: 'skip', what, detail });
export const warn = (what: string, detail: string, mend?: string): CheckResult => ({
  level: 'WARN',
  what,
  detail,
  mend,
});
export const fail = (what: string, detail: string, mend?: string): CheckResult => ({
  level: 'FAIL',
  what,
  detail,
  mend,
});

const levels: Readonly<Record<Weight, Level>> = {
  critical: 'FAIL',
  degraded: 'FAIL',
  setup: 'WARN',
  note: 'WARN',
};

/** A finding as everything else shows it. */
export const findingResult = (
  what: string,
  { weight, text, remedy }: Pick<Finding, 'weight' | 'text' | 'remedy'>,
): CheckResult => ({ level: levels[weight], what, detail: text, mend: remedy, weight });

const hues: Readonly<Record<Level, Hue>> = { OK: 'green', WARN: 'yellow', FAIL: 'red', skip: 'dim' };
const indent = 6;

function line({ level, what, detail, mend }: CheckResult, paint: Paint): string {
  const text = wrap(`${what}  ${detail}`, indent, indent);
  return `${paint(hues[level], level.padEnd(indent))}${text}\n${mend === undefined ? '' : commandLines(mend, indent)}`;
}

const isWrong = ({ level }: CheckResult): boolean => level === 'FAIL' || level === 'WARN';

/** What to begin with: checks come in the order in which one thing is the cause of the next. */
export const firstCause = (findings: readonly CheckResult[]): CheckResult | undefined =>
  findings.find(({ level }) => level === 'FAIL') ?? findings.find(isWrong);

/** 0: all is well, 1: warnings only, 2: something fails. */
export const exitCode = (findings: readonly CheckResult[]): 0 | 1 | 2 =>
  findings.some(({ level }) => level === 'FAIL') ? 2 : findings.some(isWrong) ? 1 : 0;

/** What some checks came to, a line each. */
export const resultLines = (results: readonly CheckResult[], paint: Paint): string =>
  results.map((one) => line(one, paint)).join('');

/** The last line: how many findings there are, and which one is the first cause. */
export function summaryLine(findings: readonly CheckResult[], paint: Paint): string {
  const first = firstCause(findings);
  const count = findings.filter(isWrong).length;
  const summary =
    first === undefined
      ? paint('green', 'Nothing is wrong.')
      : paint(
          hues[first.level],
          `${count} ${count === 1 ? 'finding' : 'findings'}; begin with: ${visible(first.what)} (${first.level})`,
        );
  return `\n${summary}\n`;
}
