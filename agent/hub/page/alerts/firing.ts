// What fires now, and what has begun and ended. Pure.
import { prettySpan } from '../../../lib/format.ts';
import { type Html, html } from '../../../web/html.ts';
import { nothing, toned } from '../../../web/pieces.ts';
import type { Alert, AlertGroup, Notice, Severity } from '../../alerts/alert.ts';
import type { AlertsView } from '../../alerts/view.ts';
import { rowId, stamp } from '../look/grid.ts';
import { count, counted, stateMark, unitLink } from '../look/marks.ts';
import { outputWords } from './outputs.ts';

/** Rows of a page. */
const mostRows = 200;
const namedUnits = 200;
const shownNotices = 15;

const marks: Readonly<Record<Severity, Html>> = {
  critical: stateMark('critical'),
  warning: stateMark('degraded', 'warning'),
};

/** The text of an alert of many says of whom it is. */
const ofWhom = ({ unit, group }: Alert): Html => {
  if (unit !== undefined) return html`<b>${unitLink(unit)}</b>: `;
  return group === undefined ? html`<b>the hub</b>: ` : html``;
};

/** What an alert of many says before it begins to name them. */
const shortText = ({ text, group }: Alert): string =>
  group === undefined || !text.includes(': ') ? text : text.slice(0, text.indexOf(': '));

/** What stands between backticks is to be typed. */
const withCode = (text: string): readonly Html[] =>
  text.split('`').map((part, at) => (at % 2 === 1 ? html`<code>${part}</code>` : html`${part}`));

function groupPart(key: string, { units, count: all }: AlertGroup): Html {
  const named = units.slice(0, namedUnits);
  const rest = all - named.length;
  const names = named.map((unit, at) => html`${at === 0 ? '' : ', '}${unitLink(unit)}`);
  return html`<details id="${rowId('group', key)}"><summary>Which</summary><p class="w">${names}${rest > 0 ? ` and ${count(rest)} more` : ''}</p></details>`;
}

function untoldPart(waiting: readonly string[]): Html {
  if (waiting.length === 0) return html``;
  return html` ${toned('warn', `not told yet: ${waiting.map(outputWords).join(', ')}`)}`;
}

function alertPart({ alert, waiting }: AlertsView['firing'][number], at_ms: number): Html {
  const { key, severity, remedy, group, since_ms } = alert;
  const span = prettySpan((at_ms - since_ms) / 1000);
  return html`<li id="${rowId('al', key)}"><div class="row"><span>${marks[severity]} ${ofWhom(alert)}${shortText(alert)}</span><span class="sub">for ${span}, since ${stamp(since_ms, at_ms)}</span></div><p class="sub">${withCode(remedy)}${untoldPart(waiting)}</p>${group === undefined ? html`` : groupPart(key, group)}</li>`;
}

const worstFirst = (a: { readonly alert: Alert }, b: { readonly alert: Alert }): number =>
  a.alert.severity === b.alert.severity ? 0 : a.alert.severity === 'critical' ? -1 : 1;

function pager(page: number, pages: number): Html {
  if (pages === 1) return nothing;
  const to = (at: number, words: string): Html =>
    at < 1 || at > pages ? html`` : html`<a href="/alerts?page=${at}">${words}</a>`;
  return html`<nav class="pgs" aria-label="Pages">${to(page - 1, '← before')}<span class="sub">page ${count(page)} of ${count(pages)}</span>${to(page + 1, 'next →')}</nav>`;
}

/** What fires, critical before warning, the oldest of each first; a page of it. */
export function firingSection({ firing }: AlertsView, page: number, at_ms: number): Html {
  if (firing.length === 0) return nothing;
  const pages = Math.ceil(firing.length / mostRows);
  const at = Math.min(page, pages);
  const rows = firing.toSorted(worstFirst).slice((at - 1) * mostRows, at * mostRows);
  return html`<section class="card" id="firing"><h3>${counted(firing.length, 'alert')} ${firing.length === 1 ? 'fires' : 'fire'}</h3><ol class="alerts">${rows.map((one) => alertPart(one, at_ms))}</ol>${pager(at, pages)}</section>`;
}

function noticePart({ event, at_ms: then_ms, alert }: Notice, at_ms: number): Html {
  const { key, severity } = alert;
  const mark =
    event === 'fired'
      ? marks[severity]
      : html`<span class="good"><span aria-hidden="true">✓</span> over</span>`;
  return html`<li id="${rowId('n', then_ms, event, key)}">${stamp(then_ms, at_ms)}<span>${mark} ${ofWhom(alert)}${shortText(alert)}</span></li>`;
}

/** What was told lately, the newest first. */
export function recentSection({ recent, began_ms }: AlertsView, at_ms: number): Html {
  const list = (some: readonly Notice[]): Html =>
    html`<ol class="ev">${some.map((one) => noticePart(one, at_ms))}</ol>`;
  const rest = recent.slice(shownNotices);
  const more =
    rest.length === 0
      ? nothing
      : html`<details id="morerecent"><summary>${count(rest.length)} earlier</summary>${list(rest)}</details>`;
  const content =
    recent.length === 0
      ? html`<p class="sub">Nothing since ${stamp(began_ms, at_ms)}, when the alerts were started; of before that nothing is kept here.</p>`
      : list(recent.slice(0, shownNotices));
  return html`<section class="card" id="recent"><h3>What was told lately</h3>${content}${more}</section>`;
}
