// The columns of the table: what a unit shows in each.
import { formatShortSpan, prettyNs } from '../../lib/format.ts';
import type { State } from '../fleet/model.ts';
import type { Unit } from '../fleet/row/rowview.ts';

const duration_ns = (ns: number): string =>
  ns >= 1e12 ? formatShortSpan(ns / 1e9) : prettyNs(ns).replace('\u00a0', ' '); // a terminal breaks no lines

/** Round trip to the hub, or to the server for a unit without a leaf of its own. */
export const rtt_us = (unit: Unit): number | undefined =>
  unit.hub_up === undefined ? unit.native_rtt_us : unit.hub_rtt_us;

const ifKnown = (value: number | undefined, words: (value: number) => string): string =>
  value === undefined ? '' : words(value);

/** The state in the table. */
export const stateCells: Readonly<Record<State, string>> = {
  critical: 'CRITICAL',
  offline: 'OFFLINE',
  degraded: 'DEGRADED',
  unknown: 'UNKNOWN',
  healthy: 'OK',
  away: 'AWAY',
  stopped: 'STOPPED',
  invited: 'INVITED',
};

/** The clock in the table; '' where nothing is known of it. */
export function clockWords({ clock }: Unit): string {
  if (clock === undefined) return '';
  const { source, quality, holdover } = clock;
  if (holdover === true) return `${source} holdover`;
  if (source === 'unsynced') return quality === 'acquiring' ? quality : source;
  return quality === undefined ? source : `${source} ${quality}`;
}

/** All that is wrong, the gravest first. */
export const problemsOf = ({ claims, problems = [] }: Unit): readonly string[] =>
  claims === undefined ? problems : [`its records name '${claims}'`, ...problems];

/** The gravest problem, and how many more there are. */
function problemWords(unit: Unit): string {
  const [first = unit.kind ?? '', ...others] = problemsOf(unit);
  return others.length === 0 ? first : `(+${others.length}) ${first}`;
}

/** One column of the table. */
export interface Column {
  readonly title: string;
  /** In characters. */
  readonly width: number;
  /** Its cells are aligned to the right. */
  readonly right?: true;
  cell(unit: Unit): string;
}

/** What follows the name and is not cut off with it. */
export const nameMarks = ({ claims, restarts }: Unit): string =>
  `${claims === undefined ? '' : ' !'}${restarts === 0 ? '' : ` ↻${Math.min(restarts, 999)}`}`;

/** Around true time; else around the time of its grandmaster. */
export const boundWords = (clock: Unit['clock']): string =>
  clock?.error_bound_ns === undefined
    ? ifKnown(clock?.error_rel_ns, (ns) => `gm ${duration_ns(ns)}`)
    : duration_ns(clock.error_bound_ns);

/** The columns between name and problem; a narrow terminal gets the first of them, and what is wrong. */
export const columns: readonly Column[] = [
  { title: 'STATE', width: 8, cell: ({ state }) => stateCells[state] },
  { title: 'CLOCK', width: 13, cell: clockWords },
  { title: 'BOUND', width: 10, right: true, cell: ({ clock }) => boundWords(clock) },
  {
    title: 'RTT',
    width: 8,
    right: true,
    cell: (unit) => ifKnown(rtt_us(unit), (us) => duration_ns(us * 1000)),
  },
  { title: 'BACKLOG', width: 7, right: true, cell: ({ backlog }) => ifKnown(backlog, String) },
  { title: 'AGE', width: 4, right: true, cell: ({ age_s }) => formatShortSpan(age_s) },
  { title: 'VERSION', width: 7, cell: ({ version = '' }) => version },
  { title: 'UPTIME', width: 6, right: true, cell: ({ uptime_s }) => ifKnown(uptime_s, formatShortSpan) },
];
/** The last column, as wide as the terminal allows, and at least so wide. */
export const problemColumn: Column = { title: 'PROBLEM', width: 18, cell: problemWords };
