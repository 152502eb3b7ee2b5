import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { faultsOf, judgeUnit } from '../../../kit/truth/judgement.ts';
import type { Row, TimeRecord } from '../../../kit/truth/records.ts';

/** A record that says locked to PTP, so far from the truth. */
const row = (error_ns: number, record: Partial<TimeRecord> = {}, at_s = 1): Row => ({
  at_s,
  truth: { error_ns },
  record: {
    active_source: 'ptp',
    clock_quality: 'locked',
    holdover: false,
    reasons: [],
    evidence: '',
    ...record,
  },
});

describe('what is wrong with a record', () => {
  test('a truth beyond the bound, on either side', () => {
    assert.deepEqual(faultsOf(row(900, { error_bound_ns: 1000 })), []);
    assert.deepEqual(faultsOf(row(1100, { error_bound_ns: 1000 })), ['OUTSIDE']);
    assert.deepEqual(faultsOf(row(-1100, { error_bound_ns: 1000 })), ['OUTSIDE']);
    assert.deepEqual(faultsOf(row(5e8, { clock_quality: 'freerun' })), [], 'nothing is claimed');
  });

  test('a record may have left the unit just before its clock was set', () => {
    const set = { ...row(5e6, { error_bound_ns: 1000 }), truth: { error_ns: 5e6, unstepped_ns: 900 } };
    assert.deepEqual(faultsOf(set), []);
  });

  test('a lock on a clock that is far off', () => {
    const untraceable = { error_rel_ns: 5000, reasons: ['ptp_locked', 'gm_not_traceable'] };
    assert.deepEqual(faultsOf(row(1.1e6, untraceable)), [], 'close to its grandmaster, as it says');
    assert.deepEqual(faultsOf(row(1.1e6, { ...untraceable, error_bound_ns: 2e6 })), ['FALSE LOCK']);
    assert.deepEqual(faultsOf(row(1.1e6)), ['FALSE LOCK']);
    assert.deepEqual(faultsOf(row(1.1e6, { clock_quality: 'tracking' })), []);
    assert.deepEqual(faultsOf(row(9e6, { active_source: 'ntp' })), []);
    assert.deepEqual(faultsOf(row(11e6, { active_source: 'ntp' })), ['FALSE LOCK']);
  });

  test('an offset beyond the bound of the same record', () => {
    assert.deepEqual(faultsOf(row(0, { error_bound_ns: 1000, ptp_offset_ns: -1001 })), ['CONTRADICTION']);
    const ntp = { active_source: 'ntp', error_bound_ns: 1e6, ptp_offset_ns: 2e6 } as const;
    assert.deepEqual(faultsOf(row(0, { ...ntp, ntp_offset_ms: 0.9 })), []);
    assert.deepEqual(faultsOf(row(0, { ...ntp, ntp_offset_ms: 1.1 })), ['CONTRADICTION']);
  });
});

describe('how a unit did', () => {
  const unit = { name: 'u', rows: [], measures: [], steadySpans: [], unsaid: [], isDeceived: () => false };

  test('how far the bounds are above the truth, where what is below 1 us counts as that', () => {
    const rows = [1, 2000, -4000].map((error_ns) => row(error_ns, { error_bound_ns: 8000 }));
    const { medianBound_ns, medianRatio, ratio95 } = judgeUnit({ ...unit, rows: [...rows, row(1e5)] });
    assert.deepEqual([medianBound_ns, medianRatio, ratio95], [8000, 4, 8]);
  });

  test('what it tells while it is deceived is not held against it', () => {
    const rows = [row(5000, { error_bound_ns: 1000 })];
    assert.equal(judgeUnit({ ...unit, rows }).outside, 1);
    assert.equal(judgeUnit({ ...unit, rows, isDeceived: () => true }).outside, 0);
  });

  test('a flag of the hub while the claim holds, and has held for three exchanges before', () => {
    const measured = (error_ns: number, verdict: 'contradicts' | 'holds') =>
      ({
        at_s: 1,
        truth: { error_ns },
        measured: { at_ms: 1, offset_us: 0, path_us: 1, claimed_us: 100, against: 'utc', verdict, runs: 0 },
      }) as const;
    const honest = measured(99_000, 'holds');
    const wronged = (...measures: (typeof honest | ReturnType<typeof measured>)[]) =>
      judgeUnit({ ...unit, measures }).wronged;
    assert.equal(wronged(honest, honest, honest, measured(99_000, 'contradicts')), 1);
    assert.equal(wronged(honest, measured(-200_000, 'holds'), honest, measured(99_000, 'contradicts')), 0);
    assert.equal(wronged(measured(200_000, 'contradicts')), 0);
  });

  test('a verdict that changes where it is to stand still', () => {
    const tracking = { clock_quality: 'tracking' } as const;
    const rows = [row(0, tracking, 1), row(0, {}, 2), row(0, {}, 3), row(0, tracking, 4), row(0, {}, 5)];
    const judged = (from_s: number, to_s: number) =>
      judgeUnit({ ...unit, rows, steadySpans: [{ from_s, to_s, verdict: 'ptp/locked' }] });
    assert.equal(judged(1, 5).transitions, 3);
    assert.deepEqual(judged(1, 5).missed, ['2 of 5 records not ptp/locked in steady state']);
    assert.deepEqual([judged(2, 3).transitions, judged(2, 3).missed.length], [0, 0]);
  });

  test('a bound that is too wide, or is not there, in a steady state', () => {
    const steadySpans = [{ from_s: 0, to_s: 9, median_ns: 5000 }];
    const missed = (record: Partial<TimeRecord>) =>
      judgeUnit({ ...unit, rows: [row(0, record)], steadySpans }).missed.length;
    assert.deepEqual(
      [missed({ error_bound_ns: 5000 }), missed({ error_bound_ns: 5001 }), missed({})],
      [0, 1, 1],
    );
  });

  test('a reason that it did not give', () => {
    assert.deepEqual(judgeUnit({ ...unit, unsaid: ['ntp_falseticker'] }).missed, [
      'ntp_falseticker is not said',
    ]);
  });
});
