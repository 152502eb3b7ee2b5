// How far ptp4l's servo moves the clock, worked out as it does that itself (linuxptp pi.c).
import { known } from '../../../lib/known.ts';
import type { PiServo } from '../../facts.ts';
import { limited } from '../../numbers.ts';
import type { AddedOffset } from '../bounds/offsets.ts';

/** What the servo does with an offset. */
export interface Gains {
  readonly proportional: number;
  readonly integral: number;
  readonly most_ppb: number;
  /** Between two Syncs as ptp4l was told. */
  readonly interval_s: number;
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
  interval_s,
});

/** How fast the servo moves the clock back, its integral term, and what that usually is, to make up for the oscillator. */
export interface Servo {
  readonly rate_ppb: number;
  readonly integral_ppb: number;
  readonly usual_ppb: number;
  /** Syncs by which that is known. */
  readonly count: number;
}

/** Over so many Syncs it is seen what is usual. */
const mostUsual = 256;

/** What the integral usually is after another Sync. One on its way somewhere, beyond `calm_ns`, hardly counts. */
function usualAfter({ usual_ppb, count }: Servo, integral_ppb: number, calm_ns: number): number {
  const apart_ppb = integral_ppb - usual_ppb;
  return usual_ppb + limited(apart_ppb, calm_ns) / Math.min(mostUsual, count + 1);
}

const newServo: Servo = { rate_ppb: 0, integral_ppb: 0, usual_ppb: 0, count: 0 };

/** What the servo does now. `acts`: it follows its offsets; with larger ones than `calm_ns` it is on its way somewhere. */
export interface Doing {
  readonly gains: Gains;
  readonly acts: boolean;
  readonly calm_ns: number;
}

/** The servo after another offset; one that has not begun to act is not known. */
function servoAfter(
  before: Servo | undefined,
  { offset_ns }: AddedOffset,
  { gains, acts, calm_ns }: Doing,
): Servo | undefined {
  if (!acts) return before;
  const so = before ?? newServo;
  const { integral_ppb, usual_ppb, count } = so;
  const term_ppb = gains.integral * offset_ns;
  const wanted_ppb = gains.proportional * offset_ns + integral_ppb + term_ppb;
  const isClamped = Math.abs(wanted_ppb) > gains.most_ppb;
  const integral = isClamped ? integral_ppb : integral_ppb + term_ppb;
  return {
    rate_ppb: limited(wanted_ppb, gains.most_ppb),
    integral_ppb: integral,
    ...(Math.abs(offset_ns) <= calm_ns
      ? { usual_ppb: usualAfter(so, integral, calm_ns), count: count + 1 }
      : { usual_ppb, count }),
  };
}

/** A measurement of the clock against its source. */
export interface Measurement {
  readonly offset_ns: number;
  /** Since the one before. */
  readonly interval_s: number;
  /** How far the clock was moved back between the one before and this one; undefined where that is not known. */
  readonly moved_ns?: number;
}

/** The samples that a look has brought, with what the servo has done between them, and the servo after the last. */
export function followed(
  before: Servo | undefined,
  added: readonly AddedOffset[],
  doing: Doing,
): { readonly samples: readonly Measurement[]; readonly servo: Servo | undefined } {
  const { interval_s: usual_s } = doing.gains;
  return added.reduce<{ readonly samples: readonly Measurement[]; readonly servo: Servo | undefined }>(
    ({ samples, servo }, one) => {
      const { offset_ns } = one;
      const interval_s = one.interval_s || usual_s;
      const moved_ns = servo && (servo.rate_ppb - servo.usual_ppb) * interval_s;
      const sample = { offset_ns, interval_s, ...known({ moved_ns }) };
      return { samples: [...samples, sample], servo: servoAfter(servo, one, doing) };
    },
    { samples: [], servo: before },
  );
}
