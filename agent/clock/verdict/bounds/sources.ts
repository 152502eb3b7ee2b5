// The bound that each live source gives of the clock that it measures.
import type { ErrorBound } from '../../types.ts';
import type { NtpLive } from '../ntp.ts';
import type { PtpLive } from '../ptp.ts';
import type { ClockSettings } from '../settings.ts';
import { ntpBound } from './ntpbound.ts';
import { type Offsets, peaksFor_ms, spreadOf } from './offsets.ts';
import { pathDelay_ns, ptpBound, ptpPathBound } from './ptpbound.ts';
import { sumOf, widened } from './terms.ts';

const boundInput = (live: PtpLive, settings: ClockSettings) => ({
  delay_ns: pathDelay_ns(live.facts, live.port),
  hardware: live.clock === 'phc',
  asymmetry_ns: settings.asymmetry_ns,
  parent: live.facts.parent,
  timeProperties: live.facts.timeProperties,
});

/** Bound of the way to the grandmaster and of itself, without the clock's own offset. */
export const boundOfPtpPath = (live: PtpLive, settings: ClockSettings): ErrorBound =>
  ptpPathBound(boundInput(live, settings), []);

/** Bound of the clock that ptp4l measures, steered by it or not. */
export const boundOfPtp = (live: PtpLive, offsets: Offsets, settings: ClockSettings): ErrorBound =>
  ptpBound({
    ...boundInput(live, settings),
    spread: spreadOf(offsets),
    drift_ppb: settings.drift_ppb,
    sinceSync_ms: live.sinceSync_ms,
    syncInterval_ms: live.syncInterval_ms,
  });

/** Bound of the system clock as chronyd knows it; it reaches as far as the sources that contradict, unless enough outvote them. */
export function boundOfNtp(live: NtpLive, { drift_ppb }: ClockSettings): ErrorBound {
  const bound = ntpBound({ ...live, drift_ppb });
  if (live.isMajority || live.falsetickers.length === 0) return bound;
  const reach_ns = live.falsetickers.map(
    ({ offset_s, error_margin_s }) => Math.abs(offset_s) + error_margin_s,
  );
  const missing_ns = Math.max(...reach_ns) * 1e9 - (bound.absolute_ns ?? 0);
  return missing_ns <= 0 ? bound : widened(bound, { name: 'falseticker', ns: missing_ns });
}

/** The bound of an NTP server that measures the system clock, whoever steers it. */
export interface WitnessBound extends ErrorBound {
  /** When it measured it last, monotonic ms. */
  readonly measured_ms: number;
}

/** Bound of the system clock by a server of chronyd; undefined where none has confirmed the clock within an hour. */
export function boundOfWitness(
  live: NtpLive | undefined,
  settings: ClockSettings,
  now_ms: number,
): WitnessBound | undefined {
  if (live === undefined || live.witnesses.length === 0) return undefined;
  const direct_s = live.refAge_s + live.reportAge_s;
  if (live.selected.mode !== 'refclock')
    return direct_s * 1e3 > peaksFor_ms
      ? undefined
      : { ...boundOfNtp(live, settings), measured_ms: now_ms - direct_s * 1e3 };
  const bounds = live.witnesses.flatMap(({ offset_s, error_margin_s, last_rx_s = 0 }) => {
    const age_s = last_rx_s + live.reportAge_s;
    const terms = [
      { name: 'offset', ns: (Math.abs(offset_s) + Math.abs(live.tracking.system_time_s)) * 1e9 },
      { name: 'error_margin', ns: error_margin_s * 1e9 },
      { name: 'drift', ns: age_s * settings.drift_ppb },
    ] as const;
    return age_s * 1e3 > peaksFor_ms ? [] : { ...sumOf(terms), measured_ms: now_ms - age_s * 1e3 };
  });
  return bounds.toSorted((a, b) => (a.absolute_ns ?? 0) - (b.absolute_ns ?? 0))[0];
}
