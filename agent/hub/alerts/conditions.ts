// Which conditions hold at a moment, by what is known of units and hub. Pure.

import { clockQualities } from '../../clock/types.ts';
import { unsynchronisedWords } from '../../health/finding.ts';
import { formatNs, formatShortSpan } from '../../lib/format.ts';
import { known } from '../../lib/known.ts';
import { type FleetUnit, quietStates } from '../fleet/model.ts';
import { fullFrom } from '../run/status/figures.ts';
import { type AlertKey, alertRules, type Condition, hubName, keyOf } from './alert.ts';
import { expired, expires, type Holding, inDays, joined, loginExpires, percentOf } from './expiries.ts';
import type { AlertLimits } from './options.ts';

/** Of a stream at the hub. */
export interface StreamRoom {
  readonly name: string;
  /** Until it has no more room, at the rate of now; missing where it does not grow. */
  readonly days_left?: number;
  /** It takes no more messages then, instead of letting go of the oldest before their time. */
  readonly refuses: boolean;
  /** Share of its room that is taken, 0 to 1. */
  readonly used: number;
}

/** The hub, as far as it is known; what is missing is not judged. */
export interface AlertHubView {
  /** What is wrong with it, for people; empty where nothing is. */
  readonly faults?: readonly string[];
  /** Servers of the cluster that do not answer. */
  readonly missing?: readonly string[];
  /** Those of its servers, with the days that are left. */
  readonly certificates?: readonly { readonly server: string; readonly days_left: number }[];
  readonly streams?: readonly StreamRoom[];
  /** Of the disk that the streams lie on, 0 to 1. */
  readonly disk_used?: number;
}

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
  readonly text: string;
  /** Since when, Unix ms, where that was before it was seen. */
  readonly since_ms?: number;
}

/** What holds; and, of what does not, whether that is known. */
export interface JudgedConditions {
  readonly wanted: ReadonlyMap<AlertKey, Wanted>;
  /** It is known not to hold; false where nothing is known of it. */
  isOver(condition: Condition, unit: string): boolean;
  /** Units that may be alerted of. */
  readonly total: number;
  /** From one heartbeat of the unit to the next. */
  interval_s(unit: string): number;
}

/** Counters of before, by unit: which records were dropped since the last look. */
export type Counters = Readonly<Record<string, number>>;

const usualInterval_s = 5;

/** Nobody is to be woken for it: it is no router, was stopped on purpose, or is not to be there. */
const isQuiet = ({ kind, state, enrolment }: FleetUnit): boolean =>
  kind === 'client' ||
  quietStates.includes(state) ||
  (enrolment !== undefined && enrolment.state !== 'bound');

const isSeen = ({ state }: FleetUnit): boolean => state !== 'offline' && state !== 'unknown';

const since = (age_s: number | undefined): string =>
  age_s === undefined ? 'has not been heard' : `has not been heard for ${formatShortSpan(age_s)}`;

function clockClass({ clock, state, problems, role, tenant }: FleetUnit, limits: AlertLimits): Holding {
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

function clockBound({ clock }: FleetUnit): Holding {
  if (clock === undefined) return undefined;
  const { error_bound_ns: bound, error_rel_ns, limit_ns, limit_is_set } = clock;
  if (bound === undefined)
    return (
      limit_is_set === true &&
      error_rel_ns === undefined &&
      `nothing bounds its clock; the limit is ${formatNs(limit_ns)}`
    );
  return (
    bound > limit_ns &&
    `its clock may be off by ${formatNs(bound)}, more than its limit of ${formatNs(limit_ns)}`
  );
}

function clockUnbounded({ clock }: FleetUnit): Holding {
  if (clock === undefined || clock.quality === undefined) return undefined;
  const { error_bound_ns, error_rel_ns } = clock;
  const isUnbounded = (error_bound_ns ?? error_rel_ns) === undefined;
  return isUnbounded && clock.quality !== 'freerun' && 'nothing bounds the error of its clock';
}

function contradicts({ measured }: FleetUnit): Holding {
  if (measured === undefined || measured.verdict === 'unjudged') return undefined;
  const { offset_us, path_us, why } = measured;
  const found = `measured ${formatNs(offset_us * 1e3)} from the hub, give or take ${formatNs(path_us * 1e3)}`;
  return measured.verdict === 'contradicts' && `its clock contradicts its own claim: ${why ?? found}`;
}

function dropped({ link, unit }: FleetUnit, before: Counters): Holding {
  const now = link?.dropped;
  if (now === undefined) return undefined;
  const then = Object.hasOwn(before, unit) ? (before[unit] ?? 0) : now; // what was before the first look is nothing new
  const more = now < then ? now : now - then; // it has been started anew
  return more > 0 && `it has dropped records: ${now} since its start`;
}

function spool({ link }: FleetUnit, { spool_percent }: AlertLimits): Holding {
  const share = link?.spool_share;
  if (share === undefined) return undefined;
  const percent = percentOf(share);
  return percent >= spool_percent && `its memory for records is ${percent} % full`;
}

type Look = { readonly limits: AlertLimits; readonly now_ms: number; readonly counters: Counters };

/** Of units. What only a unit that is heard can say is not known of one that is not. */
const ofUnits: Partial<Record<Condition, (unit: FleetUnit, look: Look) => Holding>> = {
  offline: (unit) => unit.state === 'offline' && since(unit.age_s),
  critical: (unit) =>
    isSeen(unit) ? unit.state === 'critical' && (unit.problems[0] ?? 'it is critical') : undefined,
  clock_class: (unit, { limits }) => (isSeen(unit) ? clockClass(unit, limits) : undefined),
  clock_bound: (unit) => (isSeen(unit) ? clockBound(unit) : undefined),
  clock_unbounded: (unit) => (isSeen(unit) ? clockUnbounded(unit) : undefined),
  clock_contradicts: (unit) => (isSeen(unit) ? contradicts(unit) : undefined),
  records_dropped: (unit, { counters }) => (isSeen(unit) ? dropped(unit, counters) : undefined),
  expires: (unit, { limits }) => expires(unit, limits),
  expired: (unit) => expired(unit),
  login_expires: (unit, { limits, now_ms }) => loginExpires(unit, limits, now_ms),
  spool_full: (unit, { limits }) => (isSeen(unit) ? spool(unit, limits) : undefined),
};
const unitConditions = Object.entries(ofUnits) as [Condition, (unit: FleetUnit, look: Look) => Holding][];

const streamText = ({ name, used, days_left }: StreamRoom): string =>
  `${name} is ${percentOf(used)} % full${days_left === undefined ? '' : `, and has no more room ${inDays(days_left)}`}`;

/** Full: it refuses what comes, or is about to. */
const isFull = ({ refuses, used, days_left = Infinity }: StreamRoom): boolean =>
  refuses && (used >= fullFrom || (used >= 0.5 && days_left < 1));

/** One that lets go of the oldest is full in the end, and that is how it should be where it lasts the days that it is to keep. */
const isNearEnd = ({ days_left, used, refuses }: StreamRoom, { stream_days }: AlertLimits): boolean =>
  (days_left !== undefined && days_left < stream_days && used >= 0.5) || (refuses && used >= 0.9);

const ofHub: Partial<Record<Condition, (sight: Sight, limits: AlertLimits) => Holding>> = {
  hub_unreachable: ({ isLinked }) => !isLinked && 'the hub cannot be reached: nothing is known of its units',
  hub_units_unseen: ({ isLinked, units }) =>
    isLinked ? units === undefined && 'who is there and who is silent cannot be seen' : undefined,
  hub_unhealthy: ({ hub }) => hub?.faults && joined(hub.faults),
  hub_server_missing: ({ hub }) =>
    hub?.missing && joined(hub.missing.map((name) => `${name} does not answer`)),
  hub_certificate: ({ hub }, { certificate_days }) =>
    hub?.certificates &&
    joined(
      hub.certificates
        .filter(({ days_left }) => days_left < certificate_days)
        .map(({ server, days_left }) =>
          days_left < 0
            ? `the certificate of server ${server} has expired`
            : `the certificate of server ${server} expires ${inDays(days_left)}`,
        ),
    ),
  hub_stream: ({ hub }, limits) =>
    hub?.streams &&
    joined(hub.streams.filter((one) => isNearEnd(one, limits) && !isFull(one)).map(streamText)),
  hub_stream_full: ({ hub }) => hub?.streams && joined(hub.streams.filter(isFull).map(streamText)),
  hub_disk: ({ hub }, { disk_percent }) => {
    if (hub?.disk_used === undefined) return undefined;
    const percent = percentOf(hub.disk_used);
    return percent >= disk_percent && `the disk of the hub is ${percent} % full`;
  },
};
const hubConditions = Object.entries(ofHub) as [Condition, (sight: Sight, limits: AlertLimits) => Holding][];

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
      const verdict = judge(unit, look);
      if (typeof verdict !== 'string') continue;
      const since_ms = condition === 'offline' ? unit.heard_ms : undefined;
      const found = { condition, unit: unit.unit, text: verdict, ...known({ since_ms }) };
      wanted.set(keyOf(condition, unit.unit), found);
    }
  }
  for (const [condition, judge] of hubConditions) {
    const verdict = limits.off.has(condition) ? false : judge(sight, limits);
    if (typeof verdict === 'string') wanted.set(keyOf(condition), { condition, text: verdict });
  }
  return {
    wanted,
    total,
    interval_s: (unit) => units.get(unit)?.interval_s ?? usualInterval_s,
    isOver(condition, unit) {
      if (!(condition in alertRules) || limits.off.has(condition)) return true;
      if (unit === hubName) return ofHub[condition]?.(sight, limits) === false;
      if (sight.units === undefined) return false;
      const found = units.get(unit);
      if (found === undefined || isQuiet(found)) return true;
      return ofUnits[condition]?.(found, look) === false;
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
