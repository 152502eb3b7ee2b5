import { type ParseArgsConfig, parseArgs } from 'node:util';
import { suggest } from '../config/suggest.ts';
import { UsageError } from './io.ts';

type Flags = NonNullable<ParseArgsConfig['options']>;

/** The flags of a command; what it does not know throws a UsageError. */
export function readFlags<const F extends Flags>(args: readonly string[], flags: F) {
  return readArgs(args, flags, false).values;
}

/** The same for a command that takes words besides flags. */
export function readArgs<const F extends Flags>(args: readonly string[], flags: F, allowPositionals = true) {
  const given = { args: [...args], options: flags };
  const wrong = findWrong(given, allowPositionals);
  if (wrong !== undefined) throw new UsageError(wrong);
  return parseArgs({ ...given, allowPositionals });
}

/** All that the strict parseArgs throws of, in our words. */
function findWrong(given: { args: string[]; options: Flags }, allowPositionals: boolean): string | undefined {
  for (const token of parseArgs({ ...given, strict: false, tokens: true }).tokens) {
    if (token.kind === 'positional' && !allowPositionals) return `unexpected argument '${token.value}'`;
    if (token.kind !== 'option') continue;
    const { name, rawName, value, inlineValue } = token;
    const flag = Object.hasOwn(given.options, name) ? given.options[name] : undefined;
    if (flag === undefined) return `unknown option '${rawName}'${similarTo(name, given.options)}`;
    if (flag.type === 'boolean' && value !== undefined) return `option '${rawName}' takes no value`;
    if (flag.type === 'string' && value === undefined) return `option '${rawName}' needs a value`;
    if (!inlineValue && /^-./.test(value ?? ''))
      return `option '${rawName}' needs a value; one that begins with - is given as --${name}=${value}`;
  }
  return undefined;
}

/** A flag that may have been meant. */
function similarTo(name: string, flags: Flags): string {
  const similar = suggest(name, Object.keys(flags));
  return similar === undefined ? '' : `, did you mean '--${similar}'?`;
}

/** The value of a flag as a number from `least` to `most`; anything else throws a UsageError. */
export function numberFlag(text: string, name: string, [least, most]: readonly [number, number]): number {
  const value = text.trim() === '' ? Number.NaN : Number(text);
  if (value >= least && value <= most) return value;
  throw new UsageError(`--${name} '${text}' must be a number from ${least} to ${most}`);
}

/** The same of a whole number. */
export function wholeFlag(text: string, name: string, range: readonly [number, number]): number {
  const value = numberFlag(text, name, range);
  if (Number.isInteger(value)) return value;
  throw new UsageError(`--${name} '${text}' must be a whole number`);
}
