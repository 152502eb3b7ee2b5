import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  addUpdate,
  longestPause_s,
  noUpdates,
  ntpBound,
  type Updates,
  usualPause_s,
} from '../../../../agent/clock/verdict/bounds/ntpbound.ts';
import {
  addOffsets,
  largestSince_ns,
  noOffsets,
  type Offsets,
  spreadOf,
} from '../../../../agent/clock/verdict/bounds/offsets.ts';
import {
  chainedBound,
  type PtpBoundInput,
  pathDelay_ns,
  ptpBound,
  witnessedBound,
} from '../../../../agent/clock/verdict/bounds/ptpbound.ts';
import {
  sumOfKinds,
  unbounded,
  widened,
  widerAbsolute,
} from '../../../../agent/clock/verdict/bounds/terms.ts';
import { clockAccuracy_ns, whyUntraceable } from '../../../../agent/clock/verdict/grandmaster.ts';
import { chronyFacts, chronySource, properties, ptpFacts, ptpPort } from '../../../kit/clock/evidence.ts';

const syncOf = (second: number, master_offset_ns: number) => ({
  ingress_time_ns: BigInt(second) * 1_000_000_000n,
  master_offset_ns,
});
const windowOf = (values_ns: readonly number[]): Offsets =>
  values_ns.reduce<Offsets>(
    (window, offset_ns, i) => addOffsets(window, [syncOf(i, offset_ns)], 'gm', i * 1000),
    noOffsets,
  );
const about = (actual: number | undefined, expected: number) =>
  assert.ok(
    Math.abs((actual ?? Number.NaN) - expected) <= Math.abs(expected) * 1e-9,
    `${actual}, not ${expected}`,
  );
const term = (bound: { terms: readonly { name: string; ns: number }[] }, name: string) =>
  bound.terms.find((one) => one.name === name)?.ns;

test('clockAccuracy octets mean what IEEE 1588 says, and the others bound nothing', () => {
  const table: readonly [number, number][] = [
    [0x17, 0.001],
    [0x1c, 0.25],
    [0x1d, 1],
    [0x1f, 10],
    [0x20, 25],
    [0x21, 100],
    [0x22, 250],
    [0x23, 1e3],
    [0x28, 250e3],
    [0x29, 1e6],
    [0x2e, 250e6],
    [0x2f, 1e9],
    [0x30, 10e9],
  ];
  for (const [octet, ns] of table) about(clockAccuracy_ns(octet), ns);
  for (const octet of [0, 0x16, 0x31, 0x32, 0x80, 0xfd, 0xfe, 0xff])
    assert.equal(clockAccuracy_ns(octet), undefined);
});

const parent = ptpFacts(0).parent;
const input = {
  spread: spreadOf(windowOf([10, -10, 10, -10])),
  delay_ns: 2800,
  hardware: false,
  asymmetry_ns: -1,
  parent,
  timeProperties: properties(),
  drift_ppb: 10_000,
  sinceSync_ms: 500,
  syncInterval_ms: 1000,
};

test('the PTP bound is the sum of its named terms, absolute with the accuracy of the grandmaster', () => {
  const bound = ptpBound(input);
  const fewSamples = 4 + 16 / 4;
  about(term(bound, 'jitter'), fewSamples * Math.sqrt(400 / 3));
  assert.equal(term(bound, 'mean_offset'), 0);
  about(term(bound, 'drift'), 10); // half of the 20 ns between the last two
  about(term(ptpBound({ ...input, sinceSync_ms: 2500 }), 'drift'), 15_000);
  assert.equal(term(bound, 'asymmetry'), 2800);
  assert.equal(term(bound, 'gm_accuracy'), 100);
  about(bound.relative_ns, fewSamples * Math.sqrt(400 / 3) + 2810);
  about(bound.absolute_ns, (bound.relative_ns ?? 0) + 100);
  assert.equal(bound.unbounded, undefined);
});

test('asymmetry is the whole delay, which is half the round trip, with hardware a twentieth, or what is configured', () => {
  assert.equal(term(ptpBound({ ...input, hardware: true }), 'asymmetry'), 140);
  assert.equal(term(ptpBound({ ...input, asymmetry_ns: 77 }), 'asymmetry'), 77);
  assert.equal(term(ptpBound({ ...input, asymmetry_ns: 0, delay_ns: undefined }), 'asymmetry'), 0);
  assert.equal(term(ptpBound(input), 'asymmetry'), 2800);
  assert.deepEqual(ptpBound({ ...input, delay_ns: undefined }), unbounded('the path delay is not known'));
});

test('a grandmaster that is not tied to UTC gives a relative bound only, and why', () => {
  const say = (parts: Partial<PtpBoundInput>) => {
    const bound = ptpBound({ ...input, ...parts });
    assert.equal(bound.absolute_ns, undefined);
    assert.ok((bound.relative_ns ?? 0) > 0);
    return bound.unbounded ?? '';
  };
  assert.ok(parent);
  for (const gmClockClass of [13, 52, 140, 165, 187, 193, 248, 255])
    assert.match(say({ parent: { ...parent, gmClockClass } }), new RegExp(`clockClass ${gmClockClass} `));
  for (const gmClockAccuracy of [0xfe, 0x31])
    assert.match(say({ parent: { ...parent, gmClockAccuracy } }), /clockAccuracy 0x(fe|31)/);
  assert.match(say({ timeProperties: properties({ timeTraceable: false }) }), /timeTraceable/);
  assert.match(say({ parent: undefined }), /not known/);
  for (const gmClockClass of [6, 7, 135])
    assert.equal(whyUntraceable({ ...parent, gmClockClass }, properties()), undefined);
});

test('too few samples bound nothing', () => {
  assert.deepEqual(
    ptpBound({ ...input, spread: spreadOf(windowOf([1, 2, 3])) }),
    unbounded('too few Sync messages so far'),
  );
});

test('the window holds 64 samples of one grandmaster, each once', () => {
  const full = windowOf(Array.from({ length: 100 }, (_, i) => i));
  assert.deepEqual([full.values_ns.length, full.values_ns[0], full.values_ns.at(-1)], [64, 36, 99]);
  assert.deepEqual(addOffsets(full, [syncOf(99, 5)], 'gm', 0).values_ns, full.values_ns);
  assert.deepEqual(addOffsets(full, [syncOf(100, 5)], 'other', 0).values_ns, [5]);
});

test('all Syncs since the last look count, and only the newest where that one is forgotten', () => {
  const syncs = [0, 1, 2, 3].map((second) => syncOf(second, 10 * second));
  const before = addOffsets(noOffsets, syncs.slice(0, 2), 'gm', 0);
  assert.deepEqual(before.values_ns, [10]);
  const now = addOffsets(before, syncs, 'gm', 0);
  assert.deepEqual(
    [now.added, now.values_ns, now.interval_s],
    [
      [
        { offset_ns: 20, interval_s: 1 },
        { offset_ns: 30, interval_s: 1 },
      ],
      [10, 20, 30],
      1,
    ],
  );
  assert.deepEqual(addOffsets(before, syncs.slice(2), 'gm', 0).added, [{ offset_ns: 30, interval_s: 2 }]);
  assert.deepEqual(addOffsets(now, syncs, 'gm', 0).added, []);
});

test('the largest offset is remembered over a change of regime, for an hour', () => {
  const offsets = [100, 10, 50, 20, 5];
  const seen = offsets.reduce<Offsets>(
    (before, ns, i) => addOffsets(before, [syncOf(i, ns)], `regime ${i}`, i * 1000),
    noOffsets,
  );
  assert.deepEqual(
    [0, 1, 2000, 3000, 4001].map((at) => largestSince_ns(seen, at)),
    [100, 50, 50, 20, 0],
  );
  const later = addOffsets(seen, [syncOf(9, 1)], 'gm', 3_601_000);
  assert.equal(largestSince_ns(later, 0), 50);
});

test('how fast the clock changes is by the time between two Syncs, however seldom they are seen', () => {
  const seldom = [0, 60, 120, 180, 240].reduce<Offsets>(
    (before, second) => addOffsets(before, [syncOf(second, second * 30)], 'gm', second * 1000),
    noOffsets,
  );
  assert.equal(spreadOf(seldom)?.change_ppb, 30);
});

test('a lone outlier is inside the jitter though it is beyond 4 standard deviations, for 16 Syncs', () => {
  const quiet = (length: number): number[] => Array.from({ length }, () => 0);
  const spread = spreadOf(windowOf([...quiet(63), 6400]));
  assert.equal(spread?.mean_ns, 100);
  assert.equal(spread?.jitter_ns, 6300);
  const later = spreadOf(windowOf([...quiet(40), 6400, ...quiet(16)]));
  assert.ok((later?.jitter_ns ?? 0) < 4000, `${later?.jitter_ns}`);
});

test('a clock that is on its way goes on until the next Sync shows it', () => {
  const ramp = spreadOf(windowOf([0, 0, 0, 0, 0, 0, 600_000, 1_200_000]));
  assert.equal(term(ptpBound({ ...input, spread: ramp }), 'drift'), 300_000);
});

test('the path delay is that of the mechanism in use', () => {
  const facts = ptpFacts(0);
  assert.equal(pathDelay_ns(facts, ptpPort()), 2800);
  assert.equal(pathDelay_ns(facts, ptpPort({ delayMechanism: 2, peerMeanPathDelay_ns: 70 })), 70);
  const { current: _unanswered, ...rest } = facts;
  assert.equal(pathDelay_ns(rest, ptpPort()), undefined);
});

const ntpInput = (tracking: Parameters<typeof chronyFacts>[1] = {}, source = chronySource()) => ({
  ...chronyFacts(0, { skew_ppm: 2, resid_freq_ppm: -1, system_time_s: -0.000025, ...tracking }),
  selected: source,
  updates: noUpdates,
  refAge_s: 10,
  reportAge_s: 0.5,
  drift_ppb: 10_000,
});

test('the NTP bound follows chrony, with the drift that chronyd does not count', () => {
  const bound = ntpBound(ntpInput());
  about(term(bound, 'offset'), 25e3);
  about(term(bound, 'root_dispersion'), 1e6);
  about(term(bound, 'half_root_delay'), 2e6);
  about(term(bound, 'drift'), (10 - 1 - 2 - 1) * 1e3 * 10 + 10_000 * 0.5);
  about(bound.absolute_ns, 25e3 + 3e6 + 65e3);
  const wild = { ...ntpInput({ skew_ppm: 500 }), reportAge_s: 0 };
  assert.equal(term(ntpBound(wild), 'drift'), 0);
  assert.equal(term(ntpBound({ ...ntpInput(), refAge_s: -0.5, reportAge_s: -1 }), 'drift'), 0);
});

test('the offset is the largest that chronyd knows of: one that it cannot correct stays in the last, or in the source', () => {
  const offsetOf = (tracking: Parameters<typeof chronyFacts>[1], source = chronySource(), stepped_s = 0) => {
    const input = ntpInput(tracking, source);
    return term(ntpBound({ ...input, updates: addUpdate(noUpdates, input, source, stepped_s) }), 'offset');
  };
  about(offsetOf({ system_time_s: 0.02 }), 20e6);
  about(offsetOf({ last_offset_s: -0.03 }), 30e6 * 5);
  about(offsetOf({ last_offset_s: -0.03 }, chronySource(), 0.03), 25e3);
  about(term(ntpBound(ntpInput({}, chronySource({ offset_s: -3 }))), 'offset'), 3e9 + 25e3);
});

const updatesAt = (refs_s: readonly number[], source: Parameters<typeof chronySource>[0] = {}): Updates =>
  refs_s.reduce<Updates>(
    (before, ref_time_s) => addUpdate(before, chronyFacts(0, { ref_time_s }), chronySource(source)),
    noUpdates,
  );

test('a young regression says tens of seconds; the measurements themselves bound the clock better', () => {
  const young = ntpInput({ root_dispersion_s: 60, skew_ppm: 2000 });
  assert.ok((ntpBound(young).absolute_ns ?? 0) > 60e9);
  const updates = updatesAt([1, 2, 3], { offset_s: 0.02, error_margin_s: 0.05 });
  const bound = ntpBound({ ...young, updates });
  about(term(bound, 'last_offsets'), 20e6);
  about(term(bound, 'error_margin'), 50e6);
  about(term(bound, 'drift'), 100.2e3 * 10.5); // what a crystal can be off at most, and its correction
  assert.ok((ntpBound({ ...young, updates: updatesAt([1, 2]) }).absolute_ns ?? 0) > 60e9, 'two are too few');
});

test('updates are those of one source, each once; the longest pause forgives one outage', () => {
  assert.equal(updatesAt([1, 1, 1]).all.length, 1);
  assert.equal(updatesAt(Array.from({ length: 20 }, (_, i) => i)).all.length, 8);
  const other = addUpdate(updatesAt([1, 2]), chronyFacts(0), chronySource({ name: '192.0.2.2' }));
  assert.equal(other.all.length, 1);
  assert.equal(usualPause_s(updatesAt([0, 16])), 0);
  assert.equal(usualPause_s(updatesAt([0, 16, 31, 331, 346])), 16);
  assert.equal(longestPause_s(updatesAt([0, 16, 31, 331, 346])), 300);
});

test('through a refclock both errors add, and one without a bound leaves none', () => {
  const near = { absolute_ns: 10, terms: [{ name: 'offset', ns: 10 }] } as const;
  const far = { absolute_ns: 5, relative_ns: 4, terms: [{ name: 'asymmetry', ns: 4 }] } as const;
  assert.deepEqual(chainedBound(near, far), {
    absolute_ns: 15,
    relative_ns: 14,
    terms: [
      { name: 'offset', ns: 10 },
      { name: 'ptp_asymmetry', ns: 4 },
    ],
  });
  assert.equal(chainedBound(near, unbounded('why')).unbounded, 'why');
  assert.equal(chainedBound(near, unbounded('why')).absolute_ns, undefined);
  assert.deepEqual(chainedBound(unbounded('x'), far), unbounded('x'));
});

test('terms count by what they stand for, and those of another clock as the way to the source', () => {
  const bound = {
    terms: [
      { name: 'mean_offset', ns: 1 },
      { name: 'jitter', ns: 2 },
      { name: 'drift', ns: 4 },
      { name: 'asymmetry', ns: 8 },
      { name: 'ptp_mean_offset', ns: 16 },
    ],
  } as const;
  assert.equal(sumOfKinds(bound, 'found', 'scatter'), 3);
  assert.equal(sumOfKinds(bound, 'drift', 'source'), 28);
});

test('of two that may each be wrong the wider bound holds, and none where one has none', () => {
  const narrow = { absolute_ns: 1, terms: [] };
  const wide = { absolute_ns: 2, terms: [] };
  assert.equal(widerAbsolute(narrow, wide), wide);
  assert.equal(widerAbsolute(wide, narrow), wide);
  assert.equal(widerAbsolute(wide, unbounded('x')).absolute_ns, undefined);
  assert.equal(widerAbsolute(unbounded('x'), wide).absolute_ns, undefined);
});

test('a further term counts against true time and against the grandmaster', () => {
  const one = { absolute_ns: 100, relative_ns: 50, terms: [{ name: 'offset', ns: 100 }] } as const;
  const wide = widened(one, { name: 'holdover_drift', ns: 30_000 });
  assert.deepEqual([wide.absolute_ns, wide.relative_ns], [30_100, 30_050]);
  assert.equal(widened(unbounded('x'), { name: 'drift', ns: 3 }).absolute_ns, undefined);
});

test('a witness gives the claim on true time that the grandmaster cannot, as far as the clock is not moved', () => {
  const witness = { absolute_ns: 100, terms: [{ name: 'offset', ns: 100 }] } as const;
  const steered = {
    relative_ns: 12,
    terms: [
      { name: 'jitter', ns: 7 },
      { name: 'asymmetry', ns: 5 },
    ],
  } as const;
  const relative = { relative_ns: 12, terms: [], unbounded: 'why' };
  assert.equal(
    witnessedBound(relative, witness, steered, 900).absolute_ns,
    1000,
    'an offset that was settled',
  );
  assert.deepEqual(witnessedBound(relative, witness, steered, 3), {
    absolute_ns: 107,
    relative_ns: 12,
    terms: [
      { name: 'ntp_offset', ns: 100 },
      { name: 'wander', ns: 7 },
    ],
  });
});
