// The orders in which the table can stand, and its filter.

import { states } from '../fleet/model.ts';
import type { Unit } from '../fleet/row/rowview.ts';
import { clockWords, rtt_us, stateCells } from './columns.ts';

const qualities = ['freerun', 'acquiring', 'tracking', 'locked'];

/** The figure that each order sorts by; the greatest comes first, unknown ones last. */
const sortKeys: Readonly<Record<string, (unit: Unit) => number | undefined>> = {
  state: ({ state }) => -states.indexOf(state),
  clock: ({ clock }) =>
    clock && -qualities.indexOf(clock.quality ?? '') * 2 + (clock.holdover === true ? 1 : 0),
  // a bound against the grandmaster says nothing of true time
  bound: ({ clock }) => clock && (clock.error_bound_ns ?? Infinity),
  rtt: rtt_us,
  backlog: ({ backlog }) => backlog,
  age: ({ age_s }) => age_s,
  uptime: ({ uptime_s }) => uptime_s && -uptime_s,
};

/** The orders that a table can have: the worst first, equal ones by name. */
export const orders: readonly string[] = [...Object.keys(sortKeys), 'unit', 'version'];

const byName = (a: Unit, b: Unit): number => (a.unit < b.unit ? -1 : 1);
const byVersion = (a: Unit, b: Unit): number =>
  (a.version ?? '').localeCompare(b.version ?? '', 'en', { numeric: true });

/** Compares by a figure, the greatest first; without one all are equal. */
const byKey =
  (key: ((unit: Unit) => number | undefined) | undefined) =>
  (a: Unit, b: Unit): number => {
    const [left = -Infinity, right = -Infinity] = [key?.(a), key?.(b)];
    return left === right ? 0 : right - left;
  };

/** The units in one of `orders`. */
export function sortUnits(units: readonly Unit[], order: string): Unit[] {
  const compare = order === 'version' ? byVersion : byKey(sortKeys[order]);
  return [...units].sort((a, b) => compare(a, b) || byName(a, b));
}

/** Whether a unit has the text, in any case, in its name or in any of its texts. */
export function matchesFilter(unit: Unit, text: string): boolean {
  const words = [
    unit.unit,
    stateCells[unit.state],
    clockWords(unit),
    unit.version ?? '',
    unit.tenant ?? '',
    unit.clock_reason ?? '',
    unit.claims ?? '',
    ...(unit.problems ?? []),
  ];
  const wanted = text.toLowerCase();
  return words.some((one) => one.toLowerCase().includes(wanted));
}
