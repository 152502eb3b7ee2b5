// The table as lines of text. Pure: it depends on nothing but what is passed in.
import { formatUtc, visible } from '../../lib/format.ts';
import type { State } from '../fleet/model.ts';
import type { Unit } from '../fleet/row/rowview.ts';
import { type Column, columns, nameMarks, problemColumn, problemsOf } from './columns.ts';

/** What is shown: as a table, or as JSON for scripts. */
export interface TopView {
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
  /** The unit that is chosen. */
  readonly selected?: string | undefined;
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
  away: 'dim',
  stopped: 'dim',
  invited: 'dim',
};

const longestName = 40;

/** The columns for which there is room, and the width of the name. State and problem are the last to go. */
function layout(units: readonly Unit[], width: number) {
  const wanted = Math.min(
    longestName,
    units.reduce((most, unit) => Math.max(most, unit.unit.length + nameMarks(unit).length), 4),
  );
  const leastName = Math.min(16, Math.max(8, wanted));
  const [state, ...others] = columns as [Column, ...Column[]];
  const hasProblem = width >= leastName + 1 + state.width + 1 + problemColumn.width;
  let rest = width - (hasProblem ? problemColumn.width + 1 : 0);
  const used: Column[] = [];
  for (const column of [state, ...others]) {
    if (rest - column.width - 1 < leastName) break;
    rest -= column.width + 1;
    used.push(column);
  }
  const name = Math.min(wanted, rest);
  const spare = rest - name;
  if (hasProblem) used.push({ ...problemColumn, width: problemColumn.width + spare });
  return { name, used };
}

/** What is wrong in a line of its own below a unit that is not well, where its cell does not hold it. */
function reasonLine(unit: Unit, { used }: ReturnType<typeof layout>, width: number, paint: Paint): string[] {
  const column = used.find(({ title }) => title === problemColumn.title);
  const [first] = problemsOf(unit);
  const isWell = ['healthy', 'away', 'stopped'].includes(unit.state);
  if (first === undefined || isWell) return [];
  if (column !== undefined && [...visible(column.cell(unit))].length <= column.width) return [];
  return [paint(fit(`  ${first}`, Math.min(width, [...visible(first)].length + 2)), 'dim')];
}

/** Paints the words, and not the blanks behind them. */
function paintWords(text: string, colour: keyof typeof sgr, paint: Paint): string {
  const words = text.trimEnd();
  return paint(words, colour) + text.slice(words.length);
}

function unitLine(unit: Unit, { name, used }: ReturnType<typeof layout>, paint: Paint): string {
  const mark = nameMarks(unit);
  const cells = used.map((column) => {
    const text = fit(column.cell(unit), column.width, column.right);
    if (column.title === 'STATE') return paintWords(text, stateColours[unit.state], paint);
    const { source, holdover } = unit.clock ?? {};
    const doubtful = column.title === 'CLOCK' && (source === 'unsynced' || holdover === true);
    return doubtful ? paintWords(text, 'yellow', paint) : text;
  });
  return [
    fit(fit(unit.unit, Math.min(unit.unit.length, Math.max(0, name - mark.length))) + mark, name),
    ...cells,
  ]
    .join(' ')
    .trimEnd();
}

function countLine({ units, shown, filter, order }: TopView): string {
  const of = (state: State): number => units.filter((unit) => unit.state === state).length;
  const words = (['critical', 'offline', 'degraded', 'unknown', 'away', 'stopped', 'healthy'] as const)
    .flatMap((state) => (of(state) === 0 ? [] : [`${of(state)} ${state}`]))
    .join(', ');
  const filtered = filter === '' ? '' : `; ${shown.length} with '${filter}'`;
  return `${units.length} ${units.length === 1 ? 'unit' : 'units'}${words && `: ${words}`}${filtered}; by ${order}`;
}

/** The lines above the units. */
function headLines(
  view: TopView,
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

/** A page of units in so many lines; each unit has one or two. */
function pageOf(
  blocks: readonly (readonly string[])[],
  from: number,
  room: number,
): { lines: string[]; end: number } {
  const lines: string[] = [];
  let end = from;
  for (const block of blocks.slice(from)) {
    if (room < 1 || (lines.length > 0 && lines.length + block.length > room)) break;
    lines.push(...block.slice(0, room)); // the first is there without its reason rather than not at all
    end += 1;
  }
  return { lines, end };
}

/** The lines of the table, none longer than `columns` characters; where its page ends, and the first unit of the next. */
export function tableLines(
  view: TopView,
  { columns: width, rows, colour, from: wanted = 0, selected }: TableSpace,
): { readonly lines: readonly string[]; readonly end: number; readonly next: number } {
  const paint = painter(colour);
  const cut = (text: string): string => fit(text, Math.min(width, [...text].length));
  const { shown } = view;
  const plan = layout(shown, width);
  const titles = plan.used.map((one) => fit(one.title, one.width, one.right));
  const head = headLines(view, [fit('UNIT', plan.name), ...titles].join(' ').trimEnd(), cut, paint);
  const blocks = shown.map((unit) => {
    const line = unitLine(unit, plan, unit.unit === selected ? (text) => text : paint);
    const first = unit.unit === selected ? paint(fit(line, width), 'inverse') : line;
    return [first, ...reasonLine(unit, plan, width, paint)];
  });
  const room = rows === undefined ? Infinity : Math.max(0, rows - head.length - 1);
  const from = wanted < shown.length ? wanted : 0;
  const { lines, end } = pageOf(blocks, from, room);
  const next = end < shown.length ? end : 0;
  if (rows === undefined) return { lines: [...head, ...lines], end, next };
  const isPart = end - from < shown.length;
  const paging = isPart ? `  space: next (${from + 1} to ${end} of ${shown.length})` : '';
  const foot = paint(cut(`q: quit  s: sort  ↑↓ Enter: one unit  ?: keys${paging}`), 'dim');
  return { lines: [...head, ...lines, foot].slice(0, rows), end, next };
}
