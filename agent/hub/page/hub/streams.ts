// Streams: how full, how soon full, and who reads them. Pure.
import { prettyBytes, prettySpan } from '../../../lib/format.ts';
import { type Html, html } from '../../../web/html.ts';
import { nothing, perhaps } from '../../../web/pieces.ts';
import type { HubConsumerView, HubStreamView, HubView } from '../../servers/model.ts';
import { type GridColumn, grid, rowId, stamp } from '../look/grid.ts';
import { bar, count, counted } from '../look/marks.ts';
import { hubPath } from './query.ts';
import { percent, shortCount, untold } from './words.ts';

/** Days before it is full from which a stream stands out, as its finding does. */
const soon_days = 14;
/** Of a shorter time it is said over which the growth was seen. */
const wholeDay_s = 23 * 3600;

const columns: readonly GridColumn[] = [
  { head: 'Stream', isName: true, set: 'w' },
  { head: 'Messages', set: 'n' },
  { head: 'Stored', set: 'n' },
  { head: 'Of its limit', set: 'lims' },
  { head: 'Growth', set: 'n' },
  { head: 'Days left', set: 'n' },
  { head: 'Consumers', set: 'n' },
  { head: 'Copies' },
];

/** It is full soon, or refuses what comes. */
function toneOf({ left, discard, limit }: HubStreamView): 'plain' | 'warn' | 'bad' {
  const isRefusing = discard === 'new' || limit?.by === 'store';
  if (left.kind === 'full') return isRefusing ? 'bad' : 'plain';
  if (left.kind === 'days' && left.days < soon_days) return 'warn';
  return isRefusing && (limit?.share ?? 0) >= 0.9 ? 'warn' : 'plain';
}

const limitUnits = {
  bytes: prettyBytes,
  messages: (max: number) => `${shortCount(max)} messages`,
  store: (max: number) => `${prettyBytes(max)}, all that there is`,
} as const;

function limitCell(stream: HubStreamView): Html {
  const { limit, max_age_s } = stream;
  const age = max_age_s === undefined ? undefined : `kept ${prettySpan(max_age_s)}`;
  if (limit === undefined) return html`<small>${['no limit', age].filter(Boolean).join(', ')}</small>`;
  const share = `${percent(limit.share)} of ${limitUnits[limit.by](limit.max)}`;
  return html`${bar(limit.share, toneOf(stream))}<small>${[share, age].filter(Boolean).join(', ')}</small>`;
}

function growthCell({ growth, left }: HubStreamView): Html | string | undefined {
  if (growth === undefined) return undefined;
  const { bytes_per_day, over_s } = growth;
  const size = Math.abs(bytes_per_day);
  const sign = bytes_per_day < 0 ? '−' : '+';
  const words = size < 1024 ? 'none' : `${sign}\u00a0${prettyBytes(Math.round(size))}/d`;
  const over = over_s < wholeDay_s ? html`<small class="b">over ${prettySpan(over_s)}</small>` : html``;
  return left.kind === 'steady' && left.by === 'age' && size < 1024
    ? 'age limit holds'
    : html`${words}${over}`;
}

/** `5`, `steady`, `full`. */
function leftCell(stream: HubStreamView): Html | string | undefined {
  const { left, discard } = stream;
  const tone = toneOf(stream);
  switch (left.kind) {
    case 'days': {
      const words = left.days < 1 ? '< 1' : count(Math.floor(left.days));
      return tone === 'plain'
        ? words
        : html`<b class="${tone}"><span aria-hidden="true">▲</span> ${words}</b>`;
    }
    case 'full':
      if (tone === 'bad') return html`<b class="bad"><span aria-hidden="true">■</span> full, refuses</b>`;
      return discard === 'old' ? html`full<small class="b">drops its oldest</small>` : 'full';
    case 'steady':
      return left.by === 'age' ? html`steady<small class="b">ends by age</small>` : 'steady';
    case 'unlimited':
      return 'no limit';
    case 'unknown':
      return undefined;
  }
}

function copiesCell({ copies, leader }: HubStreamView): Html {
  const { wanted, in_step, behind } = copies;
  if (leader === undefined) return html`<b class="bad"><span aria-hidden="true">■</span> none leads</b>`;
  if (in_step >= wanted) return html`<span class="m nw">${count(wanted)} in step</span>`;
  const names = behind.map(({ server }) => server).join(', ');
  return html`<b class="warn"><span aria-hidden="true">▲</span> ${count(in_step)} of ${count(wanted)}</b><small class="b">${names === '' ? '' : `not ${names}`}</small>`;
}

const streamRow = (one: HubStreamView) => ({
  id: rowId('st', one.account, one.name),
  cells: [
    html`${one.name} <small class="b">${[one.account, one.description].filter(Boolean).join(' · ')}</small>`,
    shortCount(one.messages),
    prettyBytes(one.bytes),
    limitCell(one),
    growthCell(one),
    leftCell(one),
    count(one.consumers),
    copiesCell(one),
  ],
});

const moreColumns: readonly GridColumn[] = [
  { head: 'Stream', isName: true, set: 'w' },
  { head: 'Oldest record', set: 'n' },
  { head: 'Newest record', set: 'n' },
  { head: 'When full' },
  { head: 'Leader', set: 'w' },
];

const moreRow = (one: HubStreamView, at_ms: number) => ({
  id: rowId('stm', one.account, one.name),
  cells: [
    `${one.account}/${one.name}`,
    perhaps(one.first_ms, (ms) => stamp(ms, at_ms)),
    perhaps(one.last_ms, (ms) => stamp(ms, at_ms)),
    one.discard === 'new' ? 'takes nothing more' : 'drops its oldest records',
    one.leader,
  ],
});

const consumerColumns: readonly GridColumn[] = [
  { head: 'Consumer', isName: true, set: 'w' },
  { head: 'Stream', set: 'w' },
  ...['Waiting', 'Not acknowledged', 'Sent again'].map((head) => ({ head, set: 'n' })),
  { head: 'Leader', set: 'w hs' },
];

/** A table of consumers. */
const consumerGrid = (consumers: readonly HubConsumerView[]): Html =>
  grid(
    'Consumers',
    consumerColumns,
    consumers.map((one) => ({
      id: rowId('c', one.account, one.stream, one.name),
      cells: [
        html`${one.name}${one.paused ? html` <small>paused</small>` : html``}`,
        `${one.account}/${one.stream}`,
        count(one.pending),
        count(one.ack_pending),
        count(one.redelivered),
        one.leader,
      ],
    })),
  );

const mostConsumers = 10;

function consumersPart({ consumers }: HubView): Html {
  if (consumers.length === 0) return nothing;
  const all =
    consumers.length <= mostConsumers
      ? nothing
      : html`<p class="sub"><a href="${hubPath({ view: 'consumers' })}">All ${counted(consumers.length, 'consumer')}</a></p>`;
  return html`<details id="consumers"><summary>${counted(consumers.length, 'consumer')}, those with most that waits first</summary>${consumerGrid(consumers.slice(0, mostConsumers))}${all}</details>`;
}

/** All streams, the fullest first. */
export function streamsSection(view: HubView): Html {
  const { streams, told, at_ms } = view;
  const head = html`<div class="row"><h3>Streams</h3><span class="sub">days left at the rate of the last 24 h · <a href="/hub/raw/streams">raw</a></span></div>`;
  if (!told.includes('streams'))
    return html`<section class="card" id="hub-streams">${head}<p class="sub">${untold(view)}</p></section>`;
  if (streams.length === 0)
    return html`<section class="card" id="hub-streams">${head}<p class="sub">There is none.</p></section>`;
  const more = grid(
    'More of each stream',
    moreColumns,
    streams.map((one) => moreRow(one, at_ms)),
  );
  return html`<section class="card" id="hub-streams">${head}${grid('Streams', columns, streams.map(streamRow))}${consumersPart(view)}<details id="morestreams"><summary>More of each stream</summary>${more}</details></section>`;
}

/** All consumers of all streams. */
export function consumerList(view: HubView): Html {
  const { consumers, told } = view;
  const content = told.includes('streams')
    ? consumerGrid(consumers)
    : html`<p class="sub">${untold(view)}</p>`;
  return html`<section class="card" id="consumerlist"><h2>${counted(consumers.length, 'consumer')}</h2><p class="sub">Those with most that waits first; at most 500 are kept.</p>${content}</section>`;
}
