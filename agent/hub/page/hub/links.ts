// Leaf links by their round trip, on the hub's page. Pure.
import { prettyNs, prettySpan } from '../../../lib/format.ts';
import { type Html, html } from '../../../web/html.ts';
import { nothing, perhaps } from '../../../web/pieces.ts';
import type { HubView, LeafLink } from '../../servers/model.ts';
import { type GridColumn, grid, rowId } from '../look/grid.ts';
import { count, counted, stateMark, unitLink } from '../look/marks.ts';
import { hubPath, rttClasses } from './query.ts';
import { tripWords, untold } from './words.ts';

/** The lowest class ends five to a power of ten above this. */
const least_us = 100;
const perDecade = 5;
const height = 96;

const edge_ns = (at: number): number => least_us * 1000 * 10 ** (at / perDecade);

/** In which class a round trip is; what is beyond either end is in the class there. */
export const rttClassOf = (rtt_us: number): number =>
  Math.max(0, Math.min(rttClasses - 1, Math.floor(perDecade * Math.log10(rtt_us / least_us))));

/** `from 1.58 ms to 2.51 ms`. */
export function rttClassWords(at: number): string {
  if (at <= 0) return `below ${prettyNs(edge_ns(1))}`;
  if (at >= rttClasses - 1) return `from ${prettyNs(edge_ns(at))} on`;
  return `from ${prettyNs(edge_ns(at))} to ${prettyNs(edge_ns(at + 1))}`;
}

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

function histogram(links: readonly LeafLink[]): Html {
  const counts = new Array<number>(rttClasses).fill(0);
  for (const { rtt_us } of links)
    if (rtt_us !== undefined) counts[rttClassOf(rtt_us)] = (counts[rttClassOf(rtt_us)] ?? 0) + 1;
  const most = Math.max(1, ...counts);
  const axis = ['0.1 ms', '1 ms', '10 ms', '100 ms', '1 s'].map((words) => html`<span>${words}</span>`);
  return html`<div class="trips" role="group" aria-label="Leaf links by round trip">${counts.map((links, at) => classPart(links, at, most))}</div><div class="axis">${axis}</div>`;
}

/** Who has measured these. */
export function measuredBy(links: readonly LeafLink[]): string {
  const by = new Set(links.flatMap(({ rtt_by }) => rtt_by ?? []));
  if (by.size === 0) return '';
  if (by.size === 2) return 'measured by units and servers';
  return by.has('unit')
    ? 'measured by the units'
    : 'measured by the servers, when a link is made and each hour';
}

const slowestShown = 5;
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

/** The slowest, and those that are far slower than they usually are. */
function slowestOf(links: readonly LeafLink[]): LeafLink[] {
  const measured = links.filter(({ rtt_us }) => rtt_us !== undefined);
  const far = measured
    .filter(({ times_slower }) => times_slower !== undefined)
    .sort((a, b) => (b.times_slower ?? 0) - (a.times_slower ?? 0));
  return [...new Set([...far.slice(0, 3), ...measured])]
    .slice(0, Math.max(slowestShown, Math.min(3, far.length)))
    .sort((a, b) => (b.rtt_us ?? 0) - (a.rtt_us ?? 0));
}

function farWords(links: readonly LeafLink[]): Html {
  const [worst] = links
    .filter(({ times_slower }) => times_slower !== undefined)
    .sort((a, b) => (b.times_slower ?? 0) - (a.times_slower ?? 0));
  if (worst?.times_slower === undefined) return nothing;
  return html`<p class="sub">${worst.who} is ${Math.round(worst.times_slower)} times slower than it usually is.</p>`;
}

/** How long the way to the units is. */
export function linksSection(view: HubView): Html {
  const { links, told, at_ms } = view;
  const head = html`<div class="row"><h3>Leaf links by round trip</h3><span class="sub">${measuredBy(links)}</span></div>`;
  const raw = html`<a href="/hub/raw/links">raw</a>`;
  if (!told.includes('links'))
    return html`<section class="card" id="hub-links">${head}<p class="sub">${untold(view)}</p></section>`;
  if (links.length === 0)
    return html`<section class="card" id="hub-links">${head}<p class="sub">No leaf node is joined. ${raw}</p></section>`;
  const unmeasured = links.filter(({ rtt_us }) => rtt_us === undefined).length;
  const note =
    unmeasured === 0 ? nothing : html`<p class="sub">${counted(unmeasured, 'link')} not measured yet.</p>`;
  const slowest = slowestOf(links);
  const table =
    slowest.length === 0
      ? nothing
      : grid(
          'Slowest leaf links',
          columns,
          slowest.map((one) => row(one, at_ms)),
        );
  return html`<section class="card" id="hub-links">${head}${slowest.length === 0 ? nothing : histogram(links)}${note}${table}${farWords(links)}<p class="sub"><a href="${hubPath({ view: 'links' })}">All ${counted(links.length, 'link')}</a> · ${raw}</p></section>`;
}
