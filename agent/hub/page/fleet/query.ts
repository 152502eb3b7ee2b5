// What somebody wants to see of the fleet, as the page's address says it. Pure.
import { known } from '../../../lib/known.ts';
import { type Standing, standings } from './standing.ts';

export const fleetSorts = ['state', 'unit', 'clock', 'limit', 'rtt', 'waiting', 'version', 'heard'] as const;
export type FleetSort = (typeof fleetSorts)[number];

/** `old`: not on the newest version. `slow`: behind a slow link. `clients`: apps in place of units. */
export const queryViews = ['you', 'copes', 'quiet', 'fine', 'waiting', 'slow', 'old', 'clients'] as const;
export type QueryView = (typeof queryViews)[number];

/** A quality or a bound of a clock, or what measuring has found of it. */
export const clockFilters = [
  'locked',
  'tracking',
  'acquiring',
  'freerun',
  'holdover',
  'relative',
  'unbounded',
  'holds',
  'contradicts',
  'unjudged',
  'unasked',
] as const;
export type ClockFilter = (typeof clockFilters)[number];

/** In a filter by tenant, role or source: those that have none. */
export const noneOfThem = '-';

/** What is shown. */
export interface FleetQuery {
  readonly q?: string;
  readonly tenant?: string;
  readonly role?: string;
  readonly state?: Standing;
  /** Grandmaster or NTP server. */
  readonly source?: string;
  readonly clock?: ClockFilter;
  readonly view?: QueryView;
  /** Number of a bucket of the histogram. */
  readonly b?: number;
  readonly sort: FleetSort;
  readonly isReversed: boolean;
  /** Rows of a page, and its number from 1. */
  readonly n: number;
  readonly page: number;
}

const usual: FleetQuery = { sort: 'state', isReversed: false, n: 40, page: 1 };
const most = { text: 100, n: 1000, page: 1_000_000, b: 25, notes: 4, shown: 40 } as const;

/** Reads one value; a text is what is allowed in its place. */
type Reader = (text: string) => Partial<FleetQuery> | { readonly wrong: string };

const oneOf =
  <K extends keyof FleetQuery>(key: K, allowed: readonly FleetQuery[K][]): Reader =>
  (text) =>
    allowed.includes(text as never)
      ? ({ [key]: text } as Partial<FleetQuery>)
      : { wrong: `is not known; ${key} is one of ${allowed.join(', ')}` };

const numberFrom =
  (key: 'n' | 'page' | 'b', least: number): Reader =>
  (text) => {
    const number = /^\d{1,7}$/.test(text) ? Number(text) : Number.NaN;
    return number >= least && number <= most[key]
      ? ({ [key]: number } as Partial<FleetQuery>)
      : { wrong: `must be a whole number from ${least} to ${most[key]}` };
  };

const anyText =
  (key: 'q' | 'tenant' | 'role' | 'source'): Reader =>
  (text) =>
    text.length <= most.text
      ? ({ [key]: text } as Partial<FleetQuery>)
      : { wrong: `is longer than ${most.text} characters` };

const readSort: Reader = (text) => {
  const isReversed = text.startsWith('-');
  const sort = text.slice(Number(isReversed));
  return fleetSorts.includes(sort as never)
    ? { sort: sort as FleetSort, isReversed }
    : {
        wrong: `is not known; sort is one of ${fleetSorts.join(', ')}, with - before it the other way round`,
      };
};

const readers: ReadonlyMap<string, Reader> = new Map([
  ...(['q', 'tenant', 'role', 'source'] as const).map((key) => [key, anyText(key)] as const),
  ['state', oneOf('state', standings)],
  ['clock', oneOf('clock', clockFilters)],
  ['view', oneOf('view', queryViews)],
  ['sort', readSort],
  ['n', numberFrom('n', 1)],
  ['page', numberFrom('page', 1)],
  ['b', numberFrom('b', 0)],
]);

const shown = (text: string): string => (text.length > most.shown ? `${text.slice(0, most.shown)}…` : text);

/** Reads the query of an address. What cannot be is said, a sentence each, and left out; an empty value is none. */
export function parseFleetQuery(params: Iterable<readonly [string, string]>): {
  readonly query: FleetQuery;
  readonly wrong: readonly string[];
} {
  const wrong: string[] = [];
  const seen = new Set<string>();
  let query = usual;
  for (const [name, text] of params) {
    const value = text.trim();
    if (value === '') continue;
    const read = readers.get(name);
    const said = seen.has(name) ? { wrong: 'is given twice: the first one is used' } : read?.(value);
    if (said !== undefined && !('wrong' in said)) query = { ...query, ...said };
    else if (wrong.length < most.notes)
      wrong.push(`${shown(name)}=${shown(value)} ${said?.wrong ?? 'is nothing that this page knows'}.`);
    seen.add(name);
  }
  return { query, wrong };
}

/** The parameters of a view, without what goes without saying. */
export function paramsOf({ sort, isReversed, n, page, ...filters }: FleetQuery): URLSearchParams {
  const order = isReversed ? `-${sort}` : sort;
  return new URLSearchParams(
    Object.entries({
      ...filters,
      ...known({
        sort: order === usual.sort ? undefined : order,
        n: n === usual.n ? undefined : n,
        page: page === usual.page ? undefined : page,
      }),
    }).map(([key, value]): [string, string] => [key, String(value)]),
  );
}

/** Path and query of a view, without a fragment. */
export const fleetPath = (query: FleetQuery): string => {
  const params = paramsOf(query).toString();
  return params === '' ? '/' : `/?${params}`;
};

/** Link to the table, with these filters only. */
export const fleetHref = (filters: Partial<FleetQuery> = {}): string =>
  `${fleetPath({ ...usual, ...filters })}#units`;

/** Link to the table as it is, but for what changes; it begins at the first page. */
export const hrefFrom = (query: FleetQuery, change: Partial<FleetQuery>): string =>
  `${fleetPath({ ...query, page: 1, ...change })}#units`;
