import { headerNames } from '../wire/headers.ts';
import type { Headers } from '../wire/values.ts';
import type { Entry } from './subjectqueue.ts';
import { restamped } from './timecorrection.ts';

/** A JSON object text with `backfill: true` added to it. */
const marked = (payload: string): string =>
  `${payload.slice(0, -1)}${payload === '{}' ? '' : ','}"backfill":true}`;

/** An entry as it leaves: with its id, with its times put right, and marked when it comes late. */
export function outgoing(
  entry: Entry,
  idPrefix: string,
): { readonly payload: string; readonly headers: Headers } {
  const { payload, headers } = entry.shift_ms === undefined ? entry : restamped(entry, entry.shift_ms);
  return {
    payload: entry.backlog ? marked(payload) : payload,
    headers: {
      ...headers,
      [headerNames.messageId]: [entry.id ?? `${idPrefix}-${entry.seq}`],
      ...(entry.backlog ? { [headerNames.backfill]: ['true'] } : {}),
    },
  };
}
