import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import type { Evidence } from '../../agent/clock/facts.ts';
import { initial, judge } from '../../agent/clock/verdict/judge.ts';
import { kind, see, settingsOf, step } from '../kit/clock/hostileclock.ts';
import { holds, runs } from '../kit/fuzz/fuzz.ts';
import { numbersIn } from '../kit/fuzz/hostile.ts';

/** Why `locked` would be a lie, in words of its own; undefined when it may be true. */
function lie(source: string, seen: Evidence, now_ms: number): string | undefined {
  const ptp = seen.ptp.kind === 'fresh' && now_ms - seen.ptp.at_ms < 5000 ? seen.ptp.value : undefined;
  const ntp = seen.ntp.kind === 'fresh' && now_ms - seen.ntp.at_ms < 5000 ? seen.ntp.value : undefined;
  const port = ptp?.ports[0];
  const interval_s =
    port !== undefined && Math.abs(port.logSyncInterval) <= 7 ? 2 ** port.logSyncInterval : 1;
  const syncing =
    ptp !== undefined &&
    ptp.timeStatus.ingress_time_ns !== 0n &&
    now_ms - ptp.ingressSeen_ms <= Math.max(3000, 3000 * interval_s);
  const slave = syncing && port?.portState === 'SLAVE' && ptp.timeStatus.gmPresent;
  const selected = ntp?.sources.find(({ state }) => state === 'selected');
  const t = ntp?.tracking;
  const chronySteers =
    t !== undefined &&
    selected !== undefined &&
    t.leap !== 'unsynchronised' &&
    t.stratum >= 1 &&
    t.stratum <= 15 &&
    !/^(0+|7F7F0101)$/i.test(t.refid) &&
    selected.last_rx_s !== undefined &&
    seen.wall_s + t.system_time_s - t.ref_time_s > -1 &&
    seen.disciplines.chronydMonitorOnly !== true;
  if (source === 'unsynced') return 'nothing steers';
  if (source === 'ntp') return chronySteers ? undefined : 'chronyd does not steer';
  if (slave && port?.timestamping !== 'HARDWARE') return undefined;
  if (!chronySteers || selected.mode !== 'refclock') return 'nothing carries PTP to the system clock';
  return syncing ? undefined : 'no Sync comes';
}

const locks = new Map<string, number>();

holds(
  'locked only on evidence; bounds are numbers, never below zero or the offset they hold for; holdover only grows',
  fc.tuple(kind, settingsOf, fc.array(step, { minLength: 1, maxLength: 8 })),
  ([what, settings, steps]) => {
    let [state, now_ms, sync_ms, stepped_s, last_ns] = [initial(0), 0, 0, 0, 0];
    for (const one of steps) {
      stepped_s += one.stepped_s;
      for (let second = 0; second < one.lasts; second++) {
        now_ms += 1000;
        // an offset is that of the last Sync: without a new one it stays
        if (one.ptp.sync !== 'old') [sync_ms, last_ns] = [now_ms, one.ptp.offset_ns];
        const now = { ...one, ptp: { ...one.ptp, offset_ns: last_ns } };
        const seen = see(now, what, now_ms, sync_ms, stepped_s);
        const before = state.verdict;
        state = judge(state, seen, now_ms, settings);
        const { source, quality, bound, offset_ns, holdover, reasons, evidence, since_ms } = state.verdict;
        const say = JSON.stringify(state.verdict);
        for (const number of numbersIn(state.verdict)) assert.ok(Number.isFinite(number), say);
        for (const { ns } of bound.terms) assert.ok(ns >= 0, say);
        assert.ok(reasons.length > 0 && evidence !== '' && !/NaN|undefined|Infinity/.test(evidence), say);
        assert.ok(since_ms <= now_ms);
        assert.ok(bound.absolute_ns !== undefined || bound.unbounded !== undefined, say);
        for (const size_ns of [bound.absolute_ns, bound.relative_ns]) {
          if (size_ns === undefined) continue;
          assert.ok(size_ns >= 0, say);
          // the last digits of a sum of squares are not worth a word
          assert.ok(size_ns * (1 + 1e-9) >= Math.abs(offset_ns ?? 0), `bound below the offset: ${say}`);
        }
        if (holdover !== undefined) {
          assert.deepEqual([source, quality], ['unsynced', 'tracking'], say);
          assert.ok(now_ms - holdover.since_ms <= settings.holdover_s * 1e3, say);
          if (before.holdover?.since_ms === holdover.since_ms)
            assert.ok((bound.absolute_ns ?? Infinity) >= (before.bound.absolute_ns ?? 0), say);
          else assert.equal(before.quality, 'locked', say);
        }
        if (source === 'unsynced') assert.equal(offset_ns, undefined, say);
        if (quality !== 'locked') continue;
        const why = lie(source, seen, now_ms);
        assert.equal(why, undefined, `${why}: ${say}`);
        locks.set(source, (locks.get(source) ?? 0) + 1);
      }
    }
  },
  60,
);

test('the worlds were healthy often enough for that to mean something', {
  skip: runs(60) < 60 && 'too few runs to tell',
}, () => {
  for (const source of ['ptp', 'ntp']) assert.ok((locks.get(source) ?? 0) > 50, JSON.stringify([...locks]));
});
