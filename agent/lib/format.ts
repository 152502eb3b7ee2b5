// Time spans, moments and sizes for people; the one place for each form. `format...` is plain ASCII for logs, evidence
// and terminals; `pretty...` is for the page: few digits, the unit that fits, a true minus sign, no line break within.

/** A time span with its unit: "-350 ns", "2.8 us", "1.2 s". */
export function formatNs(ns: number): string {
  const size = Math.abs(ns);
  if (size < 1e3) return `${Math.round(ns)} ns`;
  if (size < 1e6) return `${(ns / 1e3).toFixed(1)} us`;
  if (size < 1e9) return `${(ns / 1e6).toFixed(1)} ms`;
  return `${(ns / 1e9).toFixed(1)} s`;
}

/** How long ago, in seconds with one digit. */
export const formatAgo = (ms: number): string => `${(Math.max(0, ms) / 1e3).toFixed(1)} s ago`;

/** A round trip as ping prints it: `168 µs`, `2.81 ms`, `1.20 s`. */
export function formatUs(us: number): string {
  const size = Math.abs(us);
  if (size < 1000) return `${us.toFixed(0)} µs`;
  if (size < 1_000_000) return `${(us / 1000).toFixed(size < 10_000 ? 2 : 1)} ms`;
  return `${(us / 1_000_000).toFixed(2)} s`;
}

/** A time span in up to four characters: `59s`, `99m`, `12h`, `300d`. */
export function formatShortSpan(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 100) return `${whole}s`;
  if (whole < 6000) return `${Math.floor(whole / 60)}m`;
  return whole < 360_000 ? `${Math.floor(whole / 3600)}h` : `${Math.floor(whole / 86_400)}d`;
}

const year_s = 31_557_600;
const day_s = 86_400;

/** By how much a clock was set: "1.500 s back", "56.9 years forward". */
export function formatStep(step_us: number): string {
  const seconds = Math.abs(step_us) / 1e6;
  const [size, unit] =
    seconds > 2 * year_s
      ? [(seconds / year_s).toFixed(1), 'years']
      : seconds > 2 * day_s
        ? [(seconds / day_s).toFixed(1), 'days']
        : [seconds.toFixed(3), 's'];
  return `${size} ${unit} ${step_us < 0 ? 'back' : 'forward'}`;
}

/** A moment up to now, both in Unix ms: the time alone within the last day, in UTC. */
export function formatMoment(at_ms: number, now_ms: number): string {
  const [date = '', time = ''] = new Date(at_ms).toISOString().slice(0, 16).split('T');
  return now_ms - at_ms < day_s * 1000 ? `${time} UTC` : `${date} ${time} UTC`;
}

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

/** `180 ns`, `2.80 µs`, `−1.20 ms`, `3 s`, `20531 d`: a clock without a battery is off by half a century. */
export const prettyNs = (ns: number): string =>
  scaled(ns, [
    [day_s * 1e9, 'd'],
    [1e9, 's'],
    [1e6, 'ms'],
    [1e3, 'µs'],
    [1, 'ns'],
  ]);

/** A text for logs as the page has it: a true minus sign, and `µs`. */
export const prettyText = (text: string): string =>
  text.replace(/(?<![\w.-])-(?=[\d.]+ [nmu]?s\b)/g, '−').replace(/(?<=\d) us\b/g, `${nbsp}µs`);

/** `1.50 GiB`. */
export const prettyBytes = (count: number): string =>
  scaled(count, [
    [2 ** 30, 'GiB'],
    [2 ** 20, 'MiB'],
    [2 ** 10, 'KiB'],
    [1, 'B'],
  ]);

/** The two largest parts of a time span: `3 d 4 h`, `12 min 5 s`, `8 s`. */
export function prettySpan(seconds: number): string {
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
export function prettyMoment(ms: number, at_ms: number): string {
  const [then, now] = [new Date(ms), new Date(at_ms)];
  if (Number.isNaN(then.getTime()) || Number.isNaN(now.getTime())) return formatUtc(ms);
  const iso = then.toISOString();
  const time = `${iso.slice(-13, -8)}${nbsp}UTC`;
  if (iso.slice(0, -13) === now.toISOString().slice(0, -13)) return time;
  const year = then.getUTCFullYear() === now.getUTCFullYear() ? '' : ` ${then.getUTCFullYear()}`;
  return `${then.getUTCDate()}${nbsp}${months[then.getUTCMonth()]}${year} ${time}`;
}

/** `2026-11-21 06:13:11 UTC`, or the bare number where no calendar reaches. */
export const formatUtc = (at_ms: number): string => {
  const date = new Date(at_ms);
  return Number.isNaN(date.getTime())
    ? `${at_ms} ms`
    : `${date.toISOString().slice(0, 19).replace('T', ' ')} UTC`;
};

/**
 * What others wrote, as one line: whatever a terminal would obey or hide (control and format characters, line ends, half
 * a surrogate pair) is spelled out, such as `\x1b` or `\u202e`. JSON stays JSON of the same value.
 */
export const visible = (text: string): string =>
  text.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, (found) =>
    found.replace(/./gs, (unit) => {
      const hex = unit.charCodeAt(0).toString(16);
      return unit < ' ' ? `\\x${hex.padStart(2, '0')}` : `\\u${hex.padStart(4, '0')}`; // JSON has escaped what \x is for
    }),
  );

/** A path as a shell takes it. */
export const shellWord = (path: string): string =>
  /^[\w./+@:-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;

/** The steps of a command as a shell takes them, and the remark behind it; what is quoted is one word. */
export function commandSteps(text: string): {
  readonly steps: readonly string[];
  readonly remark: string | undefined;
} {
  const [, command = text, remark] = /^((?:'[^']*'|\\.|[^'\\])*?) # (.*)$/s.exec(text) ?? [];
  if (command.startsWith('vi ')) return { steps: [command], remark }; // it would take what is pasted behind it for its own
  const marked = command.replace(/('[^']*'|\\.)|; /g, (_all, kept?: string) => kept ?? '\0');
  return { steps: marked.split('\0'), remark };
}
