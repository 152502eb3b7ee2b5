// The path by which chronyd steers the system clock: from NTP, or from a refclock that PTP may be behind.
import type { ErrorBound } from '../types.ts';
import { chainedBound } from './bounds/ptpbound.ts';
import { boundOfNtp, boundOfPtpPath } from './bounds/sources.ts';
import { grandmasterNotes } from './grandmaster.ts';
import type { NtpAssessment, NtpLive } from './ntp.ts';
import { type BlockedPath, isSteering, type SteeringPath } from './paths.ts';
import type { PtpAssessment, PtpLive } from './ptp.ts';
import type { ReasonCode } from './reasons.ts';
import { type ClockSettings, ntpLimits, ptpLimits } from './settings.ts';

/**
 * Whether ptp4l feeds this refclock, whatever it is called: chronyd does not say where a refclock gets its time, so one
 * beside a ptp4l that could feed it is judged by the grandmaster. A card's clock must be steered, a segment only be filled.
 */
const isFed = (name: string, ptp: PtpAssessment): boolean =>
  ptp.state === 'slave' ||
  (ptp.state === 'measuring' && (ptp.live?.clock === 'system' ? !/^PHC/.test(name) : /^SHM/.test(name)));

/** A refclock that chronyd followed while ptp4l was there to feed it. */
interface FedRefclock {
  readonly name: string;
  /** When it was seen so last, monotonic ms. */
  readonly fed_ms: number;
  /** ptp4l may have steered a card's clock, which can be read without it. */
  readonly byCard: boolean;
}

/** Refclocks that PTP was seen to feed. */
export type FedRefclocks = readonly FedRefclock[];

/** Whether only PTP can be behind a refclock, so that it is worth nothing without: by what was seen, or its name. */
const needsPtp = (wanted: string, fedRefclocks: FedRefclocks): boolean =>
  fedRefclocks.some(({ name }) => name === wanted) || /^(PHC|PTP)/i.test(wanted);

const mostRefclocks = 8;
/** chronyd takes what a refclock has left for less than this. */
const leftover_ms = 60_000;

/** A ptp4l that does not say that it gets no time may only not be seen; after so long it is gone. */
const unseen_ms = 3_600_000;

/** Whether a refclock goes on giving time without ptp4l, so that something else feeds it. */
function feedsItself(
  { selected: { name, last_rx_s = Infinity } }: NtpLive,
  { state }: PtpAssessment,
  fed: FedRefclock,
  now_ms: number,
): boolean {
  const limit_ms = state === 'not_following' ? leftover_ms : unseen_ms;
  return name === fed.name && !fed.byCard && now_ms - last_rx_s * 1e3 - fed.fed_ms > limit_ms;
}

/** The refclocks that PTP was seen to feed, after another look. */
export function fedRefclocksNow(
  before: FedRefclocks,
  { live }: NtpAssessment,
  ptp: PtpAssessment,
  chrony: SteeringPath | BlockedPath,
  now_ms: number,
): FedRefclocks {
  if (live === undefined || live.selected.mode !== 'refclock') return before;
  const isFedNow = isSteering(chrony) && chrony.notes.includes('refclock_via_chrony');
  if (!isFedNow) return before.filter((fed) => !feedsItself(live, ptp, fed, now_ms));
  const { name } = live.selected;
  const others = before.filter((fed) => fed.name !== name);
  const byCard = ptp.live?.clock !== 'system';
  return [...others.slice(1 - mostRefclocks), { name, fed_ms: now_ms, byCard }];
}

/** The system clock steered by chronyd, from NTP or from a refclock that PTP feeds. */
export function chronyPath(
  ptp: PtpAssessment,
  ntp: NtpAssessment,
  ptpBound: ErrorBound,
  fedRefclocks: FedRefclocks,
  settings: ClockSettings,
): SteeringPath | BlockedPath {
  const { live, explanation } = ntp;
  if (ntp.reason !== undefined || live === undefined)
    return { reason: ntp.reason ?? 'ntp_source_lost', explanation };
  const { selected } = live;
  const near = boundOfNtp(live, settings);
  if (selected.mode === 'refclock' && isFed(selected.name, ptp) && ptp.live !== undefined)
    return throughRefclock(ptp, ptp.live, ntp, live, near, ptpBound, settings);
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
  ownBound: ErrorBound,
  settings: ClockSettings,
) {
  // only a SLAVE's offset is part of the chain: the ntpshm servo hands its offset on, where chronyd counts it
  if (far.clock !== 'system') {
    const path = isSlave ? ownBound : boundOfPtpPath(far, settings);
    return chainedBound(near, path);
  }
  return wider(chainedBound(near, boundOfPtpPath(far, settings)), ownBound);
}

function throughRefclock(
  ptp: PtpAssessment,
  far: PtpLive,
  ntp: NtpAssessment,
  live: NtpLive,
  near: ErrorBound,
  ptpBound: ErrorBound,
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
    bound: refclockBound(far, isSlave, near, ptpBound, settings),
    growth_ns: growthOf_ns(live, settings),
    measured: true,
    notes: ['refclock_via_chrony', ...falsetickerNotes(live), ...grandmasterNotes(far)],
    explanation: `${withFalsetickers(ntp.explanation, live)}; ${ptp.explanation}`,
  };
}
