import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compared, performanceText } from '../../../build/performancereference.ts';
import type { Figure, Results } from '../../bench/figures.ts';

const figure = (id: string, ...samples: number[]): Figure => ({ id, what: id, unit: 'us', samples });

function run(date: string, commit: string, now: readonly Figure[], before?: readonly Figure[]): Results {
  const build = (name: 'now' | 'before', figures: readonly Figure[]) => ({
    name,
    commit,
    version: '1',
    figures,
    skipped: [],
  });
  return {
    date,
    mode: 'quick',
    machine: { cpu: 'a cpu', cores: 2, memory_mb: 100, kernel: '6', load: [0.5, 1] },
    versions: { node: 'v20' },
    builds: [...(before === undefined ? [] : [build('before', before)]), build('now', now)],
  };
}

const first = run('2026-01-01', 'aaaa', [figure('echo.p50', 500), figure('hour.slope', 3)]);
const second = run('2026-01-02', 'bbbb', [figure('echo.p50', 400, 410, 405)]);

test('a figure is the newest, beside the oldest that there is', () => {
  const all = compared([first, second]);
  assert.deepEqual(all.get('echo.p50'), {
    now: second.builds[0]?.figures[0],
    commit: 'bbbb',
    before: first.builds[0]?.figures[0],
  });
  assert.deepEqual(all.get('hour.slope'), { now: first.builds[0]?.figures[1], commit: 'aaaa' });
});

test('a run of the same commit is not before it, and a section is of one commit', () => {
  const again = run('2026-01-03', 'bbbb', [figure('echo.p99', 9)]);
  const all = compared([first, second, again]);
  assert.deepEqual(all.get('echo.p50')?.before?.samples, [500]);
  assert.equal(all.get('echo.p99')?.before, undefined);
  const later = run('2026-01-04', 'cccc', [figure('echo.p99', 8)]);
  assert.deepEqual([...compared([first, second, again, later]).keys()], ['hour.slope', 'echo.p99']);
  assert.deepEqual(compared([first, second, again, later]).get('echo.p99')?.before?.samples, [9]);
});

test('where one run measured both builds, before is of that run', () => {
  const both = run('2026-01-03', 'cccc', [figure('echo.p50', 300)], [figure('echo.p50', 450)]);
  assert.deepEqual(compared([first, second, both]).get('echo.p50')?.before?.samples, [450]);
});

test('the text says what was measured, with its spread, and of which commit where that is another', () => {
  const text = performanceText('{{machine}}\n{{figures}}\n{{peers}}\n{{growth}}', [first, second]);
  assert.match(text, /2026-01-02, quick, of bbbb/);
  assert.match(text, /\| echo\.p50, us \| 500 \| 405 \(400\.\.410\) \|/);
  assert.match(text, /\| hour\.slope, us \(at aaaa\) \|/);
  assert.doesNotMatch(text, /\{\{|undefined|NaN/);
});

test('without any run the text says so', () => {
  assert.match(performanceText('{{machine}} {{peers}}', []), /Nothing was measured yet/);
});

test('a figure with something beside it has its ratio to that, and the one of before to what stood beside it then', () => {
  const beside = (samples: number[], others: number[]): Figure => ({
    ...figure('echo.p50', ...samples),
    beside: { what: 'Go', samples: others },
  });
  const both = run('2026-01-03', 'cccc', [beside([300], [250])], [beside([200], [100])]);
  const text = performanceText('{{figures}}', [both]);
  assert.match(text, /\| 200 \| 300 \| Go 250 \| 1\.20 \| 2 \|/);
});
