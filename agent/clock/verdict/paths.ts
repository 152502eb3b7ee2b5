// The two paths by which time reaches the system clock, what is known of each, and which of them steers.

import type { Evidence } from '../facts.ts';
import type { ErrorBound } from '../types.ts';
import {
  chainedBound,
  ntpBound,
  type Offsets,
  pathDelay_ns,
  ptpBound,
  ptpPathBound,
  spreadOf,
  unbounded,
  whyUntraceable,
} from './bound.ts';
import { isPtpRefclock, phc2sysSteers } from './doubts.ts';
import { isUsable, type Limits, type LockLevel, type OffsetSample } from './hysteresis.ts';
import type { NtpAssessment, NtpLive } from './ntp.ts';
import type { PtpAssessment, PtpLive } from './ptp.ts';
import type { ReasonCode } from './reasons.ts';
import { type ClockSettings, ntpLimits, ptpLimits } from './settings.ts';

/** `direct`: ptp4l steers the system clock, with phc2sys where needed. `chrony`: chronyd does. */
export type PathName = 'direct' | 'chrony';

/** A path whose source is live and steers the system clock. */
export interface SteeringPath {
  readonly source: 'ptp' | 'ntp';
  readonly sample: OffsetSample;
  readonly limits: Limits;
  readonly bound: ErrorBound;
  /** False when the sample is not of the system clock, so that it can be neither locked nor published. */
  readonly measured: boolean;
  readonly notes: readonly ReasonCode[];
  readonly explanation: string;
}

/** A path that does not steer, and why; without a reason when the mode leaves it out. */
export interface BlockedPath {
  readonly reason?: ReasonCode;
  readonly explanation: string;
}

/** Whether the path steers the system clock. */
export const isSteering = (path: SteeringPath | BlockedPath): path is SteeringPath => 'source' in path;

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

/** A suspect UTC offset is a doubt of its own (doubts.ts), and says nothing of the grandmaster's other claims. */
function grandmasterNotes({ facts: { parent, timeProperties } }: PtpLive): ReasonCode[] {
  const asIfValid = timeProperties && { ...timeProperties, currentUtcOffsetValid: true };
  return whyUntraceable(parent, asIfValid) === undefined ? [] : ['gm_not_traceable'];
}

/** The system clock steered by ptp4l itself, or by phc2sys from the clock that ptp4l steers. */
export function directPath(
  ptp: PtpAssessment,
  offsets: Offsets,
  evidence: Evidence,
  settings: ClockSettings,
): SteeringPath | BlockedPath {
  const { live, explanation } = ptp;
  if (ptp.state !== 'slave' || live === undefined)
    return { reason: ptp.reason ?? 'ptp_uncalibrated', explanation };
  const common = { source: 'ptp', sample: live.sample, explanation } as const;
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
      explanation: `${explanation}; phc2sys runs`,
    };
  return live.clock === 'phc'
    ? {
        reason: 'system_clock_unbound',
        explanation: `${explanation}, but that is the clock of the network card`,
      }
    : { reason: 'timestamping_unknown', explanation: `${explanation}, of an unknown clock` };
}

/** Whether ptp4l keeps this refclock right: a card's clock must be steered, a SHM segment only be filled. */
function isFed(name: string, ptp: PtpAssessment): boolean {
  if (ptp.state === 'slave') return true;
  if (ptp.state !== 'measuring') return false;
  return name.startsWith('SHM') || (name.startsWith('PTP') && ptp.live?.clock === 'system');
}

/** The system clock steered by chronyd, from NTP or from a refclock that PTP feeds. */
export function chronyPath(
  ptp: PtpAssessment,
  ntp: NtpAssessment,
  offsets: Offsets,
  settings: ClockSettings,
): SteeringPath | BlockedPath {
  const { live, explanation } = ntp;
  if (ntp.reason !== undefined || live === undefined)
    return { reason: ntp.reason ?? 'ntp_source_lost', explanation };
  const { selected } = live;
  const notes = live.falsetickers ? (['ntp_falseticker'] as const) : [];
  const near = boundOfNtp(live, settings);
  if (isPtpRefclock(selected) && isFed(selected.name, ptp) && ptp.live !== undefined)
    return throughRefclock(ptp, ptp.live, ntp, live, near, offsets, settings);
  if (isPtpRefclock(selected) && !selected.name.startsWith('SHM'))
    // gpsd fills SHM without any PTP
    return { reason: 'refclock_unfed', explanation: `${explanation}; ${ptp.explanation}` };
  return {
    source: 'ntp',
    sample: live.sample,
    limits: ntpLimits(settings),
    bound: near,
    measured: true,
    notes,
    explanation,
  };
}

function throughRefclock(
  ptp: PtpAssessment,
  far: PtpLive,
  ntp: NtpAssessment,
  live: NtpLive,
  near: ErrorBound,
  offsets: Offsets,
  settings: ClockSettings,
): SteeringPath {
  // only a SLAVE's offset is part of the chain: the ntpshm servo hands its offset on, where chronyd counts it
  const steersCard = ptp.state === 'slave' && far.clock !== 'system';
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
    explanation: `${ntp.explanation}; ${ptp.explanation}`,
  };
}

/** How long PTP must be locked before it takes over from a good chronyd. */
const takeover_ms = 10_000;

/** One path that steers, as it is compared with the other. */
export interface LivePath {
  readonly level: LockLevel;
  /** Monotonic ms since when it is locked. */
  readonly lockedSince_ms?: number;
}

const rank: Readonly<Record<LockLevel, number>> = { acquiring: 0, tracking: 1, locked: 2 };

/**
 * Chooses between paths that steer. A usable one is kept, except that PTP takes over once it is locked for 10 s;
 * an unusable one is left at once for a usable one.
 */
export function choosePath(
  active: PathName | undefined,
  direct: LivePath | undefined,
  chrony: LivePath | undefined,
  now_ms: number,
): PathName | undefined {
  if (direct === undefined || chrony === undefined)
    return direct === undefined ? chrony && 'chrony' : 'direct';
  if (active === 'direct') return isUsable(direct.level) || !isUsable(chrony.level) ? 'direct' : 'chrony';
  if (active === 'chrony') {
    const proven = direct.level === 'locked' && now_ms - (direct.lockedSince_ms ?? now_ms) >= takeover_ms;
    return !proven && (isUsable(chrony.level) || !isUsable(direct.level)) ? 'chrony' : 'direct';
  }
  return rank[direct.level] >= rank[chrony.level] ? 'direct' : 'chrony';
}
