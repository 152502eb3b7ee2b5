/** What an error says: `ENOSPC: no space left on device, write`; of several at once, what the first says. */
export function messageOf(error: unknown): string {
  const one: unknown = error instanceof AggregateError ? error.errors[0] : error;
  return one instanceof Error ? one.message : String(one);
}

/** The code of a system error, such as ENOENT; undefined where it has none. */
export const codeOf = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error ? String(error.code) : undefined;
