import type { MeasuredRow, Row, Span, TimeRecord } from './records.ts';
import type { TruthUnit } from './unit.ts';

/** What is wrong with one record. */
export type Fault = 'OUTSIDE' | 'FALSE LOCK' | 'CONTRADICTION';

/** How a unit did. */
export interface Judgement {
  readonly name: string;
  readonly records: number;
  /** Records whose truth lies outside error_bound_ns. */
  readonly outside: number;
  /** Records that say locked of a clock that is far off. */
  readonly falseLocks: number;
  /** Records whose own offset lies outside their own bound. */
  readonly contradictions: number;
  /** Measurements by which the hub flags it though its claim holds. */
  readonly wronged: number;
  /** Of the records that have a bound; undefined where none has. */
  readonly medianBound_ns: number | undefined;
  /** bound / |truth|, where what is below the noise of the lab counts as that. */
  readonly medianRatio: number | undefined;
  readonly ratio95: number | undefined;
  /** Changes of source, quality or holdover in the spans that were to be steady. */
  readonly transitions: number;
  /** Length of these spans. */
  readonly steady_s: number;
  /** What was expected of it in vain, in words. */
  readonly missed: readonly string[];
}

/** A clock that is further off is not locked, whatever the paths are like. */
const lockedWithin_ns = { ptp: 1e6, ntp: 10e6, unsynced: 0 } as const;

/** What the lab cannot tell from 0. */
const noise_ns = 1000;

/** |truth| of a row, of two that are possible the kinder one. */
const off_ns = ({ truth: { error_ns, unstepped_ns = error_ns } }: Pick<Row, 'truth'>): number =>
  Math.min(Math.abs(error_ns), Math.abs(unstepped_ns));

/** What the source itself says that the clock is off by. */
const ownOffset_ns = (record: TimeRecord): number | undefined => {
  if (record.active_source === 'ptp') return record.ptp_offset_ns;
  if (record.active_source === 'ntp' && record.ntp_offset_ms !== undefined) return record.ntp_offset_ms * 1e6;
  return undefined;
};

/** Locked to a grandmaster that claims no tie to UTC, which promises to be close to that grandmaster and no more. */
const isRelative = ({ error_bound_ns, error_rel_ns, reasons }: TimeRecord): boolean =>
  error_bound_ns === undefined && error_rel_ns !== undefined && reasons.includes('gm_not_traceable');

/** All that is wrong with a record. */
export function faultsOf(row: Row): readonly Fault[] {
  const { record } = row;
  const { error_bound_ns: bound, active_source: source } = record;
  const own = ownOffset_ns(record);
  const faults: Fault[] = [];
  if (bound !== undefined && off_ns(row) > bound) faults.push('OUTSIDE');
  const isLocked = record.clock_quality === 'locked' && !isRelative(record);
  if (isLocked && off_ns(row) > lockedWithin_ns[source]) faults.push('FALSE LOCK');
  if (bound !== undefined && own !== undefined && Math.abs(own) > bound) faults.push('CONTRADICTION');
  return faults;
}

/** Source, quality and holdover in one string. */
export const verdictOf = ({ active_source, clock_quality, holdover }: TimeRecord): string =>
  `${active_source}/${clock_quality}${holdover ? '/holdover' : ''}`;

/** The smallest value that so large a share of the values does not exceed. */
function quantile(values: readonly number[], share: number): number | undefined {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
}

const recordsIn = (rows: readonly Row[], { from_s, to_s }: Span): readonly TimeRecord[] =>
  rows.filter(({ at_s }) => at_s >= from_s && at_s <= to_s).map(({ record }) => record);

function transitionsIn(rows: readonly Row[], span: Span): number {
  const verdicts = recordsIn(rows, span).map(verdictOf);
  return verdicts.filter((verdict, i) => i > 0 && verdict !== verdicts[i - 1]).length;
}

/** What a steady span was to show besides, and did not. */
function missedIn(rows: readonly Row[], span: Span): readonly string[] {
  const { verdict, median_ns } = span;
  const records = recordsIn(rows, span);
  const others = verdict === undefined ? [] : records.filter((record) => verdictOf(record) !== verdict);
  const median = quantile(
    records.map(({ error_bound_ns = Number.POSITIVE_INFINITY }) => error_bound_ns),
    0.5,
  );
  const isWide = median_ns !== undefined && !(median !== undefined && median <= median_ns);
  return [
    ...(others.length > 0
      ? [`${others.length} of ${records.length} records not ${verdict} in steady state`]
      : []),
    ...(isWide ? [`median bound ${median} ns in steady state, and at most ${median_ns} was wanted`] : []),
  ];
}

/** Whether a clock was within what it claimed then. */
const isHonest = (row: MeasuredRow): boolean =>
  off_ns(row) <= (row.measured.claimed_us ?? Infinity) * 1000 + noise_ns;

/** Measurements that flag a unit whose claim held by this one and by the three before. */
const wrongedIn = (measures: readonly MeasuredRow[]): number =>
  measures.filter(
    ({ measured }, i) =>
      measured.verdict === 'contradicts' && measures.slice(Math.max(0, i - 3), i + 1).every(isHonest),
  ).length;

/** Holds the records of a unit against the truth. */
export function judgeUnit(
  unit: Pick<TruthUnit, 'name' | 'rows' | 'measures' | 'steadySpans' | 'unsaid' | 'isDeceived'>,
): Judgement {
  const { name, rows, measures, steadySpans, unsaid, isDeceived } = unit;
  const faults = isDeceived() ? [] : rows.flatMap(faultsOf);
  const count = (wanted: Fault): number => faults.filter((fault) => fault === wanted).length;
  const bounded = rows.flatMap((row) => {
    const bound_ns = row.record.error_bound_ns;
    return bound_ns === undefined ? [] : { bound_ns, ratio: bound_ns / Math.max(off_ns(row), noise_ns) };
  });
  const bounds = bounded.map(({ bound_ns }) => bound_ns);
  const ratios = bounded.map(({ ratio }) => ratio);
  return {
    name,
    records: rows.length,
    outside: count('OUTSIDE'),
    falseLocks: count('FALSE LOCK'),
    contradictions: count('CONTRADICTION'),
    wronged: wrongedIn(measures),
    medianBound_ns: quantile(bounds, 0.5),
    medianRatio: quantile(ratios, 0.5),
    ratio95: quantile(ratios, 0.95),
    transitions: steadySpans.reduce((sum, span) => sum + transitionsIn(rows, span), 0),
    steady_s: steadySpans.reduce((sum, { from_s, to_s }) => sum + to_s - from_s, 0),
    missed: [
      ...unsaid.map((reason) => `${reason} is not said`),
      ...steadySpans.flatMap((span) => missedIn(rows, span)),
    ],
  };
}
