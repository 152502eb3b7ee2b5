// How values look on the wire, whatever the record: durations, absence, headers, subject patterns.

/** Headers to send, each with its values. Give it no prototype when the names come from outside. */
export type Headers = Readonly<Record<string, string[]>>;

/** Removes what could end a header line or hide in one: CR, LF and the other control characters. */
export const headerValue = (text: string): string => text.replace(/\p{Cc}+/gu, ' ').trim();

/** Drops the entries whose value is not known; what is left is a header block. */
export function knownHeaders(values: Readonly<Record<string, string | number | undefined>>): Headers {
  const kept: Record<string, string[]> = {};
  for (const [name, value] of Object.entries(values)) {
    if (value === undefined || (typeof value === 'number' && !Number.isFinite(value))) continue;
    kept[name] = [headerValue(String(value))];
  }
  return kept;
}

const isKnown = (value: unknown): boolean =>
  value !== undefined && value !== null && (typeof value !== 'number' || Number.isFinite(value));

const known = (_key: string, value: unknown): unknown => {
  if (typeof value === 'bigint') return Number(value);
  if (Array.isArray(value)) return value.filter(isKnown);
  return isKnown(value) ? value : undefined;
};

/** JSON of a record in which nothing is null: what is null, undefined, NaN or infinite is left out. */
export const encodeRecord = (record: object): string => JSON.stringify(record, known);

const trimmed = (value: number): string => String(Number(value.toFixed(9)));

/** Microseconds as Go's time.Duration prints them: `168µs`, `1.25ms`, `2.5s`, `1m0.5s`, `0s`. */
export function goDuration(us: number): string {
  const ns = Math.round(Math.abs(us) * 1000);
  const sign = us < 0 && ns > 0 ? '-' : '';
  if (ns === 0) return '0s';
  if (ns < 1e3) return `${sign}${ns}ns`;
  if (ns < 1e6) return `${sign}${trimmed(ns / 1e3)}µs`;
  if (ns < 1e9) return `${sign}${trimmed(ns / 1e6)}ms`;
  const minutes = Math.floor(ns / 60e9);
  const seconds = `${trimmed((ns - minutes * 60e9) / 1e9)}s`;
  if (minutes === 0) return sign + seconds;
  const hours = Math.floor(minutes / 60);
  return hours === 0 ? `${sign}${minutes}m${seconds}` : `${sign}${hours}h${minutes % 60}m${seconds}`;
}

const microseconds: Readonly<Record<string, number>> = {
  ns: 1e-3,
  us: 1,
  µs: 1, // U+00B5, as Go prints it
  μs: 1, // U+03BC
  ms: 1e3,
  s: 1e6,
  m: 60e6,
  h: 3600e6,
};

/** Microseconds of a Go duration such as "392µs", "1.2ms" or "1m2.5s" (time.Duration.String). */
export function parseGoDuration(text: string): number | undefined {
  if (!/^(\d+(\.\d+)?(ns|us|[\u00b5\u03bc]s|ms|s|m|h))+$/.test(text)) return undefined;
  let total = 0;
  for (const [, digits, unit = ''] of text.matchAll(/([\d.]+)([^\d.]+)/g)) {
    total += Number(digits) * (microseconds[unit] ?? Number.NaN);
  }
  return total <= Number.MAX_SAFE_INTEGER ? total : undefined;
}

/** Whether a subject is matched by a NATS pattern (`*` is one token, a last `>` one or more). */
export function subjectMatches(pattern: string, subject: string): boolean {
  const want = pattern.split('.');
  const have = subject.split('.');
  for (const [i, token] of want.entries()) {
    const there = have[i];
    if (token === '>' && i === want.length - 1) return there !== undefined;
    if (there === undefined || (token !== '*' && token !== there)) return false;
  }
  return want.length === have.length;
}

/** Whether a subject is matched by one of the patterns. An empty subject never is. */
export function anyMatches(patterns: readonly string[]): (subject: string | undefined) => subject is string {
  const isBegin = (pattern: string): boolean => /^[^*>]+\.>$/.test(pattern);
  const begins = patterns.filter(isBegin).map((pattern) => pattern.slice(0, -1)); // most are: nothing is split for them
  const others = patterns.filter((pattern) => !isBegin(pattern));
  return (subject): subject is string =>
    subject !== undefined &&
    subject !== '' &&
    (begins.some((begin) => subject.startsWith(begin)) ||
      others.some((pattern) => subjectMatches(pattern, subject)));
}
