import { headerNames } from '../wire/headers.ts';
// Records that were made by a wrong clock and still wait when it is set: their times are put right, and the record
// says that they were. Done when a record leaves, so that a step costs nothing however much waits.
import type { Headers } from '../wire/values.ts';

/** The wall clock was set while it was not known to be right. */
export interface ClockStep {
  /** Records made (monotonic ms) up to then were made by a clock that was proven right: they stay as they are. */
  readonly provenUntil_ms: number;
  /** Positive: forward. */
  readonly by_ms: number;
}

const isWhole = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value);

/** The time moved in the form that it has: Unix ms, or RFC 3339. Undefined when it is neither. */
function moved(ts: unknown, by_ms: number): number | string | undefined {
  if (isWhole(ts)) return ts + by_ms;
  const at_ms = typeof ts === 'string' ? Date.parse(ts) + by_ms : Number.NaN;
  return Math.abs(at_ms) <= 8.64e15 ? new Date(at_ms).toISOString() : undefined; // the range of a Date
}

/**
 * A JSON object with `ts` moved, the old one as `ts_original`, and `ts_corrected: true`. Other moments in it, whose
 * names end in `since_ms`, move along: else what lasts since a minute would seem to last since decades.
 */
function movedBody(payload: string, by_ms: number): string {
  const body = JSON.parse(payload) as Record<string, unknown>;
  const ts = moved(body['ts'], by_ms);
  if (ts === undefined) return payload; // such as ops.time.config, which tells no time
  const others = Object.entries(body).filter(([name, value]) => name.endsWith('since_ms') && isWhole(value));
  return JSON.stringify({
    ...body,
    ...Object.fromEntries(others.map(([name, value]) => [name, Number(value) + by_ms])),
    ts,
    ts_original: body['ts'],
    ts_corrected: true,
  });
}

/** The record as it would have been, had the clock been `by_ms` further; whole ms. */
export function restamped(
  record: { readonly payload: string; readonly headers?: Headers },
  by_ms: number,
): { readonly payload: string; readonly headers?: Headers } {
  const whole_ms = Math.round(by_ms);
  const { headers } = record;
  const stamp = Number(headers?.[headerNames.timestamp]?.[0]);
  return {
    payload: movedBody(record.payload, whole_ms),
    ...(headers === undefined
      ? {}
      : {
          headers: Number.isFinite(stamp)
            ? { ...headers, [headerNames.timestamp]: [String(stamp + whole_ms)] }
            : headers,
        }),
  };
}
