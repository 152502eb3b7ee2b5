// What is remembered of the evidence: for as long as it bears on what is claimed, and no longer.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { absent } from '../../../../agent/lib/reading.ts';
import {
  chronyFacts,
  chronySource,
  closeTracking,
  epoch_s,
  goodNtp,
  goodPtp,
  properties,
  ptpFacts,
  refclock,
  type Scene,
  timeline,
} from '../../../kit/clock/evidence.ts';

const hour_s = 3600;
const gone = absent('no_socket');

test('a contradiction inside chronyd outlives the server that has shown it', () => {
  const beside = (reach: number) => (now_ms: number) => ({
    ptp: ptpFacts(now_ms, 20, { timestamping: 'HARDWARE' }),
    ntp: chronyFacts(now_ms, closeTracking(now_ms), [
      refclock('PHC0', { error_margin_s: 1e-6 }),
      chronySource({ state: 'not_combined', offset_s: 37, reach }),
    ]),
  });
  const unit = timeline();
  assert.ok(unit.play(30, beside(0o377)).reasons.includes('tai_utc_mistake'));
  const alone = unit.play(60, beside(0));
  assert.deepEqual([alone.quality, alone.bound.absolute_ns], ['tracking', undefined]);
});

test('a contradiction ends when one of the two has been gone for an hour', () => {
  const unit = timeline();
  unit.play(60, (now_ms) => ({
    ptp: ptpFacts(now_ms, 100),
    ntp: chronyFacts(now_ms, { system_time_s: 0.2 }),
    disciplines: { chronydMonitorOnly: true },
  }));
  const without = (now_ms: number): Scene => ({ ptp: gone, ntp: chronyFacts(now_ms) });
  assert.ok(unit.play(hour_s - 60, without).reasons.includes('ptp_ntp_disagree'));
  assert.deepEqual(unit.play(120, without).reasons, ['ntp_locked']);
});

test('a path delay that is not measured stays so over a pause of the Syncs', () => {
  const unit = timeline();
  unit.play(60, goodPtp);
  const since_ms = unit.now_ms;
  const unmeasured = (now_ms: number): Scene => ({
    ptp: ptpFacts(now_ms, 0, { answered_ms: since_ms }, { delayChanged_ms: since_ms }),
  });
  unit.play(30, unmeasured);
  const paused_ms = unit.now_ms;
  unit.play(6, () => unmeasured(paused_ms));
  assert.equal(unit.state.verdict.source, 'unsynced');
  assert.ok(unit.play(3, unmeasured).reasons.includes('path_delay_unmeasured'));
});

test('a witness that has not measured for longer than offsets are remembered gives no bound', () => {
  const unit = timeline();
  const { parent } = ptpFacts(0);
  assert.ok(parent);
  const scene = (offset_ns: number, ref_time_s: number) => (now_ms: number) => ({
    ptp: ptpFacts(now_ms, offset_ns, {}, { parent: { ...parent, gmClockClass: 248 } }),
    ntp: chronyFacts(now_ms, { ref_time_s, update_interval_s: 1024, system_time_s: 0 }, [
      chronySource({ poll: 10, last_rx_s: 5 }),
    ]),
    disciplines: { chronydMonitorOnly: true },
  });
  const ref_s = epoch_s + 100;
  unit.play(100, (now_ms) => scene(0, epoch_s + now_ms / 1e3)(now_ms));
  unit.play(2, scene(-3e8, ref_s));
  for (const seconds of [60, 3400, 300, 1000]) {
    const { bound } = unit.play(seconds, scene(0, ref_s));
    assert.ok((bound.absolute_ns ?? Infinity) > 3e8, `${bound.absolute_ns} ns after ${unit.now_ms} ms`);
  }
});

test('a currentUtcOffset that cannot be is not remembered, and one that is no longer said is not counted on', () => {
  const says =
    (currentUtcOffset_s: number, currentUtcOffsetValid = true) =>
    (now_ms: number) => ({
      ptp: ptpFacts(
        now_ms,
        0,
        {},
        { timeProperties: properties({ currentUtcOffset_s, currentUtcOffsetValid }) },
      ),
    });
  const mended = timeline();
  mended.play(20, says(36));
  assert.deepEqual(mended.play(20, says(37)).reasons, ['ptp_locked']);
  const seldom = timeline();
  seldom.play(20, says(37));
  seldom.play(1, says(38));
  seldom.play(hour_s + 100, says(37, false));
  assert.ok(seldom.play(10, says(38)).reasons.includes('gm_implausible'));
});

test('a refclock that goes on for an hour after ptp4l was seen last is not fed by it', () => {
  const on = (now_ms: number) =>
    chronyFacts(
      now_ms,
      { name: 'PPS0', ref_time_s: epoch_s + now_ms / 1e3 - 0.5, update_interval_s: 1, root_delay_s: 1e-6 },
      [refclock('PPS0', { error_margin_s: 1e-5 })],
    );
  const unit = timeline();
  unit.play(60, (now_ms) => ({ ptp: ptpFacts(now_ms, 0, { portState: 'UNCALIBRATED' }), ntp: on(now_ms) }));
  const without = (now_ms: number): Scene => ({ ptp: gone, ntp: on(now_ms) });
  assert.equal(unit.play(hour_s - 100, without).source, 'unsynced');
  assert.equal(unit.play(200, without).source, 'ntp');
});

test('a late reply before an outage does not make a jump of what the clock drifts meanwhile', () => {
  const off = (offset_s: number) => (now_ms: number) => {
    const age_s = (now_ms % 16_000) / 1e3;
    const tracking = {
      ref_time_s: epoch_s + now_ms / 1e3 - age_s,
      system_time_s: 0,
      last_offset_s: 0,
      root_delay_s: 0.001,
    };
    return {
      ntp: chronyFacts(now_ms, tracking, [
        chronySource({ offset_s, error_margin_s: 0.001, last_rx_s: age_s }),
      ]),
    };
  };
  const unit = timeline();
  unit.play(160, off(0));
  unit.play(16, off(0.05));
  unit.play(10 * hour_s, () => ({}));
  assert.ok(!unit.play(200, off(0.18)).reasons.includes('source_jumped'));
});

test('a chronyd that is started after the clock was set has measured it since', () => {
  const unit = timeline();
  unit.play(10, goodPtp);
  unit.play(600, () => ({ stepped_s: 5 }));
  const ref_time_s = epoch_s + unit.now_ms / 1e3 + 5;
  const { source } = unit.play(10, (now_ms) => ({
    stepped_s: 5,
    ntp: chronyFacts(now_ms, { ref_time_s, system_time_s: 0, last_offset_s: 1e-4, update_interval_s: 1024 }, [
      chronySource({ poll: 10, last_rx_s: 10 }),
    ]),
  }));
  assert.equal(source, 'ntp');
});

test('a lone server that jumps by 37 s has jumped: NTP knows no TAI, and nobody else contradicts it', () => {
  const unit = timeline();
  unit.play(100, goodNtp);
  let found_s = 37;
  for (let update = 0; update < 8; update++) {
    const ref_time_s = epoch_s + 100 + update * 16;
    unit.play(16, (now_ms) => ({
      ntp: chronyFacts(now_ms, { ref_time_s, last_offset_s: found_s }, [chronySource()]),
    }));
    found_s = 0;
  }
  const { reasons, bound } = unit.state.verdict;
  assert.deepEqual([reasons[1], bound.absolute_ns], ['source_jumped', undefined]);
  assert.match(bound.unbounded ?? '', /excludes what was known of it before/);
});

test('in holdover it is said why there is no bound any more', () => {
  const unit = timeline();
  unit.play(100, goodPtp);
  const lost_ms = unit.now_ms;
  unit.play(10, () => ({ ptp: ptpFacts(lost_ms, 0, { portState: 'LISTENING' }) }));
  const back = unit.play(2, (now_ms) => ({
    ptp: ptpFacts(now_ms, 0, {}, { current: { stepsRemoved: 1, meanPathDelay_ns: -500_000 } }),
  }));
  assert.ok(back.holdover);
  assert.equal(back.bound.absolute_ns, undefined);
  assert.ok(back.reasons.includes('path_delay_negative'));
  assert.match(back.evidence, /the path delay is -500\.0 us|the path delay is .*, which cannot be/);
});
