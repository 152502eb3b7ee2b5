// What the table can be narrowed to: search, selections, and the views that people ask for most. Pure.
import { type Html, html } from '../../../web/html.ts';
import { count } from '../look/marks.ts';
import { needs } from './cards/verdict.ts';
import {
  type ClockFilter,
  type FleetQuery,
  fleetHref,
  fleetPath,
  hrefFrom,
  noneOfThem,
  paramsOf,
  type QueryView,
} from './query.ts';
import { markOfStanding, standings } from './standing.ts';
import type { FleetSums } from './sums.ts';

/** A select with more than these is no help: one types into the search. */
const mostOptions = 100;

type Option = readonly [string, string];

function select(
  name: 'tenant' | 'role' | 'state' | 'source',
  any: string,
  options: readonly Option[],
  chosen?: string,
): Html {
  const listed = options.slice(0, mostOptions);
  const isListed = chosen === undefined || listed.some(([value]) => value === chosen);
  const all: readonly Option[] = isListed ? listed : [...listed, [chosen, chosen]];
  return html`<select name="${name}" aria-label="${name}"><option value="">${any}</option>${all.map(
    ([value, word]) =>
      value === chosen
        ? html`<option value="${value}" selected>${word}</option>`
        : html`<option value="${value}">${word}</option>`,
  )}</select>`;
}

const named = (words: readonly string[]): readonly Option[] => words.map((word) => [word, word]);

/** What the form leaves as it is. */
function hidden(query: FleetQuery): readonly Html[] {
  const { q, tenant, role, state, source, ...kept } = query;
  return [...paramsOf({ ...kept, page: 1 })].map(
    ([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`,
  );
}

/** The form above the table; it works without scripts. */
export function filterForm(
  { tenants, roles, standings: counts, sources, sourceless }: FleetSums,
  query: FleetQuery,
): Html {
  const { q, tenant, role, state, source } = query;
  const states = standings.filter((one) => counts[one] > 0 || one === state);
  const names = sources.map(({ name }) => name).sort();
  return html`<form class="f" action="/#units"><input type="search" name="q" maxlength="100" placeholder="Name, source, text of a finding" aria-label="Search" value="${q}">${select('tenant', 'Every tenant', named(tenants), tenant)}${select('role', 'Every role', named(roles), role)}${select(
    'state',
    'Every state',
    states.map((one) => [one, markOfStanding(one)[1]]),
    state,
  )}${select('source', 'Every source', [...named(names), ...(sourceless.length > 0 ? [[noneOfThem, 'none known'] as const] : [])], source)}${hidden(query)}<button class="p">Show</button></form>`;
}

/** A view, and how many units are in it. */
interface Chip {
  readonly id: string;
  readonly words: string;
  readonly filters: Partial<FleetQuery>;
  readonly units: number;
}

function chipsOf(sums: FleetSums): Chip[] {
  const { newest, inView, spread } = sums;
  const { you, copes } = needs(sums);
  const viewed = (view: QueryView, words: string, units: number): Chip => ({
    ...{ id: view, words, filters: { view }, units },
  });
  const clocks = (clock: ClockFilter, words: string, units: number): Chip => ({
    ...{ id: clock, words, filters: { clock }, units },
  });
  return [
    viewed('you', 'Needs you', you),
    viewed('copes', 'Copes', copes),
    clocks('holdover', 'Holdover', inView.holdover),
    clocks('tracking', 'Tracking', inView.tracking),
    clocks('unbounded', 'No bound', spread.counts.unbounded),
    viewed('waiting', 'Records wait', inView.waiting),
    viewed('slow', 'Slow links', inView.slow),
    viewed('old', `Not on ${newest ?? 'the newest'}`, inView.old),
  ];
}

/** Links to the views that people ask for most, as far as there is anybody in them. */
export function chipRow(sums: FleetSums, query: FleetQuery): Html {
  const here = fleetPath({ ...query, page: 1 });
  const link = (id: string, href: string, words: string): Html =>
    href === `${here}#units`
      ? html`<a id="v-${id}" href="${href}" aria-current="page">${words}</a>`
      : html`<a id="v-${id}" href="${href}">${words}</a>`;
  const chips = chipsOf(sums).filter(
    ({ units, filters }) => units > 0 || fleetHref(filters) === `${here}#units`,
  );
  const many =
    query.n === 1000
      ? link('n', hrefFrom(query, { n: 40 }), '40 rows')
      : sums.rows.length > 40
        ? link('n', hrefFrom(query, { n: 1000 }), '1,000 rows')
        : undefined;
  return html`<nav class="chips" aria-label="Ready-made views">${link('all', fleetHref(), 'Worst first')}${chips.map(
    ({ id, words, filters, units }) => link(id, fleetHref(filters), `${words} ${count(units)}`),
  )}${many}</nav>`;
}

/** What the table is narrowed to beyond the form, with a way back; a sentence for each value that was not understood. */
export function filterNotes(query: FleetQuery, wrong: readonly string[], words: string | undefined): Html {
  const { b, clock, view } = query;
  const narrowed = [
    ...(clock === undefined ? [] : [`clocks: ${clock}`]),
    ...(view === undefined ? [] : [`view: ${view}`]),
    ...(b === undefined ? [] : [`error bound: ${words}`]),
  ].join(', ');
  const { b: _b, clock: _clock, view: _view, ...rest } = query;
  const back =
    narrowed === ''
      ? undefined
      : html`<p id="narrowed" class="sub">Narrowed to ${narrowed}. <a href="${fleetPath({ ...rest, page: 1 })}#units">Show all</a></p>`;
  return html`${wrong.map((text, i) => html`<p id="wrong-${i}" class="warn">${text}</p>`)}${back}`;
}
