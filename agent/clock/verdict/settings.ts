import type { SectionValues } from '../../config/options.ts';
import type { Limits } from './hysteresis.ts';

/** What of the time section the judge uses; a whole `Config['time']` fits. */
export type ClockSettings = Pick<
  SectionValues<'time'>,
  | 'mode'
  | 'timestamping'
  | 'poll_s'
  | 'locked_sw_ns'
  | 'locked_hw_ns'
  | 'tracking_ns'
  | 'locked_ntp_us'
  | 'tracking_ntp_us'
  | 'holdover_s'
  | 'drift_ppb'
  | 'asymmetry_ns'
>;

/** Limits for a clock that PTP steers. */
export const ptpLimits = (settings: ClockSettings, hardware: boolean): Limits => ({
  locked_ns: hardware ? settings.locked_hw_ns : settings.locked_sw_ns,
  tracking_ns: settings.tracking_ns,
});

/** Limits for a clock that NTP steers. */
export const ntpLimits = (settings: ClockSettings): Limits => ({
  locked_ns: settings.locked_ntp_us * 1e3,
  tracking_ns: settings.tracking_ntp_us * 1e3,
});

/** Age at which a reading is too old to judge by, though nobody has called it stale: three polls missed. */
export const readingAgeLimit_ms = (settings: ClockSettings): number =>
  Math.max(3, 3 * settings.poll_s + 1) * 1e3;
