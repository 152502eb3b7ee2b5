// The verdict: a pure reducer over evidence, so that a recorded day can be replayed through it.

import type { Evidence } from '../facts.ts';
import type { Verdict } from '../types.ts';
import { type Assessment, assess, type Remembered } from './assess.ts';
import { noOffsets, unbounded } from './bound.ts';
import { type Conclusion, capped, concludeHoldover, concludeSource, concludeUnsynced } from './conclusion.ts';
import { beginHoldover, type Holdover, holdoverLimit_ns, isExpired } from './holdover.ts';
import { afterLoss, isUsable, type LockHistory, levelOf, noHistory, withSample } from './hysteresis.ts';
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
  readonly wall_s?: number;
  readonly path?: PathName;
  readonly direct: LockHistory;
  readonly chrony: LockHistory;
  readonly holdover?: Holdover;
  /** Holdover has ended and no source is back. */
  readonly expired: boolean;
  /** The clock was set, and no source has proven itself since. */
  readonly stepped: boolean;
}

/** A wall clock that moved by more against the monotonic one was set. */
const step_s = 0.1;

/** Before anything was asked. */
export function initial(now_ms: number): JudgeState {
  return {
    verdict: {
      source: 'unsynced',
      quality: 'freerun',
      since_ms: now_ms,
      bound: unbounded('nothing is known of the clock yet'),
      reasons: ['starting'],
      evidence: 'no daemon queried yet',
    },
    at_ms: now_ms,
    direct: noHistory,
    chrony: noHistory,
    offsets: noOffsets,
    expired: false,
    stepped: false,
  };
}

function wasStepped({ wall_s, at_ms }: JudgeState, evidence: Evidence, now_ms: number): boolean {
  if (wall_s === undefined) return false;
  return Math.abs(evidence.wall_s - wall_s - (now_ms - at_ms) / 1e3) > step_s;
}

/** What remains known after somebody set the system clock: nothing of its offset. */
function forgetOffsets(
  { holdover: _holdover, path: _path, ...before }: JudgeState,
  { ntp }: Evidence,
): JudgeState {
  return {
    ...before,
    direct: afterLoss(before.direct),
    chrony: afterLoss(before.chrony),
    offsets: noOffsets,
    stepped: true,
    ...(ntp.kind === 'fresh' ? { outdatedRef_s: ntp.value.tracking.ref_time_s } : {}),
  };
}

const followPath = (before: LockHistory, path: SteeringPath | BlockedPath, now_ms: number): LockHistory =>
  isSteering(path) ? withSample(before, path.sample, path.limits, now_ms) : afterLoss(before);

/** A path that steers, with the level that it may claim. */
interface Rated extends LivePath {
  readonly steering: SteeringPath;
}

function rate(assessment: Assessment, name: PathName, history: LockHistory): Rated | undefined {
  const path = assessment.paths[name];
  if (!isSteering(path)) return undefined;
  const { lockedSince_ms } = history;
  return {
    steering: path,
    level: capped(levelOf(history), path, assessment),
    ...(lockedSince_ms === undefined ? {} : { lockedSince_ms }),
  };
}

/** Holdover, begun or going on, while no usable source is there; undefined when it was not earned or has ended. */
function holdoverNow(
  before: JudgeState,
  assessment: Assessment,
  path: PathName | undefined,
  now_ms: number,
  settings: ClockSettings,
): Holdover | undefined {
  const isOwnFault = path !== undefined && path === before.path; // still there, and bad: then it is known to be off
  const canBegin = !isOwnFault && before.path !== undefined;
  const holdover =
    before.holdover ?? (canBegin ? beginHoldover(before.verdict, before.at_ms, now_ms) : undefined);
  if (holdover === undefined || isExpired(holdover, now_ms, settings)) return undefined;
  const { ptp, ntp } = assessment;
  const seen_ns = [
    ptp.live?.clock === 'system' ? ptp.live.sample.offset_ns : 0,
    ntp.live?.sample.offset_ns ?? 0,
  ];
  const limit_ns = holdoverLimit_ns(holdover, settings);
  return seen_ns.some((offset) => Math.abs(offset) > limit_ns) ? undefined : holdover;
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
  const before = wasStepped(state, evidence, now_ms) ? forgetOffsets(state, evidence) : state;
  const assessment = assess(before, evidence, now_ms, settings);
  const direct = followPath(before.direct, assessment.paths.direct, now_ms);
  const chrony = followPath(before.chrony, assessment.paths.chrony, now_ms);
  const rated = { direct: rate(assessment, 'direct', direct), chrony: rate(assessment, 'chrony', chrony) };
  const path = choosePath(before.path, rated.direct, rated.chrony, now_ms);
  const chosen = path && rated[path];
  const usable = chosen !== undefined && isUsable(chosen.level);
  const holdover = usable ? undefined : holdoverNow(before, assessment, path, now_ms, settings);
  const past = {
    expired: !usable && holdover === undefined && (before.expired || before.holdover !== undefined),
    stepped: before.stepped && !usable,
  };
  const conclusion =
    holdover !== undefined
      ? concludeHoldover(holdover, assessment, now_ms, settings)
      : path !== undefined && chosen !== undefined
        ? concludeSource(path, chosen.steering, chosen.level, assessment, past)
        : concludeUnsynced(assessment, past);
  const measuring = assessment.ptp.state === 'measuring';
  return {
    verdict: {
      ...conclusion,
      since_ms: sameState(state.verdict, conclusion) ? state.verdict.since_ms : now_ms,
    },
    at_ms: now_ms,
    wall_s: evidence.wall_s,
    // in holdover the path that was lost is forgotten: whichever is usable first steers next
    ...(path === undefined || holdover !== undefined ? {} : { path }),
    direct,
    chrony,
    offsets: assessment.offsets,
    ...(measuring ? { measuringSince_ms: before.measuringSince_ms ?? now_ms } : {}),
    ...(before.outdatedRef_s === undefined ? {} : { outdatedRef_s: before.outdatedRef_s }),
    ...(holdover === undefined ? {} : { holdover }),
    ...past,
  };
}
