// The times in records that were made by a wrong clock and still wait when it is set. They are corrected when a record
// is sent, so that a step costs nothing however many records wait.
import { isObject } from '../lib/parse.ts';
import { headerNames } from '../wire/headers.ts';
import type { Headers } from '../wire/values.ts';

/** The wall clock was set while it was not known to be right. */
export interface ClockCorrection {
  /** Up to this monotonic ms the clock was proven right: records made until then stay as they are. */
  readonly provenUntil_ms: number;
  /** Positive: forward. */
  readonly by_ms: number;
}

const isNumber = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value);

/** The time moved, in its own form: Unix ms or RFC 3339. Undefined when it is neither. */
function moved(ts: unknown, by_ms: number): number | string | undefined {
  if (isNumber(ts)) return ts + by_ms;
  const at_ms = typeof ts === 'string' ? Date.parse(ts) + by_ms : Number.NaN;
  return Math.abs(at_ms) <= 8.64e15 ? new Date(at_ms).toISOString() : undefined; // the range of a Date
}

const movedFields = (of: object, names: RegExp, by_ms: number): Record<string, number> =>
  Object.fromEntries(
    Object.entries(of).flatMap(([name, value]) =>
      names.test(name) && isNumber(value) ? [[name, value + by_ms]] : [],
    ),
  );

/**
 * A JSON object with `ts` moved, the old value as `ts_original`, and `ts_corrected: true`; where it has no `ts` these tell of
 * `stamp`, the time in the headers. Fields whose names end in
 * `since_ms` move along: otherwise a state of a minute would seem to last for decades; so do the ends of a gap.
 */
function movedBody(payload: string, by_ms: number, stamp: number): string {
  const body = JSON.parse(payload) as Record<string, unknown>;
  const ts = moved(body['ts'], by_ms);
  if (ts === undefined)
    return Number.isFinite(stamp)
      ? JSON.stringify({ ...body, ts_original: stamp, ts_corrected: true })
      : payload; // ops.time.config has no time
  const { event, after } = body;
  return JSON.stringify({
    ...body,
    ...movedFields(body, /since_ms$/, by_ms),
    ...(event === 'records_dropped' && isObject(after)
      ? { after: { ...after, ...movedFields(after, /^(from|to)_ms$/, by_ms) } }
      : {}),
    ts,
    ts_original: body['ts'],
    ts_corrected: true,
  });
}

/** The record as a clock that was `by_ms` ahead would have made it; rounded to whole ms. */
export function withTimesCorrected(
  record: { readonly payload: string; readonly headers?: Headers },
  by_ms: number,
): { readonly payload: string; readonly headers?: Headers } {
  const whole_ms = Math.round(by_ms);
  const { headers } = record;
  const stamp = Number(headers?.[headerNames.timestamp]?.[0]);
  return {
    payload: movedBody(record.payload, whole_ms, stamp),
    ...(headers === undefined
      ? {}
      : {
          headers: Number.isFinite(stamp)
            ? { ...headers, [headerNames.timestamp]: [String(stamp + whole_ms)] }
            : headers,
        }),
  };
}
