// Quantities as a person reads them: few digits, the unit that fits, a true minus sign, no line break within.

const nbsp = '\u00a0';

const withUnit = (value: number, unit: string): string => {
  const size = Math.abs(value);
  const digits = size >= 100 || Number.isInteger(value) ? 0 : size >= 10 ? 1 : 2;
  return `${value.toFixed(digits).replace('-', '−')}${nbsp}${unit}`;
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
  if (first < 0) return `0${nbsp}s`;
  return parts
    .slice(first, first + 2)
    .filter(([count]) => count > 0)
    .map(([count, unit]) => `${count}${nbsp}${unit}`)
    .join(nbsp);
}

const months = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');

/** `09:12 UTC`, with the day before it where it is not that of `at_ms`. */
export function clockTime(ms: number, at_ms: number): string {
  const [then, now] = [new Date(ms), new Date(at_ms)];
  if (Number.isNaN(then.getTime()) || Number.isNaN(now.getTime())) return utc(ms);
  const iso = then.toISOString();
  const time = `${iso.slice(-13, -8)}${nbsp}UTC`;
  if (iso.slice(0, -13) === now.toISOString().slice(0, -13)) return time;
  const year = then.getUTCFullYear() === now.getUTCFullYear() ? '' : ` ${then.getUTCFullYear()}`;
  return `${then.getUTCDate()}${nbsp}${months[then.getUTCMonth()]}${year} ${time}`;
}

/** `2026-11-21 06:13:11 UTC`, or the bare number where no calendar reaches. */
export const utc = (at_ms: number): string => {
  const date = new Date(at_ms);
  return Number.isNaN(date.getTime())
    ? `${at_ms} ms`
    : `${date.toISOString().slice(0, 19).replace('T', ' ')} UTC`;
};
