// /fleet.json: all units for programs. Pure.
import { causesOf, type FleetCause } from '../causes.ts';
import { type FleetUnit, quietStates, type State, states } from '../model.ts';
import { type Care, careOf, rankUnits } from '../rank.ts';

/** How many units there are. Apps that come and go are counted apart. */
export interface FleetCounts {
  /** Those that should be heard: of the roster or let in, and not stopped on purpose. */
  readonly expected: number;
  readonly heard: number;
  readonly missing: number;
  readonly clients: number;
  readonly by_state: Readonly<Record<State, number>>;
}

/** Counts units and apps. */
export function countUnits(units: readonly FleetUnit[]): FleetCounts {
  const by_state = Object.fromEntries(states.map((state) => [state, 0])) as Record<State, number>;
  let clients = 0;
  let expected = 0;
  let unheard = 0;
  for (const { kind, state, unheard: isUnheard } of units) {
    if (kind === 'client') {
      clients += 1;
      continue;
    }
    by_state[state] += 1;
    if (isUnheard) unheard += 1;
    if (!quietStates.includes(state)) expected += 1;
  }
  return {
    expected,
    heard: expected - by_state.offline - unheard,
    missing: by_state.offline,
    clients,
    by_state,
  };
}

/** What there is beside the units. */
export interface FleetSituation {
  /** Unix ms. */
  readonly at_ms: number;
  /** Whether the hub is heard now; while it is not, nothing that is said of units is of now. */
  readonly connected: boolean;
  /** What else must be known, a sentence each. */
  readonly notes: readonly string[];
}

/** A cause as programs get it: its units by name. */
export type JsonCause = Omit<FleetCause, 'units'> & { readonly units: readonly string[] };

/** The document, in `schema` 1: fields may come, none goes. */
export interface FleetJson {
  readonly schema: 1;
  readonly at_ms: number;
  readonly connected: boolean;
  readonly notes: readonly string[];
  readonly counts: FleetCounts;
  readonly causes: readonly JsonCause[];
  /** The worst first. */
  readonly units: readonly (FleetUnit & { readonly care: Care })[];
}

/** Three digits behind the point: no age and no day is known better. */
const rounded = (value: number): number => Math.round(value * 1000) / 1000;

/** A unit as programs get it. */
export const jsonUnit = (unit: FleetUnit): FleetJson['units'][number] => ({
  ...unit,
  ...(unit.age_s === undefined ? {} : { age_s: rounded(unit.age_s) }),
  expires: unit.expires.map(({ what, days_left }) => ({ what, days_left: rounded(days_left) })),
  care: careOf(unit),
});

/** All units, the worst first, and what is wrong by cause. */
export function fleetJson(
  units: readonly FleetUnit[],
  { at_ms, connected, notes }: FleetSituation,
): FleetJson {
  const ranked = rankUnits(units);
  return {
    schema: 1,
    at_ms: Math.floor(at_ms),
    connected,
    notes,
    counts: countUnits(units),
    causes: causesOf(ranked).map((cause) => ({ ...cause, units: cause.units.map(({ unit }) => unit) })),
    units: ranked.map(jsonUnit),
  };
}
