// What the clock is like while chronyd steers it, by PTP or by something else.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { absent } from '../../../../agent/lib/reading.ts';
import {
  chronyFacts,
  chronySource,
  epoch_s,
  ptpFacts,
  refclock,
  type Scene,
  timeline,
} from '../../../kit/clock/evidence.ts';

/** chronyd on a refclock that is as good as can be. */
const onRefclock = (name: string, now_ms: number) =>
  chronyFacts(
    now_ms,
    {
      name,
      stratum: 1,
      ref_time_s: epoch_s + now_ms / 1e3 - 0.5,
      system_time_s: 0,
      last_offset_s: 1e-6,
      skew_ppm: 0.05,
      root_delay_s: 1e-6,
      root_dispersion_s: 1e-5,
      update_interval_s: 1,
    },
    [refclock(name, { error_margin_s: 1e-5, offset_s: 1e-6 })],
  );

test('holdover ends to be narrow when chronyd steers by another source, before that counts as usable', () => {
  const unit = timeline();
  unit.play(120, (now_ms) => ({
    ptp: ptpFacts(now_ms, -350, { portState: 'UNCALIBRATED' }),
    ntp: onRefclock('PTP0', now_ms),
  }));
  const lost =
    (ntp: (now_ms: number) => Scene['ntp']) =>
    (now_ms: number): Scene => {
      const now = ntp(now_ms);
      return { ptp: absent('no_socket'), ...(now === undefined ? {} : { ntp: now }) };
    };
  const alone = unit.play(
    3,
    lost((now_ms) => onRefclock('PTP0', now_ms)),
  );
  assert.ok(alone.holdover);
  assert.ok((alone.bound.absolute_ns ?? 0) < 1e6);
  const updated_s = epoch_s + unit.now_ms / 1e3;
  const fallback = unit.play(
    1,
    lost((now_ms) =>
      chronyFacts(
        now_ms,
        {
          ref_time_s: updated_s,
          system_time_s: 0,
          last_offset_s: 0.009,
          root_delay_s: 0.1,
          root_dispersion_s: 0.005,
        },
        [refclock('PTP0', { state: 'unusable', reach: 0 }), chronySource({ error_margin_s: 0.05 })],
      ),
    ),
  );
  assert.ok(fallback.holdover, 'the fallback has proven nothing yet');
  assert.ok((fallback.bound.absolute_ns ?? 0) > 50e6, 'but may have moved the clock');
});

test('a refclock that goes on though ptp4l follows nobody was not fed by it', () => {
  const beside = (portState: 'UNCALIBRATED' | 'MASTER') => (now_ms: number) => ({
    ptp: ptpFacts(now_ms, -350, { portState }),
    ntp: onRefclock('PPS0', now_ms),
  });
  const unit = timeline();
  assert.equal(unit.play(60, beside('UNCALIBRATED')).source, 'ptp');
  assert.equal(unit.play(30, beside('MASTER')).source, 'unsynced');
  const later = unit.play(60, beside('MASTER'));
  assert.deepEqual([later.source, later.quality], ['ntp', 'locked']);
});

test('a bound that varies around its limit does not flip the verdict each time', () => {
  const unit = timeline();
  const many = (size_s: number): number[] => Array.from({ length: 10 }, () => size_s); // the largest of 8 counts
  const around = [...many(0.0052), ...many(0.0042)];
  let flips = 0;
  let before = '';
  for (const margin_s of [...many(0.0026), ...around, ...around, ...around])
    for (let second = 0; second < 16; second++) {
      const { quality } = unit.play(1, (now_ms) => ({
        ntp: chronyFacts(
          now_ms,
          {
            ref_time_s: epoch_s + now_ms / 1e3 - second,
            root_delay_s: margin_s,
            root_dispersion_s: margin_s,
          },
          [chronySource({ error_margin_s: margin_s })],
        ),
      }));
      if (unit.now_ms > 32_000 && quality !== before) flips += 1;
      before = quality;
    }
  assert.ok(flips <= 2, `${flips} flips`);
});
