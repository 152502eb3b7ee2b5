import { createHash } from 'node:crypto';
import { formatUtc } from '../../lib/format.ts';
import { clockSection } from './clocksection.ts';
import { type Html, html } from './html.ts';
import { liveScript } from './live.ts';
import { toned } from './pieces.ts';
import { linkSection, ntpSection, problemSection, ptpSection, unitSection } from './sections.ts';
import type { StatusSnapshot } from './snapshot.ts';
import type { History } from './sparkline.ts';
import { style } from './style.ts';

const sha256 = (text: string): string => createHash('sha256').update(text).digest('base64');

/** The policy that lets the page's own style sheet and script be, and nothing else in the world. */
export const pagePolicy = `default-src 'none'; style-src 'sha256-${sha256(style)}'; script-src 'sha256-${sha256(liveScript)}'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;

/** Changes with style and script: an open page reloads itself when the agent is another version. */
const made = sha256(style + liveScript).slice(0, 8);

const tones = { healthy: 'good', degraded: 'warn', critical: 'bad', not_set_up: 'mild' } as const;
const iconColours = { good: '1a8f57', mild: '7b8794', warn: 'd58a00', bad: 'c9342b' } as const;

const icon = (tone: keyof typeof iconColours): string =>
  `data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 8 8'><circle cx='4' cy='4' r='4' fill='%23${iconColours[tone]}'/></svg>`;

/** What of the page changes: title and icon, and everything that is seen. */
interface Now {
  readonly head: Html;
  readonly main: Html;
}

function renderParts(snapshot: StatusSnapshot, history: History): Now {
  const { unit, status, at_ms, version, troubles } = snapshot;
  const tone = tones[status];
  const wrong = troubles.filter(({ weight }) => weight !== 'note').length;
  const count = wrong === 0 ? '' : `: ${wrong} problem${wrong === 1 ? '' : 's'}`;
  const head = html`<title>${unit}: ${status}</title><link rel="icon" href="${icon(tone)}">`;
  const main = html`<main data-made="${made}"><header><h1>${unit}</h1><p class="health"><a href="#problems">${toned(tone, status + count)}</a></p><p class="asof">${formatUtc(at_ms)}, by the clock of the unit</p></header>
${[clockSection(snapshot, history), linkSection(snapshot), ptpSection(snapshot), ntpSection(snapshot), unitSection(snapshot), problemSection(snapshot)]}
<footer>nunect ${version} · <a href="/status.json">status.json</a> · <a href="/recorder.json">recorder.json</a></footer></main>`;
  return { head, main };
}

/** What the page's script fetches: all of the page that changes. */
export const renderNow = (snapshot: StatusSnapshot, history: History): string => {
  const { head, main } = renderParts(snapshot, history);
  return html`${head}${main}`.html;
};

/**
 * The state of the unit as one HTML page that is whole without anything else. Where there are scripts it keeps itself
 * up to date, where there are none it is reloaded.
 */
export const renderPage = (snapshot: StatusSnapshot, history: History): string => {
  const { head, main } = renderParts(snapshot, history);
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">${head}<noscript><meta http-equiv="refresh" content="10"></noscript><style>${{ html: style }}</style></head><body><p id="gone" role="alert" hidden></p>${main}<script>${{ html: liveScript }}</script></body></html>
`.html;
};
