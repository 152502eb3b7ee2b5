// The page of the alerts: what fires, what was told, to whom, and what is watched. Pure.
import { prettySpan } from '../../../lib/format.ts';
import { type Html, html } from '../../../web/html.ts';
import { nothing, type Tone, toned } from '../../../web/pieces.ts';
import type { AlertsView } from '../../alerts/view.ts';
import type { HubPage } from '../look/frame.ts';
import { capital, count, counted } from '../look/marks.ts';
import { firingSection, recentSection } from './firing.ts';
import {
  isBeatLate,
  outputsSection,
  outputWords,
  type ShownAlertOptions,
  watchedSection,
} from './outputs.ts';
import { alertsPageStyle } from './style.ts';

/** What the page of the alerts is made of. */
export interface AlertsPageData {
  /** Missing where nobody is alerted from here. */
  readonly view?: AlertsView;
  /** Why not. */
  readonly why?: string;
  readonly options?: ShownAlertOptions;
  /** Unix ms. */
  readonly at_ms: number;
}

interface Verdict {
  readonly tone: Tone;
  readonly title: string;
  /** Sentences. */
  readonly more: readonly string[];
}

/** What keeps people from being told. */
function hindrances({ outputs, problem, sees, unwatched }: AlertsView, at_ms: number): string[] {
  const failing = outputs.flatMap(({ name, failing: one, waiting, dropped }) =>
    one === undefined
      ? []
      : [
          `Alerts have not reached the ${outputWords(name)} for ${prettySpan((at_ms - one.since_ms) / 1000)}: ${one.why}. ${counted(waiting, 'notice')} kept for it, ${count(dropped)} dropped.`,
        ],
  );
  return [
    ...failing,
    ...(problem === undefined ? [] : [`A restart would repeat or lose alerts: ${problem}.`]),
    ...(sees
      ? []
      : ['The units cannot be seen now: of them nothing begins and nothing is over until the hub is heard.']),
    ...(unwatched.length === 0
      ? []
      : [
          `The hub does not tell here what ${counted(unwatched.length, 'kind')} of alerts need, so that nothing of that begins or is over: ${unwatched.join(', ')}.`,
        ]),
  ];
}

function firingWords({ firing }: AlertsView): string {
  const critical = firing.filter(({ alert }) => alert.severity === 'critical').length;
  const warnings = firing.length - critical;
  const words = [
    critical === 0 ? undefined : `${count(critical)} critical`,
    warnings === 0 ? undefined : counted(warnings, 'warning'),
  ];
  return words.filter(Boolean).join(', ');
}

function verdictOf({ view, options, at_ms, why }: AlertsPageData): Verdict {
  if (view === undefined)
    return {
      tone: 'mild',
      title: 'Nobody is alerted from here',
      more: [why === undefined ? 'This program runs without alerts.' : `${capital(why)}.`],
    };
  const isLate = options !== undefined && isBeatLate(view, options.heartbeat_s, at_ms);
  const more = [...hindrances(view, at_ms), ...(isLate ? ['The alerter gives no sign of life.'] : [])];
  const { firing } = view;
  if (firing.length > 0) {
    const isCritical = firing.some(({ alert }) => alert.severity === 'critical');
    return { tone: isCritical ? 'bad' : 'warn', title: firingWords(view), more };
  }
  if (more.length > 0) return { tone: 'warn', title: 'Nothing fires, but not all is seen or told', more };
  return {
    tone: 'good',
    title: 'Nothing fires',
    more: ['Everything is watched, and whoever is to be told can be.'],
  };
}

function verdictPart({ tone, title, more }: Verdict): Html {
  const words =
    more.length === 0 ? nothing : html`<ul class="said">${more.map((text) => html`<li>${text}</li>`)}</ul>`;
  return html`<section id="verdict" class="card verdict ${tone}"><div role="status"><h2>${toned(tone, title)}</h2></div>${words}</section>`;
}

/** Which page of what fires, from 1 on; undefined where what is asked is none. */
function pageOf(asked: URLSearchParams): number | undefined {
  const given = asked.get('page') ?? '1';
  return /^[1-9]\d{0,5}$/.test(given) ? Number(given) : undefined;
}

const strangePart = (page: number | undefined): Html =>
  page === undefined
    ? html`<section id="strange" class="card verdict warn" aria-label="What was not understood"><p>The address has what is not understood: page must be a number from 1 on.</p></section>`
    : nothing;

/** The alerts. Query: `page`. */
export function alertsPage(data: AlertsPageData, asked: URLSearchParams): HubPage {
  const { view, options, at_ms } = data;
  const wanted = pageOf(asked);
  const page = wanted ?? 1;
  const verdict = verdictOf(data);
  const watched = options === undefined ? nothing : watchedSection(options, view?.unwatched);
  const main =
    view === undefined
      ? html`${verdictPart(verdict)}${watched}`
      : html`${verdictPart(verdict)}
${firingSection(view, page, at_ms)}
<div class="two"><div class="col">${recentSection(view, at_ms)}</div><div class="col">${outputsSection(view, options?.heartbeat_s ?? 60, at_ms)}</div></div>
${watched}`;
  return {
    title: `Alerts: ${verdict.title}`,
    tone: verdict.tone,
    view: 'alerts',
    about: '',
    here: page === 1 ? '/alerts' : `/alerts?page=${page}`,
    style: alertsPageStyle,
    main: html`${strangePart(wanted)}${main}`,
    links: html`<a href="/hub">hub</a><a href="/metrics">metrics</a>`,
  };
}
