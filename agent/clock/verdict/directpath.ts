// The path by which ptp4l steers the system clock.
import type { Evidence } from '../facts.ts';
import type { ErrorBound } from '../types.ts';
import { unbounded } from './bounds/terms.ts';
import { phc2sysSteers } from './doubts.ts';
import { grandmasterNotes } from './grandmaster.ts';
import type { BlockedPath, SteeringPath } from './paths.ts';
import type { PtpAssessment, PtpLive } from './ptp.ts';
import { type ClockSettings, ptpLimits } from './settings.ts';

/** What the clock may drift until ptp4l is asked again, where it does not tell each Sync by itself. */
const growthOf_ns = (
  { facts, sinceSync_ms, syncInterval_ms }: PtpLive,
  { poll_s, drift_ppb }: ClockSettings,
) =>
  facts.events.includes('time_sync')
    ? 0
    : Math.max(0, poll_s - (syncInterval_ms + sinceSync_ms) / 1e3) * drift_ppb;

/** The system clock steered by ptp4l itself, or by phc2sys from the clock that ptp4l steers; `bound` is that of PTP. */
export function directPath(
  ptp: PtpAssessment,
  bound: ErrorBound,
  evidence: Evidence,
  settings: ClockSettings,
): SteeringPath | BlockedPath {
  const { live, explanation } = ptp;
  if (ptp.state !== 'slave' || live === undefined)
    return { reason: ptp.reason ?? 'ptp_uncalibrated', explanation };
  const common = {
    source: 'ptp',
    sample: live.sample,
    growth_ns: growthOf_ns(live, settings),
    explanation,
  } as const;
  if (live.clock === 'system')
    return {
      ...common,
      limits: ptpLimits(settings, false),
      bound,
      measured: true,
      notes: grandmasterNotes(live),
    };
  if (live.clock === 'phc' && phc2sysSteers(evidence))
    return {
      ...common,
      limits: ptpLimits(settings, true),
      bound: unbounded('how well phc2sys steers the system clock is not measured'),
      measured: false,
      notes: ['phc2sys_unmeasured', ...grandmasterNotes(live)],
      explanation: `${explanation}; phc2sys runs`,
    };
  return live.clock === 'phc'
    ? {
        reason: 'system_clock_unbound',
        explanation: `${explanation}, but that is the clock of the network card`,
      }
    : { reason: 'timestamping_unknown', explanation: `${explanation}, of an unknown clock` };
}
