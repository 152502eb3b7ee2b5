// Who comes, leaves and is refused. Pure.
import { prettyBytes, prettySpan } from '../../../lib/format.ts';
import { type Html, html } from '../../../web/html.ts';
import { nothing } from '../../../web/pieces.ts';
import type { HubEvent, HubView, MinuteCount, SlowConsumer } from '../../servers/model.ts';
import { rowId, stamp } from '../look/grid.ts';
import { count, counted, stateMark, unitLink } from '../look/marks.ts';
import { hubPath } from './query.ts';
import { connectionWords, endingWords, untold } from './words.ts';

const shapes = { came: '▲', left: '▼', refused: '■' } as const satisfies Record<HubEvent['what'], string>;
const tones = { came: 'came', left: 'warn', refused: 'bad' } as const satisfies Record<
  HubEvent['what'],
  string
>;

/** Only the login of a leaf node says which unit it is. */
const whoPart = ({ kind, who }: Pick<HubEvent, 'kind' | 'who'>): Html =>
  kind === 'leaf' && /^[A-Za-z0-9_-]{1,64}$/.test(who) ? html`<b>${unitLink(who)}</b>` : html`<b>${who}</b>`;

function cameWords({ kind, account, server, address, who, away_s }: HubEvent): string {
  const from = address === undefined || address === who ? '' : ` from ${address}`;
  const what = kind === 'leaf' ? '' : `, ${connectionWords[kind]}`;
  const of = account === undefined || kind === 'leaf' ? '' : `, account ${account}`;
  const away = away_s === undefined ? '' : `, after ${prettySpan(away_s)} away`;
  return ` on ${server}${from}${what}${of}${away}`;
}

function eventWords(event: HubEvent): string {
  const { what, reason, times, server, kind } = event;
  if (what === 'came') return cameWords(event);
  const why = reason === undefined ? '' : `: ${endingWords(reason)}`;
  if (what === 'left') return `${kind === 'leaf' ? '' : `, ${connectionWords[kind]},`} left ${server}${why}`;
  return ` refused by ${server}${why}${times > 1 ? `, ${counted(times, 'time')}, at most a minute apart` : ''}`;
}

function eventPart(event: HubEvent, id: string, at_ms: number): Html {
  const { what } = event;
  return html`<li id="${id}">${stamp(event.at_ms, at_ms)}<span><span class="${tones[what]}"><span aria-hidden="true">${shapes[what]}</span><span class="hide">${what}</span></span> ${whoPart(event)}${eventWords(event)}</span></li>`;
}

/** Events as they were given, in a list of that name; several of one name may do the same in the same millisecond. */
function eventParts(list: string, events: readonly HubEvent[], at_ms: number): Html[] {
  const met = new Map<string, number>();
  return events.map((event) => {
    const id = rowId(list, event.at_ms, event.server, event.who, event.what);
    const times = (met.get(id) ?? 0) + 1;
    met.set(id, times);
    return eventPart(event, times === 1 ? id : `${id}-${times}`, at_ms);
  });
}

const eventList = (events: readonly HubEvent[], at_ms: number): Html =>
  html`<ol class="ev">${eventParts('e', events, at_ms)}</ol>`;

const middle = 44;
const tall = 28;
/** Fewer in a minute are drawn as a part of so many. */
const fewest = 9;

/** A chart of the last hour, a minute every ten units: who came upward, who left downward, who was refused as a thin line beside it. */
function minuteChart({ minutes, since_ms }: HubView): Html {
  const most = Math.max(fewest, ...minutes.map((one) => Math.max(one.came, one.left, one.refused)));
  const size = (number: number): number => Math.round(5 + (tall - 5) * Math.sqrt(number / most));
  const bars = (name: 'came' | 'left' | 'refused', draw: (x: number, high: number) => string): string =>
    minutes.map((one, at) => (one[name] === 0 ? '' : draw(at * 10, size(one[name])))).join('');
  const came = bars('came', (x, high) => `M${x} ${middle - 1}h8v-${high}h-8z`);
  const left = bars('left', (x, high) => `M${x} ${middle + 1}h5v${high}h-5z`);
  const refused = bars('refused', (x, high) => `M${x + 6} ${middle + 1}h2v${high}h-2z`);
  const unseen = minutes.filter((one) => one.at_ms + 60_000 <= since_ms).length;
  const before =
    unseen === 0 ? html`` : html`<path class="unseen" d="M0 ${middle - 4}h${unseen * 10}v8H0z"/>`;
  return html`<svg class="minutes" viewBox="0 0 600 76" preserveAspectRatio="none" role="img" aria-label="${chartWords(minutes)}">${before}<path class="zero" d="M0 ${middle}H600"/><path class="f-ptp" d="${came}"/><path class="f-warn" d="${left}"/><path class="f-unsynced" d="${refused}"/></svg>`;
}

const sumOf = (minutes: readonly MinuteCount[], name: 'came' | 'left' | 'refused'): number =>
  minutes.reduce((sum, one) => sum + one[name], 0);

const chartWords = (minutes: readonly MinuteCount[]): string =>
  `In the last hour ${count(sumOf(minutes, 'came'))} came, ${count(sumOf(minutes, 'left'))} left, ${count(sumOf(minutes, 'refused'))} were refused`;

const shown = 8;

/** What happened last, and how much in the last hour. */
export function eventsSection(view: HubView): Html {
  const { events, minutes, at_ms, since_ms, connected } = view;
  const from_ms = minutes[0]?.at_ms ?? at_ms;
  const key = html`<span class="came">▲ ${count(sumOf(minutes, 'came'))} came</span>, <span class="warn">▼ ${count(sumOf(minutes, 'left'))} left</span>, <span class="bad">■ ${count(sumOf(minutes, 'refused'))} refused</span>`;
  const isPart = since_ms > from_ms;
  const start = isPart ? html`watched since ${stamp(since_ms, at_ms)}` : stamp(from_ms, at_ms);
  const all =
    events.length <= shown
      ? nothing
      : html`<p class="sub"><a href="${hubPath({ view: 'events' })}">The last ${counted(events.length, 'event')}</a></p>`;
  const list =
    events.length === 0
      ? html`<p class="sub">${connected ? html`Nobody has come or gone since ${stamp(since_ms, at_ms)}.` : untold(view)}</p>`
      : eventList(events.slice(0, shown), at_ms);
  return html`<section class="card" id="hub-events"><div class="row"><h3>Connects and disconnects</h3><span class="sub">${connected ? 'as they happen' : 'not heard now: what happens meanwhile is not known'}</span></div>${minuteChart(view)}<div class="axis"><span>${start}</span><span>${key}</span><span>now</span></div>${list}${all}</section>`;
}

function slowNow(one: SlowConsumer): Html {
  const { account, server, pending_bytes, max_bytes, subjects, kind, id } = one;
  const of = account === undefined ? '' : `, account ${account}`;
  const most = max_bytes === undefined ? '' : ` of ${prettyBytes(max_bytes)}`;
  const on =
    subjects.length === 0
      ? html``
      : html` It reads ${subjects.map((subject, at) => html`${at === 0 ? '' : ', '}<b>${subject}</b>`)}.`;
  return html`<li id="${rowId('w', server, id)}"><time>now</time><span>${stateMark('degraded', '')}${whoPart(one)}, ${connectionWords[kind]}${of}, on ${server}: ${prettyBytes(pending_bytes)}${most} wait for it.${on} The server cuts it off when that is full; nobody else waits for it.</span></li>`;
}

/** Who reads too slowly, and who was cut off for it. */
export function slowSection(view: HubView): Html {
  const { slow, told, at_ms, since_ms } = view;
  const late = eventParts('late', slow.late, at_ms);
  const isTold = told.includes('connections');
  const now = isTold ? slow.now.map(slowNow) : [];
  const list = now.length + late.length === 0 ? nothing : html`<ol class="ev">${now}${late}</ol>`;
  const none =
    late.length === 0
      ? html`Nobody reads too slowly; nobody was cut off since ${stamp(Math.max(since_ms, at_ms - 86_400_000), at_ms)}.`
      : html`Nobody reads too slowly now.`;
  const words = isTold ? none : html`${untold(view)}`;
  const note = now.length > 0 ? nothing : html`<p class="sub">${words}</p>`;
  return html`<section class="card" id="hub-slow"><div class="row"><h3>Slow consumers</h3><span class="sub"><a href="/hub/raw/connections">raw</a></span></div>${note}${list}</section>`;
}

/** All events that are kept. */
export function wholeEventList({ events, at_ms, since_ms }: HubView): Html {
  const since = since_ms > at_ms - 60_000 ? '' : ' since this is watched';
  return html`<section class="card" id="eventlist"><h2>The last ${counted(events.length, 'event')}</h2><p class="sub">At most 300 are kept${since}.</p>${eventList(events, at_ms)}</section>`;
}
