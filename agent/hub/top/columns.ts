// A unit in the cells of a table, and the orders in which a table may stand.
import { formatShortSpan, prettyNs } from '../../lib/format.ts';
import { type State, states, type Unit } from './fleet.ts';

const upTo_ns = (ns: number): string =>
  ns >= 1e12 ? formatShortSpan(ns / 1e9) : prettyNs(ns).replace('\u00a0', ' '); // a terminal breaks no lines

/** Round trip to the hub, or to the server for a unit without a leaf of its own. */
const rtt_us = (unit: Unit): number | undefined =>
  unit.hub_up === undefined ? unit.native_rtt_us : unit.hub_rtt_us;

const shown = (value: number | undefined, words: (value: number) => string): string =>
  value === undefined ? '' : words(value);

const stateWords: Readonly<Record<State, string>> = {
  critical: 'CRITICAL',
  offline: 'OFFLINE',
  degraded: 'DEGRADED',
  unknown: 'UNKNOWN',
  healthy: 'OK',
  stopped: 'STOPPED',
};

function clockWords({ clock }: Unit): string {
  if (clock === undefined) return '';
  const { source, quality, holdover } = clock;
  if (holdover === true) return `${source} holdover`;
  if (source === 'unsynced') return quality === 'acquiring' ? quality : source;
  return quality === undefined ? source : `${source} ${quality}`;
}

/** What is wrong with it, in words: the gravest, and how many more. */
function problemWords({ claims, problems = [] }: Unit): string {
  const all = claims === undefined ? problems : [`says that it is '${claims}'`, ...problems];
  const [first = '', ...others] = all;
  return others.length === 0 ? first : `(+${others.length}) ${first}`;
}

/** One column: how wide, to which side, and what stands in it. */
export interface Column {
  readonly title: string;
  readonly width: number;
  readonly right?: true;
  cell(unit: Unit): string;
}

/** Behind the name: what must not be cut off with it. */
export const marks = ({ claims, restarts }: Unit): string =>
  `${claims === undefined ? '' : ' !'}${restarts === 0 ? '' : ` ↻${Math.min(restarts, 999)}`}`;

/** Between the name and the problem; a narrow terminal gets the first of them. */
export const columns: readonly Column[] = [
  { title: 'STATE', width: 8, cell: ({ state }) => stateWords[state] },
  { title: 'CLOCK', width: 13, cell: clockWords },
  { title: 'BOUND', width: 8, right: true, cell: ({ clock }) => shown(clock?.error_bound_ns, upTo_ns) },
  { title: 'RTT', width: 8, right: true, cell: (unit) => shown(rtt_us(unit), (us) => upTo_ns(us * 1000)) },
  { title: 'BACKLOG', width: 7, right: true, cell: ({ backlog }) => shown(backlog, String) },
  { title: 'AGE', width: 4, right: true, cell: ({ age_s }) => formatShortSpan(age_s) },
  { title: 'VERSION', width: 7, cell: ({ version = '' }) => version },
  { title: 'UPTIME', width: 6, right: true, cell: ({ uptime_s }) => shown(uptime_s, formatShortSpan) },
];
export const problem: Column = { title: 'PROBLEM', width: 16, cell: problemWords };

const qualities = ['freerun', 'acquiring', 'tracking', 'locked'];

/** What each order goes by; the greatest comes first, and after all others what is not known. */
const keys: Readonly<Record<string, (unit: Unit) => number | undefined>> = {
  state: ({ state }) => -states.indexOf(state),
  clock: ({ clock }) =>
    clock && -qualities.indexOf(clock.quality ?? '') * 2 + (clock.holdover === true ? 1 : 0),
  bound: ({ clock }) => clock && (clock.error_bound_ns ?? Infinity),
  rtt: rtt_us,
  backlog: ({ backlog }) => backlog,
  age: ({ age_s }) => age_s,
  uptime: ({ uptime_s }) => uptime_s && -uptime_s,
};

/** By what a table may be sorted: the worst first, and equal ones by name. */
export const orders: readonly string[] = [...Object.keys(keys), 'unit', 'version'];

const byName = (a: Unit, b: Unit): number => (a.unit < b.unit ? -1 : 1);
const byVersion = (a: Unit, b: Unit): number =>
  (a.version ?? '').localeCompare(b.version ?? '', 'en', { numeric: true });

/** The units in one of `orders`. */
export function sorted(units: readonly Unit[], order: string): Unit[] {
  const key = keys[order];
  const compare =
    key === undefined
      ? order === 'version'
        ? byVersion
        : byName
      : (a: Unit, b: Unit): number => {
          const [left = -Infinity, right = -Infinity] = [key(a), key(b)];
          return left === right ? 0 : right - left;
        };
  return [...units].sort((a, b) => compare(a, b) || byName(a, b));
}

/** Whether a unit has the text, in any case, in its name or in what it says in words. */
export function matches(unit: Unit, text: string): boolean {
  const words = [
    unit.unit,
    stateWords[unit.state],
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
