// All units as a table, and the apps beside them. Pure.
import { formatUs, prettySpan } from '../../../lib/format.ts';
import { type Html, html } from '../../../web/html.ts';
import type { FleetUnit } from '../../fleet/model.ts';
import { clockLine } from '../look/clocks.ts';
import { bar, count, counted, placeOf, unitPath } from '../look/marks.ts';
import { bucketWords } from './cards/histogram.ts';
import { shareTone, shareWords } from './cards/timesources.ts';
import { chipRow, filterForm, filterNotes } from './filters.ts';
import { type FleetQuery, type FleetSort, fleetHref, hrefFrom } from './query.ts';
import { type FleetSelection, selectRows } from './select.ts';
import { type FleetRow, markOfStanding } from './standing.ts';
import type { FleetSums } from './sums.ts';
import { boundMark } from './words.ts';

/** The columns in order: what each sorts by, its name and its class. */
const columns: readonly (readonly [FleetSort, string, string])[] = [
  ['state', 'State', ''],
  ['unit', 'Unit', ''],
  ['clock', 'Clock', ''],
  ['limit', 'Error bound, of limit', 'n'],
  ['rtt', 'Hub RTT', 'n'],
  ['waiting', 'Waiting', 'n'],
  ['version', 'Version', 'v'],
  ['heard', 'Heard', 'n'],
];

/** A link that sorts by the column; by the one that is sorted by already, the other way round. */
function heading([sort, word, classes]: (typeof columns)[number], query: FleetQuery): Html {
  const isThis = query.sort === sort;
  const href = hrefFrom(query, { sort, isReversed: isThis && !query.isReversed });
  if (!isThis) return html`<th scope="col" class="${classes}"><a href="${href}">${word}</a></th>`;
  const isUp = query.isReversed !== ['unit', 'clock', 'version'].includes(sort);
  return html`<th scope="col" class="${classes}" aria-sort="${isUp ? 'ascending' : 'descending'}"><a href="${href}">${word} <span aria-hidden="true">${isUp ? '▴' : '▾'}</span></a></th>`;
}

function boundCell({ clock }: FleetUnit): Html {
  if (clock === undefined) return html``;
  const { share, limit_is_set } = clock;
  if (share === undefined) return boundMark(clock);
  return html`${boundMark(clock)}<span class="hide"> ${shareWords(share)} of its limit</span>${bar(share, shareTone(share, limit_is_set === true))}`;
}

/** Records that wait, and for how long there is room. */
function waitingCell({ link }: FleetUnit): string {
  const { backlog, capacity_s } = link ?? {};
  if (backlog === undefined) return '';
  return backlog > 0 && capacity_s !== undefined
    ? `${count(backlog)} · ${prettySpan(capacity_s)}`
    : count(backlog);
}

/** In steps of 10 s up to a minute: what is on time stays as it stands, and an open page of 1,000 rows changes little. */
const ageWords = (age_s: number): string =>
  age_s < 10 ? '<\u00a010\u00a0s' : prettySpan(age_s < 60 ? 10 * Math.floor(age_s / 10) : age_s);

/** Of one that is silent its age is what matters. */
function heardCell({ age_s, state }: FleetUnit): Html {
  const age = age_s === undefined ? 'never' : ageWords(age_s);
  return state === 'offline' ? html`<td class="gone"><b class="bad">${age}</b></td>` : html`<td>${age}</td>`;
}

const quietClass = html` class="q"`;
const waitsClass = html` class="wt"`;

function unitRow({ unit, standing, care }: FleetRow): Html {
  const { unit: id, clock, link, version } = unit;
  const [state, word] = markOfStanding(standing);
  const rtt = link?.hub_rtt_us;
  return html`<tr id="u-${id}"${care === 'quiet' ? quietClass : undefined}><td class="s st-${state}">${word}</td><th scope="row"><a href="${unitPath(id)}">${id}</a> <small>${placeOf(unit)}</small></th><td>${clock && clockLine(clock)}</td><td>${boundCell(unit)}</td><td>${rtt === undefined ? '' : formatUs(rtt)}</td><td${(link?.backlog ?? 0) > 0 ? waitsClass : undefined}>${waitingCell(unit)}</td><td title="${version}">${version}</td>${heardCell(unit)}</tr>`;
}

const shownWords = ({ from, rows, total }: FleetSelection): string =>
  total === 0 ? 'none' : `${count(from + 1)} to ${count(from + rows.length)} of ${count(total)}`;

function pager({ page, pages, rows, from, total }: FleetSelection, query: FleetQuery): Html {
  if (pages === 1) return html``;
  const step = (to: number, words: string, rel: string): Html =>
    html`<a id="p-${rel}" rel="${rel}" href="${hrefFrom(query, { page: to })}">${words}</a>`;
  const next = Math.min(query.n, total - from - rows.length);
  return html`<nav id="pager" class="row" aria-label="Pages"><span>${
    page > 1 ? step(page - 1, `Previous ${count(query.n)}`, 'prev') : undefined
  } ${next > 0 ? step(page + 1, `Next ${count(next)}`, 'next') : undefined}</span><span class="sub">page ${count(page)} of ${count(pages)}</span></nav>`;
}

function nobody(sums: FleetSums, query: FleetQuery): Html {
  const isEmpty = (query.view === 'clients' ? sums.clients : sums.rows).length === 0;
  return html`<p class="sub">${isEmpty ? 'Nobody is known yet.' : html`Nothing matches. <a href="${fleetHref()}">Show all</a>`}</p>`;
}

/** The table with its filters. */
export function unitsCard(sums: FleetSums, query: FleetQuery, wrong: readonly string[]): Html {
  const selection = selectRows(sums, query);
  const { rows } = selection;
  const what = query.view === 'clients' ? 'All clients' : 'All units';
  const isBeyond = query.page > selection.page;
  const said = isBeyond ? [...wrong, `There is no page ${query.page}: this is the last one.`] : wrong;
  const table =
    rows.length === 0
      ? nobody(sums, query)
      : html`<table class="all" aria-labelledby="units-h"><thead><tr>${columns.map((one) => heading(one, query))}</tr></thead><tbody>${rows.map(unitRow)}</tbody></table>`;
  return html`<section class="card" id="units"><div class="row"><h3 id="units-h">${what}</h3><span class="sub">${shownWords(selection)}</span></div>${filterForm(sums, query)}${chipRow(sums, query)}${filterNotes(query, said, query.b === undefined ? undefined : bucketWords(sums.spread, query.b))}${table}${pager(selection, query)}</section>`;
}

const mostClients = 12;

/** Browsers and apps that follow the contract: nobody repairs them. */
export function clientsCard({ clients }: FleetSums): Html {
  if (clients.length === 0) return html``;
  const shown = clients.slice(0, mostClients);
  const away = clients.filter(({ standing }) => standing === 'away').length;
  const others = clients.length - shown.length;
  return html`<section class="card" id="clients"><div class="row"><h3 id="clients-h">Clients</h3><span class="sub">browsers and apps: ${count(clients.length - away)} here, ${count(away)} away</span></div><table class="all" aria-labelledby="clients-h"><thead><tr>${columns.map(([, word, classes]) => html`<th scope="col" class="${classes}">${word}</th>`)}</tr></thead><tbody>${shown.map(unitRow)}</tbody></table>${
    others > 0
      ? html`<p class="sub"><a href="${fleetHref({ view: 'clients' })}">${counted(others, 'more client')}</a></p>`
      : undefined
  }</section>`;
}
