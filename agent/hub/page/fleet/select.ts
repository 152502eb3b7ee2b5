// The rows of the table: what a query filters, sorts and pages. Pure.
import type { FleetUnit } from '../../fleet/model.ts';
import { boundKindOf, bucketOf } from '../../measure/bounds.ts';
import { sourceOf } from '../../measure/sources.ts';
import { clockLine } from '../look/clocks.ts';
import { type ClockFilter, type FleetQuery, type FleetSort, noneOfThem, type QueryView } from './query.ts';
import type { FleetRow } from './standing.ts';
import { type FleetSums, isOfView } from './sums.ts';

/** The rows of one page of the table. */
export interface FleetSelection {
  readonly rows: readonly FleetRow[];
  /** All that match, on all pages, and the number of the first one shown, from 0. */
  readonly total: number;
  readonly from: number;
  readonly page: number;
  readonly pages: number;
}

type Test = (row: FleetRow) => boolean;

/** Whether each word stands in one of the texts, whatever its case. */
function searchOf(q: string): Test {
  const words = q.toLowerCase().split(/\s+/).slice(0, 8);
  return ({ unit, standing }) => {
    const { unit: id, tenant = '', role = '', version = '', problems, clock } = unit;
    const texts = [
      id,
      tenant,
      role,
      version,
      standing,
      clock?.grandmaster ?? '',
      clock?.ntp_server ?? '',
      ...problems,
    ];
    return words.every((word) => texts.some((text) => text.toLowerCase().includes(word)));
  };
}

/** Whether the clock of a unit is of those. */
function matchesClock({ clock, measured }: FleetUnit, filter: ClockFilter): boolean {
  if (clock === undefined) return false;
  switch (filter) {
    case 'holdover':
      return clock.holdover === true;
    case 'relative':
    case 'unbounded':
      return boundKindOf(clock) === filter;
    case 'unasked':
      return measured === undefined;
    case 'holds':
    case 'contradicts':
    case 'unjudged':
      return measured?.verdict === filter;
    default:
      return clock.quality === filter && clock.holdover !== true;
  }
}

const isOrNone = (value: string | undefined, wanted: string): boolean =>
  wanted === noneOfThem ? value === undefined : value === wanted;

/** A view is a care, or something else that is asked for often. */
function testOfView(view: QueryView, { newest }: FleetSums): Test {
  if (view === 'waiting' || view === 'slow' || view === 'old')
    return ({ unit }) => isOfView[view](unit, newest);
  return ({ care }) => care === view;
}

function testsOf(query: FleetQuery, sums: FleetSums): Test[] {
  const { q, tenant, role, state, source, clock, view, b } = query;
  const tests: Test[] = [];
  if (state !== undefined) tests.push(({ standing }) => standing === state);
  if (tenant !== undefined) tests.push(({ unit }) => isOrNone(unit.tenant, tenant));
  if (role !== undefined) tests.push(({ unit }) => isOrNone(unit.role, role));
  if (source !== undefined)
    tests.push(({ unit }) => unit.clock !== undefined && isOrNone(sourceOf(unit)?.name, source));
  if (clock !== undefined) tests.push(({ unit }) => matchesClock(unit, clock));
  if (b !== undefined) tests.push(({ unit }) => unit.clock !== undefined && bucketOf(unit.clock) === b);
  if (view !== undefined && view !== 'clients') tests.push(testOfView(view, sums));
  if (q !== undefined) tests.push(searchOf(q));
  return tests;
}

/** By what a column sorts: numbers, the largest first, or texts in order. What is not known comes last. */
const keys: Readonly<Record<Exclude<FleetSort, 'state'>, (unit: FleetUnit) => number | string | undefined>> =
  {
    unit: ({ unit }) => unit,
    clock: ({ clock }) => clock && clockLine(clock),
    limit: ({ clock }) => clock && (clock.share ?? Number.MAX_VALUE),
    rtt: ({ link }) => link?.hub_rtt_us,
    waiting: ({ link }) => link?.backlog,
    version: ({ version }) => version,
    heard: ({ age_s }) => age_s,
  };

type Keyed = readonly [FleetRow, number | string | undefined];

/** Equal ones stay as they were: the worst first. */
function sorted(rows: readonly FleetRow[], { sort, isReversed }: FleetQuery): readonly FleetRow[] {
  if (sort === 'state') return isReversed ? rows.toReversed() : rows;
  const key = keys[sort];
  const way = isReversed ? -1 : 1;
  const order = ([, a]: Keyed, [, b]: Keyed): number => {
    if (a === undefined || b === undefined) return Number(a === undefined) - Number(b === undefined);
    if (a === b) return 0;
    const isFirst = typeof a === 'string' || typeof b === 'string' ? a < b : a > b;
    return isFirst ? -way : way;
  };
  return rows
    .map((row): Keyed => [row, key(row.unit)])
    .sort(order)
    .map(([row]) => row);
}

/** The rows that a query asks for; a page beyond the last one is the last one. */
export function selectRows(sums: FleetSums, query: FleetQuery): FleetSelection {
  const tests = testsOf(query, sums);
  const all = query.view === 'clients' ? sums.clients : sums.rows;
  const matching = tests.length === 0 ? all : all.filter((row) => tests.every((test) => test(row)));
  const pages = Math.max(1, Math.ceil(matching.length / query.n));
  const page = Math.min(query.page, pages);
  const from = (page - 1) * query.n;
  const rows = sorted(matching, query).slice(from, from + query.n);
  return { rows, total: matching.length, from, page, pages };
}
