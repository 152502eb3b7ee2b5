// Tables of the hub's pages: cells are HTML, rows have names by which the live script moves them. Pure.
import { formatUtc } from '../../../lib/format.ts';
import { type Html, html } from '../../../web/html.ts';

/** A column of a table. */
export interface GridColumn {
  /** Of its head; HTML where it sorts. */
  readonly head: string | Html;
  /** Classes of its cells: `n` numbers, `m` soft, `w` may break anywhere, `hs` not on small screens. */
  readonly set?: string;
  /** Its cells name their rows. */
  readonly isName?: true;
  /** How the table is sorted by it now. */
  readonly sorted?: 'ascending' | 'descending';
}

/** A row of a table; `id` is the same as long as the row is of the same thing. */
export interface GridRow {
  readonly id: string;
  /** What is not known is a dash. */
  readonly cells: readonly (string | Html | undefined)[];
}

/** `id` of an element by what it is of, whatever that is called. */
export const rowId = (kind: string, ...names: readonly (string | number)[]): string =>
  [kind, ...names].join('-').replace(/\s+/g, '_');

function cellOf({ set = '', isName }: GridColumn, cell: GridRow['cells'][number]): Html {
  if (isName) return html`<th scope="row" class="${set}">${cell}</th>`;
  return cell === undefined
    ? html`<td class="${set} m"><span aria-label="not known">–</span></td>`
    : html`<td class="${set}">${cell}</td>`;
}

const headOf = ({ head, set, sorted }: GridColumn): Html => {
  if (sorted === undefined) return html`<th scope="col" class="${set}">${head}</th>`;
  return html`<th scope="col" class="${set}" aria-sort="${sorted}">${head}</th>`;
};

/** A table by that name for those who do not see it; what is wider than the screen is moved within, by keyboard too. */
export const grid = (name: string, columns: readonly GridColumn[], rows: readonly GridRow[]): Html =>
  html`<div class="scroll" role="group" aria-label="${name}" tabindex="0"><table aria-label="${name}"><thead><tr>${columns.map(headOf)}</tr></thead><tbody>${rows.map(
    ({ id, cells }) => html`<tr id="${id}">${columns.map((column, at) => cellOf(column, cells[at]))}</tr>`,
  )}</tbody></table></div>`;

/** A moment of the past to the second, in UTC; with its day where that is not today. */
export function stamp(ms: number, at_ms: number): Html {
  const [then, now] = [formatUtc(ms), formatUtc(at_ms)];
  const date = new Date(ms);
  if (Number.isNaN(date.getTime())) return html`<time>${then}</time>`;
  const words = then.slice(0, 10) === now.slice(0, 10) ? then.slice(11, 19) : then.slice(0, 19);
  return html`<time datetime="${date.toISOString()}">${words}</time>`;
}
