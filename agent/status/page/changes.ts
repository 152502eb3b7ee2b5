import { prettyText } from '../../lib/format.ts';
import { type Html, html } from '../../web/html.ts';
import type { StatusSnapshot } from '../snapshot.ts';

const iso = (ms: number): string | undefined => {
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString();
};

/** A moment as the list has it: the time, and before it the day where that is another one. */
function momentOf(ms: number, at_ms: number): Html {
  const text = iso(ms);
  if (text === undefined) return html`<time>?</time>`;
  const day = text.slice(0, 10) === iso(at_ms)?.slice(0, 10) ? '' : `${text.slice(5, 10)} `;
  return html`<time datetime="${text}">${day}${text.slice(11, 19)}</time>`;
}

/** What changed of late, the newest first. */
export const changesSection = ({ changes = [], at_ms }: StatusSnapshot): Html =>
  html`<section class="card" id="changes" aria-labelledby="changes-h"><h3 id="changes-h">What changed</h3>${
    changes.length === 0
      ? html`<p class="note">Nothing since the agent started</p>`
      : html`<ol>${changes.slice(0, 10).map((one) => html`<li>${momentOf(one.at_ms, at_ms)}<span>${prettyText(one.text)}</span></li>`)}</ol>`
  }</section>`;
