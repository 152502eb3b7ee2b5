import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dayRecorder } from '../../../../agent/clock/recorder/day.ts';
import type { ClockSample } from '../../../../agent/clock/recorder/samples.ts';

const sample = (second: number, more: Partial<ClockSample> = {}): ClockSample => ({
  mono_ms: second * 1000,
  wall_ms: 1_795_000_000_000 + second * 1000,
  source: 'ptp',
  quality: 'locked',
  holdover: false,
  ...more,
});

/** A day of so many minutes, after a second of each of `seconds`. */
function recorded(seconds: number, of: (second: number) => Partial<ClockSample>, capacity?: number) {
  const day = dayRecorder(capacity);
  for (let second = 0; second < seconds; second += 1) day.push(sample(second, of(second)));
  return day;
}
const cells = ({ table }: ReturnType<typeof dayRecorder>, name: string): (number | string | undefined)[] => {
  const { columns, rows } = table();
  return rows.map((row) => row[columns.indexOf(name)]);
};

test('a minute is there when it is over, with the least, the median and the greatest of its samples', () => {
  assert.deepEqual(
    cells(
      recorded(60, () => ({})),
      'mono_ms',
    ),
    [],
  );
  // 0 to 59 in another order: 7 has no divisor in common with 60
  const day = recorded(61, (second) => ({ offset_ns: ((second * 7) % 60) - 10, hub_rtt_us: second }));
  assert.deepEqual(day.table().rows, [[0, 1_795_000_000_000, 'ptp', -10, 20, 49, '', '', 0, 30, 59]]);
  assert.deepEqual(day.table().columns, [
    'mono_ms',
    'wall_ms',
    'source',
    'offset_min_ns',
    'offset_median_ns',
    'offset_max_ns',
    'error_bound_max_ns',
    'error_rel_max_ns',
    'hub_rtt_min_us',
    'hub_rtt_median_us',
    'hub_rtt_max_us',
  ]);
});

test('of bounds the greatest counts, of sources the last; what was not known is none of the figures', () => {
  const day = recorded(121, (second) =>
    second < 60
      ? { error_bound_ns: 100 + second, error_rel_ns: 90 - second, source: second < 59 ? 'ptp' : 'ntp' }
      : { offset_ns: Number.NaN },
  );
  assert.deepEqual(cells(day, 'error_bound_max_ns'), [159, '']);
  assert.deepEqual(cells(day, 'error_rel_max_ns'), [90, '']);
  assert.deepEqual(cells(day, 'source'), ['ntp', 'ptp']);
  assert.deepEqual(cells(day, 'offset_median_ns'), ['', '']);
  assert.deepEqual([...day.column('error_bound_max_ns')], [159, Number.NaN]);
});

test('the oldest minutes make room, and what is shown stays in order', () => {
  const day = recorded(60 * 7 + 1, (second) => ({ offset_ns: Math.floor(second / 60) }), 3);
  assert.deepEqual([...day.column('offset_median_ns')], [4, 5, 6]);
  assert.deepEqual([...day.column('mono_ms')], [240_000, 300_000, 360_000]);
  assert.deepEqual(cells(day, 'offset_median_ns'), [4, 5, 6]);
});

test('a pause leaves a gap, and a clock that was set no minute twice', () => {
  const day = dayRecorder();
  for (const second of [0, 1, 600, 601, 660]) {
    const wall_ms = second < 600 ? 5000 : 1000;
    day.push(sample(second, { wall_ms }));
  }
  assert.deepEqual([...day.column('mono_ms')], [0, 600_000]);
  assert.deepEqual(cells(day, 'wall_ms'), [5000, 1000]);
});

test('a day of minutes is kept', () => {
  const day = recorded(60 * 1500 + 1, () => ({ offset_ns: 1 }));
  assert.equal(day.column('offset_min_ns').length, 1440);
  assert.equal(day.column('mono_ms')[0], 60 * 60_000);
});
