// Which conditions hold at a moment, by what is known of units and hub. Pure.

import { clockQualities } from '../../clock/types.ts';
import { unsynchronisedWords } from '../../health/finding.ts';
import { formatNs, formatShortSpan } from '../../lib/format.ts';
import { known } from '../../lib/known.ts';
import { alike } from '../fleet/causes.ts';
import { type FleetUnit, quietStates } from '../fleet/model.ts';
import { type AlertKey, alertRules, type Condition, hubName, keyOf } from './alert.ts';
import { expired, expires, type Holding, loginExpires, percentOf, single } from './expiries.ts';
import { type AlertHubView, ofHub } from './hubconditions.ts';
import type { AlertLimits } from './options.ts';

/** What is seen at a moment. */
export interface Sight {
  /** All units that ever joined; missing while the link or the roster is not there: that says nothing of them. */
  readonly units?: readonly FleetUnit[];
  /** Missing: it could not be asked. */
  readonly hub?: AlertHubView;
  /** The link to the hub works. */
  readonly isLinked: boolean;
}

/** A condition that holds; without a unit it is of the hub. */
export interface Wanted {
  readonly condition: Condition;
  readonly unit?: string;
  /** Which of several that may hold at once, such as a file or a stream. */
  readonly about?: string;
  readonly text: string;
  /** Since when, Unix ms, where that was before it was seen. */
  readonly since_ms?: number;
}

/** What holds; and, of what does not, whether that is known. */
export interface JudgedConditions {
  readonly wanted: ReadonlyMap<AlertKey, Wanted>;
  /** It is known not to hold; false where nothing is known of it. */
  isOver(condition: Condition, unit: string, about?: string): boolean;
  /** It was forgotten, or is locked out: nothing of it is to be waited for. */
  isGone(unit: string): boolean;
  /** What of the hub is not known, though there is a link to it. */
  readonly unknown: readonly Condition[];
  /** Units that may be alerted of. */
  readonly total: number;
  /** From one heartbeat of the unit to the next. */
  interval_s(unit: string): number;
}

/** Counters of before, by unit: which records were dropped since the last look. */
export type Counters = Readonly<Record<string, number>>;

const usualInterval_s = 5;

/** It is not to be there. */
const isShutOut = ({ enrolment }: FleetUnit): boolean =>
  enrolment !== undefined && enrolment.state !== 'bound';

/** Nobody is to be woken for it: it is no router, was stopped on purpose, or is not to be there. */
const isQuiet = (unit: FleetUnit): boolean =>
  unit.kind === 'client' || quietStates.includes(unit.state) || isShutOut(unit);

const isSeen = ({ state }: FleetUnit): boolean => state !== 'offline' && state !== 'unknown';

const since = (age_s: number | undefined): string =>
  age_s === undefined ? 'has not been heard' : `has not been heard for ${formatShortSpan(age_s)}`;

/** Holds, with its text; does not; or nothing is known. */
type Judged = string | false | undefined;

function clockClass({ clock, state, problems, role, tenant }: FleetUnit, limits: AlertLimits): Judged {
  if (clock === undefined) return undefined;
  const wanted = limits.classOf({ role, tenant });
  if (wanted !== undefined) {
    const is = (clockQualities as readonly string[]).indexOf(clock.quality ?? ''); // the best first
    if (is < 0) return undefined;
    return (
      is > clockQualities.indexOf(wanted) && `its clock is ${clock.quality}; its class asks for ${wanted}`
    );
  }
  // without a class the unit knows whether it needs a clock; a mere note of it stands behind what it is unwell of
  const isUnwell = state !== 'healthy' && problems[0]?.startsWith(unsynchronisedWords) === true;
  return clock.source === 'unsynced' && isUnwell && 'nothing steers its clock';
}

/** Where no limit is set nobody is to be woken. */
function clockBound({ clock }: FleetUnit): Judged {
  if (clock === undefined) return undefined;
  const { error_bound_ns: bound, error_rel_ns, limit_ns, limit_is_set } = clock;
  if (limit_is_set !== true) return false;
  if (bound === undefined)
    return error_rel_ns === undefined && `nothing bounds its clock; the limit is ${formatNs(limit_ns)}`;
  return (
    bound > limit_ns &&
    `its clock may be off by ${formatNs(bound)}, more than its limit of ${formatNs(limit_ns)}`
  );
}

function clockUnbounded({ clock }: FleetUnit): Judged {
  if (clock === undefined || clock.quality === undefined) return undefined;
  const { error_bound_ns, error_rel_ns } = clock;
  const isUnbounded = (error_bound_ns ?? error_rel_ns) === undefined;
  return isUnbounded && clock.quality !== 'freerun' && 'nothing bounds the error of its clock';
}

function contradicts({ measured }: FleetUnit): Judged {
  if (measured === undefined || measured.verdict === 'unjudged') return undefined;
  const { offset_us, path_us, why } = measured;
  const found = `measured ${formatNs(offset_us * 1e3)} from the hub, give or take ${formatNs(path_us * 1e3)}`;
  return measured.verdict === 'contradicts' && `its clock contradicts its own claim: ${why ?? found}`;
}

function dropped({ link, unit }: FleetUnit, before: Counters): Judged {
  const now = link?.dropped;
  if (now === undefined) return undefined;
  const then = Object.hasOwn(before, unit) ? (before[unit] ?? 0) : now; // what was before the first look is nothing new
  const more = now < then ? now : now - then; // it has been started anew
  return more > 0 && `it has dropped records: ${now} since its start`;
}

function spool({ link }: FleetUnit, { spool_percent }: AlertLimits): Judged {
  const share = link?.spool_share;
  if (share === undefined) return undefined;
  const percent = percentOf(share);
  return percent >= spool_percent && `its memory for records is ${percent} % full`;
}

/** Its gravest problem; what it had before holds for as long as it is among the others, or it does not say what it has. */
function critical({ state, problems }: FleetUnit): Holding {
  if (state !== 'critical') return [];
  const [gravest, ...others] = problems;
  if (gravest === undefined) return [{ text: 'it is critical' }, { text: '', keeps: 'all' }];
  const kept = others.map((text) => ({ about: alike(text), text, keeps: 'this' as const }));
  const unsaid = { text: '', keeps: 'this' } as const; // of when it had not said why yet
  return [{ about: alike(gravest), text: gravest }, ...kept, unsaid];
}

type Look = { readonly limits: AlertLimits; readonly now_ms: number; readonly counters: Counters };

const ofSeen =
  (judge: (unit: FleetUnit, look: Look) => Judged) =>
  (unit: FleetUnit, look: Look): Holding =>
    isSeen(unit) ? single(judge(unit, look)) : undefined;

/** Of units. What only a unit that is heard can say is not known of one that is not. */
const ofUnits: Partial<Record<Condition, (unit: FleetUnit, look: Look) => Holding>> = {
  offline: (unit) => single(unit.state === 'offline' && since(unit.age_s)),
  critical: (unit) => (isSeen(unit) ? critical(unit) : undefined),
  clock_class: ofSeen((unit, { limits }) => clockClass(unit, limits)),
  clock_bound: ofSeen(clockBound),
  clock_unbounded: ofSeen(clockUnbounded),
  clock_contradicts: ofSeen(contradicts),
  records_dropped: ofSeen((unit, { counters }) => dropped(unit, counters)),
  expires: (unit, { limits }) => expires(unit, limits),
  expired: (unit) => expired(unit),
  login_expires: (unit, { limits, now_ms }) => loginExpires(unit, limits, now_ms),
  spool_full: ofSeen((unit, { limits }) => spool(unit, limits)),
};
const unitConditions = Object.entries(ofUnits) as [Condition, (unit: FleetUnit, look: Look) => Holding][];

const hubConditions = Object.entries(ofHub) as [Condition, (sight: Sight, limits: AlertLimits) => Holding][];

/** It is known not to hold. */
const isWithout = (holding: Holding, about: string | undefined): boolean =>
  holding?.every((one) => one.about !== about && one.keeps !== 'all') === true;

/** Takes in what begins or goes on by a judgment. */
function want(
  wanted: Map<AlertKey, Wanted>,
  condition: Condition,
  { unit, since_ms }: { readonly unit?: string; readonly since_ms?: number | undefined },
  holding: Holding,
): void {
  for (const { about, text, keeps } of holding ?? [])
    if (keeps === undefined)
      wanted.set(keyOf(condition, unit, about), { condition, text, ...known({ unit, about, since_ms }) });
}

/** What holds at `now_ms`, Unix ms, and what is known not to. */
export function conditions(
  sight: Sight,
  limits: AlertLimits,
  counters: Counters,
  now_ms: number,
): JudgedConditions {
  const wanted = new Map<AlertKey, Wanted>();
  const look: Look = { limits, now_ms, counters };
  const units = new Map((sight.units ?? []).map((unit) => [unit.unit, unit]));
  let total = 0;
  for (const unit of units.values()) {
    if (isQuiet(unit)) continue;
    total += 1;
    for (const [condition, judge] of unitConditions) {
      if (limits.off.has(condition)) continue;
      const since_ms = condition === 'offline' ? unit.heard_ms : undefined;
      want(wanted, condition, { unit: unit.unit, since_ms }, judge(unit, look));
    }
  }
  const unknown: Condition[] = [];
  for (const [condition, judge] of hubConditions) {
    if (limits.off.has(condition)) continue;
    const holding = judge(sight, limits);
    if (holding === undefined && sight.isLinked) unknown.push(condition);
    want(wanted, condition, {}, holding);
  }
  return {
    wanted,
    total,
    unknown,
    interval_s: (unit) => units.get(unit)?.interval_s ?? usualInterval_s,
    isGone(unit) {
      const found = units.get(unit);
      return sight.units !== undefined && (found === undefined || isShutOut(found));
    },
    isOver(condition, unit, about) {
      if (!(condition in alertRules) || limits.off.has(condition)) return true;
      if (unit === hubName) return isWithout(ofHub[condition]?.(sight, limits), about);
      if (sight.units === undefined) return false;
      const found = units.get(unit);
      if (found === undefined || isQuiet(found)) return true;
      return isWithout(ofUnits[condition]?.(found, look), about);
    },
  };
}

/** The counters as they are now, for the next look; the same object where they are the same. */
export function countersOf({ units }: Sight, before: Counters): Counters {
  if (units === undefined) return before;
  const now: Record<string, number> = {};
  let isOther = false;
  for (const { unit, link } of units) {
    const count = link?.dropped ?? before[unit];
    if (typeof count !== 'number') continue;
    now[unit] = count;
    isOther ||= before[unit] !== count;
  }
  return isOther ? now : before; // one that is gone is forgotten with the next change
}
