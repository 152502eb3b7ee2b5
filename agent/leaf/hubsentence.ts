import { blameClock } from '../nats/clockblame.ts';
import { type Cause, causes, sayCause } from './causes.ts';

const day_ms = 86_400_000;

/** A moment for people: the time alone within the last day, in UTC. Both in Unix ms. */
function since(at_ms: number, now_ms: number): string {
  const [date = '', time = ''] = new Date(at_ms).toISOString().slice(0, 16).split('T');
  return now_ms - at_ms < day_ms ? `${time} UTC` : `${date} ${time} UTC`;
}

/** `the hub refuses the credentials (...) since 09:12 UTC; check hub.user ...`, with what is to be said of the clock. */
export const sentenceOf = (
  cause: Cause,
  wall: { readonly since_ms: number; readonly now_ms: number },
  doubt: string | undefined,
): string =>
  `${blameClock(sayCause(cause), doubt)} since ${since(wall.since_ms, wall.now_ms)}; ${causes[cause.code].todo}`;
