// The four figures below the verdict. Pure.
import { type Html, html } from '../../../web/html.ts';
import type { Tone } from '../../../web/pieces.ts';
import type { HubView } from '../../servers/model.ts';
import { count, counted } from '../look/marks.ts';
import { linkSums } from './links/sums.ts';
import { bytesPerSecond, perSecond, tripWords, untold } from './words.ts';

/** Units that should be heard, and those that are. */
export interface UnitCounts {
  readonly expected: number;
  readonly heard: number;
}

interface Tile {
  readonly id: string;
  readonly name: string;
  readonly big: string | undefined;
  readonly tone?: Tone;
  readonly words: string;
}

const tile = ({ id, name, big, tone, words }: Tile): Html =>
  html`<section class="card" id="${id}"><h3>${name}</h3><div class="big ${tone ?? ''}">${big ?? '–'}</div><p>${words}</p></section>`;

const joined = (...words: readonly (string | undefined)[]): string => words.filter(Boolean).join(' · ');

function linksTile(view: HubView, units: UnitCounts | undefined): Tile {
  const head = { id: 't-links', name: 'Leaf links' };
  if (!view.told.includes('links')) return { ...head, big: undefined, words: untold(view) };
  const clients = view.servers.flatMap((one) => one.clients ?? []);
  const others = clients.reduce((sum, one) => sum + one, 0);
  const isWhole = units !== undefined && units.heard >= units.expected;
  return {
    ...head,
    big: count(view.links.length),
    ...(units === undefined || units.expected === 0 ? {} : { tone: isWhole ? 'good' : 'warn' }),
    words: joined(
      units && `${count(units.heard)} of ${count(units.expected)} units heard`,
      clients.length === 0 ? undefined : counted(others, 'client connection'),
    ),
  };
}

function trafficTile(view: HubView): Tile {
  const head = { id: 't-traffic', name: 'Messages' };
  const { traffic } = view;
  if (traffic === undefined) return { ...head, big: undefined, words: untold(view) };
  const bytes = traffic.in_bytes_per_s + traffic.out_bytes_per_s;
  return {
    ...head,
    big: perSecond(traffic.in_msgs_per_s),
    words: joined('in', `${perSecond(traffic.out_msgs_per_s)} out`, `${bytesPerSecond(bytes)} together`),
  };
}

function tripTile(view: HubView): Tile {
  const head = { id: 't-rtt', name: 'Round trip, median' };
  if (!view.told.includes('links')) return { ...head, big: undefined, words: untold(view) };
  const { median_us, long, far } = linkSums(view.links);
  if (median_us === undefined)
    return { ...head, big: undefined, words: view.links.length === 0 ? 'no link' : 'none is measured yet' };
  return {
    ...head,
    big: tripWords(median_us),
    words: joined(
      `${counted(long, 'link')} above 300 ms`,
      far === 0 ? undefined : `${count(far)} far slower than usual`,
    ),
  };
}

function slowTile(view: HubView): Tile {
  const { slow, at_ms, since_ms, told } = view;
  const hours = Math.floor((at_ms - since_ms) / 3_600_000);
  const span = hours >= 24 ? 'in the last 24 h' : hours >= 1 ? `in ${hours} h of watching` : 'since we watch';
  const late = `${count(slow.late.length)} cut off ${span}`;
  const head = { id: 't-slow', name: 'Slow consumers' };
  if (!told.includes('connections')) return { ...head, big: undefined, words: untold(view) };
  const now = slow.now.length;
  return { ...head, big: count(now), tone: now > 0 ? 'warn' : 'good', words: `now · ${late}` };
}

/** Links, traffic, round trip, slow consumers. */
export const hubTiles = (view: HubView, units: UnitCounts | undefined): Html =>
  html`<div class="tiles" id="hubtiles">${[linksTile(view, units), trafficTile(view), tripTile(view), slowTile(view)].map(tile)}</div>`;
