/** What an error says: `ENOSPC: no space left on device, write`; of several at once, what the first says. */
export function messageOf(error: unknown): string {
  const one: unknown = error instanceof AggregateError ? error.errors[0] : error;
  return one instanceof Error ? one.message : String(one);
}

/** The code of a system error, such as ENOENT; undefined where it has none. */
export const codeOf = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error ? String(error.code) : undefined;

/** Why a system call failed, in short: its code, such as ENOENT; of an error that has none, what it says. */
export const reasonOf = (error: unknown): string => codeOf(error) ?? messageOf(error);
