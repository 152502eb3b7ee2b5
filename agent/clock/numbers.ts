/** The value, or the nearest one that is at most `most` from zero. */
export const limited = (value: number, most: number): number => Math.max(-most, Math.min(most, value));

/** The value in the middle, the upper one of two; 0 of none. */
export const medianOf = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

/** The standard deviation of normal noise with these absolute deviations in the middle: a few outliers do not change it. */
export const noiseOf = (deviations: readonly number[]): number => 1.4826 * medianOf(deviations);
