import type { CertFacts } from '../device/certs.ts';
import type { Trouble } from './trouble.ts';

type CertDates = Exclude<CertFacts, { readonly error: string }>;

/** By what a date is judged: the clock, and what is to be said of it when nobody vouches for it. */
export interface DateJudge {
  readonly wall_ms: number;
  readonly clockCaveat?: string | undefined;
}

/**
 * Days left below which a certificate is told of, each time anew. With a month to go nothing is broken yet: a note;
 * a unit that is amber for weeks is soon overlooked. From a week on it degrades.
 */
const stages = [
  { below_days: 1, weight: 'degraded' },
  { below_days: 7, weight: 'degraded' },
  { below_days: 30, weight: 'note' },
] as const;

const isTooEarly = ({ not_before_ms }: CertDates, wall_ms: number): boolean =>
  not_before_ms !== undefined && not_before_ms > wall_ms;

/** Not valid by the clock that there is. */
export const isOutside = (cert: CertFacts, wall_ms: number): boolean =>
  !('error' in cert) && (isTooEarly(cert, wall_ms) || cert.days_left < 0);

/** What is wrong with the dates, or soon will be. */
function judgeDates(cert: CertDates, { wall_ms, clockCaveat }: DateJudge): Omit<Trouble, 'key'> | undefined {
  const invalid = clockCaveat === undefined ? 'critical' : 'degraded';
  if (isTooEarly(cert, wall_ms)) {
    const text = `is valid only from ${new Date(cert.not_before_ms ?? 0).toISOString()}`;
    return { text, weight: invalid, stage: 'early' };
  }
  if (cert.days_left < 0) return { text: 'has expired', weight: invalid, stage: 'expired' };
  const stage = stages.find(({ below_days }) => cert.days_left < below_days);
  if (stage === undefined) return undefined;
  const { below_days, weight } = stage;
  return { text: `expires in ${cert.days_left} days`, weight, stage: `${below_days} days` };
}

/** What troubles a certificate or a user JWT. */
export function certificateTroubles(cert: CertFacts, judge: DateJudge): Trouble[] {
  const key = `certificate ${cert.file}`;
  if ('error' in cert) return [{ key, weight: 'degraded', text: `${key}: ${cert.error}` }];
  const trouble = judgeDates(cert, judge);
  if (trouble === undefined) return [];
  const by = judge.clockCaveat === undefined ? '' : `, ${judge.clockCaveat}`;
  const text = `${cert.kind ?? 'certificate'} ${cert.file} ${trouble.text}${by}`;
  return [{ ...trouble, key, text }];
}
