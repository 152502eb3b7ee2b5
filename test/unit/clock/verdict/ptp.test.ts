import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PortState } from '../../../../agent/clock/facts.ts';
import { absent, fresh, stale } from '../../../../agent/lib/reading.ts';
import {
  chronyFacts,
  chronySource,
  clockSettings,
  epoch_s,
  goodPtp,
  properties,
  ptpFacts,
  ptpPort,
  type Scene,
  timeline,
} from '../../../kit/clock/evidence.ts';

const sentenceOf = (scene: Scene) => timeline().play(5, () => scene).evidence;

test('a settled slave is locked 4 Sync messages after the first that has a bound, with a sentence that can be checked', () => {
  const unit = timeline();
  assert.equal(unit.play(3, goodPtp).bound.relative_ns, undefined, 'three have no spread');
  assert.equal(unit.play(3, goodPtp).quality, 'acquiring');
  const verdict = unit.play(1, goodPtp);
  assert.deepEqual(
    [verdict.source, verdict.quality, verdict.offset_ns, verdict.since_ms, verdict.reasons],
    ['ptp', 'locked', -350, 7000, ['ptp_locked']],
  );
  assert.equal(
    verdict.evidence,
    'ptp4l port 1 is SLAVE of c6fbd5.fffe.c2ee14, last Sync 0.0 s ago, offset -350 ns, path delay 2.8 us',
  );
});

test('polling faster than Sync messages arrive earns nothing', () => {
  const unit = timeline();
  assert.equal(unit.play(3, () => ({ ptp: ptpFacts(1) })).quality, 'acquiring');
  const twoSeconds = (now_ms: number): Scene => ({
    ptp: ptpFacts(now_ms - (now_ms % 2000), -350, { logSyncInterval: 1 }),
  });
  const slow = timeline();
  assert.equal(
    slow.until(20, twoSeconds, (verdict) => verdict.quality === 'locked'),
    12,
  );
});

test('one sample far outside ends the lock, a bound just above the limit does so after 3', () => {
  const unit = timeline();
  unit.play(20, goodPtp);
  assert.equal(unit.play(1, (now_ms) => ({ ptp: ptpFacts(now_ms, 1_000_001) })).quality, 'tracking');
  const close = timeline();
  close.play(20, goodPtp);
  const wide = (now_ms: number): Scene => ({
    ptp: ptpFacts(now_ms, -350, {}, { current: { stepsRemoved: 1, meanPathDelay_ns: 600_000 } }),
  });
  assert.equal(close.play(2, wide).quality, 'locked');
  assert.equal(close.play(1, wide).quality, 'tracking');
  const lost = timeline();
  lost.play(20, goodPtp);
  const verdict = lost.play(1, (now_ms) => ({ ptp: ptpFacts(now_ms, -188_000_000) }));
  assert.equal(verdict.quality, 'acquiring');
  assert.ok((verdict.bound.relative_ns ?? 0) >= 188e6);
});

test('a path delay below zero, or one that is no longer measured, bounds nothing', () => {
  const now = (now_ms: number): number => now_ms;
  const playing = (delay_ns: number, answered = now, changed = now, port = {}) => {
    const unit = timeline();
    unit.play(30, goodPtp);
    return unit.play(9, (now_ms) => ({
      ptp: ptpFacts(
        now_ms,
        0,
        { answered_ms: answered(now_ms), ...port },
        { current: { stepsRemoved: 1, meanPathDelay_ns: delay_ns }, delayChanged_ms: changed(now_ms) },
      ),
    }));
  };
  const negative = playing(-500_000);
  assert.deepEqual(
    [negative.quality, negative.reasons, negative.bound.absolute_ns, negative.bound.relative_ns],
    ['tracking', ['ptp_tracking', 'path_delay_negative'], undefined, undefined],
  );
  assert.equal(playing(-900).quality, 'locked', 'noise around nothing');
  const old = (now_ms: number): number => now_ms - 8001;
  assert.deepEqual(playing(2800, old).reasons, ['ptp_tracking', 'path_delay_unmeasured']);
  assert.equal(playing(2800, old, now, { logMinDelayInterval: 2 }).quality, 'locked', 'asked more seldom');
  const again = timeline();
  again.play(30, goodPtp);
  again.play(3, (now_ms) => ({ ptp: ptpFacts(now_ms, 0, { answered_ms: now_ms - 9000 }) }));
  assert.equal(
    again.play(11, goodPtp).reasons[1],
    'path_delay_unmeasured',
    "ptp4l's filter has old ones yet",
  );
  assert.deepEqual(again.play(2, goodPtp).reasons, ['ptp_locked']);
  const uncounted = { answered_ms: undefined as unknown as number };
  assert.equal(playing(2800, now, old, uncounted).quality, 'locked');
  const frozen = (now_ms: number): number => now_ms - 30_001;
  assert.equal(playing(2800, now, frozen, uncounted).reasons[1], 'path_delay_unmeasured');
  assert.equal(
    playing(2800, now, frozen).reasons[1],
    'path_delay_unmeasured',
    'answers to others are counted',
  );
});

test('a grandmaster that says what cannot be is doubted, and gives no bound on true time', () => {
  const { parent } = ptpFacts(0);
  assert.ok(parent);
  const say = (changes: Partial<typeof parent>, time: Parameters<typeof properties>[0] = {}) => {
    const facts = { parent: { ...parent, ...changes }, timeProperties: properties(time) };
    const { quality, bound, reasons, evidence } = timeline().play(9, (now_ms) => ({
      ptp: ptpFacts(now_ms, 0, {}, facts),
    }));
    return { quality, absolute_ns: bound.absolute_ns, reason: reasons[1], evidence };
  };
  for (const [parentChanges, time, why] of [
    [{}, { currentUtcOffset_s: 36 }, /currentUtcOffset 36, which has been 37 or more/],
    [{}, { currentUtcOffset_s: 0 }, /currentUtcOffset 0/],
    [{ gmClockClass: 6 }, { ptpTimescale: false }, /clockClass 6 and ptpTimescale 0/],
    [{ gmClockClass: 7, gmClockAccuracy: 0x20 }, {}, /clockAccuracy 0x20, finer than clockClass 7/],
    [{ gmClockClass: 248, gmClockAccuracy: 0x21 }, {}, /finer than clockClass 248/],
  ] as const) {
    const { quality, absolute_ns, reason, evidence } = say(parentChanges, time);
    assert.deepEqual([quality, absolute_ns, reason], ['tracking', undefined, 'gm_implausible'], evidence);
    assert.match(evidence, why);
  }
  assert.equal(say({ gmClockClass: 7 }).quality, 'locked');
  assert.equal(say({}, { currentUtcOffset_s: 38 }).quality, 'locked', 'a leap second to come');
});

test('a currentUtcOffset that differs between grandmasters is doubted, until NTP confirms it', () => {
  const unit = timeline();
  const saying = (currentUtcOffset_s: number) => (now_ms: number) =>
    ptpFacts(now_ms, 0, {}, { timeProperties: properties({ currentUtcOffset_s }) });
  unit.play(20, (now_ms) => ({ ptp: saying(37)(now_ms) }));
  const other = unit.play(9, (now_ms) => ({ ptp: saying(38)(now_ms) }));
  assert.deepEqual([other.quality, other.reasons[1]], ['tracking', 'gm_implausible']);
  assert.match(other.evidence, /currentUtcOffset 38, which was 37 before/);
  const witness = (now_ms: number): Scene => ({
    ptp: saying(38)(now_ms),
    ntp: chronyFacts(now_ms),
    disciplines: { chronydMonitorOnly: true },
  });
  unit.play(2, witness);
  assert.equal(unit.play(9, (now_ms) => ({ ptp: saying(38)(now_ms) })).quality, 'locked');
});

test('offsets from before the port was SLAVE, or of another master, are no jitter of this one', () => {
  const unit = timeline();
  unit.play(30, (now_ms) => ({
    ptp: ptpFacts(now_ms, now_ms % 2000 ? 5_000_000 : -5_000_000, { portState: 'UNCALIBRATED' }),
  }));
  const settled = unit.play(4, goodPtp);
  assert.ok((settled.bound.relative_ns ?? Infinity) < 20_000, `${settled.bound.relative_ns}`);
});

test('a dead grandmaster is noticed within 3.5 s though the port says SLAVE and the offset looks perfect', () => {
  const unit = timeline();
  unit.play(30, goodPtp);
  const last_ms = unit.now_ms;
  const took = unit.until(
    10,
    () => ({ ptp: ptpFacts(last_ms) }),
    (verdict) => verdict.quality !== 'locked',
  );
  assert.equal(took, 4); // a look each second: 3 s are not yet too old
  assert.deepEqual(unit.state.verdict.reasons, ['ptp_stale_sync']);
  assert.equal(unit.state.verdict.quality, 'freerun');
});

test('slow polling is not mistaken for a dead grandmaster', () => {
  const unit = timeline(clockSettings({ poll_s: 10 }));
  const polled = (now_ms: number): Scene => {
    const at_ms = now_ms - (now_ms % 10_000);
    return { ptp: { kind: 'fresh', at_ms, value: ptpFacts(at_ms) } };
  };
  assert.equal(
    unit.until(90, polled, (verdict) => verdict.quality === 'locked'),
    60,
  );
  for (let i = 0; i < 60; i++) assert.equal(unit.play(1, polled).quality, 'locked');
});

const portCases: readonly [PortState, string, string][] = [
  ['FAULTY', 'ptp_port_faulty', 'freerun'],
  ['DISABLED', 'ptp_port_faulty', 'freerun'],
  ['INITIALIZING', 'ptp_port_faulty', 'freerun'],
  ['LISTENING', 'ptp_listening', 'freerun'],
  ['PASSIVE', 'ptp_listening', 'freerun'],
  ['MASTER', 'ptp_self_master', 'freerun'],
  ['GRAND_MASTER', 'ptp_self_master', 'freerun'],
  ['UNCALIBRATED', 'ptp_uncalibrated', 'acquiring'],
];
for (const [portState, reason, quality] of portCases)
  test(`a port that is ${portState} ends a lock at once: ${reason}`, () => {
    const unit = timeline();
    unit.play(30, goodPtp);
    const verdict = unit.play(1, (now_ms) => ({ ptp: ptpFacts(now_ms, 0, { portState }) }));
    assert.deepEqual([verdict.source, verdict.quality, verdict.reasons], ['unsynced', quality, [reason]]);
  });

test('the port that counts is any SLAVE, else any UNCALIBRATED, else the worst', () => {
  const ports = (...states: PortState[]) =>
    sentenceOf({
      ptp: ptpFacts(
        5000,
        0,
        {},
        {
          ports: states.map((portState, i) => ptpPort({ portState, portIdentity: `x-${i + 1}` })),
        },
      ),
    });
  assert.match(ports('FAULTY', 'MASTER', 'UNCALIBRATED', 'SLAVE'), /^ptp4l port 4 is SLAVE/);
  assert.match(ports('FAULTY', 'UNCALIBRATED'), /^ptp4l port 2 is UNCALIBRATED/);
  assert.match(ports('MASTER', 'FAULTY'), /^ptp4l port 2 is FAULTY/);
  assert.match(ports(), /^ptp4l has no port/);
});

test('UNCALIBRATED for a minute with live Sync is free running, never locked', () => {
  const unit = timeline();
  const measuring = (now_ms: number): Scene => ({ ptp: ptpFacts(now_ms, 5, { portState: 'UNCALIBRATED' }) });
  assert.deepEqual(unit.play(60, measuring).reasons, ['ptp_uncalibrated']);
  const verdict = unit.play(60, measuring);
  assert.deepEqual(
    [verdict.source, verdict.quality, verdict.reasons],
    ['unsynced', 'freerun', ['ptp_free_running']],
  );
  assert.ok((verdict.bound.absolute_ns ?? Infinity) < 10_000, 'what it measures still bounds the clock');
});

test('a Sync that never came is not fresh', () => {
  const timeStatus = { master_offset_ns: 0, ingress_time_ns: 0n, gmPresent: true, gmIdentity: 'x' };
  const verdict = timeline().play(9, (now_ms) => ({ ptp: ptpFacts(now_ms, 0, {}, { timeStatus }) }));
  assert.deepEqual([verdict.quality, verdict.reasons], ['freerun', ['ptp_stale_sync']]);
  assert.equal(verdict.evidence.split('; ')[0], 'ptp4l port 1 is SLAVE, but no Sync so far');
});

test('a stale, an old and an absent reading of ptp4l are no source', () => {
  const after = (scene: (now_ms: number) => Scene) => {
    const unit = timeline();
    unit.play(30, goodPtp);
    const { source, quality, reasons } = unit.play(5, scene);
    return [source, quality, ...reasons];
  };
  const silent = ['unsynced', 'freerun', 'ptp_no_answer'];
  assert.deepEqual(
    after((now_ms) => ({ ptp: stale(ptpFacts(now_ms), now_ms, '3 polls unanswered') })),
    silent,
  );
  assert.deepEqual(
    after(() => ({ ptp: { kind: 'fresh', at_ms: 30_000, value: ptpFacts(30_000) } })),
    silent,
  );
  assert.deepEqual(
    after(() => ({ ptp: absent('no_reply', 'wrong domain?') })),
    silent,
  );
  assert.deepEqual(
    after(() => ({ ptp: absent('no_socket') })),
    ['unsynced', 'freerun', 'no_daemon'],
  );
  assert.deepEqual(
    after(() => ({ ptp: absent('not_yet') })),
    ['unsynced', 'freerun', 'starting'],
  );
});

test('a clock in hardware is not the system clock: unbound without a chain, unmeasured with phc2sys', () => {
  const hardware = (now_ms: number) => ptpFacts(now_ms, 20, { timestamping: 'HARDWARE' });
  const unbound = timeline().play(9, (now_ms) => ({ ptp: hardware(now_ms) }));
  assert.deepEqual(
    [unbound.source, unbound.quality, unbound.reasons],
    ['unsynced', 'freerun', ['system_clock_unbound']],
  );
  assert.equal(unbound.bound.absolute_ns, undefined);
  const chained = timeline().play(9, (now_ms) => ({ ptp: hardware(now_ms), disciplines: { phc2sys: true } }));
  assert.deepEqual(
    [chained.source, chained.quality, chained.offset_ns, chained.bound.absolute_ns],
    ['ptp', 'tracking', undefined, undefined],
  );
  assert.deepEqual(chained.reasons, ['ptp_tracking', 'phc2sys_unmeasured']);
});

test('unknown timestamping is not taken for software; the option settles it', () => {
  const { timestamping: _unasked, ...port } = ptpPort();
  const scene = (now_ms: number): Scene => ({ ptp: ptpFacts(now_ms, 0, {}, { ports: [port] }) });
  const after = (timestamping: 'auto' | 'software' | 'hardware') => {
    const { source, quality, reasons } = timeline(clockSettings({ timestamping })).play(9, scene);
    return [source, quality, reasons[0]];
  };
  assert.deepEqual(after('auto'), ['unsynced', 'freerun', 'timestamping_unknown']);
  assert.deepEqual(after('software'), ['ptp', 'locked', 'ptp_locked']);
  assert.deepEqual(after('hardware'), ['unsynced', 'freerun', 'system_clock_unbound']);
});

test('an untraceable grandmaster may be locked to, but gives no absolute bound', () => {
  const parent = { ...ptpFacts(0).parent, gmClockClass: 248, gmClockAccuracy: 0xfe } as NonNullable<
    ReturnType<typeof ptpFacts>['parent']
  >;
  const verdict = timeline().play(9, (now_ms) => ({ ptp: ptpFacts(now_ms, 0, {}, { parent }) }));
  assert.deepEqual([verdict.quality, verdict.reasons], ['locked', ['ptp_locked', 'gm_not_traceable']]);
  assert.equal(verdict.bound.absolute_ns, undefined);
  assert.ok((verdict.bound.relative_ns ?? 0) > 1000);
});

test('a UTC offset that nobody vouches for prevents locked, until an NTP witness confirms the second', () => {
  const timeProperties = properties({ currentUtcOffsetValid: false });
  const ptp = (now_ms: number) => ptpFacts(now_ms, 0, {}, { timeProperties });
  const alone = timeline().play(9, (now_ms) => ({ ptp: ptp(now_ms) }));
  assert.deepEqual([alone.quality, alone.reasons], ['tracking', ['ptp_tracking', 'utc_offset_suspect']]);
  const witnessed = timeline().play(9, (now_ms) => ({
    ptp: ptp(now_ms),
    ntp: chronyFacts(now_ms),
    disciplines: { chronydMonitorOnly: true },
  }));
  assert.equal(witnessed.quality, 'tracking', 'within the bound of NTP only');
  assert.deepEqual(witnessed.reasons, ['ptp_tracking', 'utc_offset_confirmed', 'ntp_monitor_only']);
  assert.ok((witnessed.bound.absolute_ns ?? 0) > 3e6, 'the claim on true time is that of NTP');
});

test('before a first new Sync was seen there is no age of the last one', () => {
  const unseen = { ...ptpFacts(0), ingressSeen_ms: Number.NEGATIVE_INFINITY };
  const { evidence } = timeline().play(9, () => ({ ptp: unseen }));
  assert.equal(evidence.split('; ')[0], 'ptp4l port 1 is SLAVE, but no new Sync was seen so far');
});

test('a witness that has not measured since the clock was moved does not bind it', () => {
  const unit = timeline();
  const { parent } = ptpFacts(0);
  assert.ok(parent);
  const poll_s = 256;
  const jump_s = 4 * poll_s + 1;
  for (let second = 1; second < 5 * poll_s; second++) {
    const since_s = second - jump_s;
    const offset_s = since_s < 0 ? 0 : Math.max(0, 0.02 - since_s * 0.0005); // ptp4l goes there at 500 ppm
    const error_s = since_s < 0 ? 0 : 0.02 - offset_s;
    const age_s = second % poll_s;
    const { bound } = unit.play(1, (now_ms) => ({
      ptp: ptpFacts(now_ms, offset_s * 1e9, {}, { parent: { ...parent, gmClockClass: 248 } }),
      ntp: chronyFacts(now_ms, { ref_time_s: epoch_s + now_ms / 1e3 - age_s, update_interval_s: poll_s }, [
        chronySource({ poll: 8, last_rx_s: age_s }),
      ]),
      disciplines: { chronydMonitorOnly: true },
    }));
    assert.ok((bound.absolute_ns ?? Infinity) >= error_s * 1e9, `${second} s: ${bound.absolute_ns}`);
  }
});

test('a parent that is not told once does not begin a new window', () => {
  const unit = timeline();
  unit.play(30, goodPtp);
  const { length } = unit.state.offsets.values_ns;
  unit.play(1, (now_ms) => {
    const { parent: _untold, ...facts } = ptpFacts(now_ms);
    return { ptp: facts };
  });
  unit.play(1, goodPtp);
  assert.equal(unit.state.offsets.values_ns.length, length + 2);
});

test('a ptp4l that is asked seldom and tells nothing by itself flips nothing between two answers', () => {
  for (const poll_s of [10, 60]) {
    const unit = timeline(clockSettings({ poll_s }));
    let seen_ms = 0;
    const qualities = new Set<string>();
    for (let second = 1; second < 1800; second++) {
      if (second % poll_s === 1) seen_ms = second * 1000;
      const { quality } = unit.play(1, () => ({
        ptp: fresh(ptpFacts(seen_ms, (seen_ms / 1e3) % 7), seen_ms),
      }));
      if (second > 900) qualities.add(quality);
    }
    assert.equal(qualities.size, 1, `${poll_s} s: ${[...qualities].join(' ')}`);
  }
});
