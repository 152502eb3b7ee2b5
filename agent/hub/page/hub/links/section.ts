// Leaf links by their round trip, on the hub's page. Pure.
import { prettySpan } from '../../../../lib/format.ts';
import { type Html, html } from '../../../../web/html.ts';
import { nothing, perhaps } from '../../../../web/pieces.ts';
import type { HubView, LeafLink } from '../../../servers/model.ts';
import { type GridColumn, grid, rowId } from '../../look/grid.ts';
import { count, counted, stateMark, unitLink } from '../../look/marks.ts';
import { hubPath } from '../query.ts';
import { tripWords, untold } from '../words.ts';
import { type LinkSums, linkSums, measuredBy, rttClassWords } from './sums.ts';

/** Of the highest bar. */
const height = 96;

/** What a link is known by: the unit, if its login says so. */
export const linkName = ({ unit, who }: LeafLink): Html =>
  unit === undefined ? html`<span class="w">${who}</span>` : unitLink(unit);

/** A class as a link to those in it; drawn by the root, so that a few beside many are seen. */
function classPart(links: number, at: number, most: number): Html {
  if (links === 0) return html`<span></span>`;
  const high = Math.max(3, Math.round(height * Math.sqrt(links / most)));
  const words = `${counted(links, 'link')} ${rttClassWords(at)}`;
  return html`<a href="${hubPath({ view: 'links', rtt: at })}" aria-label="${words}" title="${words}"><b>${count(links)}</b><svg height="${high}" aria-hidden="true"><path class="f-ptp" d="M0 0h999v${high}H0z"/></svg></a>`;
}

function histogram(counts: LinkSums['classes']): Html {
  const most = Math.max(1, ...counts);
  const axis = ['0.1 ms', '1 ms', '10 ms', '100 ms', '1 s'].map((words) => html`<span>${words}</span>`);
  return html`<div class="trips" role="group" aria-label="Leaf links by round trip">${counts.map((links, at) => classPart(links, at, most))}</div><div class="axis">${axis}</div>`;
}

const columns: readonly GridColumn[] = [
  { head: 'Slowest', isName: true, set: 'w' },
  { head: 'Server', set: 'm hs' },
  { head: 'RTT', set: 'n' },
  { head: 'Its usual', set: 'n m' },
  { head: 'Linked', set: 'n m hs' },
];

/** A round trip, marked where it is far longer than it usually is. */
export const tripCell = ({ rtt_us, times_slower }: LeafLink): Html | string | undefined => {
  const words = perhaps(rtt_us, tripWords);
  return words !== undefined && times_slower !== undefined ? stateMark('degraded', words) : words;
};

/** How long a link is there. */
export const linkedSince = ({ since_ms }: LeafLink, at_ms: number): string | undefined =>
  perhaps(since_ms, (since) => prettySpan((at_ms - since) / 1000));

const row = (one: LeafLink, at_ms: number) => ({
  id: rowId('l', one.server, one.id),
  cells: [
    linkName(one),
    one.server,
    tripCell(one),
    perhaps(one.usual_us, tripWords),
    linkedSince(one, at_ms),
  ],
});

function farWords({ farthest }: LinkSums): Html {
  if (farthest?.times_slower === undefined) return nothing;
  const { who, times_slower } = farthest;
  return html`<p class="sub">${who} is ${Math.round(times_slower)} times slower than it usually is.</p>`;
}

/** How long the way to the units is. */
export function linksSection(view: HubView): Html {
  const { links, told, at_ms } = view;
  const sums = linkSums(links);
  const head = html`<div class="row"><h3>Leaf links by round trip</h3><span class="sub">${measuredBy(sums)}</span></div>`;
  const raw = html`<a href="/hub/raw/links">raw</a>`;
  if (!told.includes('links'))
    return html`<section class="card" id="hub-links">${head}<p class="sub">${untold(view)}</p></section>`;
  if (links.length === 0)
    return html`<section class="card" id="hub-links">${head}<p class="sub">No leaf node is joined. ${raw}</p></section>`;
  const { slowest, classes } = sums;
  const unmeasured = links.length - sums.measured;
  const note =
    unmeasured === 0 ? nothing : html`<p class="sub">${counted(unmeasured, 'link')} not measured yet.</p>`;
  const table =
    slowest.length === 0
      ? nothing
      : grid(
          'Slowest leaf links',
          columns,
          slowest.map((one) => row(one, at_ms)),
        );
  return html`<section class="card" id="hub-links">${head}${slowest.length === 0 ? nothing : histogram(classes)}${note}${table}${farWords(sums)}<p class="sub"><a href="${hubPath({ view: 'links' })}">All ${counted(links.length, 'link')}</a> · ${raw}</p></section>`;
}
