// What is decided about units is written into the book, whoever else writes at the same time.
import { setTimeout as pause } from 'node:timers/promises';
import { type ParseResult, parsed } from '../../lib/parse.ts';
import { type Bindings, type BoundRecord, holdsRecord } from '../book/bindings.ts';
import { type Book, BookError } from '../book/book.ts';

const patience_ms = 40_000;
const pause_ms = 500;

/** What the book gives, asked again for a while: where a server of a cluster has just ended, its streams have no leader. */
export async function patiently<T>(ask: () => Promise<T>, signal: AbortSignal): Promise<T> {
  for (const until_ms = performance.now() + patience_ms; ; ) {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof BookError) || error.isLost || performance.now() > until_ms) throw error;
      signal.throwIfAborted();
      await pause(pause_ms);
    }
  }
}

/**
 * Writes what an order says, decided again where an issuer was quicker. Gives it, or why not. Where the answer to a record
 * was lost it may be there already: that is looked at.
 */
export async function carryOut<T>(
  { book, signal }: { readonly book: Book; readonly signal: AbortSignal },
  order: (bindings: Bindings) => ParseResult<T>,
  recordOf: (value: T) => BoundRecord,
): Promise<ParseResult<T>> {
  let tried: T | undefined;
  return patiently(async () => {
    for (;;) {
      if (tried !== undefined) {
        await book.catchUp();
        if (holdsRecord(book.bindings(), recordOf(tried))) return parsed(tried);
      }
      const ordered = order(book.bindings());
      if (!ordered.ok) return ordered;
      tried = ordered.value;
      if (await book.append(recordOf(tried))) return ordered;
    }
  }, signal);
}
