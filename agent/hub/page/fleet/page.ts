// The fleet at a glance: the worst first, each unit that ever joined. Pure.
import { type Html, html } from '../../../web/html.ts';
import { facts, fold, type Row } from '../../../web/pieces.ts';
import type { HubPage } from '../look/frame.ts';
import { counted } from '../look/marks.ts';
import { attentionCard } from './cards/attention.ts';
import { claimsCard } from './cards/claims.ts';
import { happenedCard } from './cards/happened.ts';
import { histogramCard } from './cards/histogram.ts';
import { sourcesCard, worstCard } from './cards/timesources.ts';
import { titleOf, toneOfAll, verdictCard } from './cards/verdict.ts';
import type { FleetPageData } from './data.ts';
import { fleetPath, parseFleetQuery } from './query.ts';
import { fleetStyle } from './style.ts';
import { fleetSumsOf } from './sums.ts';
import { clientsCard, unitsCard } from './table.ts';

const words: readonly Row[] = [
  ['± (error bound)', 'The clock is nowhere farther from true time than this, says the unit.'],
  ['vs GM', 'The same, from the time of its PTP grandmaster, which may itself be wrong.'],
  ['limit', 'What the operator allows the clocks of a role or a tenant.'],
  ['locked', 'The bound is below the limit that the unit has for its source.'],
  ['tracking', 'Something steers the clock, and the bound is above that limit.'],
  ['holdover', 'The source is lost; the clock runs on, and its bound grows.'],
  ['freerun', 'Nothing is known to steer the clock: its time may be wrong by anything.'],
  [
    'wrong clock',
    'The unit says that it is well, and the hub has measured three times running that its clock is not where it claims.',
  ],
  ['id twice', 'Two agents send records under one id; what is shown is of the one heard last.'],
  ['over limit', 'The bound of the clock is above the limit that the operator has set.'],
  ['offline', 'Three heartbeats in a row are missing.'],
  ['not set up', 'It was let in or invited, and was never heard.'],
  ['Hub RTT', 'The round trip between the unit and the hub.'],
  ['waiting', 'Records that the unit keeps until the hub has stored them, and for how long it has room.'],
];

/** What the words mean that stand on this page. */
const meanings = (): Html =>
  html`<section class="card">${fold('words', 'What the words mean', undefined, facts(words))}</section>`;

/** The page of the fleet; `params` is the query of its address. */
export function fleetPage(data: FleetPageData, params: URLSearchParams): HubPage {
  const { query, wrong } = parseFleetQuery(params);
  const sums = data.sums ?? fleetSumsOf(data.units);
  return {
    title: `Fleet: ${titleOf(sums, data)}`,
    tone: toneOfAll(sums, data),
    view: 'fleet',
    about:
      data.isPartial === true
        ? 'the roster is not read'
        : `${counted(sums.counts.expected, 'unit')} expected`,
    here: fleetPath(query),
    style: fleetStyle,
    main: html`${verdictCard(sums, data)}${attentionCard(sums, data)}<div class="two"><div class="col">${histogramCard(sums)}${claimsCard(sums, data)}${happenedCard(sums, data)}</div><div class="col">${worstCard(sums)}${sourcesCard(sums)}</div></div>${unitsCard(sums, query, wrong)}${query.view === 'clients' ? undefined : clientsCard(sums)}${meanings()}`,
    links: html`<a href="#words">What the words mean</a><a href="/fleet.json">fleet.json</a><a href="/metrics">metrics</a>`,
  };
}
