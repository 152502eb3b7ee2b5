// The two paths by which time reaches the system clock, what is known of each, and which of them steers.

import type { Evidence } from '../facts.ts';
import type { ErrorBound } from '../types.ts';
import {
  chainedBound,
  type Offsets,
  pathDelay_ns,
  ptpBound,
  ptpPathBound,
  spreadOf,
  sumOf,
  unbounded,
  widened,
} from './bound.ts';
import { phc2sysSteers } from './doubts.ts';
import { whyUntraceable } from './grandmaster.ts';
import { isUsable, type Limits, type LockLevel, type OffsetSample } from './hysteresis.ts';
import type { NtpAssessment, NtpLive } from './ntp.ts';
import { ntpBound } from './ntpbound.ts';
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
  /** By how much the bound will have grown when the clock is measured next. */
  readonly growth_ns: number;
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

/** Bound of the system clock by a server of chronyd; undefined where none confirms the clock. */
export function boundOfWitness(live: NtpLive | undefined, settings: ClockSettings): ErrorBound | undefined {
  if (live === undefined || live.witnesses.length === 0) return undefined;
  if (live.selected.mode !== 'refclock') return boundOfNtp(live, settings);
  const bounds = live.witnesses.map(({ offset_s, error_margin_s, last_rx_s = 0 }) =>
    sumOf([
      { name: 'offset', ns: (Math.abs(offset_s) + Math.abs(live.tracking.system_time_s)) * 1e9 },
      { name: 'error_margin', ns: error_margin_s * 1e9 },
      { name: 'drift', ns: (last_rx_s + live.reportAge_s) * settings.drift_ppb },
    ]),
  );
  return bounds.reduce((best, next) => ((next.absolute_ns ?? 0) < (best.absolute_ns ?? 0) ? next : best));
}

const grandmasterNotes = ({ facts: { parent, timeProperties } }: PtpLive): ReasonCode[] =>
  whyUntraceable(parent, timeProperties) === undefined ? [] : ['gm_not_traceable'];

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
  const common = { source: 'ptp', sample: live.sample, growth_ns: 0, explanation } as const;
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

/**
 * Whether ptp4l feeds this refclock, whatever it is called: chronyd does not say where a refclock gets its time, so one
 * beside a ptp4l that could feed it is judged by the grandmaster. A card's clock must be steered, a segment only be filled.
 */
const isFed = (name: string, ptp: PtpAssessment): boolean =>
  ptp.state === 'slave' ||
  (ptp.state === 'measuring' && (ptp.live?.clock === 'system' ? !/^PHC/.test(name) : /^SHM/.test(name)));

/** Whether only PTP can be behind a refclock, so that it is worth nothing without: by what was seen, or its name. */
const needsPtp = (name: string, fedRefclocks: readonly string[]): boolean =>
  fedRefclocks.includes(name) || /^(PHC|PTP)/i.test(name);

/** The system clock steered by chronyd, from NTP or from a refclock that PTP feeds. */
export function chronyPath(
  ptp: PtpAssessment,
  ntp: NtpAssessment,
  offsets: Offsets,
  fedRefclocks: readonly string[],
  settings: ClockSettings,
): SteeringPath | BlockedPath {
  const { live, explanation } = ntp;
  if (ntp.reason !== undefined || live === undefined)
    return { reason: ntp.reason ?? 'ntp_source_lost', explanation };
  const { selected } = live;
  const near = boundOfNtp(live, settings);
  if (selected.mode === 'refclock' && isFed(selected.name, ptp) && ptp.live !== undefined)
    return throughRefclock(ptp, ptp.live, ntp, live, near, offsets, settings);
  if (selected.mode === 'refclock' && needsPtp(selected.name, fedRefclocks))
    return { reason: 'refclock_unfed', explanation: `${explanation}; ${ptp.explanation}` };
  return {
    source: 'ntp',
    sample: live.sample,
    limits: ntpLimits(settings),
    bound: near,
    growth_ns: growthOf_ns(live, settings),
    measured: true,
    notes: falsetickerNotes(live),
    explanation: withFalsetickers(explanation, live),
  };
}

/** What the clock may drift until chronyd usually updates it next. */
const growthOf_ns = ({ pause_s, refAge_s }: NtpLive, { drift_ppb }: ClockSettings): number =>
  Math.max(0, pause_s - refAge_s) * drift_ppb;

const falsetickerNotes = ({ falsetickers }: NtpLive): ReasonCode[] =>
  falsetickers.length === 0 ? [] : ['ntp_falseticker'];

/** The sentence with those that contradict named. */
const withFalsetickers = (explanation: string, { falsetickers }: NtpLive): string =>
  falsetickers.length === 0
    ? explanation
    : `${explanation}; ${falsetickers.length} contradict it (${falsetickers.map(({ name }) => name).join(' ')})`;

/** Of two bounds of one clock the wider one: each may be what is wrong. */
const wider = (a: ErrorBound, b: ErrorBound): ErrorBound =>
  (b.relative_ns ?? Infinity) > (a.relative_ns ?? Infinity) ? b : a;

/** The bound of a clock that chronyd steers by ptp4l: their errors add; where ptp4l measures that very clock, its own word counts too. */
function refclockBound(
  far: PtpLive,
  isSlave: boolean,
  near: ErrorBound,
  offsets: Offsets,
  settings: ClockSettings,
) {
  // only a SLAVE's offset is part of the chain: the ntpshm servo hands its offset on, where chronyd counts it
  const ownBound = boundOfPtp(far, offsets, settings);
  if (far.clock !== 'system') {
    const path = isSlave ? ownBound : ptpPathBound(boundInput(far, settings), []);
    return chainedBound(near, path);
  }
  return wider(chainedBound(near, ptpPathBound(boundInput(far, settings), [])), ownBound);
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
  const isSlave = ptp.state === 'slave';
  const steersCard = isSlave && far.clock !== 'system';
  const offset_ns = steersCard
    ? Math.sign(live.sample.offset_ns || 1) *
      (Math.abs(live.sample.offset_ns) + Math.abs(far.sample.offset_ns))
    : live.sample.offset_ns;
  return {
    source: 'ptp',
    sample: { id: live.sample.id, offset_ns },
    limits: ptpLimits(settings, far.clock === 'phc'),
    bound: refclockBound(far, isSlave, near, offsets, settings),
    growth_ns: growthOf_ns(live, settings),
    measured: true,
    notes: ['refclock_via_chrony', ...falsetickerNotes(live), ...grandmasterNotes(far)],
    explanation: `${withFalsetickers(ntp.explanation, live)}; ${ptp.explanation}`,
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
