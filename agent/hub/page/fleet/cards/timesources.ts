// The clocks that come nearest to their limits, and who gives the time. Pure.
import { type Html, html } from '../../../../web/html.ts';
import type { RankedClock } from '../../../measure/bounds.ts';
import { clockLine } from '../../look/clocks.ts';
import { bar, count, counted, stateMark, unitLink } from '../../look/marks.ts';
import { fleetHref, noneOfThem } from '../query.ts';
import type { FleetSums, SourceSum } from '../sums.ts';
import { plusMinus, signedNs, spanNs, versusGm } from '../words.ts';
import { elementId } from './attention.ts';

const mostSources = 12;

/** `96 %`, `48 ×`, `> 1,000 ×`. */
export const shareWords = (share: number): string =>
  share > 1000
    ? `>\u00a01,000\u00a0×`
    : share < 9.95
      ? `${Math.round(share * 100)}\u00a0%`
      : `${count(share)}\u00a0×`;

/** How bad a share of a limit is: beyond one that nobody has set nothing is broken. */
export const shareTone = (share: number, isSet: boolean): 'plain' | 'warn' | 'bad' =>
  share > 1 && isSet ? 'bad' : share >= 0.8 ? 'warn' : 'plain';

function worstRow({ unit, bound_ns, share, isRelative }: RankedClock, { byId }: FleetSums): Html {
  const clock = byId.get(unit)?.unit.clock;
  const tone = shareTone(share, clock?.limit_is_set === true);
  const words = tone === 'bad' ? html`<b class="bad">${shareWords(share)}</b>` : html`${shareWords(share)}`;
  return html`<tr id="w-${unit}"><th scope="row" class="w">${unitLink(unit)}</th><td class="m hs">${clock && clockLine(clock)}</td><td class="n">${plusMinus(bound_ns)}${isRelative ? versusGm : undefined}</td><td class="n">${words}${bar(share, tone)}</td></tr>`;
}

/** The ten clocks that come nearest to their own limits. */
export function worstCard(sums: FleetSums): Html {
  const { worst, spread, byId } = sums;
  const unlimited = worst.filter(({ unit }) => byId.get(unit)?.unit.clock?.limit_is_set !== true);
  const usual = unlimited[0];
  const said = [
    ...(usual === undefined ? [] : [`Where no limit is set, ${spanNs(usual.limit_ns)} is taken.`]),
    ...(spread.counts.unbounded > 0
      ? [`${counted(spread.counts.unbounded, 'clock has', 'clocks have')} no bound and no share.`]
      : []),
  ].join(' ');
  const rows =
    worst.length === 0
      ? html`<p class="sub">No clock is bounded.</p>`
      : html`<table class="worst" aria-labelledby="worst-h"><thead class="hide"><tr><th scope="col">Unit</th><th scope="col" class="hs">Clock</th><th scope="col">Error bound</th><th scope="col">Share of its limit</th></tr></thead><tbody>${worst.map((one) => worstRow(one, sums))}</tbody></table>`;
  return html`<section id="worst" class="card"><div class="row"><h3 id="worst-h">Worst ten, by share of their own limit</h3><a class="sub" href="${fleetHref({ sort: 'limit' })}">all<span class="hide"> by share of their limit</span></a></div>${rows}<p class="sub">${said}</p></section>`;
}

/** How the clocks of a group are; holdover is what matters. */
function qualityWords({ qualities, holdovers }: SourceSum): Html {
  const words = qualities.map(([quality, units]) => `${count(units)}\u00a0${quality}`).join(', ');
  return holdovers > 0 ? stateMark('degraded', words) : html`${words}`;
}

/** Where most of its units place it against the hub, and who cannot be there. */
function placeWords({ middle_us, half_us = 0, apart }: SourceSum): Html {
  const [first] = apart;
  const far =
    first === undefined
      ? undefined
      : html`<span class="b">${stateMark('critical', `${count(apart.length)} apart by ${spanNs(Math.abs(first.by_us) * 1000)}${apart.length > 1 ? ' at most' : ''}`)}</span>`;
  return html`${middle_us === undefined ? '' : `${signedNs(middle_us * 1000)} ${plusMinus(half_us * 1000)}`}${far}`;
}

function sourceRow(source: SourceSum): Html {
  const { kind, name, units } = source;
  return html`<tr id="${elementId('s', `${kind}-${name}`)}"><th scope="row" class="w"><a href="${fleetHref({ source: name })}">${name}</a><small class="b">${kind === 'grandmaster' ? 'PTP grandmaster' : 'NTP server'}</small></th><td class="n">${count(units.length)}</td><td class="m">${qualityWords(source)}</td><td class="n">${placeWords(source)}</td></tr>`;
}

function sourcelessRow({ sourceless }: FleetSums): Html {
  if (sourceless.length === 0) return html``;
  const free = sourceless.filter(({ clock }) => clock?.quality === 'freerun').length;
  return html`<tr id="s-none"><th scope="row"><a href="${fleetHref({ source: noneOfThem })}">not known</a><small class="b">no source, or not told yet</small></th><td class="n">${count(sourceless.length)}</td><td class="m">${free > 0 ? stateMark('critical', `${count(free)} freerun`) : undefined}</td><td></td></tr>`;
}

/** Units by what their clocks follow. */
export function sourcesCard(sums: FleetSums): Html {
  const { sources } = sums;
  const measured = sources.reduce((sum, one) => sum + one.measured, 0);
  const shown = sources.slice(0, mostSources);
  const others = sources.length - shown.length;
  const body =
    sources.length + sums.sourceless.length === 0
      ? html`<p class="sub">No clock is known.</p>`
      : html`<table class="from" aria-labelledby="sources-h"><thead><tr><th scope="col">Source</th><th scope="col" class="n">Units</th><th scope="col">Clocks</th><th scope="col" class="n">Against the hub</th></tr></thead><tbody>${shown.map(sourceRow)}${sourcelessRow(sums)}</tbody></table>`;
  return html`<section id="sources" class="card"><h3 id="sources-h">Who gives the time</h3>${body}${
    others > 0
      ? html`<p class="sub">${counted(others, 'more source')} with fewer units: search by name below.</p>`
      : undefined
  }${measured > 0 ? html`<p class="sub">Against the hub: where more than half of the units of a source, by measurement, place it. Missing where fewer than three are measured.</p>` : undefined}</section>`;
}
