// Which unit comes first: who needs a person, then who copes alone, then the silent on purpose, then the rest. Pure.
import { type FleetUnit, hasEnded, quietStates, states } from './model.ts';

/** `you`: somebody must do something. `copes`: it is worse than it should be, and mends itself. `quiet`: silent on purpose. */
export const cares = ['you', 'copes', 'quiet', 'fine'] as const;
export type Care = (typeof cares)[number];

/** Its bound is above the limit that somebody has set for it, or nothing bounds it. */
export function isAboveLimit({ clock }: FleetUnit): boolean {
  if (clock?.limit_is_set !== true) return false;
  const bound_ns = clock.error_bound_ns ?? clock.error_rel_ns;
  return bound_ns === undefined || (clock.share ?? bound_ns / clock.limit_ns) > 1;
}

/** What is to be done about a unit. */
export function careOf(unit: FleetUnit): Care {
  const { kind, state, measured, expires, clock, two_speak } = unit;
  if (quietStates.includes(state)) return 'quiet';
  if (state === 'critical' || state === 'offline') return 'you';
  if (measured?.verdict === 'contradicts' || isAboveLimit(unit)) return 'you';
  if (expires.some(hasEnded) || two_speak) return 'you';
  if (state === 'degraded' || clock?.holdover === true) return 'copes';
  return state === 'unknown' && kind === 'unit' ? 'copes' : 'fine';
}

/** The greatest share of its limit first; of clocks that nothing bounds more than of any that is bounded. */
function shareOrder({ clock }: FleetUnit): number {
  if (clock === undefined) return -1;
  return clock.share ?? (clock.quality === 'locked' || clock.quality === 'tracking' ? 0 : Infinity);
}

/** What a unit is ranked by, reckoned once. */
interface Ranked {
  readonly unit: FleetUnit;
  /** Care, then state, then whether it is measured to be wrong: less is worse. */
  readonly order: number;
  readonly share: number;
}

const ranked = (unit: FleetUnit): Ranked => ({
  unit,
  order:
    cares.indexOf(careOf(unit)) * 100 +
    states.indexOf(unit.state) * 10 +
    Number(unit.measured?.verdict !== 'contradicts'),
  share: shareOrder(unit),
});

function byRank(a: Ranked, b: Ranked): number {
  if (a.order !== b.order) return a.order - b.order;
  if (a.share !== b.share) return a.share < b.share ? 1 : -1;
  return a.unit.unit < b.unit.unit ? -1 : 1;
}

/** The worst first: critical, offline, degraded, clock; equal ones by name. */
export const rankUnits = (units: readonly FleetUnit[]): FleetUnit[] =>
  units
    .map(ranked)
    .sort(byRank)
    .map(({ unit }) => unit);
