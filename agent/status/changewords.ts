import type { Finding } from '../health/finding.ts';
import { isObject } from '../lib/parse.ts';
import type { StatusChange } from '../wire/reports.ts';

const longest = 160;
const sources: Readonly<Record<string, string>> = { ptp: 'PTP', ntp: 'NTP' };

/** Changes that only go with another one, which says more to people. */
const told: ReadonlySet<string> = new Set(['parent', 'steps_removed', 'hub_cause']);

/** What a sentence begins with: its details follow in brackets or behind a semicolon. */
const beginning = (text: string): string => text.split(/; | \(/, 1)[0]?.slice(0, longest) ?? '';

/** A state as a text; `unknown` where there is none. */
export const valueWords = (value: unknown): string =>
  value === undefined ? 'unknown' : typeof value === 'string' ? value : JSON.stringify(value);

function clockWords(state: unknown): string {
  if (!isObject(state)) return valueWords(state);
  const { source, quality, holdover } = state;
  if (holdover === true) return `holdover, ${quality}`;
  const name = sources[String(source)];
  if (name !== undefined) return `${name} ${quality}`;
  return quality === 'acquiring' ? 'acquiring' : 'not synchronised';
}

const hubWord = (joined: unknown): string =>
  joined === undefined ? 'unknown' : joined === true ? 'joined' : 'lost';

const statesWords = (before: unknown, after: unknown, words: (state: unknown) => string): string =>
  [before, after]
    .filter((state) => state !== undefined)
    .map(words)
    .filter((state, at, all) => at === 0 || state !== all[at - 1])
    .join(' → ');

/** A change in one line for people, at most 160 characters; undefined where another one tells it. */
export function changeWords({ event, before, after, evidence }: StatusChange): string | undefined {
  if (told.has(event)) return undefined;
  const why = evidence === undefined ? '' : beginning(evidence);
  const because = why === '' ? '' : `: ${why}`;
  const name = event.replaceAll('_', ' ');
  const line = (): string => {
    if (event === 'clock') return `clock ${statesWords(before, after, clockWords)}${because}`;
    if (event === 'hub') return `hub ${hubWord(after)}${after === false ? because : ''}`;
    if (event === 'port_state' && why !== '') return why;
    if (after === undefined && why === '') return `${name}: ${valueWords(before)} ended`;
    const states = statesWords(before, after, valueWords);
    return why === '' ? `${name}: ${states}` : `${name}${because}`;
  };
  return line().slice(0, longest);
}

/** What began or ended; undefined for the clock, of which its changes tell. */
export const findingWords = ({ code }: Finding, text: string, ended: boolean): string | undefined =>
  code === 'clock_unsynchronised' ? undefined : `${ended ? 'mended' : 'problem'}: ${beginning(text)}`;
