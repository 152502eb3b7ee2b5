// What a source claims at this moment, and whether it may take the place of what was claimed before.
import { known } from '../../../lib/known.ts';
import type { Evidence } from '../../facts.ts';
import { isImplausible } from '../../trust.ts';
import type { ErrorBound } from '../../types.ts';
import type { Assessment } from '../assess.ts';
import { fewestOffsets, type Offsets } from '../bounds/offsets.ts';
import { sumOfKinds } from '../bounds/terms.ts';
import { type BeforeHoldover, freeDrift_ppb } from '../holdover.ts';
import type { OffsetSample } from '../hysteresis.ts';
import type { NtpLive } from '../ntp.ts';
import type { PathName, SteeringPath } from '../paths.ts';
import type { ClockSettings } from '../settings.ts';
import { type Past, pastLeft, pastMoved, pastWith } from './past.ts';
import type { Measured } from './pending.ts';
import { type Gains, gainsOf, type Integral, integralAfter, wayFrom } from './servomodel.ts';
import { slewedSince } from './slewed.ts';

/** What the judge remembers of the moment before, as far as claims depend on it. */
interface Before extends BeforeHoldover {
  readonly past: Past;
  readonly stepped: boolean;
}

/** Others measure the same as the source that steers: enough servers, or one that would have seen the difference. */
function isBorneOut({ past }: Before, { ntp, witness }: Assessment, { source }: SteeringPath): boolean {
  if (source === 'ntp') return ntp.live?.isMajority === true;
  const seen_ns = witness?.absolute_ns ?? Infinity;
  return seen_ns < Math.abs((past.displaced ?? past.pending)?.ns ?? 0);
}

const farthest = (values: readonly number[]): number =>
  values.reduce((most, value) => (Math.abs(value) > Math.abs(most) ? value : most), 0);

type Sample = Omit<Measured, 'bound_ns' | 'drift_ppb'>;

/** What ptp4l's servo follows. Of its first ones, before they had a bound, the farthest is what it began with. */
function servoSample(
  bound: ErrorBound,
  { id, offset_ns }: OffsetSample,
  offsets: Offsets,
  gains: Gains | undefined,
  integral: Integral | undefined,
): Sample {
  const { values_ns, added } = offsets;
  const isFirst = values_ns.length - added.length < fewestOffsets;
  return {
    by: 'servo',
    ...known({ gains, start: gains && integral && wayFrom(integral) }),
    id,
    isFirst,
    offset_ns: isFirst ? farthest(values_ns) : offset_ns,
    added: isFirst ? values_ns.map((value_ns) => ({ offset_ns: value_ns, interval_s: 0 })) : added,
    uncertainty_ns: sumOfKinds(bound, 'drift', 'source', 'past'),
  };
}

/** What chronyd follows: the measurement of its source, since its own estimate goes after a jump but slowly. */
function chronydSample({ tracking, measured_ns, selected }: NtpLive): Sample {
  return {
    by: 'chronyd',
    id: String(tracking.ref_time_s),
    isFirst: false,
    offset_ns: measured_ns,
    added: [{ offset_ns: measured_ns, interval_s: 0 }],
    uncertainty_ns: selected.error_margin_s * 1e9,
  };
}

/** What the servo does with an offset, where its settings are known and it has met no Sync that we have not seen. */
function gainsNow({ disciplines }: Evidence, { ptp: { live }, offsets }: Assessment): Gains | undefined {
  const { piServo } = disciplines;
  if (piServo === undefined || live === undefined) return undefined;
  const interval_s = live.syncInterval_ms / 1e3;
  const isTold = live.facts.events.includes('time_sync');
  const isMissed = offsets.added.some((one) => one.interval_s > 1.5 * interval_s);
  return isMissed && !isTold ? undefined : gainsOf(piServo, interval_s);
}

/** The sample to hold against what was claimed before, and what it may be off by itself. */
function sampleOf(
  { path, steering: { bound, sample } }: Steered,
  evidence: Evidence,
  assessment: Assessment,
  { integral }: Past,
) {
  const { offsets, ntp } = assessment;
  if (path === 'direct') return servoSample(bound, sample, offsets, gainsNow(evidence, assessment), integral);
  return ntp.live && chronydSample(ntp.live);
}

/** The servo's integral after the samples of this moment. It begins anew with a source. */
function integralNow(
  { integral, pending, displaced }: Past,
  { gains, isFirst, added }: Sample,
): Integral | undefined {
  if (gains === undefined) return undefined;
  const isCalm = pending === undefined && displaced?.home === undefined;
  return integralAfter(isFirst ? undefined : integral, added, gains, isCalm);
}

/** Whether something speaks against what this source claims, beside what it claimed before. */
const isDoubted = ({ source }: SteeringPath, { ptpDoubts, contradiction }: Assessment): boolean =>
  contradiction !== undefined ||
  (source === 'ptp' && [...ptpDoubts.path, ...ptpDoubts.grandmaster].length > 0);

/** The past with what chronyd has moved the clock by since, where it is the one that moves it. */
function slewed({ past }: Before, { set_s }: Evidence, { ntp }: Assessment): Past {
  const { lastReport: before, ...rest } = past;
  if (ntp.live === undefined || ntp.reason !== undefined) return rest;
  const { lastReport, slewed_ns } = slewedSince(before, ntp.live.tracking, set_s);
  return { ...pastMoved(rest, slewed_ns), lastReport };
}

/** What steers the clock now. */
export interface Steered {
  readonly path: PathName;
  readonly steering: SteeringPath;
}

/**
 * The claims after this moment. A clock that is steered by a source without a claim on true time is nobody's word any
 * more; one that is doubted begins no past, but goes on with one, so that its return is seen.
 */
export function pastNow(
  before: Before,
  evidence: Evidence,
  assessment: Assessment,
  steered: Steered | undefined,
  now_ms: number,
  settings: ClockSettings,
): Past {
  const past = slewed(before, evidence, assessment);
  if (steered === undefined) return pastLeft(past);
  const { steering } = steered;
  const { absolute_ns, relative_ns } = steering.bound;
  if (absolute_ns === undefined && relative_ns === undefined && steering.measured) return past; // not measured yet
  const { last: _last, pending: _pending, ...rest } = past;
  if (isImplausible(evidence.wall_s * 1e3)) return rest;
  if (absolute_ns === undefined) return assessment.witness?.absolute_ns === undefined ? rest : past;
  if (past.last === undefined && isDoubted(steering, assessment)) return past;
  const sample = sampleOf(steered, evidence, assessment, past);
  if (sample === undefined) return past;
  const measured = { ...sample, bound_ns: absolute_ns, drift_ppb: freeDrift_ppb(before, settings) };
  const word = { confirmed: isBorneOut(before, assessment, steering), proven: !before.stepped };
  const { lastReport } = past;
  return {
    ...pastWith(past, measured, word, now_ms),
    ...known({ lastReport, integral: integralNow(past, sample) }),
  };
}
