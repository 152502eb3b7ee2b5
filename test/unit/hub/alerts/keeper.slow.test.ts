// Units that speak once a minute, from their records as they come off the wire to what is told of them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { conditions } from '../../../../agent/hub/alerts/conditions.ts';
import { keep, newKeeper } from '../../../../agent/hub/alerts/keeper.ts';
import { parseAlertOptions } from '../../../../agent/hub/alerts/options.ts';
import { newFleet } from '../../../../agent/hub/fleet/fleet.ts';
import { parseRecord } from '../../../../agent/hub/fleet/record/unitrecord.ts';
import { watchFleet } from '../../../../agent/hub/fleet/watch.ts';
import { fullRecords, usualState } from '../../../kit/hub/simrecords.ts';

const begin_ms = 1_700_000_000_000;
const count = 12;

/** A hub that begins to look at 0 s; of its units it knows what it heard before, each at its own second of a minute. */
function hubAfterOutage(silent_s: number) {
  const fleet = newFleet(100);
  const watch = watchFleet(fleet);
  const state = newKeeper();
  const options = parseAlertOptions({}, () => '');
  assert.ok(options.ok);
  const { limits, times } = options.value;
  const told: string[] = [];
  const beat = (index: number, at_s: number) => {
    const unit = `slow-${index}`;
    const run = {
      ...{ unit, boot: 'abcd1234', started_ms: begin_ms, clock_ms: begin_ms, link_ms: begin_ms },
      sequence: 1000 + at_s,
      n: 1000 + at_s,
    };
    const records = fullRecords(
      run,
      { ...usualState(index), traffic: 'satellite' },
      begin_ms + at_s * 1000,
      false,
    );
    const { subject, body, headers } =
      records.find((one) => one.subject.startsWith('ops.heartbeat.')) ?? assert.fail();
    const data = new TextEncoder().encode(body);
    const head = Object.entries(headers).map(([name, values]): [string, string[]] => [name, [...values]]);
    const record = parseRecord('heartbeat', { subject, data, headers: head, size: () => data.length });
    assert.ok(record !== undefined);
    return record;
  };
  for (let index = 0; index < count; index += 1) {
    const heard_s = index * 5 - 60 - silent_s;
    fleet.addLast(beat(index, heard_s), heard_s * 1000, 0);
  }
  return {
    told,
    /** Lets time pass in which those of these numbers speak. */
    pass(from_s: number, to_s: number, isAlive: (index: number) => boolean) {
      for (let at_s = from_s; at_s < to_s; at_s += 1) {
        for (let index = 0; index < count; index += 1)
          if (at_s % 60 === index * 5 && isAlive(index)) fleet.add(beat(index, at_s), at_s * 1000);
        fleet.markSilent(at_s * 1000);
        const now = { mono_ms: at_s * 1000, wall_ms: begin_ms + at_s * 1000 };
        watch.settle(now);
        if (at_s % 2 === 1) continue;
        const judged = conditions(
          { isLinked: true, units: watch.units(now) },
          limits,
          state.counters,
          now.wall_ms,
        );
        const look = { now_ms: now.wall_ms, areUnitsSeen: true, ...(at_s === 0 ? {} : { passed_ms: 2000 }) };
        for (const { event, alert } of keep(state, judged, look, times))
          told.push(`${at_s} s: ${event} ${alert.key}`);
      }
    },
  };
}

test('after an outage of the hub units of a minute have four minutes to be heard', () => {
  const { pass, told } = hubAfterOutage(357);
  pass(0, 600, () => true);
  assert.deepEqual(told, []);
});

test('those that are truly gone are told of after that', () => {
  const { pass, told } = hubAfterOutage(357);
  pass(0, 240, (index) => index % 2 === 0);
  assert.deepEqual(told, []);
  pass(240, 300, (index) => index % 2 === 0);
  assert.equal(told.length, 1, told.join());
  assert.match(told[0] ?? '', /^2[45]\d s: fired offline:_hub$/);
});
