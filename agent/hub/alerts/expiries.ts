// What of a unit runs out, and how shares and days are said. Pure.
import { type FleetUnit, hasEnded } from '../fleet/model.ts';
import type { AlertLimits } from './options.ts';

/** A condition holds, as the text says; does not; or nothing is known. */
export type Holding = string | false | undefined;

/** Holds where there is one. */
export const joined = (texts: readonly string[]): Holding => texts.length > 0 && texts.join('; ');

/** Whole percents of a share; 0.29 is 29, though a hundred times that is a little less. */
export const percentOf = (share: number): number => Math.floor(share * 100 + 1e-9);

export const inDays = (days: number): string =>
  days < 1 ? 'in less than a day' : `in ${Math.floor(days)} days`;

/** Certificates of a unit that end soon. Nothing is known of one that has told of none. */
export const expires = ({ expires: all }: FleetUnit, { certificate_days }: AlertLimits): Holding =>
  all.length === 0
    ? undefined
    : joined(
        all
          .filter((one) => !hasEnded(one) && one.days_left < certificate_days)
          .sort((a, b) => a.days_left - b.days_left)
          .map(({ what, days_left }) => `${what} expires ${inDays(days_left)}`),
      );

/** Those that have. */
export const expired = ({ expires: all }: FleetUnit): Holding =>
  all.length === 0 ? undefined : joined(all.filter(hasEnded).map(({ what }) => `${what} has expired`));

/** The login of an enrolled unit. */
export function loginExpires({ enrolment }: FleetUnit, { login_days }: AlertLimits, now_ms: number): Holding {
  if (enrolment === undefined) return undefined;
  const days = (enrolment.until_ms - now_ms) / 86_400_000;
  return days < login_days && (days < 0 ? 'its login has run out' : `its login runs out ${inDays(days)}`);
}
