import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  forecast,
  type Inflow,
  noteSample,
  type StreamSample,
  streamLimitOf,
} from '../../../../agent/hub/servers/forecast.ts';
import { parseStream } from '../../../../agent/hub/servers/jetstreamfacts.ts';

const gib = 2 ** 30;
const day_s = 86_400;
const day_ms = day_s * 1000;
const now = { mono_ms: 10 * day_ms, wall_ms: Date.UTC(2026, 10, 29) };

/** A stream whose records have a kilobyte each, the first of that age. */
function stream(messages: number, age_days: number, config: object) {
  const first_ts = new Date(now.wall_ms - age_days * day_ms).toISOString();
  const whole = Math.round(messages);
  const state = { messages: whole, bytes: whole * 1024, last_seq: whole, first_ts, last_ts: first_ts };
  const found = parseStream('FLEET', { name: 'S', config: { retention: 'limits', ...config }, state });
  assert.ok(found);
  return found;
}

const foretold = (
  one: ReturnType<typeof stream>,
  inflow: Inflow | undefined,
  samples: readonly StreamSample[] = [],
  store?: number,
) => forecast(one, streamLimitOf(one, store), inflow, samples, now);

/** As the mock-up has it: 36 of 40 GiB, 0.8 GiB a day. */
const logs = stream(36 * 2 ** 20, 45, { max_bytes: 40 * gib, max_age: 60 * day_s * 1e9 });
const daily: Inflow = { messages: 0.8 * 2 ** 20, over_s: day_s };

describe('the time that a stream has left', () => {
  it('is its room by the rate of the last 24 hours', () => {
    const { left, growth } = foretold(logs, daily);
    assert.equal(left.kind, 'days');
    assert.ok(left.kind === 'days' && Math.abs(left.days - 5) < 0.01);
    assert.ok(Math.abs((growth?.bytes_per_day ?? 0) / gib - 0.8) < 0.01);
  });

  it('is not known of less than ten minutes, or of nothing', () => {
    assert.deepEqual(foretold(logs, undefined), { left: { kind: 'unknown' } });
    assert.deepEqual(foretold(logs, { messages: 1000, over_s: 599 }).left, { kind: 'unknown' });
    assert.equal(foretold(logs, { messages: 1000, over_s: 600 }).left.kind, 'steady', 'ten years and more');
  });

  it('has no end where the age limit holds it', () => {
    const status = stream(20 * 2 ** 20, 30, { max_bytes: 40 * gib, max_age: 30 * day_s * 1e9 });
    assert.deepEqual(foretold(status, { messages: (20 / 30) * 2 ** 20, over_s: day_s }).left, {
      kind: 'steady',
      by: 'age',
    });
  });

  it('is what goes beyond that which goes by age', () => {
    const aging = stream(20 * 2 ** 20, 30, { max_bytes: 40 * gib, max_age: 30 * day_s * 1e9 });
    const twice: Inflow = { messages: 2 * 2 ** 20, over_s: day_s };
    assert.deepEqual(foretold(aging, twice).left, { kind: 'unknown' }, 'how much goes is not known yet');
    const before = [{ at_ms: now.mono_ms - day_ms, bytes: 19 * gib, last_seq: 0 }];
    const { left, growth } = foretold(aging, twice, before);
    assert.ok(left.kind === 'days' && Math.abs(left.days - 20) < 0.01);
    assert.equal(growth?.bytes_per_day, gib);
  });

  it('is over once it is full', () => {
    const full = stream(39.9 * 2 ** 20, 45, { max_bytes: 40 * gib, max_age: 60 * day_s * 1e9 });
    assert.deepEqual(foretold(full, daily).left, { kind: 'full' });
  });

  it('of a roster is known by what it has grown, not by what came', () => {
    const roster = stream(1024, 90, { max_bytes: gib, max_msgs_per_subject: 1 });
    assert.deepEqual(foretold(roster, daily).left, { kind: 'unknown' });
    const sample = { at_ms: now.mono_ms - day_ms, bytes: roster.bytes, last_seq: 0 };
    assert.deepEqual(foretold(roster, daily, [sample]).left, { kind: 'steady', by: 'rate' });
    const { left } = foretold(roster, daily, [{ ...sample, bytes: 0 }]);
    assert.ok(left.kind === 'days' && Math.abs(left.days - 1023) < 0.01);
  });

  it('goes by the number of messages where that ends it', () => {
    const requests = stream(50_000, 2, { max_bytes: gib, max_msgs: 100_000 });
    assert.deepEqual(streamLimitOf(requests, undefined), { by: 'messages', max: 100_000, share: 0.5 });
    const { left } = foretold(requests, { messages: 25_000, over_s: day_s });
    assert.ok(left.kind === 'days' && Math.abs(left.days - 2) < 0.001);
  });

  it('of a stream without a limit is that of the store of the servers', () => {
    const open = stream(2 ** 20, 1, {});
    assert.deepEqual(foretold(open, { messages: 2 ** 20, over_s: day_s }).left, { kind: 'unlimited' });
    const { left } = foretold(open, { messages: 2 ** 20, over_s: day_s }, [], 11 * gib);
    assert.ok(left.kind === 'days' && Math.abs(left.days - 10) < 0.001);
  });
});

describe('samples', () => {
  it('are one in ten minutes, those of 24 hours', () => {
    const samples: StreamSample[] = [];
    for (let at_ms = 0; at_ms <= 3 * day_ms; at_ms += 5000)
      noteSample(samples, { at_ms, bytes: 1, last_seq: at_ms });
    assert.equal(samples.length, 145);
    assert.equal((samples.at(-1)?.at_ms ?? 0) - (samples[0]?.at_ms ?? 0), day_ms);
  });

  it('begin anew with the stream', () => {
    const samples: StreamSample[] = [{ at_ms: 0, bytes: 1, last_seq: 100 }];
    noteSample(samples, { at_ms: 1, bytes: 1, last_seq: 5 });
    assert.deepEqual(samples, [{ at_ms: 1, bytes: 1, last_seq: 5 }]);
  });
});
