// Quantities as a person reads them: few digits, the unit that fits, a true minus sign.

const withUnit = (value: number, unit: string): string => {
  const size = Math.abs(value);
  const digits = size >= 100 || Number.isInteger(value) ? 0 : size >= 10 ? 1 : 2;
  return `${value.toFixed(digits).replace('-', '−')} ${unit}`;
};

const scaled = (value: number, steps: readonly (readonly [number, string])[]): string => {
  const size = Math.abs(value);
  const [factor, unit] = steps.find(([least]) => size >= least) ?? steps.at(-1) ?? [1, ''];
  return withUnit(value / factor, unit);
};

/** `180 ns`, `2.80 µs`, `−1.20 ms`, `3 s`. */
export const nanoseconds = (ns: number): string =>
  scaled(ns, [
    [1e9, 's'],
    [1e6, 'ms'],
    [1e3, 'µs'],
    [1, 'ns'],
  ]);

/** `1.50 GiB`. */
export const bytes = (count: number): string =>
  scaled(count, [
    [2 ** 30, 'GiB'],
    [2 ** 20, 'MiB'],
    [2 ** 10, 'KiB'],
    [1, 'B'],
  ]);

/** The two largest parts of a time span: `3 d 4 h`, `12 min 5 s`, `8 s`. */
export function timeSpan(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const parts = [
    [Math.floor(whole / 86400), 'd'],
    [Math.floor(whole / 3600) % 24, 'h'],
    [Math.floor(whole / 60) % 60, 'min'],
    [whole % 60, 's'],
  ] as const;
  const first = parts.findIndex(([count]) => count > 0);
  if (first < 0) return '0 s';
  return parts
    .slice(first, first + 2)
    .filter(([count]) => count > 0)
    .map(([count, unit]) => `${count} ${unit}`)
    .join(' ');
}

/** `2026-11-21 06:13:11 UTC`, or the bare number where no calendar reaches. */
export const utc = (at_ms: number): string => {
  const date = new Date(at_ms);
  return Number.isNaN(date.getTime())
    ? `${at_ms} ms`
    : `${date.toISOString().slice(0, 19).replace('T', ' ')} UTC`;
};
