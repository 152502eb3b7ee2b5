// What of a unit runs out, and how shares and days are said. Pure.
import { type FleetUnit, hasEnded } from '../fleet/model.ts';
import type { AlertLimits } from './options.ts';

/** One thing that holds. */
export interface AlertCause {
  /** Which of several that may hold at once, such as a file or a stream: each is an alert of its own. */
  readonly about?: string;
  readonly text: string;
  /** Nothing begins by it. What fires of `this`, or of `all` of the condition, is not over. */
  readonly keeps?: 'this' | 'all';
}

/** All that holds; undefined where nothing is known. */
export type Holding = readonly AlertCause[] | undefined;

/** Of what holds or does not, as the text says; undefined where nothing is known. */
export const single = (text: string | false | undefined): Holding =>
  text === undefined ? undefined : text === false ? [] : [{ text }];

/** Whole percents of a share; 0.29 is 29, though a hundred times that is a little less. */
export const percentOf = (share: number): number => Math.floor(share * 100 + 1e-9);

export const inDays = (days: number): string =>
  days < 1 ? 'in less than a day' : `in ${Math.floor(days)} days`;

/** Certificates of a unit that end soon, until they are renewed. Nothing is known of one that has told of none. */
export const expires = ({ expires: all }: FleetUnit, { certificate_days }: AlertLimits): Holding =>
  all.length === 0
    ? undefined
    : all
        .filter(({ days_left }) => days_left < certificate_days)
        .map((one) => ({
          about: one.what,
          text: `${one.what} expires ${inDays(one.days_left)}`,
          ...(hasEnded(one) ? { keeps: 'this' as const } : {}),
        }));

/** Those that have. */
export const expired = ({ expires: all }: FleetUnit): Holding =>
  all.length === 0
    ? undefined
    : all.filter(hasEnded).map(({ what }) => ({ about: what, text: `${what} has expired` }));

/** The login of an enrolled unit. */
export function loginExpires({ enrolment }: FleetUnit, { login_days }: AlertLimits, now_ms: number): Holding {
  if (enrolment === undefined) return undefined;
  const days = (enrolment.until_ms - now_ms) / 86_400_000;
  return single(
    days < login_days && (days < 0 ? 'its login has run out' : `its login runs out ${inDays(days)}`),
  );
}
