import assert from 'node:assert/strict';
import { test } from 'node:test';
import { choosePath } from '../../../../agent/clock/verdict/paths.ts';
import { reasons } from '../../../../agent/clock/verdict/reasons.ts';
import {
  chronyFacts,
  chronySource,
  clockSettings,
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

/** ptp4l has lost its master; the last Sync came at `sync_ms`. */
const lostAt = (sync_ms: number) => (): Scene => ({
  ptp: ptpFacts(sync_ms, -350, { portState: 'LISTENING' }),
});
const nothing = (): Scene => ({});

test('a clock locked for 60 s holds over: tracking, with a bound that grows by the assumed drift', () => {
  const unit = timeline(clockSettings({ drift_ppb: 100 }));
  const good = unit.play(67, goodPtp); // locked since 7 s
  const held = unit.play(1, lostAt(67_000));
  assert.deepEqual(
    [held.source, held.quality, held.holdover, held.reasons],
    ['unsynced', 'tracking', { since_ms: 68_000, source: 'ptp' }, ['holdover', 'ptp_listening']],
  );
  assert.equal(held.offset_ns, undefined);
  const later = unit.play(100, lostAt(67_000));
  const growth = (later.bound.absolute_ns ?? 0) - (good.bound.absolute_ns ?? 0);
  // 101 s at what a crystal may be off without its correction, which is more than the drift that is configured
  assert.ok(Math.abs(growth - 101 * 20_000) < 1e-6, `${growth}`);
  assert.match(later.evidence, /the bound assumes a drift of at most 20 ppm/);
  assert.equal(later.since_ms, 68_000);
});

test('less than 60 s of lock earn no holdover', () => {
  const unit = timeline();
  unit.play(66, goodPtp);
  assert.equal(unit.play(1, lostAt(66_000)).quality, 'freerun');
});

test('holdover ends after holdover_s, and says so until a source is back', () => {
  const unit = timeline(clockSettings({ drift_ppb: 1, holdover_s: 20 }));
  unit.play(100, goodPtp);
  assert.equal(
    unit.until(99, lostAt(1), (verdict) => verdict.quality === 'freerun'),
    21,
  );
  assert.deepEqual(unit.state.verdict.reasons, ['holdover_expired', 'ptp_listening']);
  assert.deepEqual(unit.play(50, nothing).reasons, ['holdover_expired', 'no_daemon']);
  assert.deepEqual(unit.play(9, goodPtp).reasons, ['ptp_locked']);
});

test('holdover ends when the bound has used up the tracking limit', () => {
  const unit = timeline(clockSettings({ tracking_ns: 1_000_000 })); // 30 us/s, 1 ms
  unit.play(100, goodPtp);
  assert.equal(
    unit.until(99, lostAt(1), (verdict) => verdict.quality === 'freerun'),
    34,
  );
  const ntp = timeline(); // about 11 us/s, 1 s: holdover_s comes first
  ntp.play(100, goodNtp);
  assert.equal(
    ntp.until(999, nothing, (verdict) => verdict.quality === 'freerun'),
    301,
  );
});

test('holdover_s 0 means no holdover', () => {
  const unit = timeline(clockSettings({ holdover_s: 0 }));
  unit.play(100, goodPtp);
  assert.equal(unit.play(1, lostAt(1)).quality, 'freerun');
});

test('holdover lasts until the source has earned tracking again, not only until it answers', () => {
  const unit = timeline(clockSettings({ drift_ppb: 100 }));
  unit.play(100, goodPtp);
  unit.play(10, lostAt(100_000));
  assert.equal(unit.play(6, goodPtp).holdover?.since_ms, 101_000);
  assert.deepEqual(unit.play(1, goodPtp).reasons, ['ptp_locked']);
});

test('holdover ends at once when the clock is seen to be off', () => {
  const unit = timeline(clockSettings({ drift_ppb: 100 }));
  unit.play(100, goodPtp);
  unit.play(5, lostAt(100_000));
  const verdict = unit.play(1, (now_ms) => ({
    ptp: ptpFacts(now_ms, 15_000_000, { portState: 'UNCALIBRATED' }),
  }));
  assert.deepEqual([verdict.quality, verdict.holdover], ['acquiring', undefined]);
});

test('a lost PTP gives way at once to an NTP that was good all the time', () => {
  const unit = timeline();
  const both = (now_ms: number): Scene => ({ ...goodPtp(now_ms), ...goodNtp(now_ms) });
  assert.equal(unit.play(60, both).quality, 'tracking', 'two steer');
  unit.play(60, (now_ms) => ({ ...both(now_ms), disciplines: { chronydMonitorOnly: true } }));
  assert.equal(unit.play(9, both).source, 'ptp');
  const lost_ms = unit.now_ms;
  const verdict = unit.play(1, (now_ms) => ({ ...goodNtp(now_ms), ...lostAt(lost_ms)() }));
  assert.deepEqual([verdict.source, verdict.quality], ['ntp', 'locked']);
  assert.deepEqual(verdict.reasons, ['ntp_locked', 'ptp_listening']);
});

test('an NTP that is new on the scene takes over from holdover once it has earned tracking', () => {
  const unit = timeline();
  unit.play(100, goodPtp);
  const fallback = (now_ms: number): Scene => ({ ...goodNtp(now_ms), ...lostAt(100_000)() });
  assert.deepEqual(unit.play(3, fallback).holdover, { since_ms: 101_000, source: 'ptp' });
  assert.equal(unit.play(1, fallback).source, 'ntp');
});

test('the arbiter leaves a usable way only for a PTP locked for 10 s, and an unusable one at once', () => {
  const locked = { level: 'locked', lockedSince_ms: 0 } as const;
  const tracking = { level: 'tracking' } as const;
  const acquiring = { level: 'acquiring' } as const;
  assert.equal(choosePath('chrony', locked, tracking, 9_999), 'chrony');
  assert.equal(choosePath('chrony', locked, tracking, 10_000), 'direct');
  assert.equal(choosePath('chrony', tracking, tracking, 99_999), 'chrony');
  assert.equal(choosePath('chrony', tracking, acquiring, 0), 'direct');
  assert.equal(choosePath('chrony', acquiring, acquiring, 0), 'chrony');
  assert.equal(choosePath('direct', tracking, locked, 0), 'direct');
  assert.equal(choosePath('direct', acquiring, tracking, 0), 'chrony');
  assert.equal(choosePath('direct', acquiring, acquiring, 0), 'direct');
  assert.equal(choosePath(undefined, tracking, tracking, 0), 'direct');
  assert.equal(choosePath(undefined, tracking, locked, 0), 'chrony');
  assert.equal(choosePath('direct', undefined, acquiring, 0), 'chrony');
  assert.equal(choosePath('chrony', acquiring, undefined, 0), 'direct');
  assert.equal(choosePath('direct', undefined, undefined, 0), undefined);
});

test('a lock earned under the wide limits of NTP does not pass for a lock to PTP', () => {
  const unit = timeline();
  const behind = { system_time_s: 0.000015 }; // 15 us: fine for NTP, between once and twice the limit of PTP
  unit.play(30, (now_ms) => ({ ntp: chronyFacts(now_ms, behind) }));
  const verdict = unit.play(9, (now_ms) => ({
    ptp: ptpFacts(now_ms, 5, { portState: 'UNCALIBRATED' }),
    ntp: chronyFacts(now_ms, behind, [refclock('PTP0')]),
  }));
  assert.deepEqual([verdict.source, verdict.quality], ['ptp', 'tracking']);
});

test('two daemons that steer one clock are a conflict, never locked, with the wider bound', () => {
  const both = (now_ms: number): Scene => ({ ptp: ptpFacts(now_ms), ntp: chronyFacts(now_ms) });
  const unit = timeline();
  unit.play(9, goodPtp);
  const verdict = unit.play(90, both);
  assert.deepEqual(
    [verdict.source, verdict.quality, verdict.reasons],
    ['ptp', 'tracking', ['ptp_tracking', 'conflict']],
  );
  assert.match(verdict.evidence, /ptp4l and chronyd steer the same clock$/);
  assert.ok((verdict.bound.absolute_ns ?? 0) > 3e6, 'the bound of NTP');

  const rival = (now_ms: number): Scene => ({
    ...goodPtp(now_ms),
    disciplines: { otherNtp: 'busybox ntpd' },
  });
  assert.deepEqual(timeline().play(90, rival).reasons, ['ptp_tracking', 'conflict', 'ntp_unobservable']);

  const witness = (now_ms: number): Scene => ({ ...both(now_ms), disciplines: { chronydMonitorOnly: true } });
  assert.deepEqual(timeline().play(90, witness).reasons, ['ptp_locked', 'ntp_monitor_only']);
});

test('phc2sys beside a steering chronyd is a conflict, but not where it only fills a SHM segment', () => {
  const scene =
    (...sources: Parameters<typeof chronyFacts>[2][]) =>
    (now_ms: number): Scene => ({
      ptp: ptpFacts(now_ms, 20, { timestamping: 'HARDWARE' }),
      ntp: chronyFacts(now_ms, closeTracking(now_ms), sources[0]),
      disciplines: { phc2sys: true },
    });
  assert.ok(
    timeline()
      .play(9, scene([chronySource()]))
      .reasons.includes('conflict'),
  );
  assert.deepEqual(timeline().play(9, scene([refclock('SHM0')])).reasons, [
    'ptp_locked',
    'refclock_via_chrony',
  ]);
});

/** PTP steers, and chronyd -x finds the system clock `behind_s` behind NTP. */
const witnessed =
  (behind_s: number) =>
  (now_ms: number): Scene => ({
    ptp: ptpFacts(now_ms, 100),
    ntp: chronyFacts(now_ms, { system_time_s: behind_s }),
    disciplines: { chronydMonitorOnly: true },
  });

test('a witness that contradicts PTP prevents locked and any absolute bound', () => {
  assert.equal(timeline().play(9, witnessed(0.003)).quality, 'locked'); // within the bound of NTP
  const verdict = timeline().play(9, witnessed(0.2));
  assert.deepEqual(
    [verdict.quality, verdict.reasons.slice(0, 2)],
    ['tracking', ['ptp_tracking', 'ptp_ntp_disagree']],
  );
  assert.equal(verdict.bound.absolute_ns, undefined);
});

test('a difference of whole seconds as between TAI and UTC is named', () => {
  for (const seconds of [37, -37, 36])
    assert.ok(
      timeline()
        .play(9, witnessed(seconds + 0.0004))
        .reasons.includes('tai_utc_mistake'),
      `${seconds}`,
    );
  for (const seconds of [37.5, 12, 1])
    assert.ok(timeline().play(9, witnessed(seconds)).reasons.includes('ptp_ntp_disagree'), `${seconds}`);
  const inside = timeline().play(9, (now_ms) => ({
    ptp: ptpFacts(now_ms, 20, { timestamping: 'HARDWARE' }),
    ntp: chronyFacts(now_ms, { system_time_s: 0 }, [
      refclock('PHC0'),
      chronySource({ state: 'falseticker', offset_s: -37.0001 }),
    ]),
  }));
  assert.deepEqual([inside.quality, inside.reasons.includes('tai_utc_mistake')], ['acquiring', true]);
});

test('two witnesses that steer nothing and contradict each other leave no bound', () => {
  const verdict = timeline().play(90, (now_ms) => ({
    ...witnessed(37)(now_ms),
    ptp: ptpFacts(now_ms, 100, { portState: 'UNCALIBRATED' }),
  }));
  assert.deepEqual(verdict.reasons, ['ptp_free_running', 'ntp_monitor_only', 'tai_utc_mistake']);
  assert.deepEqual([verdict.quality, verdict.bound.absolute_ns], ['freerun', undefined]);
  assert.match(verdict.evidence, /PTP and NTP were measured 37\.0 s apart, as TAI and UTC are$/);
});

test('a lock does not outlive a step of the clock, and chronyd is not believed before its next sample', () => {
  const ptp = timeline();
  ptp.play(100, goodPtp);
  const set = (now_ms: number): Scene => ({ ptp: ptpFacts(now_ms, 100e9), stepped_s: 100 });
  const verdict = ptp.play(1, set);
  assert.deepEqual([verdict.quality, verdict.reasons], ['acquiring', ['ptp_acquiring', 'clock_stepped']]);
  assert.ok((verdict.bound.absolute_ns ?? 0) >= 100e9, 'as far as it was set');
  const setBack = (now_ms: number): Scene => ({ ...goodPtp(now_ms), stepped_s: 0 });
  assert.deepEqual(ptp.play(7, setBack).reasons, ['ptp_locked']);

  const small = timeline();
  small.play(100, goodPtp);
  const nudged = small.play(1, (now_ms) => ({ ptp: ptpFacts(now_ms - 500, -350), stepped_s: 0.003 }));
  assert.equal(nudged.quality, 'acquiring', 'the last Sync is from before it was set by 3 ms');
  assert.ok((nudged.bound.absolute_ns ?? 0) > 3e6);

  const ntp = timeline();
  ntp.play(100, goodNtp);
  const before = (now_ms: number): Scene => ({
    ntp: chronyFacts(now_ms, { ref_time_s: epoch_s + 96 }),
    stepped_s: 20,
  });
  assert.deepEqual(ntp.play(20, before).reasons, ['clock_stepped']);
  assert.equal(ntp.state.verdict.quality, 'acquiring');
  const resampled = (now_ms: number): Scene => ({
    ntp: chronyFacts(now_ms, {
      ref_time_s: epoch_s + now_ms / 1e3,
      last_offset_s: 20,
      system_time_s: -20,
    }),
    stepped_s: 20,
  });
  assert.deepEqual(ntp.play(4, resampled).reasons, ['ntp_slewing', 'clock_stepped']);
});

test('every reason says what it means, from what, what follows and what to do', () => {
  for (const [code, info] of Object.entries(reasons))
    for (const text of Object.values(info)) assert.match(text, /^[A-Z\w].{3,}/, code);
});

test('a source that contradicts what it said before is doubted, until it returns', () => {
  const unit = timeline();
  const off =
    (offset_ns: number) =>
    (now_ms: number): Scene => ({ ptp: ptpFacts(now_ms, offset_ns) });
  unit.play(100, goodPtp);
  const follow = (jump_ns: number): void => {
    for (const share of [1, 0.3, 0.09, 0.03]) unit.play(1, off(jump_ns * share)); // as a servo does
  };
  follow(-5_000_000);
  const jumped = unit.play(60, goodPtp);
  assert.deepEqual(
    [jumped.quality, jumped.reasons, jumped.bound.absolute_ns],
    ['tracking', ['ptp_tracking', 'source_jumped'], undefined],
  );
  assert.match(jumped.evidence, /the clock was 5\.0 ms off, which excludes what was known of it before/);
  follow(5_000_000);
  assert.deepEqual(unit.play(90, goodPtp).reasons, ['ptp_locked']);
});

test('a late sample is no jump: the servo overshoots, and the next one shows it', () => {
  const unit = timeline();
  unit.play(100, goodPtp);
  for (const offset_ns of [2_000_000, -1_400_000, -300_000, -50_000])
    unit.play(1, (now_ms) => ({ ptp: ptpFacts(now_ms, offset_ns) }));
  assert.deepEqual(unit.play(90, goodPtp).reasons, ['ptp_locked']);
});

test('a server that is back with another time is doubted; enough servers that agree are believed', () => {
  const backWith = (...others: readonly ReturnType<typeof chronySource>[]) => {
    const unit = timeline();
    unit.play(100, goodNtp);
    unit.play(30, nothing);
    const ref_time_s = epoch_s + unit.now_ms / 1e3 + 0.8; // one update, which has found 0.8 s to be corrected
    const back = (now_ms: number): Scene => ({
      ntp: chronyFacts(now_ms, { ref_time_s, system_time_s: 0.8, last_offset_s: -0.8 }, [
        chronySource(),
        ...others,
      ]),
    });
    unit.play(5, back);
    return unit.play(30, (now_ms) => ({ ntp: chronyFacts(now_ms, {}, [chronySource(), ...others]) }));
  };
  const alone = backWith();
  assert.deepEqual([alone.quality, alone.reasons[1]], ['tracking', 'source_jumped']);
  assert.equal(alone.bound.absolute_ns, undefined);
  const agreeing = chronySource({ state: 'combined' });
  assert.equal(backWith(agreeing, agreeing).quality, 'locked');
});

test('a clock that was set by as much as TAI and UTC differ is suspect, also when nothing was known of it', () => {
  const unit = timeline();
  unit.play(3, goodPtp);
  let flip = 1;
  const verdict = unit.play(30, (now_ms) => {
    flip = -flip; // noise on both sides of nothing is no overshoot of 37 s
    return { ptp: ptpFacts(now_ms, flip * 350), stepped_s: -37.00002 };
  });
  assert.deepEqual([verdict.quality, verdict.reasons], ['tracking', ['ptp_tracking', 'tai_utc_mistake']]);
  assert.equal(verdict.bound.absolute_ns, undefined);
  const ntp = timeline();
  ntp.play(3, nothing);
  const behind = ntp.play(30, (now_ms) => ({
    ntp: chronyFacts(now_ms, { ref_time_s: epoch_s + 37.05 + now_ms / 1e3 - 5 }),
    stepped_s: 37.05,
  }));
  assert.equal(behind.quality, 'locked', 'a reboot may take as long, and NTP knows no TAI');
  const years = timeline();
  years.play(3, goodPtp);
  assert.equal(years.play(30, (now_ms) => ({ ...goodPtp(now_ms), stepped_s: 1e8 })).quality, 'locked');
});

test('a second grandmaster with another time is doubted, however its servo settles', () => {
  const unit = timeline();
  unit.play(100, goodPtp);
  const other = { gmIdentity: '00aa00.fffe.000002', gmPresent: true };
  const following =
    (offset_ns: number) =>
    (now_ms: number): Scene => {
      const facts = ptpFacts(now_ms, offset_ns);
      return { ptp: { ...facts, timeStatus: { ...facts.timeStatus, ...other } } };
    };
  for (const offset_ns of [-5e6, -5e6, 1.9e6, 1.1e6, 6e5, 3e5, 1e5]) unit.play(1, following(offset_ns));
  const settled = unit.play(90, following(500));
  assert.deepEqual(settled.reasons, ['ptp_tracking', 'source_jumped']);
  assert.equal(settled.bound.absolute_ns, undefined);
});

test('no lock beside the wide bound of a witness, which confirms no seconds either if it is too wide', () => {
  const { parent } = ptpFacts(0);
  assert.ok(parent);
  const beside = (root_delay_s: number, currentUtcOffsetValid: boolean) =>
    timeline().play(30, (now_ms) => ({
      ptp: ptpFacts(now_ms, 0, {}, { timeProperties: properties({ currentUtcOffsetValid }) }),
      ntp: chronyFacts(now_ms, { root_delay_s }, [chronySource({ error_margin_s: root_delay_s })]),
      disciplines: { chronydMonitorOnly: true },
    }));
  assert.equal(beside(0.0001, false).reasons[1], 'utc_offset_confirmed');
  const wide = beside(0.4, false);
  assert.deepEqual([wide.quality, wide.reasons[1]], ['tracking', 'utc_offset_confirmed']);
  assert.equal(beside(2, false).reasons[1], 'utc_offset_suspect');
});
