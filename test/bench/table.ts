import { type Figure, type Measured, median, ratiosOf, verdictOf } from './figures.ts';

/** A number with the digits that it means. */
export const shown = (value: number): string => {
  if (Number.isNaN(value)) return '-';
  const size = Math.abs(value);
  return value.toFixed(size >= 100 || Number.isInteger(value) ? 0 : size >= 10 ? 1 : size >= 0.1 ? 2 : 4);
};

/** The median with the least and the most, where there is more than one sample. */
export const spread = (samples: readonly number[]): string => {
  if (samples.length === 0) return '-';
  const middle = shown(median(samples));
  if (samples.length === 1) return middle;
  return `${middle} (${shown(Math.min(...samples))}..${shown(Math.max(...samples))})`;
};

/** What a figure may reach, in words. */
export const goalText = ({ goal, beside }: Figure): string => {
  if (goal === undefined) return '';
  const bound = 'least' in goal ? `>= ${goal.least}` : `<= ${goal.most}`;
  if (goal.of === 'value') return bound;
  return goal.of === 'ratio'
    ? `${bound} x`
    : `<= ${beside?.what ?? 'floor'} + ${'most' in goal ? goal.most : ''}`;
};

/** One build as lines for a terminal. */
export function tableOf({ name, commit, figures, skipped }: Measured): string[] {
  const rows = figures.map((one) => [
    `${one.what} (${one.unit})`,
    spread(one.samples),
    one.beside === undefined ? '' : `${one.beside.what} ${shown(median(one.beside.samples))}`,
    one.beside === undefined ? '' : spread(ratiosOf(one)),
    goalText(one),
    verdictOf(one),
  ]);
  const all = [['', 'median (spread)', 'beside it', 'ratio', 'goal', ''], ...rows];
  const widths = all[0]?.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0))) ?? [];
  return [
    `${name}, ${commit}`,
    ...all.map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    ),
    ...skipped.map(({ section, why }) => `${section}: not measured: ${why}`),
  ];
}
