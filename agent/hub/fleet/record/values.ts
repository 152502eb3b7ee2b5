// Values that others wrote: one that is not possible counts as missing. Pure.
import { isObject } from '../../../lib/parse.ts';

/** An object of others. */
export type Json = Readonly<Record<string, unknown>>;

/** An object, empty where it is none. */
export const objectIn = (value: unknown): Json => (isObject(value) ? value : {});

const day_s = 86_400;
const year_s = 365.25 * day_s;

/** What figures of others can be at most: one that is beyond would fill a page, and lead each list, for what nobody has measured. */
export const mostOf = {
  /** Bound of a clock's error: a year. */
  error_ns: year_s * 1e9,
  /** Of a clock that has no battery, by any other: a century. */
  offset_ns: 100 * year_s * 1e9,
  /** Round trip: an hour. */
  rtt_us: 3.6e9,
  count: Number.MAX_SAFE_INTEGER,
  /** Until a certificate ends, or since it has. */
  days: 100_000,
  /** How long something lasts, so that it has not begun before 1970: fifty years. */
  span_s: 50 * year_s,
  /** A moment, Unix ms: the year 2100. */
  wall_ms: Date.UTC(2100, 0),
} as const;

/** A number that is in that range. */
export const figure = (value: unknown, most: number, least = 0): number | undefined =>
  typeof value === 'number' && value >= least && value <= most ? value : undefined;

/** A number that is spelled in a header. */
export const digits = (text: string | undefined, most: number): number | undefined =>
  text !== undefined && /^\d{1,18}$/.test(text) ? figure(Number(text), most) : undefined;

/** A word of ours: the name of a source, a quality, a reason. */
export const keyword = (value: unknown): string | undefined =>
  typeof value === 'string' && /^[a-z][a-z0-9_]{0,31}$/.test(value) ? value : undefined;

/**
 * A text of others for a terminal: control and format characters (escape sequences, turned writing) and marks that
 * stack up become spaces, and what is longer than `most` characters is cut. Undefined where nothing is left.
 */
export function plainText(value: unknown, most: number): string | undefined {
  if (typeof value !== 'string') return undefined;
  const text = value.slice(0, 4 * most).replace(/[\p{C}\p{Z}\p{M}]+/gu, ' ');
  const letters = [...text.trim()];
  const kept = letters.length > most ? [...letters.slice(0, most - 1), '…'] : letters;
  return kept.length === 0 ? undefined : kept.join(''); // joined anew: a slice would keep the whole record in memory
}
