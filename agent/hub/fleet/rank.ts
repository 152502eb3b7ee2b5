// Which unit comes first: who needs a person, then who copes alone, then the silent on purpose, then the rest. Pure.
import { type FleetUnit, states } from './model.ts';

/** `you`: somebody must do something. `copes`: it is worse than it should be, and mends itself. `quiet`: silent on purpose. */
export const cares = ['you', 'copes', 'quiet', 'fine'] as const;
export type Care = (typeof cares)[number];

/** Its bound is above the limit that somebody has set for it. */
export const isAboveLimit = ({ clock }: FleetUnit): boolean =>
  clock?.limit_is_set === true && (clock.share ?? 0) > 1;

const quiet: readonly string[] = ['away', 'stopped', 'invited'];

/** What is to be done about a unit. */
export function careOf(unit: FleetUnit): Care {
  const { kind, state, measured, expires, clock } = unit;
  if (quiet.includes(state)) return 'quiet';
  if (state === 'critical' || state === 'offline') return 'you';
  if (measured?.verdict === 'contradicts' || isAboveLimit(unit)) return 'you';
  if (expires.some(({ days_left }) => days_left <= 0)) return 'you';
  if (state === 'degraded' || clock?.holdover === true) return 'copes';
  return state === 'unknown' && kind === 'unit' ? 'copes' : 'fine';
}

/** The greatest share of its limit first; of clocks that nothing bounds more than of any that is bounded. */
function shareOrder({ clock }: FleetUnit): number {
  if (clock === undefined) return -1;
  return clock.share ?? (clock.quality === 'locked' || clock.quality === 'tracking' ? 0 : Infinity);
}

const compare = (a: number, b: number): number => (a === b ? 0 : a < b ? -1 : 1);

/** The order of two units of which the care is known. */
function worse(a: FleetUnit, b: FleetUnit): number {
  return (
    compare(states.indexOf(a.state), states.indexOf(b.state)) ||
    compare(Number(b.measured?.verdict === 'contradicts'), Number(a.measured?.verdict === 'contradicts')) ||
    compare(shareOrder(b), shareOrder(a)) ||
    (a.unit < b.unit ? -1 : 1)
  );
}

/** The worst first: critical, offline, degraded, clock; equal ones by name. */
export function rankUnits(units: readonly FleetUnit[]): FleetUnit[] {
  return units
    .map((unit) => ({ unit, care: cares.indexOf(careOf(unit)) }))
    .sort((a, b) => a.care - b.care || worse(a.unit, b.unit))
    .map(({ unit }) => unit);
}
