import type { Unit } from '../fleet/row/rowview.ts';
import type { TopView } from './table.ts';

const rounded = (value: number): number => Math.round(value * 1000) / 1000;

/** The units for scripts: what is not known is left out, and nothing is cut. */
export function fleetSnapshot({ at_ms, lost, notes, units, shown }: TopView) {
  return {
    ts: Math.floor(at_ms),
    connected: lost === undefined,
    ...(lost === undefined
      ? {}
      : { lost_since_ms: Math.floor(lost.since_ms), lost_for_s: rounded(lost.for_s), lost_why: lost.why }),
    ...(notes.length === 0 ? {} : { notes }),
    heard: units.filter(({ unheard }) => unheard !== true).length,
    units: shown.map((unit: Unit) => ({ ...unit, age_s: rounded(unit.age_s) })),
  };
}
