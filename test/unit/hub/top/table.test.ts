// The table of nunect-hub top as text: what is shown depends on nothing but what is passed in.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import type { Unit } from '../../../../agent/hub/fleet/row/rowview.ts';
import { pressed, type ViewState } from '../../../../agent/hub/top/keys.ts';
import { fleetSnapshot } from '../../../../agent/hub/top/snapshot.ts';
import { matchesFilter, orders, sortUnits } from '../../../../agent/hub/top/sorting.ts';
import { type TopView, tableLines } from '../../../../agent/hub/top/table.ts';

const plain: Unit = { unit: 'u', state: 'unknown', age_s: 0, restarts: 0 };
const good: Unit = {
  ...plain,
  unit: 'demo-01',
  state: 'healthy',
  health: 'healthy',
  age_s: 2.2,
  clock: { source: 'ptp', quality: 'locked', error_bound_ns: 8124 },
  hub_up: true,
  hub_rtt_us: 1280,
  backlog: 0,
  version: '0.1.0',
  uptime_s: 7200,
};
const fleet: readonly Unit[] = [
  good,
  {
    ...good,
    unit: 'fire-17',
    state: 'degraded',
    clock: { source: 'ptp', quality: 'tracking', holdover: true, error_bound_ns: 41_000 },
    backlog: 312,
    restarts: 2,
    problems: ['the clock lost its source', 'the disk is full'],
  },
  {
    ...good,
    unit: 'old-guardian',
    clock: { source: 'ntp', quality: 'tracking' },
    claims: 'other',
    native_rtt_us: 900,
  },
  {
    ...plain,
    unit: 'ship-7',
    state: 'offline',
    age_s: 7300,
    clock: { source: 'unsynced', quality: 'freerun' },
  },
];
const view = (more: Partial<TopView> = {}): TopView => {
  const { units = fleet, order = 'state', filter = '' } = more;
  return {
    server: 'nats://hub:4222',
    at_ms: Date.UTC(2026, 10, 21, 12, 30),
    notes: [],
    units,
    shown: sortUnits(
      units.filter((unit) => matchesFilter(unit, filter)),
      order,
    ),
    order,
    filter,
    ...more,
  };
};
const text = (lines: readonly string[]) => lines.join('\n');

describe('the table', () => {
  test('at 80 columns has name, state, clock, bound, round trip and what is wrong, which is the last to go', () => {
    assert.equal(
      text(tableLines(view(), { columns: 80, colour: false }).lines),
      `nunect-hub top  2026-11-21 12:30:00 UTC  nats://hub:4222
4 units: 1 offline, 1 degraded, 2 healthy; by state
UNIT           STATE    CLOCK              BOUND      RTT PROBLEM
ship-7         OFFLINE  unsynced
fire-17 ↻2     DEGRADED ptp holdover       41 µs  1.28 ms (+1) the clock lost i…
  the clock lost its source
demo-01        OK       ptp locked       8.12 µs  1.28 ms
old-guardian ! OK       ntp tracking              1.28 ms its records name 'oth…`,
    );
    const titles = (columns: number): string => tableLines(view(), { columns, colour: false }).lines[2] ?? '';
    assert.match(titles(60), /^UNIT +STATE +CLOCK +PROBLEM$/);
    assert.match(titles(44), /^UNIT +STATE +PROBLEM$/);
    assert.match(titles(30), /^UNIT +STATE$/);
  });

  test('the unit that is chosen is marked in its whole width', () => {
    const { lines } = tableLines(view(), { columns: 80, rows: 24, colour: true, selected: 'demo-01' });
    const chosen = lines.find((line) => line.includes('demo-01')) ?? '';
    assert.ok(chosen.startsWith('\x1b[7mdemo-01 ') && chosen.endsWith('\x1b[0m'), chosen);
    assert.equal(lines.filter((line) => line.startsWith('\x1b[7m')).length, 2, 'and the titles');
  });

  test('a bound against the grandmaster has its unit, whatever its size', () => {
    for (const ns of [8, 8124, 41_000, 999_000, 8_124_000, 1.25e9]) {
      const clock = { source: 'ptp', quality: 'locked', error_rel_ns: ns };
      const { lines } = tableLines(view({ units: [{ ...good, clock }] }), { columns: 80, colour: false });
      assert.match(lines[3] ?? '', / gm [\d.]+ [nµm]?s /, String(ns));
    }
  });

  test('the unit that the arrows choose is always to be seen, also where some have two lines', () => {
    const long = ['the hub is not joined: nobody listens at hub.example.org:7422, since an hour'];
    const units = Array.from({ length: 30 }, (_, i) => {
      const unit = { ...good, unit: `u${100 + i}` };
      return (i * 7) % 5 < 2 ? { ...unit, state: 'degraded' as const, problems: long } : unit;
    });
    const fleetView = view({ units, order: 'unit' });
    let state: ViewState = { order: 'unit', shows: 'table', from: 0, end: 0, next: 0 };
    const keys = [...new Array(34).fill('\x1b[B'), ...new Array(34).fill('\x1b[A')];
    for (const rows of [8, 11, 12])
      for (const key of keys) {
        const { from, selected } = state;
        const space = { columns: 80, rows, colour: false };
        const { end, next } = tableLines(fleetView, { ...space, from, selected });
        state =
          pressed(
            { ...state, end, next },
            key,
            fleetView.shown.map(({ unit }) => unit),
          ) ?? state;
        const { lines } = tableLines(fleetView, { ...space, from: state.from, selected: state.selected });
        assert.ok(
          lines.some((line) => line.startsWith(`${state.selected} `)),
          `${state.selected} of a page from ${state.from}`,
        );
      }
  });

  test('a page ends between units, whose second line is no unit', () => {
    const { lines, end, next } = tableLines(view(), { columns: 80, rows: 7, colour: false });
    assert.equal(lines.length, 7);
    assert.deepEqual([end, next], [2, 2]);
    assert.match(lines[6] ?? '', /\(1 to 2 of 4\)$/);
  });

  test('a unit that does not fit whole is shown without its reason, not left out', () => {
    const units = [{ ...good, unit: 'ill', state: 'degraded' as const, problems: ['p'.repeat(90)] }];
    const { lines, end } = tableLines(view({ units }), { columns: 30, rows: 5, colour: false });
    assert.match(lines[3] ?? '', /^ill +DEGRADED/);
    assert.deepEqual([lines.length, end], [5, 1]);
  });

  test('where it is wider, shows what is wrong', () => {
    const { lines } = tableLines(view(), { columns: 120, colour: false });
    assert.match(lines[2] ?? '', / UPTIME PROBLEM$/);
    assert.match(lines[4] ?? '', / {5}2h \(\+1\) the clock lost its source$/);
    assert.match(lines[6] ?? '', / {5}2h its records name 'other'$/);
  });

  test('is never wider than the terminal, however narrow that is and however long the names', () => {
    const long = [
      ...fleet,
      { ...good, unit: 'x'.repeat(64), restarts: 3, version: 'v'.repeat(40), backlog: 1e15 },
    ];
    const lost = { since_ms: 0, for_s: 1e6, why: 'w'.repeat(200) };
    for (let columns = 1; columns <= 200; columns++) {
      const notes = ['n'.repeat(300)];
      for (const line of tableLines(view({ units: long, notes, lost }), { columns, rows: 12, colour: false })
        .lines) {
        assert.ok([...line].length <= columns, `${columns}: ${line}`);
      }
    }
  });

  test('cuts a long name, not what stands behind it', () => {
    const { lines } = tableLines(view({ units: [{ ...good, unit: 'x'.repeat(64), restarts: 3 }] }), {
      columns: 80,
      colour: false,
    });
    assert.match(lines[3] ?? '', /^x+… ↻3 OK /);
  });

  test('fits the height of the terminal, and the rest comes page by page', () => {
    const units = Array.from({ length: 45 }, (_, i) => ({ ...good, unit: `u${100 + i}` }));
    const seen: string[] = [];
    let from = 0;
    do {
      const made = tableLines(view({ units, order: 'unit' }), { columns: 80, rows: 24, colour: false, from });
      assert.ok(made.lines.length <= 24);
      seen.push(...made.lines.flatMap((line) => /^u1\d\d/.exec(line)?.[0] ?? []));
      from = made.next;
    } while (from !== 0);
    assert.deepEqual(
      seen,
      units.map(({ unit }) => unit),
    );
  });

  test('tells state by word, and by colour only where there is one', () => {
    const coloured = text(tableLines(view(), { columns: 80, colour: true }).lines);
    assert.ok(coloured.includes('\x1b[31mOFFLINE\x1b[0m '));
    assert.ok(coloured.includes('\x1b[33mptp holdover\x1b[0m '));
    const bare = stripVTControlCharacters(coloured);
    assert.equal(bare, text(tableLines(view(), { columns: 80, colour: false }).lines));
    assert.ok(!bare.includes('\x1b'));
  });

  test('without a connection shows so, since when and why', () => {
    const lost = { since_ms: Date.UTC(2026, 10, 21, 12, 29), for_s: 60, why: 'connection refused' };
    const { lines } = tableLines(view({ lost }), { columns: 80, colour: false });
    assert.equal(lines[2], 'NO CONNECTION since 2026-11-21 12:29:00 UTC (60 s): connection refused');
  });

  test('without a unit is a head alone', () => {
    const { lines } = tableLines(view({ units: [] }), { columns: 80, rows: 24, colour: false });
    assert.deepEqual(lines.slice(1, 3), [
      '0 units; by state',
      'UNIT STATE    CLOCK              BOUND      RTT BACKLOG PROBLEM',
    ]);
  });
});

describe('sorting', () => {
  const names = (order: string) => sortUnits(fleet, order).map(({ unit }) => unit);

  test('brings the worst to the top, and what is not known to the end', () => {
    assert.deepEqual(names('state'), ['ship-7', 'fire-17', 'demo-01', 'old-guardian']);
    assert.deepEqual(names('clock'), ['ship-7', 'fire-17', 'old-guardian', 'demo-01']);
    assert.deepEqual(names('bound'), ['old-guardian', 'ship-7', 'fire-17', 'demo-01']);
    assert.deepEqual(names('backlog'), ['fire-17', 'demo-01', 'old-guardian', 'ship-7']);
    assert.deepEqual(names('age'), ['ship-7', 'demo-01', 'fire-17', 'old-guardian']);
    assert.equal(names('rtt').at(-1), 'ship-7');
    assert.equal(names('version')[0], 'ship-7');
  });

  test('is one order, however the units stood before, in every field', () => {
    for (const order of orders) {
      const straight = sortUnits(fleet, order);
      assert.deepEqual(sortUnits([...fleet].reverse(), order), straight, order);
    }
  });

  test('by version counts numbers as numbers', () => {
    const units = ['0.10.0', '0.9.0', '0.2.0'].map((version) => ({ ...good, unit: version, version }));
    assert.deepEqual(
      sortUnits(units, 'version').map(({ unit }) => unit),
      ['0.2.0', '0.9.0', '0.10.0'],
    );
  });
});

test('the filter finds names, words of the table, and problems, in any case', () => {
  const found = (filter: string) =>
    fleet.filter((unit) => matchesFilter(unit, filter)).map(({ unit }) => unit);
  assert.deepEqual(found('SHIP'), ['ship-7']);
  assert.deepEqual(found('offline'), ['ship-7']);
  assert.deepEqual(found('holdover'), ['fire-17']);
  assert.deepEqual(found('disk'), ['fire-17']);
  assert.equal(found('').length, 4);
  assert.deepEqual(found('nowhere'), []);
});

test('the snapshot for scripts leaves out what is not known, and has every unit that passes the filter', () => {
  const made = JSON.parse(JSON.stringify(fleetSnapshot(view({ filter: 'ship' }))));
  assert.deepEqual(made, {
    ts: Date.UTC(2026, 10, 21, 12, 30),
    connected: true,
    heard: 4,
    units: [
      {
        unit: 'ship-7',
        state: 'offline',
        age_s: 7300,
        restarts: 0,
        clock: { source: 'unsynced', quality: 'freerun' },
      },
    ],
  });
});
