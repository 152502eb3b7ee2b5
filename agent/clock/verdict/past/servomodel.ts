// Where ptp4l's servo has moved the clock, worked out as it does that itself (linuxptp pi.c).
import type { PiServo } from '../../facts.ts';
import type { AddedOffset } from '../bounds/offsets.ts';

/** What the servo does with an offset, at the interval between Syncs that it was told. */
export interface Gains {
  readonly proportional: number;
  readonly integral: number;
  readonly most_ppb: number;
}

type Term = PiServo['proportional'];

/** Constants that somebody chose are taken as they are; others depend on the interval. */
function gain(
  { constant, scale, exponent, norm_max }: Term,
  usual: number,
  most: number,
  interval_s: number,
): number {
  if (constant !== 0) return Math.min(constant, most / interval_s);
  return Math.min((scale || usual) * interval_s ** exponent, norm_max / interval_s);
}

/** The gains of a servo that steers the system clock by software stamps. */
export const gainsOf = ({ proportional, integral, most_ppb }: PiServo, interval_s: number): Gains => ({
  proportional: gain(proportional, 0.1, 1, interval_s),
  integral: gain(integral, 0.001, 2, interval_s),
  most_ppb,
});

/** How far the servo has moved the clock back since it was looked at first, and how fast it does so now. */
export interface Way {
  readonly gone_ns: number;
  readonly rate_ppb: number;
  readonly integral_ppb: number;
}

/** The servo's integral term, and what that usually is: so much makes up for the oscillator. */
export interface Integral {
  readonly ppb: number;
  readonly usual_ppb: number;
}

/** Over so many Syncs it is seen what is usual. */
const usualOver = 32;

/** The integral after some more Syncs; while the servo is on its way somewhere, `isCalm` false, nothing is usual. */
export const integralAfter = (
  before: Integral | undefined,
  added: readonly AddedOffset[],
  gains: Gains,
  isCalm: boolean,
): Integral =>
  added.reduce(({ ppb: last_ppb, usual_ppb }, { offset_ns }) => {
    const ppb = last_ppb + gains.integral * offset_ns;
    return { ppb, usual_ppb: isCalm ? usual_ppb + (ppb - usual_ppb) / usualOver : usual_ppb };
  }, before ?? { ppb: 0, usual_ppb: 0 });

/** The way of a servo that begins with such an integral. */
export const wayFrom = ({ ppb, usual_ppb }: Integral): Way => ({
  gone_ns: 0,
  rate_ppb: 0,
  integral_ppb: ppb - usual_ppb,
});

/** The way up to the Sync at which this offset was measured, and the rate that follows from it. */
export function wayAfter(
  { gone_ns, rate_ppb, integral_ppb }: Way,
  { offset_ns, interval_s }: AddedOffset,
  gains: Gains,
): Way {
  const term_ppb = gains.integral * offset_ns;
  const wanted_ppb = gains.proportional * offset_ns + integral_ppb + term_ppb;
  const isClamped = Math.abs(wanted_ppb) > gains.most_ppb;
  return {
    gone_ns: gone_ns + rate_ppb * interval_s,
    rate_ppb: Math.sign(wanted_ppb) * Math.min(Math.abs(wanted_ppb), gains.most_ppb),
    integral_ppb: isClamped ? integral_ppb : integral_ppb + term_ppb,
  };
}
