import { type ParseArgsConfig, parseArgs } from 'node:util';
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
    throw new UsageError(`${error instanceof Error ? error.message : error}\n${usage}`, { cause: error });
  }
}
