// How much a stream holds and keeps, from what JetStream says of it. Pure.
import { isObject } from '../../../lib/parse.ts';
import { momentIn } from '../../asks/api.ts';

/** A stream with how long it keeps what comes, at the rate at which it came so far. */
export interface StreamFigures {
  readonly messages: number;
  readonly bytes: number;
  /** Absent: no limit. */
  readonly max_bytes?: number;
  readonly max_age_s?: number;
  /** Unix ms; absent while there is none. */
  readonly first_ms?: number;
  readonly last_ms?: number;
  /** Absent while too little is stored to know a rate. */
  readonly bytes_per_day?: number;
  /** For how long a record stays, and in how many days the oldest go because there is no more room; 0 once they do. */
  readonly days_kept?: number;
  readonly days_until_full?: number;
}

const day_ms = 86_400_000;
/** What came in less tells no rate. */
const least_ms = 600_000;

const count = (value: unknown): number => (typeof value === 'number' ? value : 0);
const positive = (value: unknown): number | undefined => (count(value) > 0 ? count(value) : undefined);

const tenths = (days: number): number => Math.round(days * 10) / 10;

/** From this share on a stream is full but for what does not fill another block. */
export const fullFrom = 0.98;

function keeping(
  bytes: number,
  span_ms: number,
  max_bytes: number | undefined,
  max_age_s: number | undefined,
) {
  if (span_ms < least_ms || bytes === 0) return {};
  const bytes_per_day = Math.round((bytes / span_ms) * day_ms);
  const byAge = max_age_s === undefined ? Number.POSITIVE_INFINITY : (max_age_s * 1000) / day_ms;
  const bySize = max_bytes === undefined ? Number.POSITIVE_INFINITY : max_bytes / bytes_per_day;
  const days = Math.min(byAge, bySize);
  if (days === Number.POSITIVE_INFINITY) return { bytes_per_day };
  const left = bySize > byAge || max_bytes === undefined ? undefined : (max_bytes - bytes) / bytes_per_day;
  const isFull = max_bytes !== undefined && bytes >= max_bytes * fullFrom;
  return {
    bytes_per_day,
    days_kept: tenths(days),
    ...(left === undefined ? {} : { days_until_full: isFull ? 0 : Math.max(0, tenths(left)) }),
  };
}

/** The figures of an answer to STREAM.INFO. */
export function streamFigures(info: Readonly<Record<string, unknown>>): StreamFigures {
  const config = isObject(info['config']) ? info['config'] : {};
  const state = isObject(info['state']) ? info['state'] : {};
  const [messages, bytes] = [count(state['messages']), count(state['bytes'])];
  const [first_ms, last_ms] = messages === 0 ? [] : [momentIn(state['first_ts']), momentIn(state['last_ts'])];
  const max_bytes = positive(config['max_bytes']);
  const age_ns = positive(config['max_age']);
  const max_age_s = age_ns === undefined ? undefined : age_ns / 1e9;
  const span_ms = first_ms === undefined || last_ms === undefined ? 0 : last_ms - first_ms;
  const isRoster = positive(config['max_msgs_per_subject']) === 1; // the last of each: nothing comes and goes by time
  return {
    messages,
    bytes,
    ...(max_bytes === undefined ? {} : { max_bytes }),
    ...(max_age_s === undefined ? {} : { max_age_s }),
    ...(first_ms === undefined ? {} : { first_ms }),
    ...(last_ms === undefined ? {} : { last_ms }),
    ...(isRoster ? {} : keeping(bytes, span_ms, max_bytes, max_age_s)),
  };
}
