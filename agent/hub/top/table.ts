// The table as lines of text. Pure: it depends on nothing but what is passed in.
import { formatUtc, visible } from '../../lib/format.ts';
import { type Column, columns, nameMarks, problemColumn } from './columns.ts';
import type { State, Unit } from './fleet.ts';

/** What is shown: as a table, or as JSON for scripts. */
export interface FleetView {
  /** The servers, without secrets. */
  readonly server: string;
  /** Unix ms. */
  readonly at_ms: number;
  /** Set while there is no connection. */
  readonly lost?: { readonly since_ms: number; readonly for_s: number; readonly why: string };
  /** What else an operator must know, a sentence each. */
  readonly notes: readonly string[];
  /** All units; those that pass the filter, in their order, are `shown`. */
  readonly units: readonly Unit[];
  readonly shown: readonly Unit[];
  readonly order: string;
  readonly filter: string;
}

/** The space for a table. Without `rows` all units are shown, and no line about keys. */
export interface TableSpace {
  readonly columns: number;
  readonly rows?: number;
  readonly colour: boolean;
  /** The first unit to show. */
  readonly from?: number;
}

/** Cuts or fills a text to exactly `width` characters. */
function fit(given: string, width: number, right = false): string {
  const text = visible(given);
  const letters = [...text];
  if (letters.length > width) return width < 1 ? '' : `${letters.slice(0, width - 1).join('')}…`;
  return right
    ? text.padStart(text.length + width - letters.length)
    : text.padEnd(text.length + width - letters.length);
}

const sgr = { red: 31, green: 32, yellow: 33, dim: 2, inverse: 7, alarm: '1;31' } as const;
type Paint = (text: string, colour: keyof typeof sgr) => string;
const painter =
  (colour: boolean): Paint =>
  (text, name) =>
    colour ? `\x1b[${sgr[name]}m${text}\x1b[0m` : text;

const stateColours: Readonly<Record<State, keyof typeof sgr>> = {
  critical: 'alarm',
  offline: 'red',
  degraded: 'yellow',
  unknown: 'dim',
  healthy: 'green',
  stopped: 'dim',
};

const longestName = 40;

/** The columns for which there is room, and the width of the name. */
function layout(units: readonly Unit[], width: number) {
  const wanted = Math.min(
    longestName,
    units.reduce((most, unit) => Math.max(most, unit.unit.length + nameMarks(unit).length), 4),
  );
  const used: Column[] = [];
  let rest = width;
  for (const column of columns) {
    if (rest - column.width - 1 < Math.min(16, Math.max(8, wanted))) break;
    rest -= column.width + 1;
    used.push(column);
  }
  const name = Math.min(wanted, rest);
  const words = rest - name - 1;
  if (words >= problemColumn.width && used.length === columns.length)
    used.push({ ...problemColumn, width: words });
  return { name, used };
}

function unitLine(unit: Unit, { name, used }: ReturnType<typeof layout>, paint: Paint): string {
  const mark = nameMarks(unit);
  const cells = used.map((column) => {
    const text = fit(column.cell(unit), column.width, column.right);
    if (column.title === 'STATE') return paint(text, stateColours[unit.state]);
    const { source, holdover } = unit.clock ?? {};
    const doubtful = column.title === 'CLOCK' && (source === 'unsynced' || holdover === true);
    return doubtful ? paint(text, 'yellow') : text;
  });
  return [
    fit(fit(unit.unit, Math.min(unit.unit.length, Math.max(0, name - mark.length))) + mark, name),
    ...cells,
  ]
    .join(' ')
    .trimEnd();
}

function countLine({ units, shown, filter, order }: FleetView): string {
  const of = (state: State): number => units.filter((unit) => unit.state === state).length;
  const words = (['critical', 'offline', 'degraded', 'unknown', 'stopped', 'healthy'] as const)
    .flatMap((state) => (of(state) === 0 ? [] : [`${of(state)} ${state}`]))
    .join(', ');
  const filtered = filter === '' ? '' : `; ${shown.length} with '${filter}'`;
  return `${units.length} ${units.length === 1 ? 'unit' : 'units'}${words && `: ${words}`}${filtered}; by ${order}`;
}

/** The lines above the units. */
function headLines(
  view: FleetView,
  columnTitles: string,
  cut: (text: string) => string,
  paint: Paint,
): string[] {
  const { lost, notes } = view;
  const reason = lost && `(${Math.round(lost.for_s)} s): ${lost.why}`;
  return [
    cut(`nunect-hub top  ${formatUtc(view.at_ms)}  ${view.server}`),
    cut(countLine(view)),
    ...(lost ? [paint(cut(`NO CONNECTION since ${formatUtc(lost.since_ms)} ${reason}`), 'alarm')] : []),
    ...notes.map((note) => paint(cut(note), 'yellow')),
    paint(cut(columnTitles), 'inverse'),
  ];
}

/** The lines of the table, none longer than `columns` characters, and the first unit of the next page. */
export function tableLines(
  view: FleetView,
  { columns: width, rows, colour, from: wanted = 0 }: TableSpace,
): { readonly lines: readonly string[]; readonly next: number } {
  const paint = painter(colour);
  const cut = (text: string): string => fit(text, Math.min(width, [...text].length));
  const { shown } = view;
  const plan = layout(shown, width);
  const titles = plan.used.map((one) => fit(one.title, one.width, one.right));
  const head = headLines(view, [fit('UNIT', plan.name), ...titles].join(' ').trimEnd(), cut, paint);
  const room = rows === undefined ? shown.length : Math.max(0, rows - head.length - 1);
  const from = wanted < shown.length ? wanted : 0;
  const page = shown.slice(from, from + room);
  const end = from + page.length;
  const lines = [...head, ...page.map((unit) => unitLine(unit, plan, paint))];
  const next = end < shown.length ? end : 0;
  if (rows === undefined) return { lines, next };
  const paging = page.length < shown.length ? `  space: next (${from + 1} to ${end} of ${shown.length})` : '';
  return { lines: [...lines, paint(cut(`q: quit  s: sort${paging}`), 'dim')].slice(0, rows), next };
}
