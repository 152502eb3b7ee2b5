// From what holds now to what is told: hold times, groups, and the end of each alert. Pure but for the state that it keeps.
//
// All spans are of observed time: what passed while the units could be seen. The restart of the alerter, a lost link and the
// sleep of its machine are no outage of a unit, and end none: nothing counts meanwhile, and who is silent after it counts only
// once he had time to be heard.
import { known } from '../../lib/known.ts';
import { type Alert, type AlertKey, type Condition, hubName, keyOf, type Notice, ruleOf } from './alert.ts';
import type { JudgedConditions, Wanted } from './conditions.ts';
import { endGroups, formGroups, groupAlert, mayBeMany } from './groups.ts';
import type { HeldAlert, KeeperState, Look, Tell } from './held.ts';
import type { KeeperTimes } from './options.ts';

/** A keeper that has seen nothing. */
export const newKeeper = (): KeeperState => ({
  clock_ms: 0,
  settled_ms: 0,
  wereSeen: false,
  held: new Map(),
  groups: new Map(),
  unheard: new Map(),
  counters: {},
});

/** A unit that is there is heard within so many of its intervals. */
const settleIntervals = 4;
/** The same where gaps come more often than that: in so many, and so long, without them. */
const unheardIntervals = 8;
const unheard_ms = 300_000;
/** What was told of a unit that was forgotten ends with the second look that finds it gone: a roster may be read just now. */
const gone_ms = 1000;

/** The alert of one unit, or of the hub. */
export const alertOf = ({ condition, unit, about, since_ms, text }: HeldAlert): Alert => ({
  key: keyOf(condition, unit, about),
  condition,
  severity: ruleOf(condition).severity,
  ...known({ unit, about }),
  since_ms,
  text,
  remedy: ruleOf(condition).remedy,
});

/** What was told and is not over, the oldest first; of so many units. */
export function firing(state: KeeperState, total: number): Alert[] {
  const single = [...state.held.values()].filter(({ isTold }) => isTold).map(alertOf);
  const groups = [...state.groups].filter(([, { told }]) => told > 0);
  return [...groups.map(([condition, group]) => groupAlert(state, condition, group, total)), ...single].sort(
    (a, b) => a.since_ms - b.since_ms,
  );
}

/** All of these had time to be heard since the last gap, where it is silence that is told of. */
export const isSettled = (
  { settled_ms }: KeeperState,
  { interval_s }: JudgedConditions,
  condition: Condition,
  units: readonly string[],
): boolean =>
  condition !== 'offline' || settled_ms >= settleIntervals * Math.max(...units.map(interval_s)) * 1000;

/** It counts now: who is silent had time to be heard, since the last gap or in all. */
function isDueToCount(state: KeeperState, judged: JudgedConditions, key: AlertKey, wanted: Wanted): boolean {
  const { condition, unit = hubName } = wanted;
  if (isSettled(state, judged, condition, [unit])) {
    state.unheard.delete(key);
    return true;
  }
  const since_ms = state.unheard.get(key) ?? state.clock_ms;
  state.unheard.set(key, since_ms);
  const interval_ms = judged.interval_s(unit) * 1000;
  const isUnheard = state.clock_ms - since_ms >= Math.max(unheardIntervals * interval_ms, unheard_ms);
  return isUnheard && state.settled_ms >= interval_ms;
}

/** Takes in that a condition holds. */
function hold(
  state: KeeperState,
  key: AlertKey,
  { condition, unit, about, text, since_ms }: Wanted,
  look: Look,
  passed_ms: number,
) {
  const one = state.held.get(key);
  if (one === undefined) {
    state.held.set(key, {
      condition,
      ...known({ unit, about }),
      since_ms: since_ms ?? look.now_ms,
      began_ms: state.clock_ms,
      text,
      seen_ms: state.clock_ms,
      held_ms: 0,
      clear_ms: 0,
      isWanted: true,
      isTold: false,
      isGrouped: false,
      isAlone: false,
    });
    return;
  }
  if (one.isWanted) one.held_ms += passed_ms;
  one.isWanted = true;
  one.clear_ms = 0;
  one.seen_ms = state.clock_ms;
  one.text = text;
}

/** It was seen a moment ago, and is of a kind that lasts. */
const isLasting = ({ clock_ms }: KeeperState, { condition, seen_ms, isWanted }: HeldAlert): boolean =>
  isWanted && clock_ms - seen_ms < (ruleOf(condition).lasts_s ?? 0) * 1000;

/** Takes in that it does not; gives whether it is over for good. */
function clear(state: KeeperState, one: HeldAlert, passed_ms: number, keep_ms: number): boolean {
  if (one.isWanted) {
    one.isWanted = false;
    const group = one.isGrouped && one.wasBack !== true ? state.groups.get(one.condition) : undefined;
    if (group !== undefined) {
      group.back_ms = state.clock_ms;
      one.wasBack = true;
    }
  } else one.clear_ms += passed_ms;
  return one.clear_ms >= keep_ms;
}

/** By how much the clock of the units goes on; what is seen for the first time after a gap has no time yet. */
function advance(state: KeeperState, { areUnitsSeen, passed_ms }: Look): number {
  const isContinuous = areUnitsSeen && state.wereSeen && passed_ms !== undefined;
  const passed = isContinuous ? passed_ms : 0;
  state.settled_ms = isContinuous ? state.settled_ms + passed : 0;
  state.clock_ms += passed;
  state.wereSeen = areUnitsSeen;
  return passed;
}

/** One silent interval more than makes a unit silent: the slow ones get the time of one more heartbeat. */
const holdOf = (one: HeldAlert, times: KeeperTimes, judged: JudgedConditions): number =>
  times.hold_ms(one.condition).for_ms +
  (one.condition === 'offline' ? judged.interval_s(one.unit ?? '') * 1000 : 0);

/** Takes in what does not hold any more, and tells of what is over for good. */
function endSingly(
  state: KeeperState,
  judged: JudgedConditions,
  passedOf: (unit: string | undefined) => number,
  times: KeeperTimes,
  tell: Tell,
): void {
  for (const [key, one] of state.held) {
    const { condition, unit = hubName, about } = one;
    if (judged.wanted.has(key) || !judged.isOver(condition, unit, about)) continue;
    const isGone = unit !== hubName && judged.isGone(unit);
    if (!isGone && isLasting(state, one)) {
      one.held_ms += passedOf(one.unit);
      continue;
    }
    const { keep_ms } = times.hold_ms(condition);
    if (!clear(state, one, passedOf(one.unit), isGone ? Math.min(gone_ms, keep_ms) : keep_ms)) continue;
    state.held.delete(key);
    const how = isGone ? 'the unit is not watched any more' : 'over';
    if (one.isTold) tell('resolved', { ...alertOf(one), text: `${how}; it was: ${one.text}` });
  }
}

/** Takes in what a look shows, and gives what is to be told, in order. */
export function keep(state: KeeperState, judged: JudgedConditions, look: Look, times: KeeperTimes): Notice[] {
  const unitsPassed_ms = advance(state, look);
  const passedOf = (unit: string | undefined): number =>
    unit === undefined ? (look.passed_ms ?? 0) : unitsPassed_ms;
  const notices: Notice[] = [];
  const tell: Tell = (event, alert) => void notices.push({ event, at_ms: look.now_ms, alert });

  for (const [key, wanted] of judged.wanted)
    if (isDueToCount(state, judged, key, wanted)) hold(state, key, wanted, look, passedOf(wanted.unit));
  for (const key of state.unheard.keys()) if (!judged.wanted.has(key)) state.unheard.delete(key);
  endSingly(state, judged, passedOf, times, tell);
  if (look.areUnitsSeen) {
    endGroups(state, judged, times, tell);
    formGroups(state, judged, times, tell);
  }
  const waits = mayBeMany(state, judged.total, times);
  for (const one of state.held.values()) {
    if (one.isTold || one.isGrouped || !one.isWanted || one.held_ms < holdOf(one, times, judged)) continue;
    if (waits(one)) continue;
    one.isTold = true;
    tell('fired', alertOf(one));
  }
  return notices;
}
