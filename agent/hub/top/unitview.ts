// One unit in full, and what the keys do: the other two things that the terminal can show.

import { wrap } from '../../cli/terminal.ts';
import { formatShortSpan, visible } from '../../lib/format.ts';
import type { Unit } from '../fleet/row/rowview.ts';
import { boundWords, clockWords, problemsOf, rtt_us, stateCells } from './columns.ts';

const label = 10;

type Row = readonly [string, string | undefined];

const ifKnown = <T>(value: T | undefined, words: (value: T) => string): string | undefined =>
  value === undefined ? undefined : words(value);

const milli = (us: number): string => `${(us / 1000).toFixed(2)} ms`;

/** All that is known of a unit, at most so wide. */
export function unitLines(unit: Unit, width: number): string[] {
  const { clock } = unit;
  const rows: readonly Row[] = [
    ['state', stateCells[unit.state]],
    ['heard', `${formatShortSpan(unit.age_s)} ago`],
    ['tenant', unit.tenant],
    ['version', unit.version],
    ['up', ifKnown(unit.uptime_s, formatShortSpan)],
    ['restarts', unit.restarts === 0 ? undefined : String(unit.restarts)],
    ['clock', clockWords(unit) || undefined],
    ['bound', boundWords(clock) || undefined],
    ['reason', unit.clock_reason?.replaceAll('_', ' ')],
    ['hub', ifKnown(unit.hub_up, (up) => (up ? 'joined' : 'not joined'))],
    ['round trip', ifKnown(rtt_us(unit), milli)],
    ['backlog', ifKnown(unit.backlog, (count) => `${count} records wait`)],
  ];
  const shown = rows.flatMap(([name, text]) =>
    text === undefined ? [] : wrap(`${name.padEnd(label)} ${text}`, 0, label + 1, width).split('\n'),
  );
  const problems = problemsOf(unit).flatMap((text) => ['', ...wrap(text, 0, 0, width).split('\n')]);
  return [visible(unit.unit).slice(0, width), '', ...shown, ...problems, '', 'Esc: back'];
}

/** What the keys do. */
export const keyLines: readonly string[] = [
  'q          quit',
  's          sort by the next column',
  '↑ ↓        choose a unit',
  'Enter      show all of the unit that is chosen',
  'space      the next page',
  'Esc        back to the table',
  '?          show this',
];
