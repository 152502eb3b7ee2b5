// The table as lines of text. Pure: what is shown depends on nothing but what is passed in.
import { formatUtc } from '../../lib/format.ts';
import { type Column, columns, marks, problem } from './columns.ts';
import type { State, Unit } from './fleet.ts';

/** What a table shows. */
export interface View {
  /** The server, for people. */
  readonly server: string;
  /** Unix ms. */
  readonly at_ms: number;
  /** Set while there is no connection: since when, for how long, and why. */
  readonly lost?: { readonly since_ms: number; readonly for_s: number; readonly why: string };
  /** Further things to know, a sentence each. */
  readonly notes: readonly string[];
  /** All units; those that pass the filter, in their order, are `shown`. */
  readonly units: readonly Unit[];
  readonly shown: readonly Unit[];
  readonly order: string;
  readonly filter: string;
}

/** The place for a table. Without `rows` there is room for all of them, and no line about keys. */
export interface Size {
  readonly columns: number;
  readonly rows?: number;
  readonly colour: boolean;
  /** The first unit to show. */
  readonly from?: number;
}

/** Cuts or fills a text to exactly `width` characters. */
function fit(text: string, width: number, right = false): string {
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

/** The columns that there is room for, and what is left for name and problem. */
function layout(units: readonly Unit[], width: number) {
  const wanted = Math.min(
    longestName,
    units.reduce((most, unit) => Math.max(most, unit.unit.length + marks(unit).length), 4),
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
  if (words >= problem.width && used.length === columns.length) used.push({ ...problem, width: words });
  return { name, used };
}

function line(unit: Unit, { name, used }: ReturnType<typeof layout>, paint: Paint): string {
  const tail = marks(unit);
  const cells = used.map((column) => {
    const text = fit(column.cell(unit), column.width, column.right);
    if (column.title === 'STATE') return paint(text, stateColours[unit.state]);
    const { source, holdover } = unit.clock ?? {};
    const doubtful = column.title === 'CLOCK' && (source === 'unsynced' || holdover === true);
    return doubtful ? paint(text, 'yellow') : text;
  });
  return [
    fit(fit(unit.unit, Math.min(unit.unit.length, Math.max(0, name - tail.length))) + tail, name),
    ...cells,
  ]
    .join(' ')
    .trimEnd();
}

function counts({ units, shown, filter, order }: View): string {
  const of = (state: State): number => units.filter((unit) => unit.state === state).length;
  const words = (['critical', 'offline', 'degraded', 'unknown', 'stopped', 'healthy'] as const)
    .flatMap((state) => (of(state) === 0 ? [] : [`${of(state)} ${state}`]))
    .join(', ');
  const filtered = filter === '' ? '' : `; ${shown.length} with '${filter}'`;
  return `${units.length} ${units.length === 1 ? 'unit' : 'units'}${words && `: ${words}`}${filtered}; by ${order}`;
}

/** The lines of the table, none longer than `columns` characters, and the first unit of the next page. */
export function table(view: View, size: Size): { readonly lines: readonly string[]; readonly next: number } {
  const paint = painter(size.colour);
  const cut = (text: string): string => fit(text, Math.min(size.columns, [...text].length));
  const { lost, shown } = view;
  const head = [cut(`nunect-hub top  ${formatUtc(view.at_ms)}  ${view.server}`), cut(counts(view))];
  if (lost !== undefined) {
    const since = `NO CONNECTION since ${formatUtc(lost.since_ms)} (${Math.round(lost.for_s)} s): ${lost.why}`;
    head.push(paint(cut(since), 'alarm'));
  }
  for (const note of view.notes) head.push(paint(cut(note), 'yellow'));
  const plan = layout(shown, size.columns);
  const titles = [
    fit('UNIT', plan.name),
    ...plan.used.map(({ title, width, right }) => fit(title, width, right)),
  ];
  head.push(paint(cut(titles.join(' ').trimEnd()), 'inverse'));
  const room = size.rows === undefined ? shown.length : Math.max(0, size.rows - head.length - 1);
  const from = size.from !== undefined && size.from < shown.length ? size.from : 0;
  const part = shown.slice(from, from + room);
  const body = part.map((unit) => line(unit, plan, paint));
  const next = from + part.length < shown.length ? from + part.length : 0;
  if (size.rows === undefined) return { lines: [...head, ...body], next };
  const where =
    part.length < shown.length
      ? `  space: next (${from + 1} to ${from + part.length} of ${shown.length})`
      : '';
  const keys = paint(cut(`q: quit  s: sort${where}`), 'dim');
  return { lines: [...head, ...body, keys].slice(0, size.rows), next };
}
