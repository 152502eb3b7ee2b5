import { createHash } from 'node:crypto';
import { formatUtc, prettyMoment, prettyNs, prettySpan } from '../../lib/format.ts';
import { type Html, html } from '../../web/html.ts';
import { liveScript } from '../../web/live.ts';
import { fold, nothing } from '../../web/pieces.ts';
import type { StatusSnapshot } from '../snapshot.ts';
import { changesSection } from './changes.ts';
import { clockChart, type DayHistory, dayChart, type History, plainChart } from './chart.ts';
import {
  certificateDetails,
  clientDetails,
  clockDetails,
  deviceDetails,
  linkDetails,
  ntpDetails,
  ptpDetails,
  tripDetails,
} from './details.ts';
import { cutTo, type Room, rooms } from './fit.ts';
import { glossary } from './glossary.ts';
import { style } from './style.ts';
import { tiles } from './tiles.ts';
import { healthTones, verdictSection } from './verdict.ts';

const sha256 = (text: string): string => createHash('sha256').update(text).digest('base64');

/** The policy that lets the page's own style sheet and script be, and nothing else in the world. */
export const pagePolicy = `default-src 'none'; style-src 'sha256-${sha256(style)}'; script-src 'sha256-${sha256(liveScript)}'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;

/** Changes with style and script: an open page reloads itself when the agent is another version. */
const made = sha256(style + liveScript).slice(0, 8);

const iconColours = { good: '1a8f57', mild: '7b8794', warn: 'd58a00', bad: 'c9342b' } as const;

const icon = (tone: keyof typeof iconColours): string =>
  `data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 8 8'><circle cx='4' cy='4' r='4' fill='%23${iconColours[tone]}'/></svg>`;

/** All that the page is made of. */
export interface PageData {
  readonly snapshot: StatusSnapshot;
  /** The last quarter of an hour. */
  readonly history: History;
  readonly day: DayHistory;
}

const quarter_ms = 900_000;
const day_ms = 86_400_000;

function curves({ snapshot, history, day }: PageData, hasDay: boolean): Html {
  const { at_ms, clock, link, changes = [] } = snapshot;
  const times = (span_ms: number) => ({ from: prettyMoment(at_ms - span_ms, at_ms), to: 'now' });
  const offset = { name: 'Clock offset, last 15 min', words: prettyNs, ...times(quarter_ms) };
  const trip = {
    name: 'Round trip to the hub',
    words: (us: number) => prettyNs(us * 1000),
    ...times(quarter_ms),
  };
  const now = link.hub_rtt_us === undefined ? 'not known' : trip.words(link.hub_rtt_us);
  const marks = changes.map((one) => history.now_ms - (at_ms - one.at_ms));
  const whole = { name: 'Clock offset, last 24 hours', words: prettyNs, ...times(day_ms) };
  const offsetNow = clock?.offset_ns === undefined ? '' : `offset ${prettyNs(clock.offset_ns)}`;
  return html`<section class="card" id="curves" aria-label="Curves">${clockChart(offset, history, marks)}${plainChart(trip, history, history.hub_rtt_us, now)}${fold('day', 'Last 24 hours', offsetNow, hasDay ? dayChart(whole, day) : nothing)}</section>`;
}

/** Name and kind of the unit, and when this was. */
function header({ unit, system, at_ms }: StatusSnapshot): Html {
  const board = system?.board?.model ?? system?.board?.name;
  const firmware =
    system?.firmware && [system.firmware.name, system.firmware.version].filter(Boolean).join(' ');
  const up = system?.uptime_s === undefined ? undefined : `up ${prettySpan(system.uptime_s)}`;
  const date = new Date(at_ms);
  const iso = Number.isNaN(date.getTime()) ? undefined : date.toISOString();
  return html`<header><h1>${unit}</h1><span class="sub">${[board, firmware, up].filter(Boolean).join(' · ')}</span><span class="live"><time id="asof" datetime="${iso}">${formatUtc(at_ms)}</time></span></header>`;
}

/** What of the page changes: title and icon, and everything that is seen. */
interface Now {
  readonly head: Html;
  readonly main: Html;
}

function partsWithin(data: PageData, within: Room): Now {
  const snapshot = cutTo(data.snapshot, within);
  const hidden = data.snapshot.troubles.length - snapshot.troubles.length;
  const { unit, status, version } = snapshot;
  const word = status.replaceAll('_', ' ');
  const head = html`<title>${unit}: ${word}</title><link rel="icon" href="${icon(healthTones[status])}">`;
  const details = [
    clockDetails,
    ptpDetails,
    ntpDetails,
    linkDetails,
    clientDetails,
    tripDetails,
    certificateDetails,
    deviceDetails,
  ].map((section) => section(snapshot));
  const main = html`<main data-made="${made}">${header(snapshot)}
${verdictSection(snapshot, hidden)}
${tiles(snapshot)}
${curves({ ...data, snapshot }, within.day)}
${changesSection(snapshot)}
<section class="card" id="details" aria-label="Details">${details}${glossary()}</section>
<footer><span>nunect ${version}</span><a href="/status.json">status.json</a><a href="/recorder.json">last 15 min</a><a href="/day.json">last 24 hours</a><a href="/metrics">metrics</a></footer></main>`;
  return { head, main };
}

/** The page around what changes. */
const whole = ({ head, main }: Now): string =>
  html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">${head}<noscript><meta http-equiv="refresh" content="10"></noscript><style>${{ html: style }}</style></head><body><p id="gone" role="alert" hidden></p>${main}<script>${{ html: liveScript }}</script></body></html>
`.html;

/** What the page promises not to exceed, in bytes. */
const most = 24 * 1024;
const rest = Buffer.byteLength(whole({ head: nothing, main: nothing }));

/** What changes, with as much of everything as there is room for. */
function renderParts(data: PageData): Now {
  let parts = partsWithin(data, rooms[0]);
  for (const within of rooms.slice(1)) {
    if (rest + Buffer.byteLength(parts.head.html + parts.main.html) <= most) break;
    parts = partsWithin(data, within);
  }
  return parts;
}

/** What the page's script fetches: all of the page that changes. */
export const renderNow = (data: PageData): string => {
  const { head, main } = renderParts(data);
  return html`${head}${main}`.html;
};

/**
 * The state of the unit as one HTML page that is whole without anything else. Where there are scripts it keeps itself
 * up to date, where there are none it is reloaded.
 */
export const renderPage = (data: PageData): string => whole(renderParts(data));
