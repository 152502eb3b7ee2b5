import { type Html, html } from './html.ts';

/** How good something is. */
export type Tone = 'good' | 'mild' | 'warn' | 'bad';

/** Shape beside colour and word, for those who do not see one of them. */
const shapes: Readonly<Record<Tone, string>> = { good: '●', mild: '○', warn: '▲', bad: '■' };

/** A word or sentence with the shape and the colour of its tone. */
export const toned = (tone: Tone, words: string): Html =>
  html`<span class="${tone}"><span aria-hidden="true">${shapes[tone]}</span> ${words}</span>`;

/** Keeps the place of what is not there: the page's script compares by place, and what follows stays what it is. */
export const nothing: Html = html`<!---->`;

/** A name and its value, which may not be known. */
export type Row = readonly [string, string | number | undefined];

/** A definition list of what is known. */
export const facts = (rows: readonly Row[]): Html => {
  const there = rows.filter(([, value]) => value !== undefined);
  return there.length === 0
    ? html``
    : html`<dl>${there.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`;
};

/** Small print, unless there is nothing to say. */
export const note = (text: string | undefined): Html =>
  text === undefined || text === '' ? html`` : html`<p class="note">${text}</p>`;

/** What is folded away behind its name and a line that sums it up. */
export const fold = (id: string, name: string, line: string | undefined, ...content: readonly Html[]): Html =>
  html`<details id="${id}" aria-label="${name}"><summary><b>${name}</b> <span>${line}</span></summary>${content}</details>`;

type Cell = string | undefined;

/** A table whose first column names the row; wide ones scroll, by keyboard too. */
export const table = (caption: string, head: readonly string[], rows: readonly (readonly Cell[])[]): Html =>
  rows.length === 0
    ? html``
    : html`<div class="scroll" role="group" aria-label="${caption}" tabindex="0"><table><caption>${caption}</caption><thead><tr>${head.map((cell) => html`<th scope="col">${cell}</th>`)}</tr></thead><tbody>${rows.map(
        ([first, ...rest]) =>
          html`<tr><th scope="row">${first}</th>${rest.map((cell) => html`<td>${cell ?? '–'}</td>`)}</tr>`,
      )}</tbody></table></div>`;

/** The words for a value that is known. */
export const perhaps = <T, W extends string | Html>(
  value: T | undefined,
  words: (value: T) => W,
): W | undefined => (value === undefined ? undefined : words(value));
