// All units of a hub as rows of its page, with since when they are so, and what happened to them. Pure: time is passed in.
import type { BothClocks } from '../../lib/ticker.ts';
import {
  type ChangeBook,
  clockState,
  type LastKnown,
  lastKnown,
  newChangeBook,
  whatChanged,
} from './changes.ts';
import type { Fleet } from './fleet.ts';
import { fleetUnitOf, invitedUnit, type KnownOfUnits } from './fleetunit.ts';
import { type ClockLimits, noLimits } from './limits.ts';
import type { Admission, FleetChange, FleetUnit, Measured } from './model.ts';
import type { Unit } from './row/rowview.ts';

export interface FleetWatch {
  /** Takes in what the records of the last second say. To be called about every second. */
  settle(now: BothClocks): void;
  /** All units, also those that are expected and were never heard. Not in order. */
  units(now: BothClocks): FleetUnit[];
  unit(id: string, now: BothClocks): FleetUnit | undefined;
  /** What happened after that time, Unix ms; the newest last, and no more than a few thousand. */
  changes(since_ms: number): FleetChange[];
  /** Unix ms of the newest of these that is kept no longer: what was until then is not all there. */
  lostChanges_ms(): number | undefined;
  /** From now on a unit that is heard for the first time has joined: the roster knows all earlier ones. */
  knowsAll(): void;
  setEnrolments(enrolments: ReadonlyMap<string, Admission>): void;
  setRole(unit: string, role: string): void;
  setMeasured(unit: string, measured: Measured): void;
}

/** What is kept of a unit from one look to the next; times are monotonic. */
interface Kept {
  readonly shown: FleetUnit;
  readonly at_ms: number;
  readonly known: LastKnown;
  readonly heard_ms: number;
  readonly state_ms: number | undefined;
  readonly clock: Lasting;
  readonly link: Lasting;
}

/** Something that lasts, and since when. */
interface Lasting {
  readonly what: string | undefined;
  /** What the unit says of how long it has lasted, as it said it. */
  readonly for_s: number | undefined;
  readonly since_ms: number | undefined;
}

/** Anybody may send an event in any name. */
const mostRoles = 100_000;
/** So long a client that is away stays listed: a browser that was closed does not come back. */
const day_ms = 86_400_000;
const awayKept_ms = day_ms;
/** States of those who are silent since they were last heard. */
const silent: readonly string[] = ['offline', 'away', 'stopped'];

/** By the word of the unit where that is new; else by when it was first seen to be so. */
function lasting(
  before: Lasting | undefined,
  what: string | undefined,
  for_s: number | undefined,
  now_ms: number,
) {
  const isSame = before !== undefined && before.what === what;
  if (for_s !== undefined && !(isSame && before.for_s === for_s))
    return { what, for_s, since_ms: now_ms - for_s * 1000 };
  if (isSame || what === undefined) return before ?? { what, for_s, since_ms: undefined };
  return { what, for_s, since_ms: before?.what === undefined ? undefined : now_ms };
}

function look(before: Kept | undefined, unit: Unit, told: KnownOfUnits, now_ms: number): Kept {
  const found = fleetUnitOf(unit, told);
  const heard_ms = now_ms - unit.age_s * 1000;
  const { clock, state } = found;
  const holds = clock?.holdover === true && clock.grandmaster === undefined;
  const grandmaster = before?.known.grandmaster;
  const shown = holds && grandmaster !== undefined ? { ...found, clock: { ...clock, grandmaster } } : found;
  const began_ms = before === undefined ? undefined : now_ms;
  const isNew = before?.shown.state !== state;
  return {
    shown,
    at_ms: now_ms,
    known: lastKnown(shown, before?.known),
    heard_ms,
    state_ms: silent.includes(state) ? heard_ms : isNew ? began_ms : before?.state_ms,
    clock: lasting(before?.clock, clockState(found), unit.clock_for_s, now_ms),
    link: lasting(before?.link, found.link?.up?.toString(), unit.hub_for_s, now_ms),
  };
}

/**
 * By assignment: V8 gives each object that several spreads make a hidden class of its own, and then looks at 10,000 of them
 * cost three times as much.
 */
const withSince = <T extends object>(values: T, since_ms: number): T =>
  Object.assign({}, values, { since_ms });

/** At a moment: ages grow, and times are those of the hub's clock as it stands now. */
function atMoment(
  { shown, at_ms: seen_ms, heard_ms, state_ms, clock, link }: Kept,
  { mono_ms, wall_ms }: BothClocks,
): FleetUnit {
  const wall = (at_ms: number): number => Math.round(wall_ms - (mono_ms - at_ms));
  const unit: { -readonly [K in keyof FleetUnit]: FleetUnit[K] } = Object.assign({}, shown);
  unit.age_s = (mono_ms - heard_ms) / 1000;
  unit.heard_ms = wall(heard_ms);
  if (shown.expires.length > 0)
    unit.expires = shown.expires.map(({ what, days_left }) => ({
      what,
      days_left: days_left - (mono_ms - seen_ms) / day_ms,
    }));
  if (state_ms !== undefined) unit.since_ms = wall(state_ms);
  if (shown.clock && clock.since_ms !== undefined) unit.clock = withSince(shown.clock, wall(clock.since_ms));
  if (shown.link && link.since_ms !== undefined) unit.link = withSince(shown.link, wall(link.since_ms));
  return unit;
}

interface State {
  readonly fleet: Fleet;
  readonly limits: ClockLimits;
  readonly kept: Map<string, Kept>;
  readonly changes: ChangeBook;
  readonly roles: Map<string, string>;
  readonly measured: Map<string, Measured>;
  /** Units of which something else became known than records. */
  readonly told: Set<string>;
  enrolments: ReadonlyMap<string, Admission>;
  knowsAll: boolean;
}

/** A silence that is found so late after the last word is said with when it was found: nobody looked, or the hub was away. */
const foundLate_ms = 120_000;

/**
 * When it happened, where that is not when it was found: a silence begins with the last word, and of its clock the unit says since
 * when it is so. Nothing happened before what was heard before.
 */
function dated(
  change: FleetChange,
  before: Kept,
  after: Kept,
  { mono_ms, wall_ms }: BothClocks,
): FleetChange {
  const wall = (at_ms: number): number => Math.round(wall_ms - (mono_ms - at_ms));
  const { state, interval_s = 0 } = after.shown;
  if (change.what === 'state' && silent.includes(state) && !silent.includes(before.shown.state)) {
    const late_ms = mono_ms - after.heard_ms;
    const isLate = late_ms > Math.max(foundLate_ms, 4000 * interval_s);
    return { ...change, at_ms: wall(after.heard_ms), ...(isLate ? { found_ms: wall_ms } : {}) };
  }
  if (change.what !== 'clock' || after.clock.since_ms === undefined) return change;
  return { ...change, at_ms: wall(Math.min(mono_ms, Math.max(before.heard_ms, after.clock.since_ms))) };
}

function lookAt(state: State, id: string, now: BothClocks): void {
  const { mono_ms, wall_ms } = now;
  const { kept, changes } = state;
  const unit = state.fleet.unit(id, mono_ms);
  if (unit === undefined) {
    state.measured.delete(id);
    // another device may come by an id that was forgotten; the role of one that is not heard yet is known before its records
    if (kept.delete(id)) state.roles.delete(id);
    return;
  }
  const before = kept.get(id);
  const after = look(before, unit, state, mono_ms);
  kept.set(id, after);
  if (before !== undefined) {
    const isLearnt = before.shown.unread === true && after.shown.unread !== true; // nothing of it has happened just now
    for (const change of whatChanged(before.shown, isLearnt ? {} : before.known, after.shown, wall_ms))
      changes.add(dated(change, before, after, now));
  }
  if (before === undefined && state.knowsAll) changes.add({ at_ms: wall_ms, unit: id, what: 'joined' });
}

const isShown = ({ shown, heard_ms }: Kept, { mono_ms }: BothClocks): boolean =>
  shown.state !== 'away' || mono_ms - heard_ms < awayKept_ms;

/** One that is let in, and was never heard. */
function invited({ enrolments, kept }: State, id: string): FleetUnit | undefined {
  const enrolment = enrolments.get(id);
  const waits = enrolment?.state === 'bound' || enrolment?.state === 'invited';
  return enrolment !== undefined && waits && !kept.has(id) ? invitedUnit(id, enrolment) : undefined;
}

function setEnrolments(state: State, next: State['enrolments']): void {
  const before = state.enrolments;
  for (const id of new Set([...before.keys(), ...next.keys()]))
    if (JSON.stringify(before.get(id)) !== JSON.stringify(next.get(id))) state.told.add(id);
  state.enrolments = next;
}

/** Watches the rows of a fleet. */
export function watchFleet(fleet: Fleet, limits: ClockLimits = noLimits): FleetWatch {
  const kept = new Map<string, Kept>();
  const state: State = {
    ...{ fleet, limits, kept, changes: newChangeBook(), roles: new Map(), measured: new Map() },
    ...{ told: new Set(), enrolments: new Map(), knowsAll: false },
  };
  return {
    settle(now) {
      for (const id of fleet.takeChanged()) lookAt(state, id, now);
      for (const id of state.told) lookAt(state, id, now);
      state.told.clear();
    },
    units: (now) => [
      ...[...kept.values()].filter((one) => isShown(one, now)).map((one) => atMoment(one, now)),
      ...[...state.enrolments.keys()].flatMap((id) => invited(state, id) ?? []),
    ],
    unit(id, now) {
      const one = kept.get(id);
      return one !== undefined && isShown(one, now) ? atMoment(one, now) : invited(state, id);
    },
    changes: (since_ms) => state.changes.since(since_ms),
    lostChanges_ms: () => state.changes.lost_ms(),
    knowsAll() {
      state.knowsAll = true;
    },
    setEnrolments: (next) => setEnrolments(state, next),
    setRole(unit, role) {
      const { roles } = state;
      if (roles.get(unit) === role || (!roles.has(unit) && roles.size >= mostRoles)) return;
      roles.set(unit, role);
      state.told.add(unit);
    },
    setMeasured(unit, found) {
      state.measured.set(unit, found);
      state.told.add(unit);
    },
  };
}
