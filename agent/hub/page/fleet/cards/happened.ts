// What changed in the last hour: the same thing that happens to many at once is one line. Pure.
import { prettyMoment, prettyText } from '../../../../lib/format.ts';
import { type Html, html } from '../../../../web/html.ts';
import type { FleetChange, State } from '../../../fleet/model.ts';
import { count, counted, unitLink } from '../../look/marks.ts';
import type { FleetPageData } from '../data.ts';
import type { FleetSums } from '../sums.ts';
import { elementId } from './attention.ts';

const shown_ms = 3_600_000;
/** Those to whom it happens within this of each other are one line. */
const together_ms = 300_000;
const most = { lines: 12, names: 3 } as const;

/** What happened, in words that fit one and many. */
interface Said {
  readonly mark: State;
  readonly text: string;
  /** As the sum of the hour has it. */
  readonly sum?: 'joined' | 'came back' | 'fell silent' | 'flagged';
}

const gone: readonly string[] = ['offline', 'stopped', 'away'];

function stateSaid({ before = '', after }: FleetChange): Said | undefined {
  const isBack = gone.includes(before);
  switch (after) {
    case 'offline':
      return { mark: 'offline', text: 'fell silent', sum: 'fell silent' };
    case 'stopped':
      return { mark: 'stopped', text: 'stopped on purpose' };
    case 'critical':
      return { mark: 'critical', text: isBack ? 'came back, critical' : 'became critical' };
    case 'degraded':
      if (isBack) return { mark: 'degraded', text: 'came back, degraded', sum: 'came back' };
      return {
        mark: 'degraded',
        text: before === 'critical' ? 'recovered in part, degraded' : 'became degraded',
      };
    case 'healthy':
    case 'unknown':
      if (isBack) return { mark: 'healthy', text: 'came back', sum: 'came back' };
      return after === 'healthy' && before !== 'unknown' ? { mark: 'healthy', text: 'recovered' } : undefined;
    default:
      return undefined;
  }
}

function measuredSaid({ before, after }: FleetChange): Said | undefined {
  if (after === 'contradicts')
    return { mark: 'critical', text: 'began to contradict what it claims of its clock', sum: 'flagged' };
  return before === 'contradicts' && after === 'holds'
    ? { mark: 'healthy', text: 'meets again what it claims of its clock' }
    : undefined;
}

/** Of the clock only what is more than a step between locked and tracking. */
function clockSaid({ before = '', after = '' }: FleetChange): Said | undefined {
  if (after.includes('holdover'))
    return { mark: 'degraded', text: 'lost the source of the time, in holdover' };
  const [from = ''] = before.split(' ');
  const [to = '', quality = ''] = after.split(' ');
  if (quality === 'freerun') return { mark: 'critical', text: 'lost the time: the clock runs free' };
  return from === to
    ? undefined
    : { mark: 'healthy', text: `took the time from ${to.toUpperCase()}, before ${from.toUpperCase()}` };
}

const sayings: Readonly<Record<FleetChange['what'], (change: FleetChange) => Said | undefined>> = {
  joined: () => ({ mark: 'healthy', text: 'joined', sum: 'joined' }),
  state: stateSaid,
  clock: clockSaid,
  measured: measuredSaid,
  version: ({ before, after }) => ({ mark: 'healthy', text: `changed from version ${before} to ${after}` }),
  grandmaster: ({ before, after }) => ({
    mark: 'degraded',
    text: `changed from grandmaster ${before} to ${after}`,
  }),
};

/** A line: what happened, and to whom, the first one first. */
interface Line extends Said {
  readonly units: string[];
  readonly first: FleetChange;
  last_ms: number;
  /** When the last of these was found, where that was much later. */
  found_ms: number | undefined;
}

function linesOf(changes: readonly FleetChange[]) {
  const open = new Map<string, Line>();
  const lines: Line[] = [];
  const sums = new Map<string, number>();
  let minor = 0;
  for (const change of changes) {
    const said = sayings[change.what](change);
    if (said === undefined) {
      minor += Number(change.what === 'clock');
      continue;
    }
    if (said.sum !== undefined) sums.set(said.sum, (sums.get(said.sum) ?? 0) + 1);
    const line = open.get(said.text);
    if (line !== undefined && change.at_ms - line.last_ms <= together_ms) {
      line.units.push(change.unit);
      line.last_ms = change.at_ms;
      line.found_ms = change.found_ms ?? line.found_ms;
      continue;
    }
    const begun = {
      ...said,
      units: [change.unit],
      first: change,
      last_ms: change.at_ms,
      found_ms: change.found_ms,
    };
    open.set(said.text, begun);
    lines.push(begun);
  }
  return { lines: lines.sort((a, b) => b.last_ms - a.last_ms), sums, minor };
}

function whoOf({ units, first }: Line): Html {
  const names = [...new Set(units)];
  if (names.length === 1) return unitLink(first.unit);
  const shown = names.slice(0, most.names).map((unit, i) => html`${i > 0 ? ', ' : ''}${unitLink(unit)}`);
  const others = names.length - shown.length;
  return html`${counted(names.length, 'unit')} (${shown}${others > 0 ? ` and ${count(others)} more` : ''})`;
}

function lineItem(line: Line, at_ms: number): Html {
  const { first, mark, text, units, last_ms } = line;
  const evidence =
    units.length === 1 && first.evidence !== undefined ? `: ${prettyText(first.evidence)}` : '';
  const moment = prettyMoment(last_ms, at_ms);
  const found = line.found_ms === undefined ? '' : `, found ${prettyMoment(line.found_ms, at_ms)}`;
  const times = units.length > new Set(units).size ? `, ${count(units.length)} times in all` : '';
  const date = new Date(last_ms);
  const iso = Number.isNaN(date.getTime()) ? '' : date.toISOString();
  return html`<li id="${elementId('e', `${first.at_ms}-${first.what}-${first.unit}`)}"><time datetime="${iso}">${moment}</time><span><span class="s st-${mark}"></span>${whoOf(line)} ${text}${found}${times}${evidence}</span></li>`;
}

/** What is not shown. */
function missingWords(others: number, { lostChanges_ms, at_ms }: FleetPageData): Html[] {
  const words = [
    ...(others > 0 ? [`${counted(others, 'earlier line')} not shown.`] : []),
    ...(lostChanges_ms !== undefined && lostChanges_ms > at_ms - shown_ms
      ? [`More happened than is kept: what was until ${prettyMoment(lostChanges_ms, at_ms)} is not all here.`]
      : []),
  ];
  return words.map((text) => html`<p class="sub">${text}</p>`);
}

/** The card of the last hour. */
export function happenedCard({ byId }: FleetSums, data: FleetPageData): Html {
  const { changes, at_ms } = data;
  const recent = changes
    .filter((one) => one.at_ms > at_ms - shown_ms && byId.get(one.unit)?.unit.kind !== 'client')
    .sort((a, b) => a.at_ms - b.at_ms);
  const { lines, sums, minor } = linesOf(recent);
  const said = [
    ...[...sums].map(([what, units]) => `${count(units)} ${what}`),
    ...(minor > 0 ? [counted(minor, 'small change of a clock', 'small changes of clocks')] : []),
  ].join(' · ');
  const others = lines.length - most.lines;
  const body =
    lines.length === 0
      ? html`<p class="sub">Nothing that the hub has seen.</p>`
      : html`<ol class="ev">${lines.slice(0, most.lines).map((line) => lineItem(line, at_ms))}</ol>`;
  return html`<section id="happened" class="card"><h3>What changed in the last hour</h3><p class="sub">${said}</p>${body}${missingWords(others, data)}</section>`;
}
