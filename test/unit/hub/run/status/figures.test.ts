import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { streamFigures } from '../../../../../agent/hub/run/status/figures.ts';

const day_ms = 86_400_000;
const first = Date.UTC(2026, 10, 1);
const stream = (config: object, state: object) => streamFigures({ config, state });
const held = (bytes: number, days: number, messages = 10) => ({
  messages,
  bytes,
  first_ts: new Date(first).toISOString(),
  last_ts: new Date(first + days * day_ms).toISOString(),
});

describe('what a stream keeps', () => {
  it('is limited by its room', () => {
    const seen = stream({ max_bytes: 10_000, max_age: 30 * 86_400e9 }, held(2000, 2));
    assert.deepEqual(
      [seen.bytes_per_day, seen.days_kept, seen.days_until_full, seen.max_age_s],
      [1000, 10, 8, 30 * 86_400],
    );
  });

  it('is limited by its age, where the room is more than enough', () => {
    const seen = stream({ max_bytes: 1_000_000, max_age: 30 * 86_400e9 }, held(2000, 2));
    assert.deepEqual([seen.days_kept, seen.days_until_full], [30, undefined]);
  });

  it('is full once it has no room for another block', () => {
    const seen = stream({ max_bytes: 10_000, max_age: 0 }, held(9_900, 9.9));
    assert.deepEqual([seen.days_kept, seen.days_until_full, seen.max_age_s], [10, 0, undefined]);
  });

  it('is not known before there is a rate, nor of a roster, nor without a limit', () => {
    const keys = (seen: object) => Object.keys(seen).filter((key) => key.startsWith('days'));
    assert.deepEqual(keys(stream({ max_bytes: 10_000 }, held(100, 0.001))), []);
    assert.deepEqual(keys(stream({ max_bytes: 10_000, max_msgs_per_subject: 1 }, held(2000, 2))), []);
    assert.deepEqual(keys(stream({ max_bytes: -1, max_age: 0 }, held(2000, 2))), []);
  });

  it('of an empty stream has no moments: JetStream gives the year 1', () => {
    const seen = stream({}, { messages: 0, bytes: 0, first_ts: '0001-01-01T00:00:00Z', last_ts: '' });
    assert.deepEqual(seen, { messages: 0, bytes: 0 });
    assert.deepEqual(streamFigures({}), { messages: 0, bytes: 0 });
  });
});
