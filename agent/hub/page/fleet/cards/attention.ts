// Who needs somebody, who copes, and who is quiet on purpose: one cause, one row. Pure.
import { prettyMoment, prettyText } from '../../../../lib/format.ts';
import { type Html, html } from '../../../../web/html.ts';
import type { AlsoWrong, FleetCause } from '../../../fleet/causes.ts';
import type { FleetUnit } from '../../../fleet/model.ts';
import { capital, count, counted, placeOf, unitLink } from '../../look/marks.ts';
import type { FleetPageData } from '../data.ts';
import { fleetHref } from '../query.ts';
import { type FleetRow, standingMark } from '../standing.ts';
import type { FleetSums } from '../sums.ts';
import { listed, sinceMark, spanSince } from '../words.ts';
import { causeWords } from './remedies.ts';
import { needs } from './verdict.ts';

/** So many rows, and units named in one: what is beyond is a link to the table. */
const most = { causes: 12, names: 4, also: 3, quiet: 4 } as const;

/** An id without what none may have; of two keys never the same one. */
export const elementId = (prefix: string, key: string): string =>
  `${prefix}-${key.replace(/[\s%]/g, encodeURIComponent)}`;

/** The table with just these units, as near as filters come to that. */
function hrefOf({ kind, care, shared }: FleetCause): string {
  if (kind === 'offline') return fleetHref({ state: 'offline' });
  if (kind === 'contradicts') return fleetHref({ clock: 'contradicts' });
  if (kind === 'holdover') return fleetHref({ clock: 'holdover', ...(shared && { source: shared }) });
  return fleetHref({ view: care });
}

function whoOf(cause: FleetCause): Html {
  const { units } = cause;
  const [first] = units as readonly [FleetUnit];
  if (units.length === 1)
    return html`<b>${unitLink(first.unit)}<small class="b">${placeOf(first)}</small></b>`;
  const named = units.slice(0, most.names).map(({ unit }) => html`${unitLink(unit)} `);
  const others = units.length - named.length;
  const rest = others > 0 ? html`<a href="${hrefOf(cause)}">and ${count(others)} more</a>` : undefined;
  return html`<b>${counted(units.length, 'unit')}, one cause<small class="b">${named}${rest}</small></b>`;
}

/** What else is wrong with those units; whose it is where they are several. */
function alsoWords({ also, units }: FleetCause): Html {
  const shown = also.slice(0, most.also).map(({ text, units: whose }: AlsoWrong) => {
    const [first = ''] = whose;
    const others = whose.length > 1 ? ` and ${count(whose.length - 1)} more` : '';
    const of = units.length > 1 ? html`, of ${unitLink(first)}${others}` : undefined;
    return html`<p class="sub"><b>Also</b>${of}: ${capital(prettyText(text))}</p>`;
  });
  const more = also.length - shown.length;
  return html`${shown}${more > 0 ? html`<p class="sub">and ${counted(more, 'more finding')}.</p>` : undefined}`;
}

function causeItem(cause: FleetCause, sums: FleetSums, at_ms: number): Html {
  const { text, remedy } = causeWords(cause, sums);
  const row = sums.byId.get(cause.units[0]?.unit ?? '');
  return html`<li id="${elementId('c', cause.key)}"><span>${row && standingMark(row.standing)}</span>${whoOf(cause)}<div><p>${text}</p><p>${remedy}</p>${alsoWords(cause)}</div>${sinceMark(cause.since_ms, at_ms)}</li>`;
}

function causeList(care: FleetCause['care'], name: string, sums: FleetSums, at_ms: number): Html {
  const causes = sums.causes.filter((cause) => cause.care === care);
  if (causes.length === 0) return html``;
  const shown = causes.slice(0, most.causes);
  const others = causes.length - shown.length;
  const rest =
    others > 0
      ? html`<p class="sub"><a href="${fleetHref({ view: care })}">${counted(others, 'more cause')}</a></p>`
      : undefined;
  return html`<div id="care-${care}"><h3>${name} · ${count(needs(sums)[care])}</h3><ul>${shown.map((cause) => causeItem(cause, sums, at_ms))}</ul>${rest}</div>`;
}

function invitedWords({ unit: { enrolment } }: FleetRow, at_ms: number): string {
  if (enrolment === undefined) return 'never heard';
  const when = spanSince(enrolment.bound_ms, at_ms);
  return enrolment.state === 'invited'
    ? `invited ${when} ago, never joined`
    : `let in ${when} ago, never heard`;
}

function names(rows: readonly FleetRow[], href: string, words?: (row: FleetRow) => string): Html {
  const shown = rows.slice(0, most.quiet).map((row, i) => {
    const said = words === undefined ? '' : ` (${words(row)})`;
    return html`${i > 0 ? ', ' : ''}${unitLink(row.unit.unit)}${said}`;
  });
  const others = rows.length - shown.length;
  return html`${shown}${others > 0 ? html` and <a href="${href}">${count(others)} more</a>` : undefined}.`;
}

/** Those whose silence is no fault. */
function quietFold({ rows, standings }: FleetSums, at_ms: number): Html {
  const { stopped, invited } = standings;
  if (stopped + invited === 0) return html``;
  const of = (standing: 'stopped' | 'invited'): readonly FleetRow[] =>
    rows.filter((row) => row.standing === standing);
  const sum = [
    ...(stopped > 0
      ? [`${count(stopped)} stopped or shut out by ${stopped === 1 ? 'its' : 'their'} operator`]
      : []),
    ...(invited > 0 ? [`${count(invited)} not set up yet`] : []),
  ];
  return html`<details id="quiet"><summary class="sub">Quiet on purpose · ${sum.join(', ')}</summary>${
    stopped > 0
      ? html`<p class="sub">Stopped: ${names(of('stopped'), fleetHref({ state: 'stopped' }))}</p>`
      : undefined
  }${
    invited > 0
      ? html`<p class="sub">Not set up: ${names(of('invited'), fleetHref({ state: 'invited' }), (row) => invitedWords(row, at_ms))}</p>`
      : undefined
  }</details>`;
}

function alertsLine({ alerts, untold, at_ms }: FleetPageData): Html {
  if (alerts === undefined)
    return html`<p id="told" class="sub">No <a href="/alerts">alerts</a> are told from here: ${untold ?? 'this program runs without them'}.</p>`;
  const { firing, outputs, beat_ms, sees } = alerts;
  const last_ms = outputs.reduce<number | undefined>(
    (last, one) => Math.max(last ?? 0, one.last_ms ?? 0) || last,
    undefined,
  );
  const failing = outputs.filter((one) => one.failing !== undefined).map(({ name }) => name);
  const said = [
    ...(last_ms === undefined ? [] : [`told last at ${prettyMoment(last_ms, at_ms)}`]),
    ...(beat_ms === undefined ? [] : [`last sign of life of the alerter ${spanSince(beat_ms, at_ms)} ago`]),
    ...(sees ? [] : ['it cannot see the units now']),
  ].join(' · ');
  const wrong =
    failing.length === 0 ? undefined : html` <b class="bad">${listed(failing)} cannot be told.</b>`;
  return html`<p id="told" class="sub"><a href="/alerts">${counted(firing.length, 'alert')}</a> ${firing.length === 1 ? 'fires' : 'fire'}${said === '' ? '' : ` · ${said}`}.${wrong}</p>`;
}

/** The card of all that is not as it should be. */
export function attentionCard(sums: FleetSums, data: FleetPageData): Html {
  const { at_ms } = data;
  const isWell = sums.causes.length === 0;
  return html`<section id="attention" class="card e" aria-label="What is wrong">${
    isWell ? html`<p id="well" class="sub">Nothing is wrong that the hub knows of.</p>` : undefined
  }${causeList('you', 'Needs you', sums, at_ms)}${causeList('copes', 'Copes on its own', sums, at_ms)}${quietFold(sums, at_ms)}${alertsLine(data)}</section>`;
}
