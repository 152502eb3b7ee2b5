// The fleet in one sentence, and how many units stand how. Pure.
import { prettyMoment } from '../../../../lib/format.ts';
import { type Html, html } from '../../../../web/html.ts';
import type { Tone } from '../../../../web/pieces.ts';
import type { FleetCause } from '../../../fleet/causes.ts';
import { count, counted } from '../../look/marks.ts';
import type { FleetPageData } from '../data.ts';
import { fleetHref } from '../query.ts';
import { markOfStanding, type Standing, standings } from '../standing.ts';
import type { FleetSums } from '../sums.ts';
import { listed } from '../words.ts';

/** Units that need somebody, and those that mend themselves. */
export function needs({ causes }: Pick<FleetSums, 'causes'>): {
  readonly you: number;
  readonly copes: number;
} {
  const of = (care: FleetCause['care']): number =>
    causes.reduce((sum, cause) => sum + (cause.care === care ? cause.units.length : 0), 0);
  return { you: of('you'), copes: of('copes') };
}

/** How bad that is. */
function toneOfFleet(sums: FleetSums): Tone {
  const { you, copes } = needs(sums);
  if (you > 0) return 'bad';
  if (copes > 0) return 'warn';
  return sums.counts.heard > 0 ? 'good' : 'mild';
}

/** `3 need you`, `all well`; of a fleet that cannot be seen neither. */
function shortVerdict(sums: FleetSums): string {
  const { you, copes } = needs(sums);
  if (you > 0) return `${count(you)} ${you === 1 ? 'needs' : 'need'} you`;
  if (copes > 0)
    return `${count(copes)} ${copes === 1 ? 'copes' : 'cope'} on ${copes === 1 ? 'its' : 'their'} own`;
  return sums.counts.heard > 0 ? 'all well' : 'nobody is heard';
}

/** `1,203 of 1,214 units heard`; until the roster is read nobody knows of how many. */
function heardWords({ counts: { expected, heard } }: FleetSums, { isPartial }: FleetPageData): string {
  if (isPartial === true) return `${counted(heard, 'unit')} heard so far`;
  if (expected === 0) return 'No unit is expected';
  if (heard < expected) return `${count(heard)} of ${counted(expected, 'unit')} heard`;
  return expected === 1 ? 'The one unit is heard' : `All ${count(expected)} units heard`;
}

/** Why no more can be told: what is above all units is wrong. */
const isBlind = ({ lost_ms, measuring }: FleetPageData): boolean =>
  lost_ms !== undefined || measuring?.doubt !== undefined;

/** How bad all is, with the hub itself: one that is not heard, or whose clock is outvoted, needs somebody first. */
export const toneOfAll = (sums: FleetSums, data: FleetPageData): Tone =>
  isBlind(data) ? 'bad' : toneOfFleet(sums);

/** The same in words, for a title. */
export function titleOf(sums: FleetSums, { lost_ms, measuring }: FleetPageData): string {
  if (lost_ms !== undefined) return 'the hub is not heard';
  return measuring?.doubt === undefined ? shortVerdict(sums) : "the hub's own clock is outvoted";
}

function headline(sums: FleetSums, data: FleetPageData): string {
  const doubt = data.measuring?.doubt === undefined ? '' : "; the hub's own clock is outvoted";
  const words = `${heardWords(sums, data)}${sums.counts.heard + needs(sums).you > 0 ? `; ${shortVerdict(sums)}` : ''}${doubt}`;
  return data.lost_ms === undefined
    ? words
    : `The hub is not heard since ${prettyMoment(data.lost_ms, data.at_ms)}. Before that: ${words}`;
}

/** What is wrong, by kind: `2 clocks are wrong`. */
const kinds: Readonly<Record<FleetCause['kind'], (units: number) => string>> = {
  contradicts: (units) =>
    `${counted(units, 'clock is', 'clocks are')} not where ${units === 1 ? 'it says it is' : 'they say they are'}`,
  offline: (units) => `${counted(units, 'unit is', 'units are')} silent`,
  holdover: (units) =>
    `${counted(units, 'clock has', 'clocks have')} lost ${units === 1 ? 'its source' : 'their sources'}`,
  limit: (units) =>
    `${counted(units, 'clock', 'clocks')} may be off by more than ${units === 1 ? 'its limit' : 'their limits'}`,
  expired: (units) => `of ${counted(units, 'unit')} a certificate or a login has ended`,
  two_speak: (units) =>
    units === 1 ? 'under one id two agents speak' : `under each of ${count(units)} ids two agents speak`,
  problem: (units) => `${counted(units, 'unit reports', 'units report')} critical trouble`,
};

function wrongWords({ causes }: FleetSums): string | undefined {
  const counts = new Map<FleetCause['kind'], number>();
  for (const { care, kind, units } of causes)
    if (care === 'you') counts.set(kind, (counts.get(kind) ?? 0) + units.length);
  const words = listed([...counts].map(([kind, units]) => kinds[kind](units)));
  return words === '' ? undefined : `${words[0]?.toUpperCase()}${words.slice(1)}.`;
}

function copesWords(sums: FleetSums): string | undefined {
  const { you, copes } = needs(sums);
  if (copes === 0) return undefined;
  const one = copes === 1;
  return `${count(copes)} ${you > 0 ? 'more ' : one ? 'unit ' : 'units '}${one ? 'is' : 'are'} not as ${one ? 'it' : 'they'} should be and ${one ? 'copes on its' : 'cope on their'} own.`;
}

function lostWords({ dropped, droppers, counts: { heard } }: FleetSums): string | undefined {
  if (droppers > 0)
    return dropped === undefined
      ? `${counted(droppers, 'unit has', 'units have')} lost records since the start.`
      : `${counted(droppers, 'unit has', 'units have')} lost ${counted(dropped, 'record')} since the start.`;
  return dropped === 0 && heard > 0 ? 'No unit that is heard has lost a record since its start.' : undefined;
}

/** What to do where there is nothing yet. */
const first = html`<p>Nobody has joined this hub yet. <code>nunect-hub token</code> makes a token that lets a unit in.</p>`;

/** Always there, though nobody stands so. */
const constant: readonly Standing[] = ['critical', 'offline', 'degraded', 'healthy'];

function tally({ standings: counts }: FleetSums): Html {
  return html`<ul class="tally">${standings.flatMap((standing) => {
    if (counts[standing] === 0 && !constant.includes(standing)) return [];
    const [state, word] = markOfStanding(standing);
    return [
      html`<li id="n-${standing}"><a href="${fleetHref({ state: standing })}"><span class="s st-${state}"></span><b>${count(counts[standing])}</b> ${word}</a></li>`,
    ];
  })}</ul>`;
}

/** The card that says first what matters. */
export function verdictCard(sums: FleetSums, data: FleetPageData): Html {
  const tone = toneOfAll(sums, data);
  const said = [wrongWords(sums), copesWords(sums), lostWords(sums)].filter((text) => text !== undefined);
  const isEmpty = sums.rows.length + sums.clients.length === 0 && data.isPartial !== true;
  return html`<section id="verdict" class="card verdict ${tone}"><div role="status"><h2>${headline(sums, data)}</h2></div>${isEmpty ? first : html`<p>${said.join(' ')}</p>`}${tally(sums)}</section>`;
}
