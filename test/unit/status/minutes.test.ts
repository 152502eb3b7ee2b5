import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newMinutes } from '../../../agent/status/minutes.ts';
import type { UnitState } from '../../../agent/status/unitstate.ts';
import { minuteColumns } from '../../../agent/wire/reports.ts';
import { unitStateOf } from '../../kit/unit/unitfakes.ts';

interface Seen {
  readonly native?: number;
  readonly hub?: number;
  readonly offset?: number;
  readonly bound?: number;
  readonly clock?: Pick<UnitState['clock'], 'source' | 'quality'>;
  readonly status?: UnitState['health']['status'];
}

/** A moment in which this was seen and nothing else. */
function moment({ native, hub, offset, bound, clock, status = 'healthy' }: Seen): UnitState {
  const base = unitStateOf();
  const { hub_rtt_us: _, ...nats } = base.nats;
  const { offset_ns: _offset, ...verdict } = base.time.verdict;
  return {
    ...base,
    rtt: { ...(native === undefined ? {} : { native_rtt_us: native }), peers: [] },
    nats: { ...nats, ...(hub === undefined ? {} : { hub_rtt_us: hub }) },
    time: { ...base.time, verdict: { ...verdict, ...(offset === undefined ? {} : { offset_ns: offset }) } },
    clock: {
      source: 'ntp',
      quality: 'locked',
      ...clock,
      ...(bound === undefined ? {} : { error_bound_ns: bound }),
    },
    health: { status, findings: [] },
  };
}

const wall = (mono_ms: number): number => 1e12 + mono_ms;
const named = (row: readonly (number | string)[] = []) =>
  Object.fromEntries(minuteColumns.map((column, at) => [column, row[at]]));

test('a row has least, mean and greatest of its minute, and the worst of the rest', () => {
  const minutes = newMinutes();
  minutes.add(moment({ native: 100, hub: 5000, offset: -40, bound: 700 }), 5000);
  minutes.add(
    moment({ native: 400, offset: 20, bound: 219_627, clock: { source: 'unsynced', quality: 'freerun' } }),
    20_000,
  );
  minutes.add(moment({ native: 101, offset: 50, bound: 800, status: 'degraded' }), 35_000);
  const { since_ms, period_ms, columns, rows } = minutes.take(wall) ?? {};
  assert.deepEqual([since_ms, period_ms, rows?.length], [1e12 + 5000, 60_000, 1]);
  assert.deepEqual(columns, minuteColumns);
  assert.deepEqual(named(rows?.[0]), {
    at_s: 0,
    min_native_us: 100,
    mean_native_us: 200,
    max_native_us: 400,
    min_app_us: '',
    mean_app_us: '',
    max_app_us: '',
    min_hub_us: 5000,
    mean_hub_us: 5000,
    max_hub_us: 5000,
    min_offset_ns: -40,
    mean_offset_ns: 10,
    max_offset_ns: 50,
    error_bound_ns: 220_000,
    source: 'unsynced',
    quality: 'freerun',
    status: 'degraded',
  });
});

test('a minute in which the clock had no bound for a moment has none', () => {
  const minutes = newMinutes();
  minutes.add(moment({ bound: 5 }), 0);
  minutes.add(moment({}), 15_000);
  minutes.add(moment({ bound: 5 }), 30_000);
  assert.equal(named(minutes.take(wall)?.rows[0])['error_bound_ns'], '');
});

test('a new minute begins a minute after the last began, or when the unit comes back from a pause', () => {
  const minutes = newMinutes();
  for (const s of [0, 15, 30, 45, 60, 75, 300, 359]) minutes.add(moment({ native: s }), s * 1000);
  const { rows = [] } = minutes.take(wall) ?? {};
  assert.deepEqual(
    rows.map((row) => [named(row)['at_s'], named(row)['min_native_us'], named(row)['max_native_us']]),
    [
      [0, 0, 45],
      [60, 60, 75],
      [300, 300, 359],
    ],
  );
});

test('what was taken is gone, and of nothing there is no record', () => {
  const minutes = newMinutes();
  assert.equal(minutes.take(wall), undefined);
  minutes.add(moment({}), 0);
  assert.equal(minutes.take(wall)?.rows.length, 1);
  assert.equal(minutes.take(wall), undefined);
  minutes.add(moment({}), 10_000);
  assert.deepEqual(
    minutes.take(wall)?.rows.map((row) => row[0]),
    [0],
    'which begins anew',
  );
});
