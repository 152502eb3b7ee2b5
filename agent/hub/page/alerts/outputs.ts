// Who is told, whether that works, and what is watched. Pure.
import { prettySpan } from '../../../lib/format.ts';
import { type Html, html } from '../../../web/html.ts';
import { nothing, toned } from '../../../web/pieces.ts';
import { alertConditions, type Condition, ruleOf } from '../../alerts/alert.ts';
import type { AlertOptions } from '../../alerts/options.ts';
import type { AlertsView } from '../../alerts/view.ts';
import { type GridColumn, grid, rowId, stamp } from '../look/grid.ts';
import { count, stateMark } from '../look/marks.ts';
import { conditionWords } from './watched.ts';

/** What of the options may be shown: the webhook is a secret. */
export type ShownAlertOptions = Pick<AlertOptions, 'limits' | 'times' | 'heartbeat_s'>;

const names: ReadonlyMap<string, string> = new Map([['nats', 'subjects at the hub']]);

/** What an output is called. */
export const outputWords = (name: string): string => names.get(name) ?? name;

const columns: readonly GridColumn[] = [
  { head: 'State' },
  { head: 'Output', isName: true, set: 'w' },
  { head: 'Waiting', set: 'n' },
  { head: 'Dropped', set: 'n hs' },
  { head: 'Told last', set: 'n' },
];

/** A program is run for alerts alone: signs of life, by which the others are tried all the time, are not for it. */
function stateCell({ failing, last_ms, name }: AlertsView['outputs'][number]): Html {
  if (failing !== undefined) return stateMark('critical', 'fails');
  const isTried = last_ms !== undefined || name !== 'command';
  return isTried ? stateMark('healthy', 'works') : stateMark('invited', 'not used yet');
}

function failWords({ failing }: AlertsView['outputs'][number], at_ms: number): Html {
  if (failing === undefined) return html``;
  return html`<small class="b">${failing.why}, for ${prettySpan((at_ms - failing.since_ms) / 1000)}</small>`;
}

const row = (one: AlertsView['outputs'][number], at_ms: number) => ({
  id: rowId('o', one.name),
  cells: [
    stateCell(one),
    html`${outputWords(one.name)}${failWords(one, at_ms)}`,
    count(one.waiting),
    count(one.dropped),
    one.last_ms === undefined ? 'nothing yet' : stamp(one.last_ms, at_ms),
  ],
});

/** So many times its interval without a sign of life is too long. */
const lateFrom = 3;

/** The alerter has given no sign of life for too long. */
export const isBeatLate = ({ beat_ms }: AlertsView, heartbeat_s: number, at_ms: number): boolean =>
  beat_ms !== undefined && at_ms - beat_ms > lateFrom * heartbeat_s * 1000;

function beatPart(view: AlertsView, heartbeat_s: number, at_ms: number): Html {
  const { beat_ms } = view;
  if (beat_ms === undefined)
    return html`<p class="sub">No sign of life yet; one is due every ${prettySpan(heartbeat_s)}.</p>`;
  const ago = prettySpan((at_ms - beat_ms) / 1000);
  const words = `last sign of life ${ago} ago, one is due every ${prettySpan(heartbeat_s)}`;
  if (isBeatLate(view, heartbeat_s, at_ms)) return html`<p>${toned('warn', words)}</p>`;
  return html`<p class="sub">${toned('good', words)}</p>`;
}

/** Who is told. */
export function outputsSection(view: AlertsView, heartbeat_s: number, at_ms: number): Html {
  const { outputs } = view;
  const isHeardByFew = outputs.every(({ name }) => name === 'nats');
  const hint = isHeardByFew
    ? html`<p class="sub">No webhook and no command is set in page.json: only who listens at the hub is told.</p>`
    : nothing;
  const table =
    outputs.length === 0
      ? html`<p>${toned('warn', 'nobody is told')}</p>`
      : grid(
          'Who is told',
          columns,
          outputs.map((one) => row(one, at_ms)),
        );
  return html`<section class="card" id="outputs"><h3>Who is told</h3>${table}${hint}${beatPart(view, heartbeat_s, at_ms)}</section>`;
}

const watchedColumns: readonly GridColumn[] = [
  { head: 'What', isName: true, set: 'what' },
  { head: 'Severity' },
  { head: 'Told after', set: 'n' },
  { head: 'Over after', set: 'n' },
  { head: 'For Alertmanager', set: 'm hm' },
];

const spanWords = (ms: number): string => (ms === 0 ? 'at once' : prettySpan(ms / 1000));

/** What is watched, and how long each must hold. */
export function watchedSection(
  { limits, times }: ShownAlertOptions,
  unwatched: readonly Condition[] = [],
): Html {
  const rows = alertConditions.map((condition) => {
    const { severity, name } = ruleOf(condition);
    const { for_ms, keep_ms } = times.hold_ms(condition);
    const isOff = limits.off.has(condition);
    const isUnseen = unwatched.includes(condition) ? html` <small class="b">not seen here</small>` : nothing;
    return {
      id: rowId('w', condition),
      cells: [
        html`${conditionWords[condition]} <small>${condition}</small>`,
        isOff ? html`<span class="m">off</span>` : html`${severity}${isUnseen}`,
        isOff ? '–' : spanWords(for_ms),
        isOff ? '–' : spanWords(keep_ms),
        name,
      ],
    };
  });
  const { group_share, group_least } = times;
  const { certificate_days, login_days, stream_days, spool_percent, disk_percent } = limits;
  return html`<section class="card" id="watched"><h3>What is watched</h3>${grid('What is watched', watchedColumns, rows)}<p class="sub">Soon: certificates ${count(certificate_days)} days, logins ${count(login_days)} days, streams ${count(stream_days)} days before their end; memory of a unit from ${count(spool_percent)} %, room for streams from ${count(disk_percent)} %.</p><p class="sub">More than ${count(group_share * 100)} % of the units, and at least ${count(group_least)}, with the same trouble at once are one alert. What comes back before it was over long enough is the same alert.</p></section>`;
}
