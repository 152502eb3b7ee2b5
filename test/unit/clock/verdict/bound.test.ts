import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  addOffset,
  agedBound,
  chainedBound,
  clockAccuracy_ns,
  noOffsets,
  ntpBound,
  type Offsets,
  type PtpBoundInput,
  pathDelay_ns,
  ptpBound,
  spreadOf,
  unbounded,
  whyUntraceable,
} from '../../../../agent/clock/verdict/bound.ts';
import { chronyFacts, properties, ptpFacts, ptpPort } from '../../../kit/clock/evidence.ts';

const windowOf = (values_ns: readonly number[]): Offsets =>
  values_ns.reduce<Offsets>(
    (window, offset_ns, i) => addOffset(window, { id: String(i), offset_ns }, 'gm'),
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
};

test('the PTP bound is the sum of its named terms, absolute with the accuracy of the grandmaster', () => {
  const bound = ptpBound(input);
  about(term(bound, 'jitter'), 4 * Math.sqrt(400 / 3));
  assert.equal(term(bound, 'mean_offset'), 0);
  assert.equal(term(bound, 'drift'), 5000);
  assert.equal(term(bound, 'asymmetry'), 1400);
  assert.equal(term(bound, 'gm_accuracy'), 100);
  about(bound.relative_ns, 4 * Math.sqrt(400 / 3) + 6400);
  about(bound.absolute_ns, (bound.relative_ns ?? 0) + 100);
  assert.equal(bound.unbounded, undefined);
});

test('asymmetry is half the delay, with hardware a twentieth, or what is configured', () => {
  assert.equal(term(ptpBound({ ...input, hardware: true }), 'asymmetry'), 140);
  assert.equal(term(ptpBound({ ...input, asymmetry_ns: 77 }), 'asymmetry'), 77);
  assert.equal(term(ptpBound({ ...input, asymmetry_ns: 0, delay_ns: undefined }), 'asymmetry'), 0);
  assert.equal(term(ptpBound({ ...input, delay_ns: -2800 }), 'asymmetry'), 1400);
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
  assert.match(say({ timeProperties: properties({ currentUtcOffsetValid: false }) }), /whole seconds/);
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
  assert.equal(addOffset(full, { id: '99', offset_ns: 5 }, 'gm'), full);
  assert.deepEqual(addOffset(full, { id: '100', offset_ns: 5 }, 'other').values_ns, [5]);
});

test('a lone outlier is inside the jitter though it is beyond 4 standard deviations', () => {
  const spread = spreadOf(windowOf([...Array.from({ length: 63 }, () => 0), 6400]));
  assert.equal(spread?.mean_ns, 100);
  assert.equal(spread?.jitter_ns, 6300);
});

test('the path delay is that of the mechanism in use', () => {
  const facts = ptpFacts(0);
  assert.equal(pathDelay_ns(facts, ptpPort()), 2800);
  assert.equal(pathDelay_ns(facts, ptpPort({ delayMechanism: 2, peerMeanPathDelay_ns: 70 })), 70);
  const { current: _unanswered, ...rest } = facts;
  assert.equal(pathDelay_ns(rest, ptpPort()), undefined);
});

test('the NTP bound follows chrony, with the drift that chronyd does not count', () => {
  const { tracking } = chronyFacts(0, { skew_ppm: 2, resid_freq_ppm: -1, system_time_s: -0.000025 });
  const bound = ntpBound({ tracking, refAge_s: 10, reportAge_s: 0.5, drift_ppb: 10_000 });
  about(term(bound, 'system_time'), 25e3);
  about(term(bound, 'root_dispersion'), 2e6);
  about(term(bound, 'half_root_delay'), 2e6);
  about(term(bound, 'drift'), (10 - 1 - 2 - 1) * 1e3 * 10 + 10_000 * 0.5);
  about(bound.absolute_ns, 25e3 + 4e6 + 65e3);
  const wild = { ...tracking, skew_ppm: 500 };
  assert.equal(
    term(ntpBound({ tracking: wild, refAge_s: 10, reportAge_s: 0, drift_ppb: 10_000 }), 'drift'),
    0,
  );
  assert.equal(term(ntpBound({ tracking, refAge_s: -0.5, reportAge_s: -1, drift_ppb: 10_000 }), 'drift'), 0);
});

test('through a refclock both errors add, and one without a bound leaves none', () => {
  const near = { absolute_ns: 10, terms: [{ name: 'system_time', ns: 10 }] };
  const far = { absolute_ns: 5, relative_ns: 4, terms: [{ name: 'asymmetry', ns: 4 }] };
  assert.deepEqual(chainedBound(near, far), {
    absolute_ns: 15,
    relative_ns: 14,
    terms: [
      { name: 'system_time', ns: 10 },
      { name: 'ptp_asymmetry', ns: 4 },
    ],
  });
  assert.equal(chainedBound(near, unbounded('why')).unbounded, 'why');
  assert.equal(chainedBound(near, unbounded('why')).absolute_ns, undefined);
  assert.deepEqual(chainedBound(unbounded('x'), far), unbounded('x'));
});

test('an unsteered clock ages by its drift', () => {
  const aged = agedBound({ absolute_ns: 100, relative_ns: 50, terms: [] }, 3, 10_000);
  assert.deepEqual([aged.absolute_ns, aged.relative_ns], [30_100, 30_050]);
  assert.equal(agedBound(unbounded('x'), 3, 10_000).absolute_ns, undefined);
});
