// The page of the hub itself: its servers, links, accounts, streams, and who comes and goes. Pure.
import { type Html, html } from '../../../web/html.ts';
import { nothing } from '../../../web/pieces.ts';
import type { HubView } from '../../servers/model.ts';
import type { HubPage } from '../look/frame.ts';
import { counted } from '../look/marks.ts';
import { accountsSection } from './accounts.ts';
import { eventsSection, slowSection, wholeEventList } from './events.ts';
import { wordsSection } from './glossary.ts';
import { linkList } from './links/list.ts';
import { linksSection } from './links/section.ts';
import { type HubQuery, hubPath, hubQueryOf } from './query.ts';
import { serversSection } from './servers.ts';
import { consumerList, streamsSection } from './streams.ts';
import { hubOverviewStyle } from './style.ts';
import { hubTiles, type UnitCounts } from './tiles.ts';
import { hubHeadline, hubTone, hubVerdict } from './verdict.ts';

/** What the page of the hub is made of. */
export interface HubPageData {
  readonly view: HubView;
  /** Missing while the roster is not read. */
  readonly units?: UnitCounts;
}

const overview = ({ view, units }: HubPageData): Html =>
  html`${hubVerdict(view)}
${hubTiles(view, units)}
${serversSection(view)}
${streamsSection(view)}
<div class="two"><div class="col">${linksSection(view)}${accountsSection(view)}</div><div class="col">${eventsSection(view)}${slowSection(view)}</div></div>
${wordsSection()}`;

type List = Exclude<HubQuery['view'], 'overview'>;

const lists: Readonly<Record<List, { readonly name: string; make(view: HubView, query: HubQuery): Html }>> = {
  links: { name: 'Leaf links', make: linkList },
  consumers: { name: 'Consumers', make: consumerList },
  events: { name: 'Connects and disconnects', make: wholeEventList },
};

/** `3 servers, cluster nunect-hub`. */
function aboutOf({ servers, cluster }: HubView): string {
  if (servers.length === 0) return '';
  const of = servers.length > 1 && cluster !== undefined ? `, cluster ${cluster}` : '';
  return `${counted(servers.length, 'server')}${of}`;
}

function strangePart(strange: readonly string[]): Html {
  if (strange.length === 0) return nothing;
  return html`<section id="strange" class="card verdict warn" aria-label="What was not understood"><ul>${strange.map((text) => html`<li>The address has what is not understood: ${text}.</li>`)}</ul></section>`;
}

/** The hub, or one of its long lists. */
export function hubPage(data: HubPageData, asked: URLSearchParams): HubPage {
  const { view } = data;
  const { query, strange } = hubQueryOf(asked);
  const list = query.view === 'overview' ? undefined : lists[query.view];
  const content = list === undefined ? overview(data) : list.make(view, query);
  return {
    title: list === undefined ? `Hub: ${hubHeadline(view)}` : `Hub: ${list.name}`,
    tone: hubTone(view),
    view: 'hub',
    about: aboutOf(view),
    here: hubPath(query),
    style: hubOverviewStyle,
    ...(list === undefined ? {} : { heading: list.name }),
    main: html`${strangePart(strange)}${content}`,
    links: html`<a href="/hub.json">hub.json</a><a href="/metrics">metrics</a>${list === undefined ? html`<a href="#hub-words">What the words mean</a>` : html`<a href="/hub">The hub</a>`}`,
  };
}
