import { prettyNs } from '../../../agent/lib/format.ts';
import { faultsOf, type Judgement, verdictOf } from './judgement.ts';
import type { MeasuredRow, Row } from './records.ts';
import type { TruthUnit } from './unit.ts';

const perhapsNs = (ns: number | undefined): string => (ns === undefined ? '-' : prettyNs(ns));
const perhapsRatio = (ratio: number | undefined): string =>
  ratio === undefined ? '-' : ratio.toPrecision(3);

const columns: readonly [title: string, of: (one: Judgement) => string][] = [
  ['lab', ({ name }) => name],
  ['records', ({ records }) => String(records)],
  ['outside', ({ outside }) => String(outside)],
  ['false locks', ({ falseLocks }) => String(falseLocks)],
  ['contradictions', ({ contradictions }) => String(contradictions)],
  ['median bound', ({ medianBound_ns }) => perhapsNs(medianBound_ns)],
  ['bound / truth, median', ({ medianRatio }) => perhapsRatio(medianRatio)],
  ['95 %', ({ ratio95 }) => perhapsRatio(ratio95)],
  ['transitions in steady state', (one) => `${one.transitions} in ${one.steady_s.toFixed(0)} s`],
];

/** The labs as one table in Markdown. */
export function tableOf(judgements: readonly Judgement[]): string {
  const rows = judgements.map((one) => columns.map(([, of]) => of(one)));
  const titles = columns.map(([title]) => title);
  const widths = titles.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join(' | ')} |`;
  const rule = widths.map((width, i) => (i === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`));
  return [titles, rule, ...rows].map(line).join('\n');
}

const lineOf = (row: Row): string => {
  const { record, truth } = row;
  const cells = [
    `${row.at_s.toFixed(1).padStart(7)} s`,
    `truth ${prettyNs(truth.error_ns).padStart(9)}`,
    `bound ${perhapsNs(record.error_bound_ns).padStart(8)}`,
    `rel ${perhapsNs(record.error_rel_ns).padStart(8)}`,
    verdictOf(record).padEnd(17),
    record.reasons.join(','),
    ...faultsOf(row).map((fault) => `<== ${fault}`),
  ];
  return cells.join('  ');
};

const measuredLine = ({ at_s, measured, truth }: MeasuredRow): string => {
  const { offset_us, path_us, claimed_us, verdict, why = '' } = measured;
  const claim = claimed_us === undefined ? '-' : prettyNs(claimed_us * 1000);
  const words = `measured ${prettyNs(offset_us * 1000)} ±${prettyNs(path_us * 1000)}, claimed ${claim}: ${verdict} ${why}`;
  return `${at_s.toFixed(1).padStart(7)} s  truth ${prettyNs(truth.error_ns).padStart(9)}  ${words}`;
};

/** All that a unit told, and what was done to it: a line for each record, the evidence where the verdict changes. */
export function logOf({ rows, marks, measures }: TruthUnit): string {
  let known = '';
  const told = rows.map((row) => {
    const words = `${verdictOf(row.record)} ${row.record.reasons.join()}`;
    const isNews = words !== known;
    known = words;
    const lines = isNews ? [lineOf(row), `${' '.repeat(11)}${row.record.evidence}`] : [lineOf(row)];
    return { at_s: row.at_s, lines };
  });
  const done = marks.map(({ at_s, what }) => ({
    at_s,
    lines: [`${at_s.toFixed(1).padStart(7)} s  --- ${what}`],
  }));
  const seen = measures
    .filter(({ measured }, i) => measured.reason !== measures[i - 1]?.measured.reason || measured.runs > 0)
    .map((one) => ({ at_s: one.at_s, lines: [measuredLine(one)] }));
  return [...told, ...done, ...seen]
    .sort((a, b) => a.at_s - b.at_s)
    .flatMap(({ lines }) => lines)
    .join('\n');
}

/** What of a unit must not be, in a line for each kind; nothing where all is well. */
export function wrongOf(judged: Judgement): readonly string[] {
  const { name, records, outside, falseLocks, contradictions, wronged, transitions, missed } = judged;
  const wrong = [
    records === 0 && 'no records',
    outside > 0 && `${outside} of ${records} records outside their bound`,
    falseLocks > 0 && `${falseLocks} of ${records} records locked, and far off`,
    contradictions > 0 && `${contradictions} of ${records} records contradict themselves`,
    wronged > 0 && `${wronged} times flagged by what the hub measures, and its claim holds`,
    transitions > 0 && `${transitions} transitions in steady state`,
    ...missed,
  ];
  return wrong.filter((line) => line !== false).map((line) => `${name}: ${line}`);
}
