import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { initial, judge } from '../../../../agent/clock/verdict/judge.ts';
import { clockSettings, evidence, ptpFacts } from '../../../kit/clock/evidence.ts';
import { projectRoot } from '../../../kit/process/tools.ts';

interface Line {
  readonly offset_ns: number;
  readonly servo: string;
  readonly delay_ns: number;
}

const series = (name: string): Line[] =>
  readFileSync(join(projectRoot, 'test/fixtures/captures/series', `ptp-software-${name}.csv`), 'utf8')
    .split('\n')
    .filter((line) => /^\d/.test(line))
    .map((line) => line.split(','))
    .map(([, offset, servo, , delay]) => ({
      offset_ns: Number(offset),
      servo: servo ?? '',
      delay_ns: Number(delay),
    }));

const settled = [...series('slave'), ...series('behind-bc')].filter(({ servo }) => servo === 's2');

/** The verdicts of a judge with so narrow a limit on the samples, one Sync a second. */
function replay(lines: readonly Line[], locked_sw_ns: number) {
  const settings = clockSettings({ locked_sw_ns });
  let state = initial(0);
  return lines.map(({ offset_ns, delay_ns }, i) => {
    const now_ms = (i + 1) * 1000;
    const current = { stepsRemoved: 1, meanPathDelay_ns: delay_ns };
    const ptp = ptpFacts(now_ms, offset_ns, {}, { current });
    state = judge(state, evidence({ ptp }, now_ms), now_ms, settings);
    return state.verdict;
  });
}

const changes = (flags: readonly boolean[]): number =>
  flags.filter((flag, i) => i > 0 && flag !== flags[i - 1]).length;

test('the recorded flapping case has few changes of lock at any limit, where the naive rule has 121', () => {
  assert.equal(settled.length, 232);
  assert.equal(changes(settled.map(({ offset_ns }) => Math.abs(offset_ns) < 1000)), 121);
  const locks = (limit_ns: number): number =>
    changes(replay(settled, limit_ns).map(({ quality }) => quality === 'locked'));
  const usual = clockSettings().locked_sw_ns;
  assert.equal(locks(usual), 1);
  for (const limit_ns of [10_000, 12_000, 15_000, 20_000, 30_000])
    assert.ok(locks(limit_ns) <= 5, `${locks(limit_ns)} changes at ${limit_ns} ns`);
});

test('with each sample its offset lies within the published relative bound', () => {
  const verdicts = replay(settled, 1000);
  const judged = verdicts.filter(({ bound }) => bound.relative_ns !== undefined);
  assert.equal(judged.length, 232 - 3);
  for (const { bound, offset_ns = Number.NaN } of judged)
    assert.ok(Math.abs(offset_ns) <= (bound.relative_ns ?? 0), `${offset_ns} of ${bound.relative_ns}`);
});

test('an hour of a steady clock has no transition after its lock', () => {
  let seed = 1;
  const noise = () => {
    seed = (seed * 48271) % 2147483647;
    return (seed / 2147483647 - 0.5) * 8000;
  };
  const verdicts = replay(
    Array.from({ length: 3600 }, () => ({ offset_ns: noise() / 8, servo: 's2', delay_ns: 2800 })),
    20_000,
  );
  assert.equal(new Set(verdicts.slice(10).map(({ since_ms }) => since_ms)).size, 1);
});
