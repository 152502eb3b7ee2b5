// The short forms of records: what changes from one interval to the next. The names are those of the full record, which
// has the rest; `ts` is that of the heartbeat of the same interval. `unit_id` is there because the Go guardian never left it
// out: who was written for that one takes the unit from it, not from the subject.
import { wholeBound } from '../clock/types.ts';
import { headerNames } from './headers.ts';
import { type HeartbeatFacts, heartbeat, type timeMetric, type UnitName } from './messages.ts';
import type { RttMetric } from './reports.ts';
import { type Headers, knownHeaders } from './values.ts';

/** Body of a slim heartbeat; its number, its time and the figures are in its headers, as in the full one. */
export interface SlimHeartbeat {
  readonly status: HeartbeatFacts['status'];
  readonly interval_s: number;
  /** `sequence` of the last full heartbeat, while all that only that one says still holds. */
  readonly full?: number;
}

/** A bound in so many digits as say something, rounded away from zero so that it stays a bound: 219627 is 220000. */
export function shortBound(ns: number | undefined): number | undefined {
  if (ns === undefined || !(ns >= 1000)) return wholeBound(ns);
  const unit = 10 ** (Math.floor(Math.log10(ns)) - 2);
  return Math.ceil(ns / unit) * unit;
}

/** A heartbeat with all its headers. */
export function slimHeartbeat(
  name: UnitName,
  facts: HeartbeatFacts,
  full: number | undefined,
): { readonly body: SlimHeartbeat; readonly headers: Headers } {
  const { status, interval_s, clock } = facts;
  const bounds = knownHeaders({
    [headerNames.clockErrorBound]: shortBound(clock.error_bound_ns),
    [headerNames.clockErrorRel]: shortBound(clock.error_rel_ns),
  });
  return {
    body: { status, interval_s, ...(full === undefined ? {} : { full }) },
    headers: { ...heartbeat(name, facts).headers, ...bounds },
  };
}

const pick = <T extends object, K extends keyof T>(from: T, names: readonly K[]): Pick<T, K> =>
  Object.fromEntries(names.map((name) => [name, from[name]])) as Pick<T, K>;

/** The round trips alone: no statistics, no peers. */
export const slimRtt = (full: RttMetric) =>
  pick(full, ['ts', 'unit_id', 'native_rtt_us', 'app_rtt_us', 'hub_rtt_us']);

/** What the clock follows, how well, and how far off it is. `holdover` is there only while it is true. */
export const slimTime = (full: ReturnType<typeof timeMetric>) => ({
  ...pick(full, ['ts', 'unit_id', 'ptp_offset_ns', 'ntp_offset_ms', 'active_source', 'clock_quality']),
  error_bound_ns: shortBound(full.error_bound_ns),
  error_rel_ns: shortBound(full.error_rel_ns),
  holdover: full.holdover || undefined,
  holdover_s: full.holdover_s && Math.round(full.holdover_s),
});
