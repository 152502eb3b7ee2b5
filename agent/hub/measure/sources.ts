// Units by what their clocks follow, and what these say of each other and of the hub's own clock. Pure.
import { known } from '../../lib/known.ts';
import type { FleetUnit, Measured } from '../fleet/model.ts';
import { agreementOf, type Interval, meets } from './intervals.ts';

/** What of a unit is told apart by its source. */
export type SourcedUnit = Pick<FleetUnit, 'unit' | 'clock' | 'measured'>;

/** The units that follow one grandmaster, or one NTP server. */
export interface SourceGroup {
  readonly kind: 'grandmaster' | 'ntp_server';
  readonly name: string;
  readonly units: readonly string[];
  readonly holdovers: number;
  /** Units whose clock was measured. */
  readonly measured: number;
  /** From the lowest to the highest measured offset; missing while fewer than two are measured. */
  readonly spread_us?: number;
  /** Where most of them place the reference against the hub's clock; missing while not more than half agree. */
  readonly middle_us?: number;
  /** Half of the span that these agree on: the reference may be anywhere in it. */
  readonly half_us?: number;
  /** Those that cannot be where most are, however path and claim are stretched. */
  readonly apart: readonly { readonly unit: string; readonly offset_us: number; readonly by_us: number }[];
}

/** The least number of units, or of sources, among which one can be outvoted. */
const leastVoters = 3;

/** Where a unit places its reference against the hub's clock, if its claim holds. */
const placeOf = ({ offset_us, path_us, claimed_us = 0 }: Measured): Interval => ({
  low: offset_us - path_us - claimed_us,
  high: offset_us + path_us + claimed_us,
});

/** What the hub's clock may have moved between two exchanges of the same units: no more than twice its bound. */
const loosened = ({ low, high }: Interval, by_us: number): Interval => ({
  low: low - by_us,
  high: high + by_us,
});

/** What the unit follows, as kind and name; undefined where that is not known. */
export function sourceOf({ clock }: SourcedUnit): Pick<SourceGroup, 'kind' | 'name'> | undefined {
  if (clock?.grandmaster !== undefined && clock.source === 'ptp')
    return { kind: 'grandmaster', name: clock.grandmaster };
  if (clock?.ntp_server !== undefined && clock.source === 'ntp')
    return { kind: 'ntp_server', name: clock.ntp_server };
  // in holdover: whom it followed last
  if (clock?.grandmaster !== undefined) return { kind: 'grandmaster', name: clock.grandmaster };
  return clock?.ntp_server === undefined ? undefined : { kind: 'ntp_server', name: clock.ntp_server };
}

/** Of those with a claim: where each places the reference. */
function placesOf(units: readonly SourcedUnit[]) {
  return units.flatMap(({ unit, measured }) =>
    measured?.claimed_us === undefined || measured.own_bound_us === undefined
      ? []
      : { unit, measured, place: loosened(placeOf(measured), measured.own_bound_us) },
  );
}

function groupOf(source: Pick<SourceGroup, 'kind' | 'name'>, units: readonly SourcedUnit[]): SourceGroup {
  const offsets = units.flatMap(({ measured }) => measured?.offset_us ?? []);
  const places = placesOf(units);
  const agreed = agreementOf(places.map(({ place }) => place));
  const most =
    agreed !== undefined && places.length >= leastVoters && agreed.count * 2 > places.length
      ? agreed
      : undefined;
  const apart = places.flatMap(({ unit, measured: { offset_us }, place }) =>
    most === undefined || meets(place, most)
      ? []
      : { unit, offset_us, by_us: place.low > most.high ? place.low - most.high : place.high - most.low },
  );
  return {
    ...source,
    units: units.map(({ unit }) => unit),
    holdovers: units.filter(({ clock }) => clock?.holdover === true).length,
    measured: offsets.length,
    ...known({
      spread_us:
        offsets.length > 1
          ? offsets.reduce((a, b) => Math.max(a, b)) - offsets.reduce((a, b) => Math.min(a, b))
          : undefined,
      middle_us: most && (most.low + most.high) / 2,
      half_us: most && (most.high - most.low) / 2,
    }),
    apart: apart.sort((a, b) => Math.abs(b.by_us) - Math.abs(a.by_us)),
  };
}

function bySource(units: readonly SourcedUnit[]) {
  type Group = { readonly source: Pick<SourceGroup, 'kind' | 'name'>; readonly units: SourcedUnit[] };
  const groups = { grandmaster: new Map<string, Group>(), ntp_server: new Map<string, Group>() };
  const found: Group[] = [];
  for (const unit of units) {
    const source = sourceOf(unit);
    if (source === undefined) continue;
    const group = groups[source.kind].get(source.name);
    if (group !== undefined) {
      group.units.push(unit);
      continue;
    }
    const begun = { source, units: [unit] };
    groups[source.kind].set(source.name, begun);
    found.push(begun);
  }
  return found;
}

/** Units by grandmaster and by NTP source: groups with units apart first, then the largest. */
export const groupsOf = (units: readonly SourcedUnit[]): SourceGroup[] =>
  bySource(units)
    .map(({ source, units: members }) => groupOf(source, members))
    .sort((a, b) => b.apart.length - a.apart.length || b.units.length - a.units.length);

/** The hub's clock against the sources of the units. */
export interface HubDoubt {
  /** Sources that agree with each other, and not with the hub; and all that say anything. */
  readonly against: number;
  readonly sources: number;
  /** By how much the hub's clock is behind (negative: ahead) of what it claims at least, if they are right. */
  readonly by_us: number;
}

/** Where most units of a source place it against the hub's clock, and where each of them does. */
interface Vote extends Interval {
  readonly kind: SourceGroup['kind'];
  readonly places: readonly Interval[];
  readonly own_us: number;
}

function votesOf(units: readonly SourcedUnit[]): Vote[] {
  return bySource(units).flatMap(({ source: { kind }, units: members }) => {
    const told = members.flatMap(({ measured }) =>
      measured?.claimed_us === undefined || measured.own_bound_us === undefined || measured.against !== 'utc'
        ? []
        : { place: placeOf(measured), own_us: measured.own_bound_us },
    );
    const places = told.map(({ place }) => place);
    const agreed = agreementOf(places);
    const own_us = told.reduce((most, one) => Math.max(most, one.own_us), 0);
    return agreed === undefined || agreed.count * 2 <= places.length
      ? []
      : [{ kind, low: agreed.low, high: agreed.high, places, own_us }];
  });
}

const second_us = 1e6;
/** What is known better than this is of whole seconds, or is not. */
const wholeWithin_us = 100_000;

/** Whole seconds, and not none: by so much those are off that take TAI, GPS time or another zone for UTC. */
function isOfWholeSeconds({ low, high }: Interval, own_us: number): boolean {
  const seconds = Math.round((low + high) / 2 / second_us);
  const whole = { low: seconds * second_us - own_us, high: seconds * second_us + own_us };
  return seconds !== 0 && high - low + 2 * own_us < 2 * wholeWithin_us && meets({ low, high }, whole);
}

/** Of so many sources that agree, how many came to it on their own. */
function independent(votes: readonly Vote[], isOneMistake: boolean): number {
  const masters = votes.filter(({ kind }) => kind === 'grandmaster').length;
  return isOneMistake && masters > 1 ? votes.length - masters + 1 : votes.length;
}

/**
 * Whether the hub's own clock is outvoted: by more than half of the sources, since units that follow the same wrong one are wrong
 * alike, and by more units than agree with it, since a source that one unit follows may be a mistake of that unit. Where two
 * sources and more are apart from two and more by whole seconds, the grandmasters among those that agree are one source: there is
 * one such mistake. What meets both speaks for neither. Undefined where it is not, and where there are too few sources.
 */
export function hubDoubtOf(units: readonly SourcedUnit[]): HubDoubt | undefined {
  const votes = votesOf(units);
  const own_us = votes.reduce((most, one) => Math.max(most, one.own_us), 0);
  const own = { low: -own_us, high: own_us };
  const agreed = agreementOf(votes.filter((vote) => !meets(vote, own)));
  if (agreed === undefined) return undefined;
  const isAgainst = (place: Interval): boolean => meets(place, agreed) && !meets(place, own);
  const isWith = (place: Interval): boolean => meets(place, own) && !meets(place, agreed);
  const [against, withHub] = [votes.filter(isAgainst), votes.filter(isWith)];
  const isOneMistake = against.length > 1 && withHub.length > 1 && isOfWholeSeconds(agreed, own_us);
  const count = independent(against, isOneMistake);
  const elsewhere = votes.filter((vote) => !meets(vote, own) && !meets(vote, agreed)).length;
  const others = independent(withHub, isOneMistake) + elsewhere;
  if (count + others < leastVoters || count <= others) return undefined;
  const places = votes.flatMap((vote) => vote.places);
  if (places.filter(isAgainst).length <= places.filter(isWith).length) return undefined;
  const by_us = agreed.low > own_us ? agreed.low - own_us : agreed.high + own_us;
  return { against: count, sources: count + others, by_us };
}
