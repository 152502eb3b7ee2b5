// A unit without a battery clock boots years away from now, and its clock is set when NTP first answers.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clockCaveat, trackTrust } from '../../agent/clock/trust.ts';
import { type HealthFacts, judgeHealth } from '../../agent/health/health.ts';
import { commandsOf } from '../../agent/health/host.ts';
import { clockNote } from '../../agent/leaf/causetext.ts';
import { type LogEntry, logTo } from '../../agent/lib/log.ts';
import type { LinkState } from '../../agent/nats/link.ts';
import type { Answer } from '../../agent/nats/outgoing.ts';
import type { Gap } from '../../agent/records/record.ts';
import { openSpool } from '../../agent/records/spool.ts';
import { withTimesCorrected } from '../../agent/records/timecorrection.ts';
import { clockStep } from '../../agent/status/events.ts';
import { heartbeat, logRecord } from '../../agent/wire/messages.ts';
import { encodeRecord } from '../../agent/wire/values.ts';
import {
  chronyFacts,
  clockSettings,
  epoch_s,
  goodNtp,
  goodPtp,
  ptpFacts,
  timeline,
} from '../kit/clock/evidence.ts';
import { configOf } from '../kit/leaf/leafconfig.ts';
import { fakeTicker } from '../kit/lib/faketicker.ts';

const year_ms = 31_557_600_000;
const years = [
  ['from 1970 to now', 56 * year_ms],
  ['from 2099 back to now', -73 * year_ms],
] as const;

for (const [name, by_ms] of years) {
  test(`${name}: a record gets the right time, keeps the old one and says so`, () => {
    const wrong_ms = 1_795_218_000_123 - by_ms;
    const entry = { level: 'info', comp: 'unit', msg: 'x', fields: {} } as const;
    const log = withTimesCorrected({ payload: encodeRecord(logRecord('u1', wrong_ms, entry)) }, by_ms);
    const { ts, ts_original, ts_corrected, msg } = JSON.parse(log.payload) as Record<string, unknown>;
    assert.deepEqual(
      { ts, ts_original, ts_corrected, msg },
      {
        ts: '2026-11-20T23:40:00.123Z',
        ts_original: new Date(wrong_ms).toISOString(),
        ts_corrected: true,
        msg: 'x',
      },
    );
    const { body, headers } = heartbeat(
      { unit: 'u1', version: '1' },
      {
        wall_ms: wrong_ms,
        sequence: 1,
        interval_s: 5,
        uptime_s: 9,
        status: 'healthy',
        problems: [],
        clock: { source: 'unsynced', quality: 'freerun' },
      },
    );
    const beat = withTimesCorrected({ payload: encodeRecord(body), headers }, by_ms + 0.3);
    const sent = JSON.parse(beat.payload) as Record<string, unknown>;
    assert.equal(sent['ts'], 1_795_218_000_123);
    assert.equal(sent['ts_original'], wrong_ms);
    assert.equal(Object.keys(sent)[0], 'status', 'the order of the contract stays');
    assert.deepEqual(beat.headers?.['X-Timestamp'], ['1795218000123']);
    assert.deepEqual(beat.headers?.['X-Sequence'], ['1']);
  });
}

test('moments beside ts move along, so that a minute does not become decades; a record without a time stays', () => {
  const body = { ts: 60_000, since_ms: 0, hub_since_ms: 30_000, oldest_age_s: 5 };
  const moved = JSON.parse(
    withTimesCorrected({ payload: JSON.stringify(body) }, year_ms).payload,
  ) as typeof body;
  assert.deepEqual([moved.ts - moved.since_ms, moved.ts - moved.hub_since_ms], [60_000, 30_000]);
  assert.equal(moved.oldest_age_s, 5);
  const config = '{"unit_id":"u1","mode":"auto"}';
  assert.equal(withTimesCorrected({ payload: config }, year_ms).payload, config);
});

/** A spool on a clock that can be set, before a hub that can be taken away. */
function spoolOnBadClock(memory_bytes = 1e6) {
  const ticker = fakeTicker();
  const clock = { offset_ms: 0 };
  const wall_ms = (): number => ticker.now_ms() + clock.offset_ms;
  const sent: { body: Record<string, unknown>; headers: Record<string, string[]> }[] = [];
  const hub = { up: false, answer: (): Answer | Promise<Answer> => acked };
  const ack = new TextEncoder().encode('{"stream":"S","seq":1}');
  const acked: Answer = { kind: 'reply', message: { subject: 'i', data: ack, size: () => 0 } };
  let heard = (_state: LinkState): void => {};
  const state = (): LinkState => ({ connected: hub.up, since_ms: 0 });
  const spool = openSpool(
    {
      random: Math.random,
      ticker,
      log: logTo((_entry: LogEntry) => {}),
      hubUp: () => hub.up,
      wall_ms,
      gapRecord: (gap: Gap) => ({ subject: 'gap', priority: 'event', body: { ts: wall_ms(), gap } }),
      link: {
        state,
        onChange(fn) {
          heard = fn;
          return () => {};
        },
        publish: () => hub.up,
        async request(_subject, payload, { headers = {} }) {
          sent.push({
            body: JSON.parse(String(payload)) as Record<string, unknown>,
            headers: { ...headers },
          });
          return hub.answer();
        },
      },
    },
    { unit: 'u1', boot: 'b', window: 4, memory_bytes, hub: true },
  );
  return {
    ticker,
    sent,
    hub,
    spool,
    put: (n: number) => spool.put({ subject: 'm', priority: 'metric', body: { ts: wall_ms(), n } }),
    /** The clock is set; gives what the spool is told. */
    step(by_ms: number, provenUntil_ms = -Infinity) {
      clock.offset_ms += by_ms;
      spool.correctTimes({ by_ms, provenUntil_ms });
    },
    async open() {
      hub.up = true;
      heard(state());
      await ticker.pass(100);
    },
  };
}

test('what waits when the clock is set leaves with its time corrected; what comes after is as it is', async () => {
  const { ticker, sent, put, step, open } = spoolOnBadClock();
  put(1);
  await ticker.pass(7000);
  put(2);
  step(56 * year_ms);
  put(3);
  await open();
  const [first, second, third] = sent.map(({ body }) => body);
  assert.deepEqual(
    [first?.['ts'], first?.['ts_original'], first?.['ts_corrected']],
    [1000 + 56 * year_ms, 1000, true],
  );
  assert.equal(Number(second?.['ts']) - Number(first?.['ts']), 7000, 'monotonic time between them');
  assert.equal(third?.['ts'], second?.['ts']);
  assert.equal('ts_corrected' in (third ?? {}), false);
  assert.deepEqual(sent[0]?.headers['Nats-Msg-Id'], ['u1-b-1']);
  assert.equal(first?.['backfill'], true);
});

test('steps add up, and records of the time when the clock was proven right are left alone', async () => {
  const { ticker, sent, put, step, open } = spoolOnBadClock();
  put(1);
  step(50 * year_ms); // by hand
  await ticker.pass(1000);
  put(2);
  step(6 * year_ms); // by NTP
  await ticker.pass(1000);
  put(3); // proven now
  const proven_ms = ticker.now_ms();
  await ticker.pass(1000);
  put(4); // the source was lost
  step(-5000, proven_ms);
  await open();
  const found = sent.map(({ body }) => [body['n'], body['ts_corrected'] ?? false, body['ts']]);
  const start_ms = 1000 + 56 * year_ms;
  assert.deepEqual(found, [
    [1, true, start_ms],
    [2, true, start_ms + 1000],
    [3, false, start_ms + 2000],
    [4, true, start_ms + 3000 - 5000],
  ]);
});

test('a record that was under way when the clock was set is corrected when it has to be sent again', async () => {
  const { ticker, sent, hub, put, step, open } = spoolOnBadClock();
  let fail = (_answer: Answer): void => {};
  const answered = hub.answer;
  hub.answer = () => new Promise((resolve) => (fail = resolve));
  await open();
  put(1);
  await ticker.pass(10);
  assert.equal(sent.at(-1)?.body['ts_corrected'], undefined);
  step(56 * year_ms);
  hub.answer = answered;
  fail({ kind: 'closed' });
  await ticker.pass(5000);
  assert.equal(sent.at(-1)?.body['ts_corrected'], true);
  assert.deepEqual(sent.at(-1)?.headers['Nats-Msg-Id'], sent[0]?.headers['Nats-Msg-Id']);
});

test('the times of a gap are corrected too', async () => {
  const { ticker, sent, put, step, open } = spoolOnBadClock(2000);
  for (let n = 1; n <= 40; n++) {
    put(n);
    await ticker.pass(1000);
  }
  step(56 * year_ms);
  await open();
  await ticker.pass(20_000);
  const gap = sent.map(({ body }) => body['gap'] as Gap | undefined).find((one) => one !== undefined);
  assert.equal(gap?.from_ms, 1000 + 56 * year_ms);
  assert.equal((gap?.to_ms ?? 0) - (gap?.from_ms ?? 0), ((gap?.count ?? 0) - 1) * 1000);
});

test('trust lasts until the second in which the clock was last vouched for', () => {
  const trust = trackTrust();
  assert.equal(trust.provenUntil_ms(), -Infinity);
  trust.see({ quality: 'acquiring', mono_ms: 1 });
  assert.equal(trust.provenUntil_ms(), -Infinity);
  trust.see({ quality: 'tracking', mono_ms: 2 });
  trust.see({ quality: 'freerun', mono_ms: 3 });
  assert.equal(trust.provenUntil_ms(), 2);
});

test('a step of the clock is told with what it showed before and after', () => {
  const { before, after, evidence } = clockStep(56 * year_ms * 1000, 1_795_218_000_000_000);
  assert.deepEqual(before, { wall_ms: 1_795_218_000_000 - 56 * year_ms });
  assert.deepEqual(after, { wall_ms: 1_795_218_000_000, step_us: 56 * year_ms * 1000 });
  assert.equal(evidence, 'the system clock was set 56.0 years forward');
  assert.equal(clockStep(-1_500_000, 0).evidence, 'the system clock was set 1.500 s back');
  assert.equal(clockStep(-432_000e6, 0).evidence, 'the system clock was set 5.0 days back');
});

test('a certificate that fails by its date is put down to the clock only when nobody vouches for the clock', () => {
  const doubt = clockCaveat('freerun', 12_000);
  assert.equal(doubt, 'by a clock that is not synchronised and shows 1970-01-01');
  assert.equal(
    clockNote('cert_not_yet', doubt),
    ', by a clock that is not synchronised and shows 1970-01-01',
  );
  assert.match(clockNote('cert_expired', doubt), /not synchronised/);
  assert.equal(clockNote('refused', doubt), '');
  assert.equal(clockNote('cert_expired', clockCaveat('locked', 12_000)), '');
});

const now_ms = 1_795_218_000_000;
const health = (changes: Partial<HealthFacts>): string[] => {
  const facts: HealthFacts = {
    config: configOf("config hub 'hub'\n list url 'tls://hub'"),
    host: commandsOf('openwrt'),
    problems: [],
    leaf: undefined,
    link: { connected: true, since_ms: 0 },
    hubUp: false,
    spool: {
      state: 'stored',
      unstored: [],
      pending: 0,
      bytes: 0,
      budget_bytes: 1,
      stored: 0,
      duplicates: 0,
      duplicate_ids: 0,
      published: 0,
      slim: 0,
      slim_unsent: 0,
      dropped: { metric: 0, log: 0, event: 0 },
    },
    clock: timeline().state.verdict,
    denied: [],
    certificates: [],
    wall_ms: now_ms,
    ...changes,
  };
  return judgeHealth(facts)
    .findings.filter(({ key }) => key !== 'clock')
    .map(({ weight, text }) => `${weight}: ${text}`);
};
const doubt = clockCaveat('freerun', 0);
const cert = (days_left: number, not_before_ms = now_ms - 86_400_000) => ({
  file: 'hub.pem',
  subject: 'CN=hub',
  not_before_ms,
  not_after_ms: 0,
  days_left,
});

test('a hub that is not joined for the date is told so', () => {
  assert.deepEqual(health({ wall_ms: 0, clockCaveat: doubt, hubError: 'no link to the hub' }), [
    'degraded: the hub is not joined: no link to the hub; its certificate cannot be found valid by a clock that is not synchronised and shows 1970-01-01',
  ]);
  assert.deepEqual(
    health({ wall_ms: 0, clockCaveat: doubt, config: configOf("config hub 'hub'\n list url 'nats://hub'") }),
    ['degraded: the hub is not joined'],
  );
  assert.deepEqual(health({ clockCaveat: 'by whatever' }), ['degraded: the hub is not joined']);
});

test('a certificate from tomorrow, or from before yesterday, is not to blame when the clock is', () => {
  const joined = { hubUp: true };
  const future = cert(800, now_ms + 86_400_000);
  assert.deepEqual(health({ ...joined, certificates: [future] }), [
    'critical: certificate hub.pem is valid only from 2026-11-21T23:40:00.000Z',
  ]);
  assert.deepEqual(health({ ...joined, certificates: [future], clockCaveat: 'by a bad clock' }), [
    'degraded: certificate hub.pem is valid only from 2026-11-21T23:40:00.000Z, by a bad clock',
  ]);
  assert.deepEqual(health({ ...joined, certificates: [cert(-3)] }), [
    'critical: certificate hub.pem has expired',
  ]);
  assert.deepEqual(health({ ...joined, certificates: [cert(-3)], clockCaveat: 'by a bad clock' }), [
    'degraded: certificate hub.pem has expired, by a bad clock',
  ]);
});

for (const [name, by_ms] of years) {
  for (const [of, scene] of [
    ['PTP', goodPtp],
    ['NTP', goodNtp],
  ] as const) {
    test(`a step ${name} drops a lock of ${of} at once, and it is earned anew`, () => {
      const line = timeline();
      assert.equal(line.play(120, scene).quality, 'locked');
      const stepped_s = by_ms / 1000;
      const after = line.play(1, (at_ms) => ({ ...scene(at_ms), stepped_s }));
      assert.notEqual(after.quality, 'locked');
      assert.equal(after.holdover, undefined);
      // the daemons live on the stepped clock too
      const settled = (at_ms: number) =>
        of === 'PTP'
          ? { ptp: ptpFacts(at_ms), stepped_s }
          : { ntp: chronyFacts(at_ms, { ref_time_s: epoch_s + at_ms / 1e3 - 5 + stepped_s }), stepped_s };
      assert.equal(line.play(120, settled).quality, 'locked');
    });
  }
}

test('a step of the clock in holdover ends it', () => {
  const line = timeline(clockSettings());
  line.play(120, goodPtp);
  const dead = ptpFacts(line.now_ms, 0, { portState: 'LISTENING' });
  assert.notEqual(line.play(5, () => ({ ptp: dead })).holdover, undefined);
  const after = line.play(1, () => ({ ptp: dead, stepped_s: -56 * 31_557_600 }));
  assert.equal(after.holdover, undefined);
  assert.equal(after.quality, 'freerun');
});
