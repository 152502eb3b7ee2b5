// What happened to a unit in the last day: its own events, its silences, and what the hub has seen. Pure.
import { formatUtc, prettyMoment, prettySpan, prettyText } from '../../../lib/format.ts';
import { isObject } from '../../../lib/parse.ts';
import { changeWords } from '../../../status/changewords.ts';
import { type Html, html } from '../../../web/html.ts';
import { fold, nothing } from '../../../web/pieces.ts';
import type { FleetChange, State } from '../../fleet/model.ts';
import { states } from '../../fleet/model.ts';
import { capital, counted, stateMark, stateWords, unitPath } from '../look/marks.ts';
import type { UnitPageData } from './data.ts';
import type { UnitEvent, UnitHistory } from './past/history.ts';

/** One line. `state`: how it is marked. */
interface Line {
  readonly at_ms: number;
  readonly state: State | undefined;
  readonly text: string;
  /** The unit sends what it recorded around a change of its clock. */
  readonly isRecorded?: boolean;
  readonly isJoined?: boolean;
}

const most = 40;
const day_ms = 86_400_000;

function eventState({ event, before, after }: UnitEvent): State | undefined {
  if (event === 'hub') return after === true ? 'healthy' : 'degraded';
  if (event === 'records_dropped') return 'critical';
  if (event === 'problem')
    return !isObject(after) ? 'healthy' : after['weight'] === 'critical' ? 'critical' : 'degraded';
  if (event === 'clock' && isObject(after)) {
    const isWell = after['source'] !== 'unsynced' && after['holdover'] !== true;
    return isWell ? 'healthy' : isObject(before) && before['source'] === 'unsynced' ? undefined : 'degraded';
  }
  return undefined;
}

/** What the events are about that have more than a word before and after. */
function wordsOfEvent(event: UnitEvent): string | undefined {
  const { before, after } = event;
  if (event.event === 'start') return 'its agent was started';
  if (event.event !== 'problem') return changeWords(event);
  const about = isObject(after) ? after : isObject(before) ? before : {};
  const what = typeof about['key'] === 'string' ? about['key'].replaceAll('_', ' ') : 'problem';
  const text = event.evidence === undefined ? '' : `: ${event.evidence}`;
  return isObject(after) ? `${what}${text}` : `mended: ${what}`;
}

function eventLines({ events }: UnitHistory): Line[] {
  return events.flatMap((event) => {
    const words = wordsOfEvent(event);
    if (words === undefined) return [];
    return [
      {
        ...{ at_ms: event.at_ms, state: eventState(event), text: capital(prettyText(words)) },
        isRecorded: event.event === 'clock',
        isJoined: event.event === 'hub' && event.after === true,
      },
    ];
  });
}

function silenceLines({ silences }: UnitHistory): Line[] {
  return silences.flatMap(({ from_ms, to_ms }): Line[] => [
    { at_ms: from_ms, state: 'offline', text: 'Silent.' },
    ...(to_ms === undefined
      ? []
      : [
          {
            at_ms: to_ms,
            state: 'healthy' as const,
            text: `Heard again after ${prettySpan((to_ms - from_ms) / 1000)}.`,
          },
        ]),
  ]);
}

const asState = (word: string | undefined): State | undefined => states.find((one) => one === word);

const wordsOf = (word = '?'): string => stateWords[asState(word) ?? 'unknown'] ?? word;
const verdictWords: Readonly<Record<string, string>> = {
  holds: 'the hub measured it, and its claim holds',
  contradicts: 'the hub measured that its clock is not where it says it is',
  unjudged: 'what the hub measures tells nothing of its claim any more',
};

/** When it was found, where that was not when it happened. */
const foundWords = (found_ms: number | undefined, at_ms: number): string =>
  found_ms === undefined ? '' : `, found ${prettyMoment(found_ms, at_ms)}`;

function seenLine({ what, at_ms, before, after, evidence, found_ms }: FleetChange): Line {
  const because = evidence === undefined ? '' : `: ${prettyText(evidence)}`;
  const line = (text: string, state?: State): Line => ({ at_ms, state, text: capital(text) });
  switch (what) {
    case 'state':
      return line(
        `${wordsOf(before)} → ${wordsOf(after)}${foundWords(found_ms, at_ms)}${because}`,
        asState(after),
      );
    case 'measured':
      return line(
        `${verdictWords[after ?? ''] ?? after}${because}`,
        after === 'contradicts' ? 'critical' : after === 'holds' ? 'healthy' : undefined,
      );
    case 'joined':
      return line('heard for the first time', 'healthy');
    case 'version':
      return line(`updated ${before} → ${after}`);
    default:
      return { ...line(`${what} ${before} → ${after}${because}`), isRecorded: what === 'clock' };
  }
}

/** What its records show where its events were not searched for: known to within a step. */
function seenInLooks({ moments, step_ms }: UnitHistory): Line[] {
  return moments.flatMap((now, i): Line[] => {
    const before = moments[i - 1];
    if (before === undefined || now.at_ms - before.at_ms > 2 * step_ms) return [];
    const at_ms = now.at_ms;
    const lines: Line[] = [];
    if (before.health !== now.health && before.health !== undefined && now.health !== undefined)
      lines.push({ at_ms, state: now.health, text: `${capital(before.health)} → ${now.health}, seen then.` });
    const [was, is] = [before, now].map(
      ({ clock }) => clock && `${clock.source} ${clock.quality ?? ''}`.trim(),
    );
    if (was !== is && was !== undefined && is !== undefined)
      lines.push({ at_ms, state: undefined, text: `Clock ${was} → ${is}, seen then.`, isRecorded: true });
    return lines;
  });
}

/** The same thing told twice: by the unit and by the hub. */
const near_ms = 90_000;

/** That the link is back, where it is told that the unit is heard again. */
const isOfSilence = ({ isJoined, at_ms }: Line, { silences }: UnitHistory): boolean =>
  isJoined === true && silences.some(({ to_ms = Number.NaN }) => Math.abs(to_ms - at_ms) < near_ms);

/** All of it, the newest first. */
function linesOf({ unit, changes, history, at_ms }: UnitPageData): Line[] {
  const own = history
    ? [...eventLines(history).filter((line) => !isOfSilence(line, history)), ...silenceLines(history)]
    : [];
  const from_ms = history?.events_from_ms ?? Number.POSITIVE_INFINITY;
  const isTold = ({ what, at_ms: then_ms, before, after }: FleetChange): boolean => {
    if (what === 'clock' || what === 'grandmaster') return then_ms >= from_ms;
    if (what !== 'state') return false;
    const isSilence = [before, after].some((word) => word === 'offline' || word === 'away');
    return isSilence
      ? (history?.silences ?? []).some(({ from_ms: from, to_ms }) =>
          [from, to_ms ?? from].some((end) => Math.abs(end - then_ms) < near_ms),
        )
      : then_ms >= from_ms && own.some((line) => Math.abs(line.at_ms - then_ms) < near_ms);
  };
  const seen = changes
    .filter((change) => change.unit === unit.unit && change.at_ms > at_ms - day_ms && !isTold(change))
    .map(seenLine);
  const looks = history && history.events_from_ms === undefined ? seenInLooks(history) : [];
  return [...own, ...seen, ...looks].sort((a, b) => b.at_ms - a.at_ms);
}

/** `place`: among those of the same time, so that the live page moves lines instead of rewriting them. */
function lineOf({ at_ms, state, text, isRecorded }: Line, place: number, unit: string): Html {
  const date = new Date(at_ms);
  const mark = state === undefined ? html`` : html`${stateMark(state, '')} `;
  const link = isRecorded
    ? html`<a href="${unitPath(unit)}/recorder?at=${Math.round(at_ms)}" aria-label="Recorder at ${date.toISOString().slice(11, 16)}">recorder</a>`
    : html``;
  return html`<li id="at-${Math.round(at_ms)}-${place}"><time datetime="${date.toISOString()}">${date.toISOString().slice(11, 16)}</time><span>${mark}${text}</span>${link}</li>`;
}

function reachWords({ history }: UnitPageData): string | undefined {
  if (history === undefined) return 'What its stream has of the day is being read.';
  const { events_from_ms, isLarge, from_ms } = history;
  if (isLarge)
    return `The hub's stream takes more than 2 GiB in a day: events are not searched in it. What stands here was seen by this page, or in the looks of each ${prettySpan(history.step_ms / 1000)}.`;
  if (events_from_ms !== undefined && events_from_ms > from_ms + 1000)
    return `Its events from ${formatUtc(events_from_ms).slice(11, 16)} UTC on: before that there are too many.`;
  return history.trouble;
}

const mostLines = 60;

/** The warnings and errors of its log, folded. */
function logFold({ history }: UnitPageData): Html {
  const { lines = [] } = history ?? {};
  const shown = lines.slice(-mostLines).reverse();
  if (shown.length === 0) return nothing;
  const items = shown.map(({ at_ms, level, text }) => {
    const date = new Date(at_ms).toISOString();
    return html`<li><time datetime="${date}">${date.slice(11, 16)}</time><span>${level} ${prettyText(text)}</span></li>`;
  });
  const words =
    lines.length > shown.length
      ? `the newest ${shown.length} of ${lines.length} lines`
      : counted(lines.length, 'line');
  return fold('log', 'Its log', `${words} of WARN or worse, 24 h`, html`<ol class="ev">${items}</ol>`);
}

/** The list of what changed. */
export function changesCard(data: UnitPageData): Html {
  const lines = linesOf(data);
  const shown = lines.slice(0, most);
  const more = lines.length - shown.length;
  const list =
    shown.length === 0
      ? html`<p class="sub">Nothing that is known.</p>`
      : html`<ol class="ev">${shown.map((line, i) => lineOf(line, i - shown.findIndex(({ at_ms }) => at_ms === line.at_ms), data.unit.unit))}</ol>`;
  const words = [more > 0 ? `${more} earlier ones are not shown.` : undefined, reachWords(data)].filter(
    Boolean,
  );
  return html`<section class="card" id="changes"><div class="row"><h3>What changed</h3><span class="sub">24 h, times in UTC</span></div>${list}${words.map((text) => html`<p class="sub">${text}</p>`)}${logFold(data)}</section>`;
}
