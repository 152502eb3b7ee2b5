// The verdict: a pure reducer over evidence, so that a recorded day can be replayed through it.

import { known } from '../../lib/known.ts';
import { freshValue } from '../../lib/reading.ts';
import { type Evidence, isFollowing } from '../facts.ts';
import { unjudged, type Verdict } from '../types.ts';
import { type Assessment, assess, type Remembered, utcOffsetNow } from './assess.ts';
import { noUpdates } from './bounds/ntpbound.ts';
import { noOffsets, steppedRegime } from './bounds/offsets.ts';
import { unbounded } from './bounds/terms.ts';
import { fedRefclocksNow } from './chronypath.ts';
import {
  type Background,
  type Conclusion,
  capped,
  concludeHoldover,
  concludeSource,
  concludeUnsynced,
} from './conclusion.ts';
import { driftOf_ppb, type Holdover, holdoverNow } from './holdover.ts';
import {
  afterLoss,
  isUsable,
  type LockHistory,
  levelOf,
  noHistory,
  type Size,
  withSample,
} from './hysteresis.ts';
import { leapOf_s } from './leap.ts';
import type { Step } from './ntp.ts';
import { pastNow, type Steered } from './past/claims.ts';
import { noPast, type Past, pastAfterStep } from './past/past.ts';
import {
  type BlockedPath,
  choosePath,
  isSteering,
  type LivePath,
  type PathName,
  type SteeringPath,
} from './paths.ts';
import type { ReasonCode } from './reasons.ts';
import type { ClockSettings } from './settings.ts';

/** A verdict whose reasons are codes of the table. */
export type ClockVerdict = Verdict<ReasonCode>;

/** The published verdict, and what the judge remembers. JSON-able; all `_ms` are monotonic. */
export interface JudgeState extends Remembered {
  readonly verdict: ClockVerdict;
  /** When it was judged last. */
  readonly at_ms: number;
  /** By how much the wall clock had been set then. */
  readonly set_s?: number;
  readonly path?: PathName;
  readonly direct: LockHistory;
  readonly chrony: LockHistory;
  readonly holdover?: Holdover;
  /** How wrong the frequency may be that chronyd gave the clock. */
  readonly ntpDrift_ppb?: number;
  /** Holdover has ended and no source is back. */
  readonly expired: boolean;
  /** The clock was set, and no source has proven itself since. */
  readonly stepped: boolean;
}

/** Before anything was asked. */
export function initial(now_ms: number): JudgeState {
  return {
    verdict: {
      ...unjudged,
      since_ms: now_ms,
      bound: unbounded('nothing is known of the clock yet'),
      reasons: ['starting'],
      evidence: 'no daemon queried yet',
    },
    at_ms: now_ms,
    direct: noHistory,
    chrony: noHistory,
    offsets: noOffsets,
    updates: noUpdates,
    past: noPast,
    fedRefclocks: [],
    expired: false,
    stepped: false,
  };
}

/** By how much the wall clock was set since it was judged last. */
const stepSince_s = ({ set_s: before }: JudgeState, { set_s }: Evidence): number => set_s - (before ?? set_s);

const isFollowingPtp = ({ ptp }: Evidence): boolean =>
  ptp.kind === 'fresh' && ptp.value.ports.some(isFollowing);

/** What remains known after somebody set the system clock: nothing of its offset. A leap second leaves it right. */
function forgetOffsets(
  { holdover: _holdover, path: _path, ...before }: JudgeState,
  step_s: number,
  evidence: Evidence,
  now_ms: number,
): JudgeState {
  const { ntp, wall_s } = evidence;
  const wrongBy_s = step_s - leapOf_s(before.leap, step_s, wall_s);
  return {
    ...before,
    direct: afterLoss(before.direct),
    chrony: afterLoss(before.chrony),
    offsets: { ...before.offsets, regime: steppedRegime, values_ns: [], added: [] },
    updates: noUpdates,
    past: pastAfterStep(before.past, wrongBy_s * 1e9, isFollowingPtp(evidence), now_ms),
    stepped: true,
    step: {
      at_ms: now_ms,
      size_s: step_s + (before.step?.size_s ?? 0), // one that chronyd has not seen yet counts with it
      ...known({ refBefore_s: freshValue(ntp)?.tracking.ref_time_s }),
    },
  };
}

/** The step for as long as chronyd may not have seen it. */
function stepAfter({ step }: JudgeState, { ntp }: Evidence, assessment: Assessment): Step | undefined {
  if (ntp.kind === 'absent') return undefined; // one that is started later measures a clock that has been set
  if (step === undefined || ntp.kind !== 'fresh' || ntp.at_ms <= step.at_ms) return step;
  if (assessment.ntp.reason !== 'clock_stepped') return undefined;
  return { ...step, refAfter_s: step.refAfter_s ?? ntp.value.tracking.ref_time_s };
}

/** How far a path's clock may be off, by which its quality is judged; by its offset where nobody measures the system clock. */
function sizeOf({ bound, growth_ns, measured, sample }: SteeringPath): Size {
  const bound_ns = bound.absolute_ns ?? bound.relative_ns ?? Infinity;
  const now_ns = measured ? bound_ns : Math.abs(sample.offset_ns);
  return { now_ns, next_ns: now_ns + growth_ns };
}

const followPath = (before: LockHistory, path: SteeringPath | BlockedPath, now_ms: number): LockHistory =>
  isSteering(path)
    ? withSample(before, path.sample.id, sizeOf(path), path.limits, now_ms)
    : afterLoss(before);

/** A path that steers, with the level that it may claim. */
interface Rated extends LivePath {
  readonly steering: SteeringPath;
}

function rate(assessment: Assessment, past: Past, name: PathName, history: LockHistory): Rated | undefined {
  const path = assessment.paths[name];
  if (!isSteering(path)) return undefined;
  const { lockedSince_ms } = history;
  return {
    steering: path,
    level: capped(levelOf(history), path, assessment, past),
    ...(lockedSince_ms === undefined ? {} : { lockedSince_ms }),
  };
}

/** What is remembered of this moment, beside the verdict. */
function remember(
  before: JudgeState,
  evidence: Evidence,
  assessment: Assessment,
  steered: Steered | undefined,
  now_ms: number,
  settings: ClockSettings,
): Remembered & Pick<JudgeState, 'ntpDrift_ppb'> {
  const { ptp, ntp, paths, offsets, updates, followed, contradiction, leap } = assessment;
  const step = stepAfter(before, evidence, assessment);
  const utcOffset = utcOffsetNow(before, assessment, now_ms);
  const ntpDrift_ppb = ntp.live === undefined ? before.ntpDrift_ppb : driftOf_ppb(ntp.live);
  return {
    offsets,
    updates,
    past: pastNow({ before, evidence, assessment, steered, now_ms, settings }),
    fedRefclocks: fedRefclocksNow(before.fedRefclocks, ntp, ptp, paths.chrony, now_ms),
    ...(ptp.state === 'measuring' ? { measuringSince_ms: before.measuringSince_ms ?? now_ms } : {}),
    ...known({ step, utcOffset, leap, followed, contradiction, ntpDrift_ppb }),
  };
}

const sameState = (a: ClockVerdict, b: Conclusion): boolean =>
  a.source === b.source && a.quality === b.quality && a.holdover?.since_ms === b.holdover?.since_ms;

/** The next state after `evidence`, seen at `now_ms` (monotonic). Call it for every poll and every event. */
export function judge(
  state: JudgeState,
  evidence: Evidence,
  now_ms: number,
  settings: ClockSettings,
): JudgeState {
  const step_s = stepSince_s(state, evidence);
  const before = step_s === 0 ? state : forgetOffsets(state, step_s, evidence, now_ms);
  const assessment = assess(before, evidence, now_ms, settings);
  const direct = followPath(before.direct, assessment.paths.direct, now_ms);
  const chrony = followPath(before.chrony, assessment.paths.chrony, now_ms);
  const rated = {
    direct: rate(assessment, before.past, 'direct', direct),
    chrony: rate(assessment, before.past, 'chrony', chrony),
  };
  const path = choosePath(before.path, rated.direct, rated.chrony, now_ms);
  const chosen = path && rated[path];
  const usable = chosen !== undefined && isUsable(chosen.level);
  const holdover = usable ? undefined : holdoverNow(before, assessment, path, now_ms, settings);
  const lasting = {
    expired: !usable && holdover === undefined && (before.expired || before.holdover !== undefined),
    stepped: before.stepped && !usable,
  };
  const steered = path && chosen && { path, steering: chosen.steering };
  const remembered = remember(before, evidence, assessment, steered, now_ms, settings);
  const background: Background = {
    ...lasting,
    now_ms,
    past: remembered.past,
    readingError_ns: evidence.readingError_ns,
  };
  const conclusion =
    holdover !== undefined
      ? concludeHoldover(holdover, chosen?.steering, assessment, background)
      : path !== undefined && chosen !== undefined
        ? concludeSource(path, chosen.steering, chosen.level, assessment, background)
        : concludeUnsynced(assessment, background);
  return {
    verdict: {
      ...conclusion,
      since_ms: sameState(state.verdict, conclusion) ? state.verdict.since_ms : now_ms,
    },
    at_ms: now_ms,
    set_s: evidence.set_s,
    // in holdover the path that was lost is forgotten: whichever is usable first steers next
    ...(path === undefined || holdover !== undefined ? {} : { path }),
    direct,
    chrony,
    ...remembered,
    ...(holdover === undefined ? {} : { holdover }),
    ...lasting,
  };
}
