// The ways in which the system clock may be steered to true time, each with what is known of it.

import type { Evidence } from '../facts.ts';
import type { ErrorBound } from '../types.ts';
import { chainedBound, gmDoubt, ntpBound, pathDelay_ns, ptpBound, ptpPathBound, unbounded } from './bound.ts';
import { isPtpRefclock, phc2sysSteers } from './doubts.ts';
import type { Limits, Sample } from './hysteresis.ts';
import type { NtpLive, NtpView } from './ntp.ts';
import { type Offsets, spreadOf } from './offsets.ts';
import type { PtpLive, PtpView } from './ptp.ts';
import type { ReasonCode } from './reasons.ts';
import { type ClockSettings, ntpLimits, ptpLimits } from './settings.ts';

/** A live source that steers the system clock. */
export interface Candidate {
  readonly source: 'ptp' | 'ntp';
  readonly sample: Sample;
  readonly limits: Limits;
  readonly bound: ErrorBound;
  /** False when the sample is not of the system clock, so that it can be neither locked nor published. */
  readonly measured: boolean;
  readonly notes: readonly ReasonCode[];
  readonly sentence: string;
}

/** A way that cannot be used, and why; without a reason when it was not asked for. */
export interface Blocked {
  readonly reason?: ReasonCode;
  readonly sentence: string;
}

/** Whether a way can be used. */
export const isCandidate = (way: Candidate | Blocked): way is Candidate => 'source' in way;

const boundInput = (live: PtpLive, settings: ClockSettings) => ({
  delay_ns: pathDelay_ns(live.facts, live.port),
  hardware: live.clock === 'phc',
  asymmetry_ns: settings.asymmetry_ns,
  parent: live.facts.parent,
  timeProperties: live.facts.timeProperties,
});

/** Bound of the clock that ptp4l measures, steered by it or not. */
export const boundOfPtp = (live: PtpLive, offsets: Offsets, settings: ClockSettings): ErrorBound =>
  ptpBound({
    ...boundInput(live, settings),
    spread: spreadOf(offsets),
    drift_ppb: settings.drift_ppb,
    sinceSync_ms: live.sinceSync_ms,
  });

/** Bound of the system clock as chronyd knows it. */
export const boundOfNtp = (live: NtpLive, settings: ClockSettings): ErrorBound =>
  ntpBound({
    tracking: live.tracking,
    refAge_s: live.refAge_s,
    reportAge_s: live.reportAge_s,
    drift_ppb: settings.drift_ppb,
  });

/** A suspect UTC offset is a doubt of its own (checks.ts), and leaves the rest of the grandmaster's word alone. */
function grandmasterNotes({ facts: { parent, timeProperties } }: PtpLive): ReasonCode[] {
  const vouched = timeProperties && { ...timeProperties, currentUtcOffsetValid: true };
  return gmDoubt(parent, vouched) === undefined ? [] : ['gm_not_traceable'];
}

/** The system clock steered by ptp4l itself, or by phc2sys from the clock that ptp4l steers. */
export function directWay(
  ptp: PtpView,
  offsets: Offsets,
  evidence: Evidence,
  settings: ClockSettings,
): Candidate | Blocked {
  const { live, sentence } = ptp;
  if (ptp.standing !== 'slave' || live === undefined)
    return { reason: ptp.reason ?? 'ptp_uncalibrated', sentence };
  const common = { source: 'ptp', sample: live.sample, sentence } as const;
  if (live.clock === 'system')
    return {
      ...common,
      limits: ptpLimits(settings, false),
      bound: boundOfPtp(live, offsets, settings),
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
      sentence: `${sentence}; phc2sys runs`,
    };
  return live.clock === 'phc'
    ? { reason: 'system_clock_unbound', sentence: `${sentence}, but that is the clock of the network card` }
    : { reason: 'timestamping_unknown', sentence: `${sentence}, of a clock that is not known` };
}

/** Whether ptp4l keeps this refclock right: a card's clock must be steered, a SHM segment only be filled. */
function isFed(name: string, ptp: PtpView): boolean {
  if (ptp.standing === 'slave') return true;
  if (ptp.standing !== 'measuring') return false;
  return name.startsWith('SHM') || (name.startsWith('PTP') && ptp.live?.clock === 'system');
}

/** The system clock steered by chronyd, from NTP or from a refclock that PTP feeds. */
export function chronyWay(
  ptp: PtpView,
  ntp: NtpView,
  offsets: Offsets,
  settings: ClockSettings,
): Candidate | Blocked {
  const { live, sentence } = ntp;
  if (ntp.reason !== undefined || live === undefined)
    return { reason: ntp.reason ?? 'ntp_source_lost', sentence };
  const { selected } = live;
  const notes = live.falsetickers ? (['ntp_falseticker'] as const) : [];
  const near = boundOfNtp(live, settings);
  if (isPtpRefclock(selected) && isFed(selected.name, ptp) && ptp.live !== undefined)
    return throughRefclock(ptp, ptp.live, ntp, live, near, offsets, settings);
  if (isPtpRefclock(selected) && !selected.name.startsWith('SHM'))
    // gpsd fills SHM without any PTP
    return { reason: 'refclock_unfed', sentence: `${sentence}; ${ptp.sentence}` };
  return {
    source: 'ntp',
    sample: live.sample,
    limits: ntpLimits(settings),
    bound: near,
    measured: true,
    notes,
    sentence,
  };
}

function throughRefclock(
  ptp: PtpView,
  far: PtpLive,
  ntp: NtpView,
  live: NtpLive,
  near: ErrorBound,
  offsets: Offsets,
  settings: ClockSettings,
): Candidate {
  // only a SLAVE's offset is part of the chain: the ntpshm servo hands its offset on, where chronyd counts it
  const steersCard = ptp.standing === 'slave' && far.clock !== 'system';
  const offset_ns = steersCard
    ? Math.sign(live.sample.offset_ns || 1) *
      (Math.abs(live.sample.offset_ns) + Math.abs(far.sample.offset_ns))
    : live.sample.offset_ns;
  return {
    source: 'ptp',
    sample: { id: live.sample.id, offset_ns },
    limits: ptpLimits(settings, far.clock === 'phc'),
    bound: chainedBound(
      near,
      steersCard ? boundOfPtp(far, offsets, settings) : ptpPathBound(boundInput(far, settings), []),
    ),
    measured: true,
    notes: [
      'refclock_via_chrony',
      ...(live.falsetickers ? (['ntp_falseticker'] as const) : []),
      ...grandmasterNotes(far),
    ],
    sentence: `${ntp.sentence}; ${ptp.sentence}`,
  };
}
