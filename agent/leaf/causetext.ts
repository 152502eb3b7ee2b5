import { formatMoment } from '../lib/format.ts';
import { clockNote } from '../nats/clocknote.ts';
import { type Cause, causes, causeText } from './causes.ts';

/**
 * `the hub refuses the credentials (...) since 09:12 UTC; check hub.user ...`, with `clockCaveat` where the cause is the
 * date of a certificate. Times in Unix ms.
 */
export const causeSentence = (
  cause: Cause,
  wall: { readonly since_ms: number; readonly now_ms: number },
  clockCaveat: string | undefined,
): string =>
  `${causeText(cause)}${clockNote(cause.detail, clockCaveat)} since ${formatMoment(wall.since_ms, wall.now_ms)}; ${causes[cause.code].todo}`;
