// How chronyd has moved the clock: what it found at each update is what it corrects from then on.
import type { ChronyTracking } from '../../facts.ts';
import { isOwnStep } from '../bounds/ntpbound.ts';

/** What of a report of chronyd tells how it corrects the clock. */
export interface ChronyReport {
  readonly ref_time_s: number;
  readonly system_time_s: number;
  /** By how much the wall clock had been set at the last update. */
  readonly set_s: number;
}

/** An update more than this after the last one, beside the interval that chronyd tells, and one was missed between. */
const missed_s = 0.5;

/**
 * By how much chronyd has slewed the clock since it was looked at last, and what to remember of it. What it finds it
 * adds to `system_time`, from where it goes into the clock bit by bit. Its own steps are seen by the wall clock.
 */
export function slewedSince(
  before: ChronyReport | undefined,
  tracking: ChronyTracking,
  set_s: number,
): { readonly lastReport: ChronyReport; readonly slewed_ns: number } {
  const { ref_time_s, system_time_s, last_offset_s, update_interval_s } = tracking;
  const isUpdate = ref_time_s !== before?.ref_time_s;
  const lastReport = { ref_time_s, system_time_s, set_s: isUpdate ? set_s : before.set_s };
  if (before === undefined || (isUpdate && ref_time_s - before.ref_time_s > update_interval_s + missed_s))
    return { lastReport, slewed_ns: 0 };
  const isStep = isUpdate && isOwnStep(set_s - before.set_s, tracking);
  const found_s = isUpdate && !isStep ? last_offset_s : 0;
  return { lastReport, slewed_ns: (before.system_time_s - system_time_s - found_s) * 1e9 };
}
