// Values that others wrote: one that is not possible counts as missing. Pure.
import { isObject } from '../../../lib/parse.ts';

/** An object of others. */
export type Json = Readonly<Record<string, unknown>>;

/** An object, empty where it is none. */
export const objectIn = (value: unknown): Json => (isObject(value) ? value : {});

/** A number that is not below zero. */
export const nonNegative = (value: unknown): number | undefined =>
  typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : undefined;

/** A number that is spelled in a header. */
export const digits = (text: string | undefined): number | undefined =>
  text !== undefined && /^\d{1,18}$/.test(text) ? Number(text) : undefined;

/** Any number. */
export const finite = (value: unknown): number | undefined =>
  Number.isFinite(value) ? (value as number) : undefined;

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
