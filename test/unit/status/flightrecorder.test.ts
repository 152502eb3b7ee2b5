import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { type ExcerptLimits, planExcerpts, usualLimits } from '../../../agent/clock/recorder/excerpts.ts';
import { type ClockSample, clockRecorder, recorded_s } from '../../../agent/clock/recorder/samples.ts';
import type { ClockVerdict } from '../../../agent/clock/verdict/judge.ts';
import { wallClock } from '../../../agent/clock/wallclock.ts';
import { absent, fresh } from '../../../agent/lib/reading.ts';
import type { SpoolRecord } from '../../../agent/records/record.ts';
import { keepRecorder } from '../../../agent/status/flightrecorder.ts';
import type { RecorderMetric } from '../../../agent/wire/reports.ts';
import { encodeRecord } from '../../../agent/wire/values.ts';
import { chronyFacts, epoch_s, ptpFacts } from '../../kit/clock/evidence.ts';
import { fakeTicker } from '../../kit/lib/faketicker.ts';

const sample = (second: number, changes: Partial<ClockSample> = {}): ClockSample => ({
  mono_ms: second * 1000 + 0.25,
  wall_ms: epoch_s * 1000 + second * 1000 + 0.25,
  source: 'ptp',
  quality: 'locked',
  holdover: false,
  ...changes,
});

/** The longest that each cell can be. */
const fullSample = (second: number): ClockSample =>
  sample(second, {
    mono_ms: 9_007_199_254_740_000 + second * 1000,
    offset_ns: -1_234_567_890_123,
    error_bound_ns: 1_234_567_890_123,
    port_state: 'UNCALIBRATED',
    ingress_age_ms: 123_456_789,
    ntp_source: '2001:0db8:0000:0000:0000:0000:0000:0001%very-long-interface-name-here',
    ntp_last_rx_s: 4_294_967_295,
    hub_up: true,
    hub_rtt_us: 123_456_789,
  });

test('what was not known is an empty cell, and a column in which nothing was known is not there', () => {
  const recorder = clockRecorder();
  recorder.push(sample(1));
  recorder.push(sample(2, { offset_ns: -350.4, hub_up: false, ntp_source: '192.0.2.1' }));
  assert.deepEqual(recorder.table(), {
    columns: ['mono_ms', 'wall_ms', 'source', 'quality', 'holdover', 'offset_ns', 'ntp_source', 'hub_up'],
    rows: [
      [1000, epoch_s * 1000 + 1000, 'ptp', 'locked', 0, '', '', ''],
      [2000, epoch_s * 1000 + 2000, 'ptp', 'locked', 0, -350, '192.0.2.1', 0],
    ],
  });
  assert.deepEqual(clockRecorder().table(), { columns: [], rows: [] });
});

test('infinite and absurd figures are not known', () => {
  const recorder = clockRecorder();
  recorder.push(sample(1, { ingress_age_ms: Infinity, offset_ns: Number.NaN }));
  assert.equal(recorder.table().columns.includes('ingress_age_ms'), false);
  assert.equal(recorder.table().columns.includes('offset_ns'), false);
});

test('a quarter of an hour is kept, and any stretch of it can be cut out', () => {
  const recorder = clockRecorder();
  for (let second = 1; second <= recorded_s + 100; second++) recorder.push(sample(second));
  const seconds = (from?: number, to?: number, most?: number): number[] =>
    recorder.table(from, to, most).rows.map(([mono_ms]) => Number(mono_ms) / 1000);
  assert.equal(seconds().length, 900);
  assert.deepEqual([seconds()[0], seconds().at(-1)], [101, 1000]);
  assert.deepEqual(seconds(500_000, 503_500), [500, 501, 502, 503]);
  assert.deepEqual(seconds(500_000, 510_000, 2), [509, 510]);
  assert.deepEqual(seconds(0, 50_000), []);
});

test('the ring stays below 300 KB whatever it records', () => {
  const rings: unknown[] = [];
  setFlagsFromString('--expose-gc');
  const gc = runInNewContext('gc') as () => void;
  const used = (): number => {
    gc();
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    return heapUsed + arrayBuffers;
  };
  const before = used();
  for (let n = 0; n < 20; n++) {
    const recorder = clockRecorder();
    for (let second = 0; second < 1000; second++) {
      const name = `2001:db8::${second}:${n}`; // never the same twice
      recorder.push({ ...fullSample(second), ntp_source: name });
    }
    rings.push(recorder);
  }
  const each = (used() - before) / rings.length;
  assert.ok(each < 250_000, `${Math.round(each)} bytes each`);
  console.log(`# a full ring takes ${Math.round(each / 1000)} KB`);
});

const change = (second: number) => ({ mono_ms: second * 1000, evidence: `at ${second}` });

test('a change is published once, 10 s later, from 60 s before', () => {
  const plan = planExcerpts();
  plan.note(change(100));
  assert.equal(plan.due(109_999), undefined);
  const found = plan.due(110_000);
  assert.deepEqual(
    { from_ms: found?.from_ms, to_ms: found?.to_ms, of: found?.changes.map(({ evidence }) => evidence) },
    { from_ms: 40_000, to_ms: 110_000, of: ['at 100'] },
  );
  assert.equal(plan.due(111_000), undefined);
});

test('changes close together share one record', () => {
  const plan = planExcerpts();
  for (const second of [100, 105, 112]) plan.note(change(second));
  assert.equal(plan.due(121_000), undefined);
  const found = plan.due(122_000);
  assert.equal(found?.changes.length, 3);
  assert.deepEqual([found?.from_ms, found?.to_ms], [40_000, 122_000]);
});

/** Changes every so many seconds for a time; the seconds at which records came. */
function flapping(every_s: number, for_s: number, limits: ExcerptLimits = usualLimits): number[] {
  const plan = planExcerpts(limits);
  const published: number[] = [];
  for (let second = 1; second <= for_s; second++) {
    if (second % every_s === 0) plan.note(change(second));
    const found = plan.due(second * 1000);
    if (found === undefined) continue;
    published.push(second);
    assert.ok(found.to_ms - found.from_ms <= limits.lead_ms + limits.longest_ms);
    assert.ok(found.changes.length <= limits.mostChanges);
    assert.ok(second * 1000 - found.from_ms < recorded_s * 1000, 'it is still in the ring');
  }
  return published;
}

test('a clock that flaps all day cannot flood the hub', () => {
  for (const every_s of [1, 7, 15, 61, 300]) {
    const published = flapping(every_s, 6 * 3600);
    assert.ok(published.length <= 75, `every ${every_s} s: ${published.length} records in 6 h`);
    assert.ok(published.length >= 20, `every ${every_s} s: ${published.length} records in 6 h`);
  }
});

test('after a calm the next change is told at once again', () => {
  const plan = planExcerpts();
  for (let second = 1; second <= 3600; second++) {
    if (second % 20 === 0) plan.note(change(second));
    plan.due(second * 1000);
  }
  plan.rest(3600_000);
  plan.note(change(9000));
  assert.equal(plan.due(9_010_000)?.changes.length, 1);
  plan.note(change(9080)); // the pause is the short one again
  assert.equal(plan.due(9_090_000)?.changes.length, 1);
});

const verdictOf = (quality: ClockVerdict['quality']): ClockVerdict => ({
  source: 'ptp',
  quality,
  since_ms: 0,
  offset_ns: -350,
  bound: { absolute_ns: 8000, terms: [] },
  reasons: [],
  evidence: '',
});

/** A recorder that looks at a clock whose quality the test sets. */
function recorderAt() {
  const ticker = fakeTicker();
  const put: SpoolRecord[] = [];
  const state = { quality: 'locked' as ClockVerdict['quality'] };
  const wall = wallClock({
    mono_us: () => ticker.now_ms() * 1e3,
    dateNow_ms: () => epoch_s * 1000 + Math.floor(ticker.now_ms()),
  });
  const clock = {
    verdict: () => verdictOf(state.quality),
    summary: () => ({ source: 'ptp' as const, quality: state.quality, error_bound_ns: 8001 }),
    ptp: () => fresh(ptpFacts(ticker.now_ms() - 400), ticker.now_ms()),
    ntp: () => fresh(chronyFacts(ticker.now_ms()), ticker.now_ms()),
  };
  const recorder = keepRecorder(
    {
      clock: () => clock,
      leaf: () => ({ read: () => absent('not_yet'), hubUp: () => undefined }),
      seen: () => {},
      spool: {
        put(record) {
          put.push(record);
          return '';
        },
      },
      wall,
      ticker,
    },
    { unit: 'u1', subject: 'ops.metric.recorder.u1' },
  );
  return { ticker, put, state, recorder };
}

test('what was seen around a change of the verdict is a record', async () => {
  const { ticker, put, state, recorder } = recorderAt();
  await ticker.pass(100_500);
  state.quality = 'freerun';
  recorder.changed({
    event: 'clock',
    before: { quality: 'locked' },
    after: { quality: 'freerun' },
    evidence: 'gone',
  });
  await ticker.pass(9000);
  assert.equal(put.length, 0);
  await ticker.pass(60_000);
  assert.equal(put.length, 1);
  const body = put[0]?.body as RecorderMetric;
  assert.equal(put[0]?.subject, 'ops.metric.recorder.u1');
  assert.deepEqual(body.changes, [
    { mono_ms: 101_500, before: { quality: 'locked' }, after: { quality: 'freerun' }, evidence: 'gone' },
  ]);
  const at = (name: string): number => body.columns.indexOf(name);
  const rows = body.rows.map((row) => ({ mono_ms: Number(row[at('mono_ms')]), quality: row[at('quality')] }));
  assert.ok(rows.length >= 69 && rows.length <= 72, `${rows.length} rows`);
  for (const { mono_ms, quality } of rows) assert.equal(quality, mono_ms < 101_500 ? 'locked' : 'freerun');
  const row = body.rows[0] ?? [];
  const known = [
    'source',
    'port_state',
    'ingress_age_ms',
    'ntp_source',
    'ntp_last_rx_s',
    'offset_ns',
    'error_bound_ns',
  ];
  assert.deepEqual(
    known.map((name) => row[at(name)]),
    ['ptp', 'SLAVE', 400, '192.0.2.1', 5, -350, 8001],
  );
  assert.doesNotMatch(encodeRecord(body), /null/);
  recorder.stop();
});

test('a stop publishes what is under way, once', async () => {
  const { ticker, put, recorder } = recorderAt();
  await ticker.pass(7000);
  recorder.changed({ event: 'clock', before: 1, after: 2 });
  recorder.finish();
  const stopped = put[0]?.body as RecorderMetric;
  assert.equal(stopped.rows.length, 7);
  recorder.finish();
  assert.equal(put.length, 1);
});

test('the largest record is below 64 KiB, whole ring and all', () => {
  const recorder = clockRecorder();
  for (let second = 0; second < 2000; second++) recorder.push(fullSample(second));
  const body = {
    ts: 1_795_218_000_000,
    unit_id: 'u'.repeat(64),
    changes: Array.from({ length: 20 }, () => ({
      mono_ms: 9_007_199_254_740_000,
      before: { source: 'unsynced', quality: 'acquiring', holdover: false },
      after: { source: 'unsynced', quality: 'acquiring', holdover: false },
      evidence: 'é'.repeat(400),
    })),
    more_changes: 1000,
    period_ms: 1000,
    ...recorder.table(-Infinity, Infinity, 200),
  };
  const bytes = Buffer.byteLength(encodeRecord(body));
  assert.ok(bytes < 65_536, `${bytes} bytes`);
  assert.ok(Buffer.byteLength(encodeRecord(recorder.table())) < 200_000);
});
