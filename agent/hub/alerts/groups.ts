// Many units that get the same trouble together: one alert, which names how many and which. Pure but for the keeper's state.
import { type Alert, alertConditions, type Condition, keyOf, ruleOf } from './alert.ts';
import type { JudgedConditions } from './conditions.ts';
import type { Group, HeldAlert, KeeperState, Tell } from './held.ts';
import type { KeeperTimes } from './options.ts';

/** From the first to the last of those that go together, and one heartbeat, within which each is found. */
const together_ms = 60_000;
/** Units that vanish are told of once no more follow for so long, and then at the latest: within 30 s, with the time to find them. */
const calm_ms = 4000;
const longest_ms = 10_000;
/** The same for what is told at once: so long the first waits for others. */
const othersCalm_ms = 10_000;
/** They are all back that come back, when none has for so long. */
const backCalm_ms = 60_000;
/** From one telling of a group to the next. */
const pause_ms = 300_000;
/** In the text, and in the record. */
const mostNamed = 20;
const mostListed = 1000;

/** The alert of a group: how many, and which. */
export function groupAlert(
  state: Pick<KeeperState, 'held'>,
  condition: Condition,
  group: Pick<Group, 'since_ms'>,
  total: number,
): Alert {
  const names = unitsOf(members(state, condition).filter(({ isWanted }) => isWanted)).sort();
  const named = names.slice(0, mostNamed);
  const more = names.length > named.length ? ` and ${names.length - named.length} more` : '';
  const { severity, remedy, many } = ruleOf(condition);
  return {
    key: keyOf(condition),
    condition,
    severity,
    since_ms: group.since_ms,
    text: `${names.length} of ${total} units ${many}${named.length > 0 ? ': ' : ''}${named.join(', ')}${more}`,
    remedy: `one cause is likelier than ${names.length}: what do they share? Of each: ${remedy}`,
    group: { count: names.length, of: total, units: names.slice(0, mostListed) },
  };
}

/** Each once, however many troubles of the condition it has. */
const unitsOf = (ones: readonly HeldAlert[]): string[] => [...new Set(ones.map(({ unit = '' }) => unit))];

const ofUnits = (state: Pick<KeeperState, 'held'>, condition: Condition): HeldAlert[] =>
  [...state.held.values()].filter((one) => one.condition === condition && one.unit !== undefined);

const members = (state: Pick<KeeperState, 'held'>, condition: Condition): HeldAlert[] =>
  ofUnits(state, condition).filter(({ isGrouped }) => isGrouped);

const isMany = (count: number, total: number, { group_share, group_least }: KeeperTimes): boolean =>
  count >= group_least && count > group_share * total;

/** The end of a group, of so many: who is left is told singly. */
function endOf(alert: Alert, told: number): Alert {
  const left = alert.group?.count ?? 0;
  const names = alert.text.slice(alert.text.indexOf(': ') + 2);
  return {
    ...alert,
    text: `over for all ${left === 0 ? '' : `but ${left} `}of ${told} units${left === 0 ? '' : `: ${names}`}`,
  };
}

/** Those that are back leave it; the rest are told singly once all are back that come back. */
export function endGroups(
  state: KeeperState,
  { total }: JudgedConditions,
  times: KeeperTimes,
  tell: Tell,
): void {
  for (const [condition, group] of state.groups) {
    const now = members(state, condition);
    const away = unitsOf(now.filter(({ isWanted }) => isWanted)).length;
    const calm = Math.max(backCalm_ms, times.hold_ms(condition).keep_ms);
    const isCalm = state.clock_ms - group.back_ms >= calm;
    const isOver =
      group.told === 0
        ? !isMany(away, total, times)
        : now.length === 0 ||
          (isCalm && (away < times.group_least || away <= times.group_share * group.told));
    if (isOver) {
      if (group.told > 0) tell('resolved', endOf(groupAlert(state, condition, group, total), group.told));
      for (const one of now) leave(one);
      state.groups.delete(condition);
    } else if (!group.isNews && group.told !== away && isCalm && state.clock_ms - group.told_ms >= pause_ms)
      tellGroup(state, condition, group, total, tell);
  }
}

function leave(one: HeldAlert): void {
  Object.assign(one, { isGrouped: false, isNamed: false, wasBack: false });
}

/** Tells how many and which; who is not among them just now leaves it, and is told singly if he gets the trouble again. */
function tellGroup(state: KeeperState, condition: Condition, group: Group, total: number, tell: Tell): void {
  for (const one of members(state, condition)) {
    if (one.isWanted) one.isNamed = true;
    else leave(one);
  }
  const alert = groupAlert(state, condition, group, total);
  group.told = alert.group?.count ?? 0;
  group.told_ms = state.clock_ms;
  tell('fired', alert);
}

/** Those of a trouble that nobody was told of yet. */
const untold = (state: KeeperState, condition: Condition): HeldAlert[] =>
  ofUnits(state, condition).filter((one) => one.isWanted && !one.isTold && !one.isGrouped && !one.isAlone);

/** Within it others go together with it: the time in which each is found that vanished at once. */
const windowOf =
  ({ interval_s }: JudgedConditions) =>
  ({ unit = '' }: HeldAlert): number =>
    together_ms + interval_s(unit) * 1000;

/** Begins a group, or a further wave of one, where there are enough that began together. */
function gather(
  state: KeeperState,
  condition: Condition,
  judged: JudgedConditions,
  times: KeeperTimes,
): void {
  const group = state.groups.get(condition);
  const { clock_ms } = state;
  const window = windowOf(judged);
  const join = (ones: readonly HeldAlert[]): void => {
    for (const one of ones) one.isGrouped = true;
  };
  const free = untold(state, condition);
  if (group?.isNews === true) {
    const late = free.filter((one) => one.began_ms <= group.formed_ms + window(one));
    join(late); // of a group that was told they would be told to nobody
    if (late.length > 0) group.joined_ms = clock_ms;
  }
  const isFresh = (one: HeldAlert): boolean =>
    one.isWanted && !one.isGrouped && !one.isAlone && clock_ms - one.began_ms <= window(one);
  const fresh = ofUnits(state, condition).filter(isFresh); // also those that were told singly as they were few
  const wave = { formed_ms: clock_ms, joined_ms: clock_ms, isNews: true };
  if (isMany(unitsOf(fresh).length, judged.total, times)) {
    join(fresh);
    if (group !== undefined) Object.assign(group, wave);
    else {
      const since_ms = Math.min(...fresh.map((one) => one.since_ms));
      state.groups.set(condition, { since_ms, ...wave, back_ms: clock_ms, told: 0, told_ms: clock_ms });
    }
  }
}

/** Of a group: those that nobody was told of yet. */
const waveOf = (state: KeeperState, condition: Condition): HeldAlert[] =>
  members(state, condition).filter(({ isNamed }) => isNamed !== true);

/** Whether it has waited for long enough: no longer than one alone would, had its first no others. */
function isDue(state: KeeperState, condition: Condition, group: Group, times: KeeperTimes): boolean {
  const { clock_ms } = state;
  const calmFor_ms = clock_ms - group.joined_ms;
  if (condition === 'offline') return clock_ms - group.formed_ms >= longest_ms || calmFor_ms >= calm_ms;
  const wave = waveOf(state, condition).filter(({ isWanted }) => isWanted);
  if (wave.length === 0) return true;
  if (!wave.some(({ held_ms }) => held_ms >= times.hold_ms(condition).for_ms)) return false;
  const first_ms = wave.reduce((first, { began_ms }) => Math.min(first, began_ms), clock_ms);
  return clock_ms - first_ms >= together_ms || calmFor_ms >= othersCalm_ms;
}

/** Gives whether others may follow with which it is one trouble: it began a moment ago, or others do still. */
export function mayBeMany(
  state: KeeperState,
  total: number,
  times: KeeperTimes,
): (one: HeldAlert) => boolean {
  const newest = new Map<Condition, number>();
  const newestOf = (condition: Condition): number => {
    const found = newest.get(condition);
    if (found !== undefined) return found;
    const last_ms = untold(state, condition).reduce((last, { began_ms }) => Math.max(last, began_ms), 0);
    newest.set(condition, last_ms);
    return last_ms;
  };
  return ({ condition, unit, isAlone, began_ms }) =>
    unit !== undefined &&
    !isAlone &&
    total >= times.group_least &&
    state.clock_ms - began_ms < together_ms &&
    state.clock_ms - newestOf(condition) < othersCalm_ms;
}

/** The further wave of a group: told if there are still as many, else each of them singly. */
function tellWave(
  state: KeeperState,
  condition: Condition,
  group: Group,
  judged: JudgedConditions,
  times: KeeperTimes,
  tell: Tell,
): void {
  const wave = waveOf(state, condition);
  const away = wave.filter(({ isWanted }) => isWanted);
  group.isNews = false;
  if (isMany(unitsOf(away).length, judged.total, times))
    tellGroup(state, condition, group, judged.total, tell);
  else
    for (const one of wave) {
      leave(one);
      one.isAlone = true;
    }
}

/** Gathers those that got a trouble together, and tells of them. */
export function formGroups(
  state: KeeperState,
  judged: JudgedConditions,
  times: KeeperTimes,
  tell: Tell,
): void {
  const found = new Set([...state.held.values()].map(({ condition }) => condition));
  for (const condition of alertConditions) {
    if (!found.has(condition) || ruleOf(condition).many === undefined) continue;
    gather(state, condition, judged, times);
    const group = state.groups.get(condition);
    if (group?.isNews === true && isDue(state, condition, group, times))
      tellWave(state, condition, group, judged, times, tell);
  }
}
