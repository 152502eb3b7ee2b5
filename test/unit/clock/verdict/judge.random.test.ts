import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ChronySource, Disciplines, Evidence, PtpFacts } from '../../../../agent/clock/facts.ts';
import { initial, judge } from '../../../../agent/clock/verdict/judge.ts';
import { absent, type Reading, stale } from '../../../../agent/lib/reading.ts';
import {
  chronyFacts,
  chronySource,
  clockSettings,
  epoch_s,
  evidence,
  properties,
  ptpFacts,
  refclock,
} from '../../../kit/clock/evidence.ts';
import { seededRandom } from '../../../kit/lib/random.ts';

/** What the test knows to be true at one moment, in its own words. */
interface Truth {
  seen: Evidence;
  isNewSync: boolean;
  ptpOffset_ns: number;
  ntpOffset_ns: number;
}

/** A unit whose faults come and go; most of the time it is healthy, else nothing would ever lock. */
function world(rand: () => number) {
  const pick = <T>(...choices: readonly [T, ...T[]]): T =>
    choices[Math.floor(rand() * choices.length)] ?? choices[0];
  const rarely = <T>(usual: T, ...others: readonly [T, ...T[]]): T =>
    rand() < 0.75 ? usual : pick(...others);
  const kind = pick('software', 'hardware', 'refclock', 'ntp', 'mixed');
  const draw = () => ({
    portState: rarely(
      kind === 'refclock' ? 'UNCALIBRATED' : 'SLAVE',
      'LISTENING',
      'FAULTY',
      'MASTER',
      'UNCALIBRATED',
      'SLAVE',
    ),
    timestamping: kind === 'hardware' ? 'HARDWARE' : rarely('SOFTWARE', 'HARDWARE'),
    offset_ns: rarely(500, 15_000, 90_000, 5e6, 37e9) * (rand() - 0.5),
    syncFrozen: rand() < 0.1,
    ptpReading: rarely('fresh', 'stale', 'absent', 'old'),
    suspectUtc: rand() < 0.1,
    refid: rarely('C0000201', '7F7F0101', '00000000'),
    leap: rarely('normal', 'unsynchronised'),
    stratum: rarely(3, 0, 16),
    system_time_s: rarely(1e-5, 0.005, 5, 37) * (rand() - 0.5),
    refAge_s: rarely(5, 100, 2000, -50),
    ntpReading: rarely('fresh', 'stale', 'absent'),
    source: {
      state: rarely('selected', 'unusable', 'falseticker'),
      reach: rarely(0o377, 0, 0o370, 1),
      last_rx_s: rarely(3, 47, 60, 500),
    } as Partial<ChronySource>,
    refclockName: kind === 'refclock' ? pick('SHM0', 'PHC0', 'PTP0') : rarely('', 'SHM0', 'PHC0'),
    disciplines: {
      ...(kind === 'software' ? { chronydMonitorOnly: true } : {}),
      ...(rand() < 0.1 ? { phc2sys: true } : {}),
      ...(rand() < 0.1 ? { otherNtp: 'ntpd' } : {}),
    } as Disciplines,
  });
  let now = draw();
  let sync_ms = 0;
  return (now_ms: number): Truth => {
    if (rand() < 0.08) now = draw();
    if (!now.syncFrozen) sync_ms = now_ms;
    const ptp = ptpFacts(
      sync_ms,
      Math.round(now.offset_ns),
      { portState: now.portState as 'SLAVE', timestamping: now.timestamping as 'SOFTWARE' },
      { timeProperties: properties({ currentUtcOffsetValid: !now.suspectUtc }) },
    );
    const ntp = chronyFacts(
      now_ms,
      {
        refid: now.refid,
        leap: now.leap as 'normal',
        stratum: now.stratum,
        system_time_s: now.system_time_s,
        ref_time_s: epoch_s + now_ms / 1e3 + now.system_time_s - now.refAge_s,
        root_delay_s: now.refclockName === '' ? 0.004 : 0.000001,
        root_dispersion_s: now.refclockName === '' ? 0.002 : 0.000005,
      },
      [now.refclockName === '' ? chronySource(now.source) : refclock(now.refclockName, now.source)],
    );
    const ptpReading: Reading<PtpFacts> =
      now.ptpReading === 'stale'
        ? stale(ptp, now_ms, 'test')
        : now.ptpReading === 'absent'
          ? absent('no_reply')
          : { kind: 'fresh', at_ms: now.ptpReading === 'old' ? now_ms - 30_000 : now_ms, value: ptp };
    const ntpReading =
      kind === 'software' || now.ntpReading === 'absent'
        ? absent('refused')
        : now.ntpReading === 'stale'
          ? stale(ntp, now_ms, 'test')
          : ntp;
    const seen = evidence({ ptp: ptpReading, ntp: ntpReading, disciplines: now.disciplines }, now_ms);
    return {
      seen,
      isNewSync: sync_ms === now_ms,
      ptpOffset_ns: now.offset_ns,
      ntpOffset_ns: -now.system_time_s * 1e9,
    };
  };
}

/** The oracle: why `locked` would be a lie, in the plainest words; undefined when it may be true. */
function lie(source: string, { seen }: Truth, now_ms: number): string | undefined {
  const { ptp, ntp, disciplines } = seen;
  const port = ptp.kind === 'fresh' ? ptp.value.ports[0] : undefined;
  const isSyncing =
    ptp.kind === 'fresh' && now_ms - ptp.at_ms < 5000 && now_ms - ptp.value.ingressSeen_ms <= 3000;
  const isSlave = isSyncing && port?.portState === 'SLAVE';
  const t = ntp.kind === 'fresh' ? ntp.value.tracking : undefined;
  const selected = ntp.kind === 'fresh' ? ntp.value.sources.find((s) => s.state === 'selected') : undefined;
  const refAge_s = t === undefined ? Infinity : seen.wall_s + t.system_time_s - t.ref_time_s;
  const isChronyAlive =
    t !== undefined &&
    selected !== undefined &&
    t.refid !== '7F7F0101' &&
    t.refid !== '00000000' &&
    t.leap !== 'unsynchronised' &&
    t.stratum > 0 &&
    t.stratum < 16 &&
    refAge_s >= -1 &&
    refAge_s <= ((selected.reach & 7) > 0 ? 600 : 48) &&
    disciplines.chronydMonitorOnly !== true;
  const isSoftwareSlave = isSlave && port?.timestamping === 'SOFTWARE';
  if (disciplines.otherNtp !== undefined && (isSoftwareSlave || isChronyAlive)) return 'a rival steers too';
  if (isSoftwareSlave && isChronyAlive) return 'ptp4l and chronyd both steer';
  if (source === 'ntp') return isChronyAlive ? undefined : 'chronyd is not alive';
  if (isSoftwareSlave) return undefined;
  if (!isChronyAlive || selected?.mode !== 'refclock') return 'nothing carries PTP to the system clock';
  if (selected.name === 'PHC0' && !isSlave) return 'nothing steers the card';
  return isSyncing ? undefined : 'no Sync feeds the refclock';
}

test('never locked unless a source is alive, fresh, and alone steers the system clock: 1500 random units', () => {
  const settings = clockSettings();
  const lockedBy = new Map<string, number>();
  for (let seed = 1; seed <= 1500; seed++) {
    const next = world(seededRandom(seed));
    let state = initial(0);
    const recent: Truth[] = [];
    for (let now_ms = 1000; now_ms <= 40_000; now_ms += 1000) {
      const truth = next(now_ms);
      state = judge(state, truth.seen, now_ms, settings);
      recent.push(truth);
      const { source, quality, bound, offset_ns } = state.verdict;
      for (const { ns } of bound.terms) assert.ok(Number.isFinite(ns) && ns >= 0, `seed ${seed}`);
      assert.ok(source !== 'unsynced' || quality !== 'locked', `seed ${seed}`);
      if (quality !== 'locked') continue;
      const why = lie(source, truth, now_ms);
      assert.equal(why, undefined, `seed ${seed} at ${now_ms}: ${why}, ${JSON.stringify(state.verdict)}`);
      // no sample can be beyond twice the limit of the bound
      const limit_ns = source === 'ptp' ? 1_000_000 : 10_000_000;
      const offsets =
        source === 'ptp'
          ? recent.filter(({ isNewSync }) => isNewSync).map(({ ptpOffset_ns }) => ptpOffset_ns)
          : recent.map(({ ntpOffset_ns }) => ntpOffset_ns);
      const viaChrony = state.verdict.reasons.includes('refclock_via_chrony');
      if (!viaChrony) assert.ok(Math.abs(offsets.at(-1) ?? Infinity) <= limit_ns, `seed ${seed}`);
      assert.ok(
        offset_ns !== undefined && bound.unbounded === undefined,
        `seed ${seed}: ${JSON.stringify(state.verdict)}`,
      );
      const by = viaChrony ? 'refclock' : source;
      lockedBy.set(by, (lockedBy.get(by) ?? 0) + 1);
    }
  }
  // the worlds must be healthy often enough for the property to mean something
  for (const by of ['ptp', 'ntp', 'refclock'])
    assert.ok((lockedBy.get(by) ?? 0) > 100, `${by}: ${lockedBy.get(by)}`);
});
