import { formatMoment } from '../lib/format.ts';
import { blameClock } from '../nats/clocknote.ts';
import { type Cause, causes, sayCause } from './causes.ts';

/** `the hub refuses the credentials (...) since 09:12 UTC; check hub.user ...`, with what is to be said of the clock. */
export const sentenceOf = (
  cause: Cause,
  wall: { readonly since_ms: number; readonly now_ms: number },
  doubt: string | undefined,
): string =>
  `${blameClock(sayCause(cause), doubt)} since ${formatMoment(wall.since_ms, wall.now_ms)}; ${causes[cause.code].todo}`;
