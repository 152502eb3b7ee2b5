// What stands on top: how the unit is, and what to do about it.
import type { Finding } from '../../health/finding.ts';
import { commandSteps, prettyNs, prettyText } from '../../lib/format.ts';
import { type Html, html } from '../../web/html.ts';
import { nothing, type Tone, toned } from '../../web/pieces.ts';
import type { StatusSnapshot } from '../snapshot.ts';
import { boundOf } from './clockwords.ts';

/** How good each state of a unit is. */
export const healthTones = {
  healthy: 'good',
  degraded: 'warn',
  critical: 'bad',
  not_set_up: 'mild',
} as const satisfies Record<StatusSnapshot['status'], Tone>;
const weightTones = { critical: 'bad', degraded: 'warn', setup: 'mild', note: 'mild' } as const;

const capital = (text: string): string => text.slice(0, 1).toUpperCase() + text.slice(1);

const remarkWords = (remark: string): string => remark.replace(/^at the hub/, 'at the hub, not here');

function fixOf(remedy: string): Html {
  const { steps, remark } = commandSteps(remedy);
  const words = remark === undefined ? html`` : html`<span class="sub">${remarkWords(remark)}</span>`;
  return html`<div class="fix"><code>${steps.join('\n')}</code><button type="button" class="copy">Copy</button>${words}</div>`;
}

/** All of them as far as the first colon, and what comes behind it. */
function partsOf(text: string): readonly [string, string | undefined] {
  const at = text.indexOf(': ');
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 2)];
}

function first({ weight, text, remedy }: Finding): Html {
  const [head, rest] = partsOf(prettyText(text));
  const more = rest === undefined ? html`` : html`<p>${capital(rest)}</p>`;
  return html`<section id="verdict" class="card verdict ${weightTones[weight]}"><div role="status"><h2>${toned(weightTones[weight], capital(head))}</h2></div>${more}${fixOf(remedy)}</section>`;
}

const other = ({ weight, text, remedy }: Finding): Html =>
  html`<li class="card also ${weightTones[weight]}"><p>${toned(weightTones[weight], weight)} ${prettyText(text)}</p>${fixOf(remedy)}</li>`;

/** What a unit of which nothing is wrong has to show for it. */
function goodWords({ clock, link, spool }: StatusSnapshot): string {
  const bound = clock && boundOf(clock);
  return [
    bound === undefined ? undefined : `clock within ${prettyNs(bound.ns)} of ${bound.of}`,
    link.hub_up === true ? 'hub joined' : undefined,
    spool === undefined
      ? undefined
      : spool.records === 0
        ? 'nothing waits'
        : `${spool.records} records on their way`,
  ]
    .filter(Boolean)
    .join(', ');
}

function allIsWell(snapshot: StatusSnapshot, hidden: number): Html {
  const words = goodWords(snapshot);
  const notes = snapshot.troubles.length + hidden;
  const title =
    notes === 0 ? 'Everything works' : `It works, with ${notes === 1 ? 'a note' : `${notes} notes`}`;
  const more = words === '' ? html`` : html`<p>${capital(words)}.</p>`;
  return html`<section id="verdict" class="card verdict good"><div role="status"><h2>${toned('good', title)}</h2></div>${more}</section>`;
}

/** The verdict with its remedy, and what else is found, the gravest first; `hidden` more are found than there is room for. */
export function verdictSection(snapshot: StatusSnapshot, hidden: number): Html {
  const { troubles, status } = snapshot;
  const [gravest, ...rest] = troubles;
  const isWell = status === 'healthy' || gravest === undefined;
  const others = isWell ? troubles : rest;
  const more = hidden === 0 ? html`` : html`<li class="note">${hidden} more: <code>nunect status</code></li>`;
  const list =
    others.length === 0
      ? nothing
      : html`<ul id="findings" aria-label="What else is found">${others.map(other)}${more}</ul>`;
  return html`${isWell ? allIsWell(snapshot, hidden) : first(gravest)}${list}`;
}
