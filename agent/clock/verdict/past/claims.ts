// What a source claims at this moment, and whether it may take the place of what was claimed before.
import type { Evidence } from '../../facts.ts';
import { isImplausible } from '../../trust.ts';
import type { Assessment } from '../assess.ts';
import { fewestOffsets } from '../bound.ts';
import { uncertainty_ns } from '../doubts.ts';
import { type BeforeHoldover, freeDrift_ppb } from '../holdover.ts';
import { isSteering, type SteeringPath } from '../paths.ts';
import type { ClockSettings } from '../settings.ts';
import { type Measured, type Past, pastWith } from './past.ts';

/** What the judge remembers of the moment before, as far as claims depend on it. */
interface Before extends BeforeHoldover {
  readonly past: Past;
  readonly stepped: boolean;
}

/** Others measure the same as the source that steers: enough servers, or one that would have seen the difference. */
function isConfirmed({ past }: Before, { ntp, witness }: Assessment, { source }: SteeringPath): boolean {
  if (source === 'ntp') return ntp.live?.isMajority === true;
  const seen_ns = witness?.absolute_ns ?? Infinity;
  return past.displaced !== undefined && seen_ns < Math.abs(past.displaced.ns);
}

const extreme = (values: readonly number[]): number =>
  values.reduce((most, value) => (Math.abs(value) > Math.abs(most) ? value : most), 0);

type Sample = Pick<Measured, 'id' | 'isFirst' | 'offset_ns' | 'uncertainty_ns'>;

const spreadTerms: ReadonlySet<string> = new Set(['mean_offset', 'jitter']);

/**
 * The sample to hold against what was claimed before, and what it may be off by itself. chronyd's own estimate follows a
 * jump but slowly, so that the measurement of its source counts; of ptp4l's first ones, before they had a bound, the largest.
 */
function sampleOf({ sample, bound }: SteeringPath, { offsets, paths, ntp }: Assessment): Sample {
  if (!isSteering(paths.direct) || paths.direct.sample !== sample) {
    const { tracking, measured_ns, selected } = ntp.live ?? {};
    if (tracking === undefined || measured_ns === undefined || selected === undefined)
      return { ...sample, isFirst: false, uncertainty_ns: uncertainty_ns(bound) };
    const id = String(tracking.ref_time_s);
    return { id, isFirst: false, offset_ns: measured_ns, uncertainty_ns: selected.error_margin_s * 1e9 };
  }
  const terms = bound.terms.filter(({ name }) => !spreadTerms.has(name));
  const isFirst = offsets.values_ns.length <= fewestOffsets;
  return {
    id: sample.id,
    isFirst,
    offset_ns: isFirst ? extreme(offsets.values_ns) : sample.offset_ns,
    uncertainty_ns: uncertainty_ns({ terms }),
  };
}

/** Whether something speaks against what this source claims, beside what it claimed before. */
const isDoubted = ({ source }: SteeringPath, { ptpDoubts, contradiction }: Assessment): boolean =>
  contradiction !== undefined ||
  (source === 'ptp' && [...ptpDoubts.path, ...ptpDoubts.grandmaster].length > 0);

/**
 * The claims after this moment. A clock that is steered by a source without a claim on true time is nobody's word any
 * more; one that is doubted begins no past, but goes on with one, so that its return is seen.
 */
export function pastNow(
  before: Before,
  { wall_s }: Evidence,
  assessment: Assessment,
  steering: SteeringPath | undefined,
  now_ms: number,
  settings: ClockSettings,
): Past {
  const { past } = before;
  if (steering === undefined) return past;
  const { absolute_ns, relative_ns } = steering.bound;
  if (absolute_ns === undefined && relative_ns === undefined && steering.measured) return past; // not measured yet
  const { last: _moved, ...rest } = past;
  if (isImplausible(wall_s * 1e3)) return rest;
  if (absolute_ns === undefined) return assessment.witness?.absolute_ns === undefined ? rest : past;
  if (past.last === undefined && isDoubted(steering, assessment)) return past;
  const measured = {
    ...sampleOf(steering, assessment),
    bound_ns: absolute_ns,
    drift_ppb: freeDrift_ppb(before, settings),
  };
  const standing = { confirmed: isConfirmed(before, assessment, steering), proven: !before.stepped };
  return pastWith(past, measured, standing, now_ms);
}
