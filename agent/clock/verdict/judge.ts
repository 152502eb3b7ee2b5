// The verdict: a pure reducer over evidence, so that a recorded day can be replayed through it.

import type { Evidence } from '../facts.ts';
import type { Verdict } from '../types.ts';
import { type Memory, type Weighed, weigh } from './assess.ts';
import { unbounded } from './bound.ts';
import { type Contender, choose, type Way } from './choose.ts';
import { capped, type Finding, sayCandidate, sayHeld, sayUnsynced } from './conclusion.ts';
import { type Held, heldLimit_ns, holdOn, isSpent } from './holdover.ts';
import { type Follow, follow, isUsable, levelOf, lost, unfollowed } from './hysteresis.ts';
import { noOffsets } from './offsets.ts';
import { type Blocked, type Candidate, isCandidate } from './paths.ts';
import type { ReasonCode } from './reasons.ts';
import type { ClockSettings } from './settings.ts';

/** A verdict whose reasons are codes of the table. */
export type ClockVerdict = Verdict<ReasonCode>;

/** The published verdict, and what the judge remembers. JSON-able; all `_ms` are monotonic. */
export interface JudgeState extends Memory {
  readonly verdict: ClockVerdict;
  /** When it was judged last. */
  readonly at_ms: number;
  readonly wall_s?: number;
  readonly way?: Way;
  readonly direct: Follow;
  readonly chrony: Follow;
  readonly held?: Held;
  /** Holdover has ended and no source is back. */
  readonly spent: boolean;
  /** The clock was set, and no source has proven itself since. */
  readonly stepped: boolean;
}

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
      evidence: 'nothing was asked yet',
    },
    at_ms: now_ms,
    direct: unfollowed,
    chrony: unfollowed,
    offsets: noOffsets,
    spent: false,
    stepped: false,
  };
}

function wasStepped({ wall_s, at_ms }: JudgeState, evidence: Evidence, now_ms: number): boolean {
  if (wall_s === undefined) return false;
  return Math.abs(evidence.wall_s - wall_s - (now_ms - at_ms) / 1e3) > step_s;
}

/** What remains known after somebody set the system clock: nothing of its offset. */
function forgetOffsets({ held: _held, way: _way, ...before }: JudgeState, { ntp }: Evidence): JudgeState {
  return {
    ...before,
    direct: lost(before.direct),
    chrony: lost(before.chrony),
    offsets: noOffsets,
    stepped: true,
    ...(ntp.kind === 'fresh' ? { outdatedRef_s: ntp.value.tracking.ref_time_s } : {}),
  };
}

const followWay = (before: Follow, way: Candidate | Blocked, now_ms: number): Follow =>
  isCandidate(way) ? follow(before, way.sample, way.limits, now_ms) : lost(before);

/** A live way with the level that it may claim. */
interface Running extends Contender {
  readonly candidate: Candidate;
}

function running(weighed: Weighed, way: Way, seen: Follow): Running | undefined {
  const candidate = weighed.ways[way];
  if (!isCandidate(candidate)) return undefined;
  const { lockedSince_ms } = seen;
  return {
    candidate,
    level: capped(levelOf(seen), candidate, weighed),
    ...(lockedSince_ms === undefined ? {} : { lockedSince_ms }),
  };
}

/** Holdover, begun or going on, while no usable source is there; undefined when it was not earned or has ended. */
function hold(
  before: JudgeState,
  weighed: Weighed,
  way: Way | undefined,
  now_ms: number,
  settings: ClockSettings,
): Held | undefined {
  const isOwnFault = way !== undefined && way === before.way; // still there, and bad: then it is known to be off
  const held =
    before.held ??
    (isOwnFault || before.way === undefined ? undefined : holdOn(before.verdict, before.at_ms, now_ms));
  if (held === undefined || isSpent(held, now_ms, settings)) return undefined;
  const seen_ns = [
    weighed.ptp.live?.clock === 'system' ? weighed.ptp.live.sample.offset_ns : 0,
    weighed.ntp.live?.sample.offset_ns ?? 0,
  ];
  return seen_ns.some((offset) => Math.abs(offset) > heldLimit_ns(held, settings)) ? undefined : held;
}

const sameState = (a: ClockVerdict, b: Finding): boolean =>
  a.source === b.source && a.quality === b.quality && a.holdover?.since_ms === b.holdover?.since_ms;

/** The next state after `evidence`, seen at `now_ms` (monotonic). Call it for every poll and every event. */
export function judge(
  state: JudgeState,
  evidence: Evidence,
  now_ms: number,
  settings: ClockSettings,
): JudgeState {
  const before = wasStepped(state, evidence, now_ms) ? forgetOffsets(state, evidence) : state;
  const weighed = weigh(before, evidence, now_ms, settings);
  const direct = followWay(before.direct, weighed.ways.direct, now_ms);
  const chrony = followWay(before.chrony, weighed.ways.chrony, now_ms);
  const live = {
    direct: running(weighed, 'direct', direct),
    chrony: running(weighed, 'chrony', chrony),
  };
  const way = choose(before.way, live.direct, live.chrony, now_ms);
  const chosen = way && live[way];
  const usable = chosen !== undefined && isUsable(chosen.level);
  const held = usable ? undefined : hold(before, weighed, way, now_ms, settings);
  const past = {
    spent: !usable && held === undefined && (before.spent || before.held !== undefined),
    stepped: before.stepped && !usable,
  };
  const finding =
    held !== undefined
      ? sayHeld(held, weighed, now_ms, settings)
      : way !== undefined && chosen !== undefined
        ? sayCandidate(way, chosen.candidate, chosen.level, weighed, past)
        : sayUnsynced(weighed, past);
  const measuring = weighed.ptp.standing === 'measuring';
  return {
    verdict: { ...finding, since_ms: sameState(state.verdict, finding) ? state.verdict.since_ms : now_ms },
    at_ms: now_ms,
    wall_s: evidence.wall_s,
    // in holdover the way that was lost is remembered no longer: whichever is usable first wins
    ...(way === undefined || held !== undefined ? {} : { way }),
    direct,
    chrony,
    offsets: weighed.offsets,
    ...(measuring ? { measuringSince_ms: before.measuringSince_ms ?? now_ms } : {}),
    ...(before.outdatedRef_s === undefined ? {} : { outdatedRef_s: before.outdatedRef_s }),
    ...(held === undefined ? {} : { held }),
    ...past,
  };
}
