// How chronyd has moved the clock: what it found at each update is what it corrects from then on.

import type { ChronyTracking } from '../../facts.ts';
import { limited } from '../../numbers.ts';
import { isOwnStep } from '../bounds/ntpbound.ts';

/** What of a report of chronyd tells how it corrects the clock. */
export interface ChronyReport {
  readonly ref_time_s: number;
  readonly system_time_s: number;
  /** By how much the wall clock had been set at the last update. */
  readonly set_s: number;
  readonly at_ms: number;
  readonly freq_ppm: number;
  /** What that usually is: so much makes up for the oscillator, and more or less moves the clock. */
  readonly usual_ppm: number;
}

/** Over so many updates it is seen what is usual; a frequency that is farther away hardly counts. */
const usualOver = 16;
const usualWithin_ppm = 1;

const usualAfter = (usual_ppm: number, freq_ppm: number): number =>
  usual_ppm + limited(freq_ppm - usual_ppm, usualWithin_ppm) / usualOver;

/** An update more than this after the last one, beside the interval that chronyd tells, and one was missed between. */
const missed_s = 0.5;

/** chronyd's corrections since it was looked at last. */
export interface Slewed {
  readonly report: ChronyReport;
  /** By how much the clock was slewed; positive: forward. */
  readonly slewed_ns: number;
  readonly isUpdate: boolean;
  /** False where an update was missed, so that more may have been corrected. */
  readonly isKnown: boolean;
}

/**
 * By how much chronyd has slewed the clock since it was looked at last. What it finds it adds to `system_time`, from where
 * it goes into the clock bit by bit; and it changes the frequency of the clock. Its own steps are seen by the wall clock.
 * One that is new has corrected what it found first.
 */
export function slewedSince(
  before: ChronyReport | undefined,
  tracking: ChronyTracking,
  { set_s, now_ms, isCalm }: { readonly set_s: number; readonly now_ms: number; readonly isCalm: boolean },
): Slewed {
  const { freq_ppm, ref_time_s, system_time_s, last_offset_s, update_interval_s } = tracking;
  const isUpdate = ref_time_s !== before?.ref_time_s;
  const setBefore_s = before?.set_s ?? set_s;
  const { freq_ppm: freqBefore_ppm = freq_ppm, usual_ppm = freq_ppm } = before ?? {};
  const report = {
    ref_time_s,
    system_time_s,
    set_s: isUpdate ? set_s : setBefore_s,
    at_ms: now_ms,
    freq_ppm,
    usual_ppm: isUpdate && isCalm ? usualAfter(usual_ppm, freq_ppm) : usual_ppm,
  };
  const isMissed =
    before !== undefined && isUpdate && ref_time_s - before.ref_time_s > update_interval_s + missed_s;
  const isStep = isUpdate && isOwnStep(set_s - setBefore_s, tracking);
  const found_s = isUpdate && !isStep ? last_offset_s : 0;
  const byFrequency_ns = (usual_ppm - freqBefore_ppm) * (now_ms - (before?.at_ms ?? now_ms));
  const slewed_ns = ((before?.system_time_s ?? 0) - system_time_s - found_s) * 1e9 + byFrequency_ns;
  return { report, slewed_ns: isMissed ? 0 : slewed_ns, isUpdate, isKnown: !isMissed };
}
