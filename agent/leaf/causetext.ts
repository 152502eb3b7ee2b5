import { formatMoment } from '../lib/format.ts';
import { type Cause, type CauseCode, causes, causeText } from './causes.ts';

/**
 * `, ` and the caveat where the cause is the date of a certificate, else nothing. A unit without a battery clock boots
 * years away, and the certificate is then not what is wrong.
 */
export const clockNote = (code: CauseCode | undefined, clockCaveat: string | undefined): string =>
  code !== undefined && causes[code].isDated && clockCaveat !== undefined ? `, ${clockCaveat}` : '';

/**
 * `the hub refuses the credentials (...) since 09:12 UTC; check hub.user ...`, with `clockCaveat` where the cause is the
 * date of a certificate. Times in Unix ms.
 */
export const causeSentence = (
  cause: Cause,
  wall: { readonly since_ms: number; readonly now_ms: number },
  clockCaveat: string | undefined,
): string =>
  `${causeText(cause)}${clockNote(cause.code, clockCaveat)} since ${formatMoment(wall.since_ms, wall.now_ms)}; ${causes[cause.code].todo}`;
