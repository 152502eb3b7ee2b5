// What is measured at this moment and by whom the clock is moved, held against what was claimed before.
import { known } from '../../../lib/known.ts';
import type { Evidence } from '../../facts.ts';
import { isImplausible } from '../../trust.ts';
import type { Assessment } from '../assess.ts';
import { type Offsets, steppedRegime } from '../bounds/offsets.ts';
import { boundOfPtpPath } from '../bounds/sources.ts';
import { sumOfKinds } from '../bounds/terms.ts';
import { type BeforeHoldover, freeDrift_ppb } from '../holdover.ts';
import type { PathName, SteeringPath } from '../paths.ts';
import type { PtpLive } from '../ptp.ts';
import type { ClockSettings } from '../settings.ts';
import {
  noise_ns,
  type Past,
  pastConfirmed,
  pastLeft,
  pastMoved,
  pastWith,
  type SampledLook,
} from './past.ts';
import { type Doing, followed, type Gains, gainsOf, type Measurement } from './servomodel.ts';
import { type Slewed, slewedSince } from './slewed.ts';

/** What the judge remembers of the moment before, as far as claims depend on it. */
interface Before extends BeforeHoldover {
  readonly past: Past;
  readonly offsets: Offsets;
  readonly stepped: boolean;
}

/** What steers the clock now. */
export interface Steered {
  readonly path: PathName;
  readonly steering: SteeringPath;
}

/** All that the claims of this moment depend on. */
interface Moment {
  readonly before: Before;
  readonly evidence: Evidence;
  readonly assessment: Assessment;
  readonly steered: Steered | undefined;
  readonly now_ms: number;
  readonly settings: ClockSettings;
}

/** Others measure the same as the source that steers: enough servers, or one that has seen the difference since. */
function isBorneOut({ displaced, pending }: Past, { ntp, witness }: Assessment, { source }: SteeringPath) {
  if (source === 'ntp') return ntp.live?.isMajority === true;
  const doubtful = displaced ?? pending;
  if (witness?.absolute_ns === undefined || doubtful === undefined) return false;
  return witness.measured_ms > doubtful.since_ms && witness.absolute_ns < Math.abs(doubtful.ns);
}

/** Whether something speaks against what this source claims, beside what it claimed before. */
const isDoubted = ({ source }: SteeringPath, { ptpDoubts, contradiction }: Assessment): boolean =>
  contradiction !== undefined ||
  (source === 'ptp' && [...ptpDoubts.path, ...ptpDoubts.grandmaster].length > 0);

/** The bound that the source claims; a doubted one begins no past, but goes on with one, so that its return is seen. */
function claimed_ns({ before, assessment, steered }: Moment): number | undefined {
  const { past, stepped } = before;
  if (steered === undefined) return undefined;
  const { steering } = steered;
  const mayBegin = !stepped && !isDoubted(steering, assessment);
  return past.last !== undefined || mayBegin ? steering.bound.absolute_ns : undefined;
}

/** What chronyd has corrected since the last look, where it moves the clock. */
function slewedNow({ before: { past }, evidence, now_ms }: Moment): Slewed | undefined {
  const { ntp, disciplines, set_s } = evidence;
  const isCalm = past.pending === undefined && past.displaced?.home === undefined;
  if (ntp.kind !== 'fresh' || disciplines.chronydMonitorOnly === true) return undefined;
  const { tracking } = ntp.value;
  return tracking.leap === 'unsynchronised'
    ? undefined
    : slewedSince(past.lastReport, tracking, { set_s, now_ms, isCalm });
}

/** What the servo does with an offset, where its settings are known and it has met no Sync that we have not seen. */
function gainsNow({ evidence, assessment }: Moment, { facts, syncInterval_ms }: PtpLive): Gains | undefined {
  const { piServo } = evidence.disciplines;
  const interval_s = syncInterval_ms / 1e3;
  const isMissed = assessment.offsets.added.some((one) => one.interval_s > 1.5 * interval_s);
  if (piServo === undefined || (isMissed && !facts.events.includes('time_sync'))) return undefined;
  return gainsOf(piServo, interval_s);
}

/** What the clock may drift between two Syncs, and for how long they may stay away. */
const longestPause_ms = 10_000;

/** What a ptp4l measures that steers the system clock, or is about to, and what its servo does meanwhile. */
function byServo(moment: Moment, live: PtpLive): Pick<Past, 'servo'> & { readonly measured: SampledLook } {
  const { before, assessment, settings } = moment;
  const { added } = assessment.offsets;
  const { servo } = before.past;
  const path = boundOfPtpPath(live, settings);
  const gains = gainsNow(moment, live);
  const calm_ns = noise_ns(before.past, 'servo') ?? Infinity;
  const doing: Doing | undefined = gains && { gains, acts: assessment.ptp.state === 'slave', calm_ns };
  const isStep = before.offsets.regime === steppedRegime; // these may be from before it
  const unknown = { samples: (isStep ? [] : added) satisfies readonly Measurement[], servo: undefined };
  const { samples, servo: servoNow } = doing === undefined ? unknown : followed(servo, added, doing);
  return {
    ...known({ servo: servoNow }),
    measured: {
      by: 'servo',
      samples,
      source_ns: path.terms.length === 0 ? Infinity : sumOfKinds(path, 'source'),
      ...known({ bound_ns: claimed_ns(moment) }),
      drift_ppb: settings.drift_ppb,
      freeDrift_ppb: freeDrift_ppb(before, settings),
      pause_ms: longestPause_ms,
      after_ms: Number.isFinite(live.facts.ingressAfter_ms)
        ? live.facts.ingressAfter_ms
        : moment.before.at_ms,
    },
  };
}

/** What the way to the grandmaster, and itself, may be wrong by where chronyd follows it. */
function pathOf_ns({ assessment, steered, settings }: Moment): number {
  const { live } = assessment.ptp;
  const isBehind = steered?.steering.source === 'ptp' && live !== undefined;
  return isBehind ? sumOfKinds(boundOfPtpPath(live, settings), 'source') : 0;
}

/** A clock that chronyd steers is off its frequency by what chronyd knows, and by what a change of warmth does at once. */
const warmth_ppb = 3000;

/** What chronyd measures at an update, since its own estimate goes after a jump but slowly. */
function byChronyd(moment: Moment, slewed: Slewed | undefined): SampledLook | undefined {
  const { before, assessment, steered, settings } = moment;
  const { live } = assessment.ntp;
  if (live === undefined || steered === undefined) return undefined;
  const { tracking, measured_ns, selected } = live;
  const sample = {
    offset_ns: measured_ns,
    interval_s: tracking.update_interval_s,
    ...(slewed?.isKnown === true ? { moved_ns: 0 } : {}),
  };
  const free_ppb = freeDrift_ppb(before, settings);
  const steered_ppb = warmth_ppb + (tracking.skew_ppm + Math.abs(tracking.resid_freq_ppm)) * 1e3;
  return {
    by: 'chronyd',
    samples: slewed?.isUpdate === true ? [sample] : [],
    source_ns: selected.error_margin_s * 1e9 + pathOf_ns(moment),
    ...known({ bound_ns: claimed_ns(moment) }),
    drift_ppb: Math.min(free_ppb, steered_ppb),
    freeDrift_ppb: free_ppb,
    pause_ms: 2500 * 2 ** selected.poll,
    after_ms: moment.now_ms,
  };
}

/** What is measured of the clock now, by the one who moves it. */
function measuredNow(moment: Moment, slewed: Slewed | undefined) {
  const { assessment, steered } = moment;
  const { live } = assessment.ptp;
  if (steered?.path === 'chrony') {
    const measured = byChronyd(moment, slewed);
    return measured && { measured };
  }
  return live?.clock === 'system' ? byServo(moment, live) : undefined;
}

/** The claims after this moment. */
export function pastNow(moment: Moment): Past {
  const { before, evidence, assessment, steered, now_ms } = moment;
  const slewed = slewedNow(moment);
  const { lastReport: reported, ...rest } = before.past;
  const past: Past = pastMoved(rest, slewed?.slewed_ns ?? 0);
  const { last: _last, pending: _pending, ...others } = past;
  const lastReport = slewed?.report ?? (evidence.ntp.kind === 'stale' ? reported : undefined);
  if (isImplausible(evidence.wall_s * 1e3)) return { ...others, ...known({ lastReport }) };
  const found = measuredNow(moment, slewed);
  if (found === undefined) return { ...pastLeft(past), ...known({ lastReport }) };
  const { measured, ...servo } = found;
  const isConfirmed = steered !== undefined && isBorneOut(past, assessment, steered.steering);
  const claims =
    isConfirmed && measured.samples.length > 0
      ? pastConfirmed(past, measured, now_ms)
      : pastWith(past, measured, now_ms);
  return { ...claims, ...known({ lastReport }), ...servo };
}
