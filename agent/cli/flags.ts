import { type ParseArgsConfig, parseArgs } from 'node:util';
import { messageOf } from '../lib/errors.ts';
import { UsageError } from './io.ts';

type Flags = NonNullable<ParseArgsConfig['options']>;

/** The flags of a command; what it does not know throws a UsageError with its usage. */
export function readFlags<const F extends Flags>(args: readonly string[], flags: F, usage: string) {
  return readArgs(args, flags, usage, false).values;
}

/** The same for a command that takes words besides flags. */
export function readArgs<const F extends Flags>(
  args: readonly string[],
  flags: F,
  usage: string,
  allowPositionals = true,
) {
  try {
    return parseArgs({ args: [...args], options: flags, allowPositionals });
  } catch (error) {
    throw new UsageError(`${messageOf(error)}\n${usage}`, { cause: error });
  }
}

/** The value of a flag as a number from `least` to `most`; anything else throws a UsageError. */
export function numberFlag(
  text: string,
  name: string,
  [least, most]: readonly [number, number],
  usage: string,
): number {
  const value = text.trim() === '' ? Number.NaN : Number(text);
  if (value >= least && value <= most) return value;
  throw new UsageError(`--${name} '${text}' must be a number from ${least} to ${most}\n${usage}`);
}
