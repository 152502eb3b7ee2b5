import assert from 'node:assert/strict';
import { test } from 'node:test';
import { absent, fresh, stale } from '../../../../agent/lib/reading.ts';
import {
  chronyFacts,
  chronySource,
  clockSettings,
  closeTracking,
  epoch_s,
  goodNtp,
  properties,
  ptpFacts,
  refclock,
  type Scene,
  timeline,
} from '../../../kit/clock/evidence.ts';

/** What a locked unit says one second into `scene`. */
function after(scene: (now_ms: number) => Scene, seconds = 1) {
  const unit = timeline();
  assert.equal(unit.play(30, goodNtp).quality, 'locked');
  const { source, quality, reasons } = unit.play(seconds, scene);
  return [source, quality, ...reasons];
}

test('chronyd with a live source is locked after 4 looks, and the offset has the sign local minus reference', () => {
  const unit = timeline();
  assert.deepEqual(unit.play(3, goodNtp).reasons, ['ntp_acquiring']);
  const verdict = unit.play(1, goodNtp);
  assert.deepEqual([verdict.source, verdict.quality, verdict.reasons], ['ntp', 'locked', ['ntp_locked']]);
  assert.equal(Math.round(verdict.offset_ns ?? 0), -25_000); // system_time +25 us: the clock is behind
  assert.equal(
    verdict.evidence,
    'chronyd follows 192.0.2.1 (stratum 3), last update 5.0 s ago, system clock 25.0 us behind',
  );
});

test('a source is lost though tracking still says normal: no selected source', () => {
  const sources = [chronySource({ state: 'unusable', reach: 0, last_rx_s: 42 })];
  assert.deepEqual(
    after((now_ms) => ({ ntp: chronyFacts(now_ms, {}, sources) })),
    ['unsynced', 'freerun', 'ntp_source_lost'],
  );
});

test('a selected source that has gone silent is not alive', () => {
  const silent = (changes: Parameters<typeof chronySource>[0], age_s: number) =>
    after((now_ms) => ({
      ntp: chronyFacts(now_ms, { ref_time_s: epoch_s + now_ms / 1e3 - age_s }, [chronySource(changes)]),
    }));
  const lostSource = ['unsynced', 'freerun', 'ntp_source_lost'];
  assert.deepEqual(silent({ reach: 0o370 }, 49), lostSource); // three polls of 16 s, and they went unanswered
  assert.deepEqual(silent({ reach: 0 }, 49), lostSource);
  assert.deepEqual(silent({ resolved: false }, 5), lostSource);
  assert.equal(silent({ reach: 0o370 }, 47)[1], 'locked');
  assert.equal(silent({ reach: 0o370, last_rx_s: 60 }, 47)[1], 'locked');
});

test('a chronyd that is asked seldom is not dead before it was due to be asked, and one that is silent is', () => {
  const asked = (age_s: number) =>
    after((now_ms) => ({ ntp: fresh(chronyFacts(now_ms), now_ms - age_s * 1000) }));
  assert.deepEqual(asked(8).slice(0, 2), ['ntp', 'locked']);
  assert.equal(asked(10).at(-1), 'ntp_no_answer');
});

test('a chronyd that answers but filters or rejects samples is alive for as long as it pauses between updates', () => {
  const unit = timeline();
  // an update every 40 s of a source that is polled each second
  const filtered = (now_ms: number): Scene => ({
    ntp: chronyFacts(
      now_ms,
      {
        ref_time_s: epoch_s + (now_ms - (now_ms % 40_000)) / 1e3,
        update_interval_s: 40,
        root_delay_s: 0.0005,
        root_dispersion_s: 0.0005,
      },
      [chronySource({ poll: 0, last_rx_s: Math.floor((now_ms % 40_000) / 1e3) })],
    ),
  });
  unit.play(20, filtered);
  const since_ms = unit.state.verdict.since_ms;
  assert.equal(unit.play(600, filtered).quality, 'locked');
  assert.equal(unit.state.verdict.since_ms, since_ms, 'all the time');
});

test('an old ref_time or one in the future is not believed', () => {
  const at = (age_s: number) =>
    after((now_ms) => ({ ntp: chronyFacts(now_ms, { ref_time_s: epoch_s + now_ms / 1e3 - age_s }) }))[2];
  assert.equal(at(601), 'ntp_source_lost'); // it answers, but nothing that it says is taken
  assert.equal(at(100), 'ntp_locked');
  assert.equal(at(-2), 'ntp_source_lost');
});

test('the local reference is free running, however perfect it looks', () => {
  const local = { refid: '7F7F0101', stratum: 10, root_delay_s: 0, root_dispersion_s: 0 };
  assert.deepEqual(
    after((now_ms) => ({ ntp: chronyFacts(now_ms, local) })),
    ['unsynced', 'freerun', 'ntp_local_reference'],
  );
});

test('a chronyd that is not synchronised is acquiring while a source is reachable, else free running', () => {
  for (const bad of [
    { leap: 'unsynchronised' },
    { stratum: 0 },
    { stratum: 16 },
    { refid: '00000000' },
  ] as const) {
    const say = (reach: number) =>
      after((now_ms) => ({ ntp: chronyFacts(now_ms, bad, [chronySource({ reach, state: 'unusable' })]) }));
    assert.deepEqual(say(1), ['unsynced', 'acquiring', 'ntp_unsynchronised']);
    assert.deepEqual(say(0), ['unsynced', 'freerun', 'ntp_unsynchronised']);
  }
});

test('a clock that is 5 s wrong and slewing is not locked, though last_offset is 20 us', () => {
  const slewing = (now_ms: number): Scene => ({
    ntp: chronyFacts(now_ms, { system_time_s: 5.000047684, last_offset_s: -0.00002004 }),
  });
  const verdict = timeline().play(9, slewing);
  assert.deepEqual([verdict.source, verdict.quality, verdict.reasons], ['ntp', 'acquiring', ['ntp_slewing']]);
  assert.ok((verdict.bound.absolute_ns ?? 0) > 5e9);
  const near = timeline().play(9, (now_ms) => ({ ntp: chronyFacts(now_ms, { system_time_s: 0.05 }) }));
  assert.deepEqual([near.quality, near.reasons], ['tracking', ['ntp_tracking']]);
});

test('a falseticker beside a good source is noted; falsetickers alone are no source', () => {
  const liar = chronySource({ state: 'falseticker', name: '192.0.2.9', offset_s: -0.75 });
  const beside = after((now_ms) => ({ ntp: chronyFacts(now_ms, {}, [chronySource(), liar]) }));
  assert.deepEqual(
    beside,
    ['ntp', 'tracking', 'ntp_tracking', 'ntp_falseticker'],
    'nobody knows who is right',
  );
  const agreeing = [chronySource({ state: 'combined' }), chronySource({ state: 'not_combined' })];
  const outvoted = after((now_ms) => ({ ntp: chronyFacts(now_ms, {}, [chronySource(), ...agreeing, liar]) }));
  assert.deepEqual(outvoted, ['ntp', 'locked', 'ntp_locked', 'ntp_falseticker']);
  const alone = after((now_ms) => ({ ntp: chronyFacts(now_ms, {}, [liar]) }));
  assert.deepEqual(alone, ['unsynced', 'freerun', 'ntp_falseticker']);
});

test('a bound reaches as far as those who contradict, and they are named and counted', () => {
  const liar = chronySource({
    state: 'falseticker',
    name: '192.0.2.9',
    offset_s: -0.03,
    error_margin_s: 0.001,
  });
  const unit = timeline();
  const { bound, evidence } = unit.play(9, (now_ms) => ({
    ntp: chronyFacts(now_ms, {}, [chronySource(), liar]),
  }));
  assert.ok((bound.absolute_ns ?? 0) >= 31e6, `${bound.absolute_ns}`);
  assert.match(evidence, /; 1 contradict it \(192\.0\.2\.9\)$/);
  const none = timeline().play(3, (now_ms) => ({
    ntp: chronyFacts(now_ms, { leap: 'unsynchronised' }, [liar, { ...liar, name: '192.0.2.8' }]),
  }));
  assert.equal(none.reasons[0], 'ntp_falseticker');
  assert.match(none.evidence, /none of its 2 sources: 2 contradict each other \(192\.0\.2\.9 192\.0\.2\.8\)/);
});

test('a chronyd whose process runs but that cannot be asked is not absent', () => {
  const shut = timeline().play(3, () => ({
    ntp: absent('refused'),
    disciplines: { chronydMonitorOnly: false },
  }));
  assert.deepEqual(shut.reasons, ['ntp_no_answer']);
  assert.match(shut.evidence, /chronyd runs, but cannot be asked/);
});

test('a witness that measures seconds is not old: its ref_time is on the time that it holds true', () => {
  const verdict = timeline().play(9, (now_ms) => ({
    ptp: ptpFacts(now_ms),
    ntp: chronyFacts(now_ms, { system_time_s: 37 }),
    disciplines: { chronydMonitorOnly: true },
  }));
  assert.ok(verdict.reasons.includes('tai_utc_mistake'), verdict.reasons.join());
  const fallenSilent = (gone: Scene['ntp']) => {
    const unit = timeline();
    const ptp = (now_ms: number): Scene => ({
      ptp: ptpFacts(now_ms),
      disciplines: { chronydMonitorOnly: true },
    });
    unit.play(9, (now_ms) => ({ ...ptp(now_ms), ntp: chronyFacts(now_ms, { system_time_s: 3 }) }));
    return unit.play(30, (now_ms) => ({ ...ptp(now_ms), ...(gone === undefined ? {} : { ntp: gone }) }));
  };
  assert.equal(fallenSilent(stale(chronyFacts(0), 0, 'hung')).bound.absolute_ns, undefined);
  assert.ok(fallenSilent(stale(chronyFacts(0), 0, 'hung')).reasons.includes('ptp_ntp_disagree'));
  assert.ok(fallenSilent(undefined).reasons.includes('ptp_ntp_disagree'), 'it may only be restarted');
});

test('a chronyd with -x steers nothing, but its bound is published', () => {
  const unit = timeline();
  const verdict = unit.play(9, (now_ms) => ({
    ntp: chronyFacts(now_ms),
    disciplines: { chronydMonitorOnly: true },
  }));
  assert.deepEqual(
    [verdict.source, verdict.quality, verdict.reasons],
    ['unsynced', 'freerun', ['ntp_monitor_only']],
  );
  assert.ok((verdict.bound.absolute_ns ?? 0) > 3e6);
});

test('daemons that cannot be asked, are not there, or answer nobody are told apart', () => {
  assert.deepEqual(
    after((now_ms) => ({ ntp: stale(chronyFacts(now_ms), now_ms, 'hung') }))[2],
    'ntp_no_answer',
  );
  assert.deepEqual(
    after(() => ({ ntp: { kind: 'fresh', at_ms: 30_000, value: chronyFacts(30_000) } }), 10)[2],
    'ntp_no_answer',
  );
  assert.deepEqual(after(() => ({ ntp: absent('unauthorised') }))[2], 'ntp_no_answer');
  assert.deepEqual(after(() => ({ ntp: absent('refused') }))[2], 'no_daemon');
  assert.deepEqual(after(() => ({ ntp: absent('not_yet') }))[2], 'starting');
  assert.deepEqual(
    after(() => ({ disciplines: { otherNtp: 'busybox ntpd' } })),
    ['unsynced', 'freerun', 'ntp_unobservable'],
  );
});

/** What chronyd says of a refclock that is a little off. */
const nearTracking = (now_ms: number) => ({
  ...closeTracking(now_ms),
  system_time_s: 0.00000059,
  last_offset_s: 0.0000005,
  stratum: 1,
});

const fedBy =
  (name: string, portState: 'SLAVE' | 'UNCALIBRATED' | 'LISTENING', timestamping: 'SOFTWARE' | 'HARDWARE') =>
  (now_ms: number): Scene => ({
    ptp: ptpFacts(now_ms, 40, { portState, timestamping }),
    ntp: chronyFacts(now_ms, nearTracking(now_ms), [refclock(name)]),
  });

test('trust follows the chain, not the name: whatever the refclock is called, the grandmaster judges it', () => {
  const { parent } = ptpFacts(0);
  const untraceable = (name: string) =>
    timeline().play(90, (now_ms) => {
      const { ptp, ntp } = fedBy(name, 'UNCALIBRATED', 'SOFTWARE')(now_ms);
      const facts = ptp as ReturnType<typeof ptpFacts>;
      assert.ok(parent && ntp);
      return { ptp: { ...facts, parent: { ...parent, gmClockClass: 248 } }, ntp };
    });
  for (const name of ['PTP0', 'ptp', 'GM', 'SHM0', 'GPS']) {
    const { source, bound, reasons } = untraceable(name);
    assert.deepEqual([source, bound.absolute_ns], ['ptp', undefined], name);
    assert.ok(reasons.includes('gm_not_traceable'), name);
  }
  const unit = timeline();
  unit.play(90, fedBy('GM', 'UNCALIBRATED', 'SOFTWARE'));
  const dead = unit.play(400, (now_ms) => ({
    ntp: chronyFacts(now_ms, nearTracking(now_ms), [refclock('GM')]),
  }));
  assert.deepEqual([dead.source, dead.reasons.includes('refclock_unfed')], ['unsynced', true]);
});

test('the ntpshm servo never leaves UNCALIBRATED and is judged by the refclock it feeds', () => {
  const unit = timeline();
  const verdict = unit.play(90, fedBy('SHM0', 'UNCALIBRATED', 'SOFTWARE'));
  assert.deepEqual(
    [verdict.source, verdict.quality, verdict.reasons],
    ['ptp', 'locked', ['ptp_locked', 'refclock_via_chrony']],
  );
  assert.match(verdict.evidence, /chronyd follows SHM0 .*; ptp4l port 1 is UNCALIBRATED of /);
  assert.ok(verdict.bound.terms.some(({ name }) => name === 'ptp_asymmetry'));
});

test('when that refclock dies, chronyd falls back to NTP and the source says so', () => {
  const unit = timeline();
  unit.play(90, fedBy('SHM0', 'UNCALIBRATED', 'SOFTWARE'));
  const dying = unit.play(1, (now_ms) => ({
    ptp: ptpFacts(90_000, 40, { portState: 'LISTENING' }),
    ntp: chronyFacts(now_ms, { ...nearTracking(now_ms), ref_time_s: epoch_s + 85 }, [
      refclock('SHM0', { reach: 0, last_rx_s: 13 }),
    ]),
  }));
  assert.deepEqual([dying.source, dying.quality, dying.holdover?.source], ['unsynced', 'tracking', 'ptp']);
  const verdict = unit.play(6, (now_ms) => ({
    ptp: ptpFacts(90_000, 40, { portState: 'LISTENING' }),
    ntp: chronyFacts(now_ms, {}, [refclock('SHM0', { state: 'unusable', reach: 0 }), chronySource()]),
  }));
  assert.deepEqual([verdict.source, verdict.quality, verdict.holdover], ['ntp', 'locked', undefined]);
  assert.deepEqual(verdict.reasons, ['ntp_locked', 'ptp_listening']);
});

test('a card clock that chronyd follows is PTP only while ptp4l is SLAVE on it', () => {
  const good = timeline();
  const verdict = good.play(90, fedBy('PHC0', 'SLAVE', 'HARDWARE'));
  assert.deepEqual([verdict.source, verdict.quality], ['ptp', 'locked']);
  assert.equal(Math.round(Math.abs(verdict.offset_ns ?? 0)), 630); // both legs of the chain: 590 + 40
  for (const state of ['LISTENING', 'UNCALIBRATED'] as const) {
    const unfed = timeline().play(90, fedBy('PHC0', state, 'HARDWARE'));
    assert.deepEqual([unfed.source, unfed.reasons.includes('refclock_unfed')], ['unsynced', true]);
  }
  good.play(60, fedBy('PHC0', 'SLAVE', 'HARDWARE'));
  const coasting = good.play(1, fedBy('PHC0', 'LISTENING', 'HARDWARE'));
  assert.deepEqual([coasting.quality, coasting.holdover?.source], ['tracking', 'ptp']);
});

test('a SHM refclock without any PTP is a GNSS receiver, counted as NTP', () => {
  const verdict = timeline().play(9, (now_ms) => ({ ntp: chronyFacts(now_ms, {}, [refclock('SHM0')]) }));
  assert.deepEqual([verdict.source, verdict.quality, verdict.reasons], ['ntp', 'locked', ['ntp_locked']]);
});

test('mode chrony never looks at ptp4l as a source, mode ptp takes chronyd only when PTP feeds it', () => {
  const both = (now_ms: number): Scene => ({
    ptp: ptpFacts(now_ms, 5, { timestamping: 'HARDWARE' }),
    ntp: chronyFacts(now_ms),
  });
  const say = (mode: 'ptp' | 'chrony', scene: (now_ms: number) => Scene) => {
    const { source, quality, reasons } = timeline(clockSettings({ mode })).play(9, scene);
    return [source, quality, ...reasons];
  };
  assert.deepEqual(say('chrony', both), ['ntp', 'locked', 'ntp_locked']);
  assert.deepEqual(say('ptp', both), ['unsynced', 'freerun', 'system_clock_unbound']);
  assert.deepEqual(say('ptp', fedBy('SHM0', 'UNCALIBRATED', 'SOFTWARE')).slice(0, 2), ['ptp', 'locked']);
  assert.deepEqual(
    say('chrony', (now_ms) => ({ ptp: ptpFacts(now_ms), ntp: absent('refused') })).slice(0, 3),
    ['unsynced', 'freerun', 'ntp_absent'],
  );
});

test('a suspect UTC offset counts for a refclock too, unless another server confirms the second', () => {
  const say = (...servers: readonly ReturnType<typeof chronySource>[]) =>
    timeline().play(9, (now_ms) => ({
      ptp: ptpFacts(
        now_ms,
        5,
        { portState: 'UNCALIBRATED' },
        {
          timeProperties: properties({ currentUtcOffsetValid: false }),
        },
      ),
      ntp: chronyFacts(now_ms, nearTracking(now_ms), [refclock('PTP0'), ...servers]),
    }));
  assert.equal(say().quality, 'tracking');
  const confirmed = say(chronySource({ state: 'not_combined', error_margin_s: 0.004 }));
  assert.equal(confirmed.quality, 'tracking', 'within the bound of the server only');
  assert.deepEqual(confirmed.reasons, ['ptp_tracking', 'refclock_via_chrony', 'utc_offset_confirmed']);
  assert.ok((confirmed.bound.absolute_ns ?? 0) > 3e6, 'the bound is that of the server');
});
