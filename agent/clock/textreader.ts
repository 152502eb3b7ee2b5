import { type ParseResult, parsed, unparsed } from '../lib/parse.ts';

const decimal = /^[+-]?\d+(\.\d+)?(e[+-]?\d+)?$/i;

/** Reads texts as numbers and words. It remembers the first that would not, and then gives a filler for it. */
export interface TextReader {
  /** A whole number; without a range, one that is exact. */
  int(name: string, text: string | undefined, least?: number, most?: number): number;
  /** Octal or 0x hex, by radix; up to `most`. */
  inBase(name: string, text: string | undefined, radix: 8 | 16, most?: number): number;
  /** Finite, and still so as nanoseconds. */
  number(name: string, text: string | undefined): number;
  bigint(name: string, text: string | undefined): bigint;
  word(name: string, text: string | undefined): string;
  /** The meaning of a text that must be one of the keys of `meanings`. */
  oneOf<T>(name: string, text: string | undefined, meanings: Readonly<Record<string, T>>, filler: T): T;
  /** The value if all was read well, else the first complaint. */
  result<T>(value: T): ParseResult<T>;
}

/** A reader without complaint so far. */
export function textReader(): TextReader {
  let complaint: string | undefined;
  const complain = (name: string, text: string | undefined): void => {
    complaint ??= text === undefined ? `${name} is missing` : `${name} is '${text.slice(0, 40)}'`;
  };
  const matching = <T>(
    name: string,
    text: string | undefined,
    pattern: RegExp,
    read: (text: string) => T,
    filler: T,
    fits: (value: T) => boolean = () => true,
  ): T => {
    const value = text !== undefined && pattern.test(text) ? read(text) : undefined;
    if (value !== undefined && fits(value)) return value;
    complain(name, text);
    return filler;
  };
  return {
    int: (name, text, least = Number.MIN_SAFE_INTEGER, most = Number.MAX_SAFE_INTEGER) =>
      matching(name, text, /^[+-]?\d{1,19}$/, Number, 0, (value) => value >= least && value <= most),
    inBase: (name, text, radix, most = 0xffffffff) =>
      matching(
        name,
        text,
        radix === 8 ? /^[0-7]{1,4}$/ : /^0x[0-9a-f]{1,8}$/i,
        (t) => Number.parseInt(t, radix),
        0,
        (value) => value <= most,
      ),
    number: (name, text) => matching(name, text, decimal, Number, 0, (value) => Math.abs(value) < 1e18),
    bigint: (name, text) => matching(name, text, /^-?\d{1,20}$/, BigInt, 0n),
    word: (name, text) => matching(name, text, /^[^\s\p{Cc}]+$/u, (t) => t, ''),
    oneOf: (name, text, meanings, filler) => {
      if (text !== undefined && Object.hasOwn(meanings, text)) return meanings[text] ?? filler;
      complain(name, text);
      return filler;
    },
    result: (value) => (complaint === undefined ? parsed(value) : unparsed(complaint)),
  };
}
