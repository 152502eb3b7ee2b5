// What the page shows of all units together, reckoned once for all who look within a second. Pure.
import { known } from '../../../lib/known.ts';
import { causesOf, type FleetCause } from '../../fleet/causes.ts';
import { countUnits, type FleetCounts } from '../../fleet/export/json.ts';
import type { FleetUnit, UnjudgedReason } from '../../fleet/model.ts';
import { rankUnits } from '../../fleet/rank.ts';
import { type BoundSpread, boundSpreadOf, type RankedClock, worstClocks } from '../../measure/bounds.ts';
import { groupsOf, type SourceGroup, sourceOf } from '../../measure/sources.ts';
import { type FleetRow, rowOf, type Standing, standings } from './standing.ts';

/** Units by what they follow, and how their clocks are, the most frequent first: `211 locked`. */
export interface SourceSum extends SourceGroup {
  readonly qualities: readonly (readonly [string, number])[];
}

/** What measuring has found of all units. */
export interface MeasuredSum {
  readonly holds: number;
  readonly contradicts: readonly FleetUnit[];
  readonly unjudged: ReadonlyMap<UnjudgedReason | undefined, number>;
  /** Those whose clock is reported, and was not measured yet. */
  readonly unasked: number;
}

/** All that does not depend on what somebody filters and sorts by. */
export interface FleetSums {
  /** Units, the worst first; apps apart. */
  readonly rows: readonly FleetRow[];
  readonly clients: readonly FleetRow[];
  readonly byId: ReadonlyMap<string, FleetRow>;
  readonly counts: FleetCounts;
  readonly standings: Readonly<Record<Standing, number>>;
  readonly causes: readonly FleetCause[];
  readonly spread: BoundSpread;
  readonly worst: readonly RankedClock[];
  readonly sources: readonly SourceSum[];
  /** Units whose clock follows nothing that is known. */
  readonly sourceless: readonly FleetUnit[];
  readonly measured: MeasuredSum;
  /** How many units there are in a view, or by clock. */
  readonly inView: Readonly<Record<'waiting' | 'slow' | 'old' | 'holdover' | 'tracking', number>>;
  /** Those that occur, in order. */
  readonly tenants: readonly string[];
  readonly roles: readonly string[];
  /** The newest version of the units. */
  readonly newest?: string;
  /** Records that units have dropped since their start; missing where not all that are heard have told. */
  readonly dropped?: number;
  readonly droppers: number;
}

/** Above this a link is slow. */
const slow_us = 300_000;

type ViewTest = (unit: FleetUnit, newest?: string) => boolean;

/** The views that are not by care. */
export const isOfView: Readonly<Record<'waiting' | 'slow' | 'old', ViewTest>> = {
  waiting: ({ link }) => (link?.backlog ?? 0) > 0,
  slow: ({ link }) => (link?.hub_rtt_us ?? 0) > slow_us,
  old: ({ version }, newest) => version !== undefined && version !== newest,
};

/** Numbers of a version; undefined where it is none. */
function numbersOf(version: string): readonly number[] | undefined {
  const [found] = /^\d{1,9}(\.\d{1,9}){1,5}/.exec(version) ?? [];
  return found?.split('.').map(Number);
}

function isNewer(a: readonly number[], b: readonly number[]): boolean {
  const at = a.findIndex((number, i) => number !== (b[i] ?? 0));
  return at >= 0 && (a[at] ?? 0) > (b[at] ?? 0);
}

function newestOf(versions: Iterable<string>): string | undefined {
  let newest: { readonly text: string; readonly numbers: readonly number[] } | undefined;
  for (const text of versions) {
    const numbers = numbersOf(text);
    if (numbers !== undefined && (newest === undefined || isNewer(numbers, newest.numbers)))
      newest = { text, numbers };
  }
  return newest?.text;
}

const inOrder = (words: ReadonlySet<string>): readonly string[] => [...words].sort();

function qualitiesOf(group: SourceGroup, byId: FleetSums['byId']): SourceSum['qualities'] {
  const counts = new Map<string, number>();
  for (const id of group.units) {
    const clock = byId.get(id)?.unit.clock;
    const word = clock?.holdover === true ? 'holdover' : (clock?.quality ?? 'unknown');
    counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  return [...counts].sort(([, a], [, b]) => b - a);
}

/** What is counted in one pass over all units: they are many, and each look at one costs more than what is done with it. */
interface Tally {
  readonly standings: Record<Standing, number>;
  readonly tenants: Set<string>;
  readonly roles: Set<string>;
  readonly versions: Map<string, number>;
  readonly sourceless: FleetUnit[];
  readonly contradicts: FleetUnit[];
  readonly unjudged: Map<UnjudgedReason | undefined, number>;
  readonly inView: Record<'waiting' | 'slow' | 'holdover' | 'tracking', number>;
  holds: number;
  unasked: number;
  dropped: number;
  droppers: number;
  /** Units that are heard and do not say whether they have dropped any. */
  untold: number;
}

const addOne = <K>(counts: Map<K, number>, key: K): void => void counts.set(key, (counts.get(key) ?? 0) + 1);

function tallyClock(tally: Tally, unit: FleetUnit): void {
  const { clock, measured } = unit;
  if (clock === undefined) return;
  if (clock.holdover === true) tally.inView.holdover += 1;
  else if (clock.quality === 'tracking') tally.inView.tracking += 1;
  if (sourceOf(unit) === undefined) tally.sourceless.push(unit);
  if (measured === undefined) tally.unasked += 1;
  else if (measured.verdict === 'holds') tally.holds += 1;
  else if (measured.verdict === 'contradicts') tally.contradicts.push(unit);
  else addOne(tally.unjudged, measured.reason);
}

function tallyLink(tally: Tally, { care, unit }: FleetRow): void {
  const { link, state } = unit;
  if (isOfView.waiting(unit)) tally.inView.waiting += 1;
  if (isOfView.slow(unit)) tally.inView.slow += 1;
  if (care === 'quiet' || state === 'offline') return;
  if (link?.dropped === undefined) tally.untold += 1;
  else if (link.dropped > 0) {
    tally.dropped += link.dropped;
    tally.droppers += 1;
  }
}

function tallyOf(rows: readonly FleetRow[]): Tally {
  const tally: Tally = {
    standings: Object.fromEntries(standings.map((one) => [one, 0])) as Record<Standing, number>,
    ...{ tenants: new Set(), roles: new Set(), versions: new Map(), sourceless: [], contradicts: [] },
    ...{ unjudged: new Map(), inView: { waiting: 0, slow: 0, holdover: 0, tracking: 0 } },
    ...{ holds: 0, unasked: 0, dropped: 0, droppers: 0, untold: 0 },
  };
  for (const row of rows) {
    const { tenant, role, version } = row.unit;
    tally.standings[row.standing] += 1;
    if (tenant !== undefined) tally.tenants.add(tenant);
    if (role !== undefined) tally.roles.add(role);
    if (version !== undefined) addOne(tally.versions, version);
    tallyClock(tally, row.unit);
    tallyLink(tally, row);
  }
  return tally;
}

const beyond = ({ measured }: FleetUnit): number => Math.abs(measured?.beyond_us ?? 0);

/** What is made of the counts. */
function sumsOf({ versions, contradicts, dropped, untold, ...tally }: Tally) {
  const { holds, unasked, unjudged, droppers, sourceless, standings: counted } = tally;
  const newest = newestOf(versions.keys());
  const versioned = [...versions.values()].reduce((sum, units) => sum + units, 0);
  return {
    ...{ standings: counted, sourceless, droppers },
    measured: { holds, unasked, unjudged, contradicts: contradicts.sort((a, b) => beyond(b) - beyond(a)) },
    inView: { ...tally.inView, old: versioned - (versions.get(newest ?? '') ?? 0) },
    tenants: inOrder(tally.tenants),
    roles: inOrder(tally.roles),
    ...known({ newest, dropped: untold > 0 ? undefined : dropped }),
  };
}

/** Everything that is reckoned of all units; `units` in any order. */
export function fleetSumsOf(units: readonly FleetUnit[]): FleetSums {
  const all = rankUnits(units).map(rowOf);
  const rows = all.filter(({ unit }) => unit.kind === 'unit');
  const alone = rows.map(({ unit }) => unit);
  const byId = new Map(all.map((row) => [row.unit.unit, row]));
  return {
    rows,
    clients: all.filter(({ unit }) => unit.kind === 'client'),
    byId,
    counts: countUnits(units),
    causes: causesOf(rows.flatMap(({ care, unit }) => (care === 'you' || care === 'copes' ? unit : []))),
    spread: boundSpreadOf(alone),
    worst: worstClocks(alone),
    sources: groupsOf(alone).map((group) => ({ ...group, qualities: qualitiesOf(group, byId) })),
    ...sumsOf(tallyOf(rows)),
  };
}
