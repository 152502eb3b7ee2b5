import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { newFleet } from '../../agent/hub/fleet/fleet.ts';
import { parseRecord, type RecordKind } from '../../agent/hub/fleet/record/unitrecord.ts';
import { fleetSnapshot } from '../../agent/hub/top/snapshot.ts';
import { matchesFilter, orders, sortUnits } from '../../agent/hub/top/sorting.ts';
import { tableLines } from '../../agent/hub/top/table.ts';
import { holds } from '../kit/fuzz/fuzz.ts';
import { hostileText, oddNumber } from '../kit/fuzz/hostile.ts';
import { headers, incoming, payload } from '../kit/fuzz/hostilemessages.ts';

const odd = fc.oneof(hostileText(60), oddNumber, fc.jsonValue({ maxDepth: 2 }));
/** A record whose fields have the right names, and anything in them. */
const fields = fc.record(
  {
    status: fc.oneof(fc.constantFrom('healthy', 'degraded', 'critical'), odd),
    sequence: odd,
    seq: odd,
    interval_s: odd,
    uptime_s: odd,
    version: odd,
    unit_id: odd,
    problems: fc.oneof(fc.array(odd, { maxLength: 8 }), odd),
    active_source: fc.oneof(fc.constantFrom('ptp', 'ntp', 'unsynced'), odd),
    clock_quality: odd,
    error_bound_ns: odd,
    holdover: fc.oneof(fc.boolean(), odd),
    hub_up: fc.oneof(fc.boolean(), odd),
    hub_rtt_us: odd,
    spool: fc.oneof(fc.record({ pending: odd, oldest_age_s: odd }), odd),
    backfill: fc.oneof(fc.constant(false), odd),
    stopping: fc.oneof(fc.boolean(), odd),
  },
  { requiredKeys: [] },
);
const record = fc.record({
  kind: fc.constantFrom<RecordKind>('heartbeat', 'time', 'nats'),
  unit: fc.oneof(fc.constantFrom('u1', 'u2', 'u-3', 'x'.repeat(64)), hostileText(20)),
  data: fc.oneof(
    { weight: 4, arbitrary: fields.map((made) => new TextEncoder().encode(JSON.stringify(made))) },
    payload,
  ),
  headers,
  at_ms: fc.double({ min: 0, max: 1e6, noNaN: true }),
});

holds(
  'nunect-hub top: whatever units say, the table fits the terminal, commands it nothing, and the JSON is JSON',
  fc.tuple(
    fc.array(record, { maxLength: 12 }),
    fc.integer({ min: 1, max: 200 }),
    fc.integer({ min: 1, max: 40 }),
    fc.constantFrom(...orders),
    hostileText(8),
  ),
  ([records, columns, rows, order, filter]) => {
    const fleet = newFleet(3);
    for (const { kind, unit, at_ms, ...given } of records) {
      const parsed = parseRecord(kind, incoming(`ops.${unit}`, { reply: undefined, ...given }));
      if (parsed !== undefined) fleet.add(parsed, at_ms);
      fleet.markSilent(at_ms);
    }
    const units = fleet.units(1e6);
    assert.ok(units.length <= 3);
    const shown = sortUnits(
      units.filter((unit) => filter.length > 4 || matchesFilter(unit, filter)),
      order,
    );
    const view = { server: 'nats://h', at_ms: 0, notes: [], units, shown, order, filter: '' };
    const { lines } = tableLines(view, { columns, rows, colour: false });
    assert.ok(lines.length <= rows);
    for (const line of lines) {
      assert.ok([...line].length <= columns, line);
      assert.doesNotMatch(line, /[\p{C}\p{Zl}\p{Zp}]/u);
    }
    assert.equal(JSON.parse(JSON.stringify(fleetSnapshot(view))).units.length, shown.length);
  },
);
