// Four figures that tell most: the clock, the hub, what waits for it, and who uses this leaf.
import { prettyBytes, prettyNs } from '../../lib/format.ts';
import { type Html, html } from '../../web/html.ts';
import { nothing, perhaps, type Tone } from '../../web/pieces.ts';
import { shortSums } from '../linkbytewords.ts';
import type { StatusSnapshot } from '../snapshot.ts';
import { boundOf, clockWord, sinceWords, sourceNames } from './clockwords.ts';

function tile(
  id: string,
  name: string,
  tone: Tone | '',
  figure: string,
  ...lines: readonly (string | undefined)[]
): Html {
  const words = lines.filter(Boolean).join(' · ');
  return html`<section class="card" id="${id}" aria-labelledby="${id}-h"><h3 id="${id}-h">${name}</h3><p class="${figure.length > 10 ? 'long big' : 'big'} ${tone}">${figure}</p><p>${words}</p></section>`;
}

function clockTile(snapshot: StatusSnapshot): Html {
  const { clock } = snapshot;
  if (clock === undefined) return tile('clock', 'Clock', 'warn', 'unknown', 'not known yet');
  const bound = boundOf(clock);
  const [tone, word] = clockWord(clock);
  const source =
    clock.holdover === undefined ? sourceNames[clock.source] : `${sourceNames[clock.holdover.source]} lost`;
  const since = sinceWords(clock.holdover?.since_ms ?? clock.since_ms, snapshot);
  const state =
    clock.quality === 'freerun'
      ? since
      : clock.source === 'unsynced' && clock.holdover === undefined
        ? `${word} ${since}`
        : `${source}, ${word} ${since}`;
  if (clock.quality === 'freerun')
    return tile(
      'clock',
      'Clock',
      tone,
      word,
      perhaps(bound, ({ ns }) => `error bound ± ${prettyNs(ns)}`),
      state,
    );
  if (bound === undefined) return tile('clock', 'Clock', tone, word, 'error not bounded', state);
  return tile(
    'clock',
    'Clock',
    tone,
    `± ${prettyNs(bound.ns)}`,
    bound.of === 'true time' ? 'error bound' : 'against the grandmaster',
    state,
  );
}

/** Whether a hub is yet to be given, whatever else is wrong. */
const isNotSetUp = ({ troubles }: StatusSnapshot): boolean =>
  troubles.some(({ weight }) => weight === 'setup');

function hubTile(snapshot: StatusSnapshot): Html {
  const { link } = snapshot;
  const since = perhaps(link.hub_since_ms, (ms) => sinceWords(ms, snapshot));
  const carried = perhaps(link.bytes, (bytes) => shortSums(bytes, snapshot.at_ms));
  const show = (tone: Tone, figure: string, ...lines: (string | undefined)[]): Html =>
    tile('link', 'Hub', tone, figure, ...lines, carried);
  if (!link.connected)
    return show('bad', 'unknown', `no local server ${sinceWords(link.since_ms, snapshot)}`);
  if (isNotSetUp(snapshot)) return tile('link', 'Hub', 'mild', 'none', 'no hub is set');
  if (link.hub_up === undefined) return show('warn', 'unknown', 'the local server does not say');
  if (!link.hub_up) return show('bad', 'down', since);
  const rtt = perhaps(link.hub_rtt_us, (us) => prettyNs(us * 1000));
  return show('good', rtt ?? 'joined', rtt === undefined ? undefined : 'round trip', `joined ${since ?? ''}`);
}

const minutes = (seconds: number): string =>
  seconds < 60 ? 'less than a minute' : `${Math.floor(seconds / 60)} min`;

/** States of the spool in which records go where they belong. */
const storing: readonly string[] = ['stored', 'starting'];

function recordsTile(snapshot: StatusSnapshot): Html {
  const { spool } = snapshot;
  const name = 'Records waiting';
  if (spool === undefined) return tile('records', name, 'warn', 'unknown');
  if (isNotSetUp(snapshot)) return tile('records', name, 'mild', '0', 'published on this leaf only');
  const { records, bytes, oldest_age_s, capacity_s, stored, published, dropped, state } = spool;
  const isLate = (oldest_age_s ?? 0) >= 60;
  const done = [
    `${stored} stored`,
    published > 0 && `${published} not stored`,
    dropped > 0 ? `${dropped} dropped` : 'none dropped',
  ]
    .filter(Boolean)
    .join(', ');
  return tile(
    'records',
    name,
    dropped > 0 || isLate || !storing.includes(state) ? 'warn' : '',
    String(records),
    records === 0 ? undefined : `${prettyBytes(bytes)}${isLate ? `, for ${minutes(oldest_age_s ?? 0)}` : ''}`,
    isLate ? perhaps(capacity_s, (s) => `room for ${minutes(s)} in all`) : undefined,
    done,
  );
}

const isNews = (count: number | undefined): count is number => count !== undefined && count > 0;

function appsTile({ clients }: StatusSnapshot): Html {
  if (clients === undefined) return nothing;
  const { count, in_msgs_per_s, out_msgs_per_s, slow_consumers } = clients;
  return tile(
    'apps',
    'Apps on this leaf',
    isNews(slow_consumers) ? 'warn' : '',
    String(count),
    perhaps(in_msgs_per_s, (rate) => `${rateWords(rate)} in`),
    perhaps(out_msgs_per_s, (rate) => `${rateWords(rate)} out`),
    isNews(slow_consumers) ? `${slow_consumers} slow since the start` : undefined,
  );
}

const rateWords = (per_s: number): string => `${per_s < 10 ? per_s.toFixed(1) : per_s.toFixed(0)} msg/s`;

/** The four figures; that of the apps only where the local server tells of its clients. */
export const tiles = (snapshot: StatusSnapshot): Html =>
  html`<div class="tiles">${[clockTile(snapshot), hubTile(snapshot), recordsTile(snapshot), appsTile(snapshot)]}</div>`;
