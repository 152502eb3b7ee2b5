import { clockQualities } from '../clock/types.ts';
import { known } from '../lib/known.ts';
import type { Health } from '../wire/messages.ts';
import { type MinutesMetric, minuteColumns } from '../wire/reports.ts';
import { shortBound } from '../wire/slim.ts';
import type { UnitState } from './unitstate.ts';

/** Least, mean and greatest of what was known; nothing of nothing. */
interface Range {
  readonly min: number;
  readonly max: number;
  readonly sum: number;
  readonly count: number;
}

type Ranges = Readonly<Partial<Record<'native' | 'app' | 'hub' | 'offset', Range>>>;

/** What was seen within one minute. */
interface Minute {
  /** Monotonic ms at which it began. */
  readonly from_ms: number;
  readonly ranges: Ranges;
  readonly bound_ns?: number;
  /** Missing where a moment had no bound: then the minute has none. */
  readonly isBounded: boolean;
  readonly clock: Pick<UnitState['clock'], 'source' | 'quality'>;
  readonly status: Health;
}

/** Rows since the last record of minutes. */
export interface Minutes {
  /** Takes a moment into the row of its minute. */
  add(now: UnitState, mono_ms: number): void;
  /** The rows so far, the open one too, which are then forgotten; undefined where there is none. `wall_ms` tells when a monotonic ms was. */
  take(wall_ms: (mono_ms: number) => number): Omit<MinutesMetric, 'ts' | 'unit_id' | 'seq'> | undefined;
}

const period_ms = 60_000;

const widened = (range: Range | undefined, value: number | undefined): Range | undefined =>
  value === undefined
    ? range
    : {
        min: Math.min(value, range?.min ?? value),
        max: Math.max(value, range?.max ?? value),
        sum: value + (range?.sum ?? 0),
        count: 1 + (range?.count ?? 0),
      };

/** The graver of two words of a list that begins with the best. */
const worse = <T>(order: readonly T[], one: T, other: T): T =>
  order.indexOf(other) > order.indexOf(one) ? other : one;

const gravity: readonly Health[] = ['healthy', 'not_set_up', 'degraded', 'critical'];

function begun(now: UnitState, mono_ms: number): Minute {
  const { source, quality } = now.clock;
  return {
    from_ms: mono_ms,
    ranges: {},
    isBounded: true,
    clock: { source, quality },
    status: now.health.status,
  };
}

function widen(minute: Minute, now: UnitState): Minute {
  const { rtt, nats, clock, time, health } = now;
  const { ranges } = minute;
  const { error_bound_ns } = clock;
  const isWorse = worse(clockQualities, minute.clock.quality, clock.quality) !== minute.clock.quality;
  return {
    ...minute,
    ranges: known({
      native: widened(ranges.native, rtt.native_rtt_us),
      app: widened(ranges.app, rtt.app_rtt_us),
      hub: widened(ranges.hub, nats.hub_rtt_us),
      offset: widened(ranges.offset, time.verdict.offset_ns),
    }),
    bound_ns: Math.max(minute.bound_ns ?? 0, error_bound_ns ?? 0),
    isBounded: minute.isBounded && error_bound_ns !== undefined,
    clock: isWorse ? { source: clock.source, quality: clock.quality } : minute.clock,
    status: worse(gravity, minute.status, health.status),
  };
}

const cells = (range: Range | undefined): (number | string)[] =>
  range === undefined ? ['', '', ''] : [range.min, range.sum / range.count, range.max].map(Math.round);

const row = ({ from_ms, ranges, bound_ns, isBounded, clock, status }: Minute, first_ms: number) => [
  Math.round((from_ms - first_ms) / 1000),
  ...cells(ranges.native),
  ...cells(ranges.app),
  ...cells(ranges.hub),
  ...cells(ranges.offset),
  (isBounded ? shortBound(bound_ns) : undefined) ?? '',
  clock.source,
  clock.quality,
  status,
];

/** Gathers what is seen into rows of a minute each, which begins with the first moment in it. */
export function newMinutes(): Minutes {
  let rows: Minute[] = [];
  return {
    add(now, mono_ms) {
      const last = rows.at(-1);
      const isNew = last === undefined || mono_ms - last.from_ms >= period_ms;
      const minute = widen(isNew ? begun(now, mono_ms) : last, now);
      if (isNew) rows.push(minute);
      else rows[rows.length - 1] = minute;
    },
    take(wall_ms) {
      const [first] = rows;
      if (first === undefined) return undefined;
      const taken = rows.map((minute) => row(minute, first.from_ms));
      rows = [];
      return { since_ms: Math.floor(wall_ms(first.from_ms)), period_ms, columns: minuteColumns, rows: taken };
    },
  };
}
