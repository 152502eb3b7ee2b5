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
export const slow_us = 300_000;

/** Numbers of a version; undefined where it is none. */
function numbersOf(version: string): readonly number[] | undefined {
  const [found] = /^\d{1,9}(\.\d{1,9}){0,5}/.exec(version) ?? [];
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

function measuredSumOf(rows: readonly FleetRow[]): MeasuredSum {
  const contradicts: FleetUnit[] = [];
  const unjudged = new Map<UnjudgedReason | undefined, number>();
  let [holds, unasked] = [0, 0];
  for (const { unit } of rows) {
    if (unit.clock === undefined) continue;
    if (unit.measured === undefined) unasked += 1;
    else if (unit.measured.verdict === 'holds') holds += 1;
    else if (unit.measured.verdict === 'contradicts') contradicts.push(unit);
    else unjudged.set(unit.measured.reason, (unjudged.get(unit.measured.reason) ?? 0) + 1);
  }
  const beyond = ({ measured }: FleetUnit): number => Math.abs(measured?.beyond_us ?? 0);
  return { holds, unasked, unjudged, contradicts: contradicts.sort((a, b) => beyond(b) - beyond(a)) };
}

function droppedOf(rows: readonly FleetRow[]) {
  let [dropped, droppers, untold] = [0, 0, 0];
  for (const { care, unit } of rows) {
    if (care === 'quiet' || unit.state === 'offline') continue;
    const count = unit.link?.dropped;
    if (count === undefined) untold += 1;
    else if (count > 0) {
      dropped += count;
      droppers += 1;
    }
  }
  return { droppers, ...known({ dropped: untold > 0 ? undefined : dropped }) };
}

/** Everything that is reckoned of all units; `units` in any order. */
export function fleetSumsOf(units: readonly FleetUnit[]): FleetSums {
  const ranked = rankUnits(units);
  const all = ranked.map(rowOf);
  const rows = all.filter(({ unit }) => unit.kind === 'unit');
  const alone = rows.map(({ unit }) => unit);
  const byId = new Map(all.map((row) => [row.unit.unit, row]));
  const counted = Object.fromEntries(standings.map((one) => [one, 0])) as Record<Standing, number>;
  const [tenants, roles, versions] = [new Set<string>(), new Set<string>(), new Set<string>()];
  for (const { standing, unit } of rows) {
    counted[standing] += 1;
    if (unit.tenant !== undefined) tenants.add(unit.tenant);
    if (unit.role !== undefined) roles.add(unit.role);
    if (unit.version !== undefined) versions.add(unit.version);
  }
  return {
    rows,
    clients: all.filter(({ unit }) => unit.kind === 'client'),
    byId,
    counts: countUnits(units),
    standings: counted,
    causes: causesOf(alone),
    spread: boundSpreadOf(alone),
    worst: worstClocks(alone),
    sources: groupsOf(alone).map((group) => ({ ...group, qualities: qualitiesOf(group, byId) })),
    sourceless: alone.filter((unit) => unit.clock !== undefined && sourceOf(unit) === undefined),
    measured: measuredSumOf(rows),
    tenants: inOrder(tenants),
    roles: inOrder(roles),
    ...known({ newest: newestOf(versions) }),
    ...droppedOf(rows),
  };
}
