// What stands around every page of the hub: head, views, what must be known, foot. Pure.
import { createHash } from 'node:crypto';
import { formatUtc } from '../../../lib/format.ts';
import { version } from '../../../lib/version.ts';
import { type Html, html } from '../../../web/html.ts';
import { liveScript } from '../../../web/live.ts';
import type { Tone } from '../../../web/pieces.ts';
import { hubStyle } from './style.ts';

/** What every page shows of the moment. */
export interface PageFrame {
  /** Name of the hub, or the address by which it is reached. */
  readonly hub: string;
  /** Unix ms. */
  readonly at_ms: number;
  /** Alerts that fire; undefined where nobody watches here. */
  readonly firing: number | undefined;
  /** What must be known to read the page right, a sentence each: that the hub is not heard, that the roster could not be read. */
  readonly notes: readonly string[];
}

export const pageViews = ['fleet', 'hub', 'alerts'] as const;
export type PageView = (typeof pageViews)[number];

/** One page of the hub. */
export interface HubPage {
  readonly title: string;
  /** Of the icon in the tab. */
  readonly tone: Tone;
  readonly view: PageView;
  /** What stands beside the name of the hub. */
  readonly about: string;
  /** Path and query of this page: what the browser asks again. */
  readonly here: string;
  /** The heading, where that is not the name of the view: the unit. */
  readonly heading?: string;
  readonly main: Html;
  /** What its style sheet has beside that of all pages. */
  readonly style: string;
  /** Links of the foot. */
  readonly links?: Html;
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('base64');

/** Of a page with that style sheet. */
interface Sheet {
  readonly css: string;
  /** Lets the page's style sheet, script and forms be, and nothing else in the world. */
  readonly policy: string;
  /** Changes with style and script: an open page reloads itself when the program is another version. */
  readonly made: string;
}

const sheets = new Map<string, Sheet>();

/** The style sheet of a page; there are as many as kinds of pages. */
function sheetOf({ style }: HubPage): Sheet {
  const found = sheets.get(style);
  if (found !== undefined) return found;
  const css = hubStyle + style;
  const policy = `default-src 'none'; style-src 'sha256-${sha256(css)}'; script-src 'sha256-${sha256(liveScript)}'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'`;
  const sheet = { css, policy, made: sha256(css + liveScript).slice(0, 8) };
  sheets.set(style, sheet);
  return sheet;
}

/** What a browser is told to allow a page. */
export const hubPagePolicy = (page: HubPage): string => sheetOf(page).policy;

const iconColours: Readonly<Record<Tone, string>> = {
  good: '1a8f57',
  mild: '7b8794',
  warn: 'd58a00',
  bad: 'c9342b',
};
const icon = (tone: Tone): string =>
  `data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 8 8'><circle cx='4' cy='4' r='4' fill='%23${iconColours[tone]}'/></svg>`;

const viewNames: Readonly<Record<PageView, readonly [string, string]>> = {
  fleet: ['/', 'Fleet'],
  hub: ['/hub', 'Hub'],
  alerts: ['/alerts', 'Alerts'],
};

function navigation({ view, heading }: HubPage, { firing }: PageFrame): Html {
  const links = pageViews.map((name) => {
    const [path, word] = viewNames[name];
    const count = name === 'alerts' && firing ? html` <b class="bad">${firing}</b>` : html``;
    if (name !== view) return html`<a href="${path}">${word}${count}</a>`;
    return html`<a href="${path}" aria-current="${heading === undefined ? 'page' : 'true'}">${word}${count}</a>`;
  });
  return html`<nav aria-label="Views">${links}</nav>`;
}

function header(page: HubPage, frame: PageFrame): Html {
  const { hub, at_ms } = frame;
  const iso = new Date(at_ms).toISOString();
  const [, name] = viewNames[page.view];
  return html`<header><h1>${page.heading ?? name}</h1><span class="sub">${[hub, page.about].filter(Boolean).join(' · ')}</span>${navigation(page, frame)}<span class="live"><time id="asof" datetime="${iso}">${formatUtc(at_ms)}</time></span></header>`;
}

const notesSection = (notes: readonly string[]): Html =>
  notes.length === 0
    ? html``
    : html`<section id="notes" class="card verdict warn" aria-label="What must be known"><ul>${notes.map((text) => html`<li class="plain">${text}</li>`)}</ul></section>`;

/** Title, icon and everything that is seen: what changes from one look to the next. */
function parts(page: HubPage, frame: PageFrame): Html {
  const head = html`<title>${page.title}</title><link rel="icon" href="${icon(page.tone)}">`;
  const main = html`<main data-made="${sheetOf(page).made}" data-now="/now${page.here}">${header(page, frame)}
${notesSection(frame.notes)}
${page.main}
<footer><span>nunect-hub ${version}</span>${page.links}</footer></main>`;
  return html`${head}${main}`;
}

/** What the script of an open page fetches. */
export const renderHubNow = (page: HubPage, frame: PageFrame): string => parts(page, frame).html;

/** A page that is whole without anything else. With scripts it keeps itself up to date, without it is reloaded. */
export function renderHubPage(page: HubPage, frame: PageFrame): string {
  const [head = '', main = ''] = parts(page, frame).html.split(/(?=<main )/);
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">${{ html: head }}<noscript><meta http-equiv="refresh" content="10"></noscript><style>${{ html: sheetOf(page).css }}</style></head><body><p id="gone" role="alert" hidden></p>${{ html: main }}<script>${{ html: liveScript }}</script></body></html>
`.html;
}
