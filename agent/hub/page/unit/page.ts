// The page of one unit, the page that asks whether it is to be forgotten, and that of one that is not known. Pure.
import { prettyBytes, prettySpan } from '../../../lib/format.ts';
import { type Html, html } from '../../../web/html.ts';
import type { HubPage } from '../look/frame.ts';
import { capital, counted, placeOf, stateMark, unitPath } from '../look/marks.ts';
import { askCard, certificatesCard, deviceCard, forgetCard, withdrawWords } from './cards.ts';
import { changesCard } from './changes.ts';
import { dayCurves } from './curves.ts';
import { isSilent, shownId, type UnitPageData } from './data.ts';
import { unitStyle } from './style.ts';
import { figuresNow, unitTiles } from './tiles.ts';
import { headline, toneOfUnit, unitVerdict } from './verdict.ts';

const heardWords = ({ unit }: UnitPageData): string =>
  unit.age_s === undefined ? 'never heard' : `heard ${prettySpan(unit.age_s)} ago`;

/** How much of the day is read, and what that has cost. */
function readWords({ history }: UnitPageData): string[] {
  if (history === undefined) return [];
  const { unread, cost, trouble, step_ms, isLarge } = history;
  return [
    ...(trouble === undefined ? [] : [`The day is not all here: ${trouble}`]),
    ...(unread === 0 || trouble !== undefined
      ? []
      : [`${counted(unread, 'moment')} of the day are still to be read.`]),
    ...(isLarge ? ['Records that waited are not searched for: the stream is too large.'] : []),
    `A look each ${prettySpan(step_ms / 1000)} in the hub's stream: ${counted(cost.requests, 'request')}, ${prettyBytes(cost.bytes)}. The unit was asked nothing.`,
  ];
}

function dayCard(data: UnitPageData): Html {
  const { history, unit, dots = [] } = data;
  if (history === undefined)
    return html`<section class="card" id="day"><h3>The last 24 h</h3><p class="sub">Being read of the hub's stream.</p></section>`;
  if (history.moments.length === 0) {
    const words =
      history.trouble ??
      `The hub's stream has no record of it at the moments that are looked at, each ${prettySpan(history.step_ms / 1000)}: of a unit that has just come the first is still to come.`;
    return html`<section class="card" id="day"><h3>The last 24 h</h3><p class="sub">${words}</p></section>`;
  }
  const { clock } = unit;
  const isUsual = clock !== undefined && clock.limit_is_set !== true;
  const limit = { ns: clock?.limit_ns ?? data.limit_ns, words: isUsual ? 'the usual limit' : 'its limit' };
  const notes = readWords(data).map((text) => html`<span>${text} </span>`);
  return html`<section class="card" id="day">${dayCurves(history, dots, limit, figuresNow(unit))}<p class="sub">${notes}</p></section>`;
}

/** The page of a unit. */
export function unitPage(data: UnitPageData): HubPage {
  const { unit } = data;
  const { firmware } = data.history?.device ?? {};
  const left = html`<div class="col">${changesCard(data)}${forgetCard(data)}</div>`;
  const right = html`<div class="col">${askCard(data)}${certificatesCard(data)}${deviceCard(data)}</div>`;
  return {
    title: `${unit.unit}: ${headline(data)}`,
    tone: toneOfUnit(unit),
    view: 'fleet',
    about: [placeOf(unit), firmware, heardWords(data)].filter(Boolean).join(' · '),
    here: unitPath(unit.unit),
    style: unitStyle,
    heading: unit.unit,
    main: html`${unitVerdict(data)}${unitTiles(data)}${dayCard(data)}<div class="two">${left}${right}</div>`,
    links: html`<a href="${unitPath(unit.unit)}.json">This unit as JSON</a>`,
  };
}

const isOff = 'It is taken off the roster, and nobody is alerted of it any more.';

/** What is known of a page that may be asked to forget a unit. */
interface Forgetting extends Pick<UnitPageData, 'unit' | 'canForget'> {
  /** Why the keys are not here by which logins are revoked. */
  readonly lackingKeys?: string | undefined;
}

/** What forgetting does, by what the hub knows of its login; of that a page of another machine knows only what it is told. */
function forgettingWords({ unit, canForget, lackingKeys }: Forgetting, isHeard: boolean): readonly string[] {
  const isBack = `It is taken off the roster, and is back there ${isHeard ? 'with its next record: it is heard now' : 'if it is heard again'}.`;
  switch (unit.enrolment?.state) {
    case 'bound':
      return lackingKeys === undefined
        ? [isOff, 'Its login is revoked: the hub lets it in no more, until somebody lets it in anew.']
        : [
            isOff,
            `It gets no new login; the present one holds until its end, for the keys of the hub are not here (${lackingKeys}). Where they are, nunect-hub revoke ends it.`,
          ];
    case 'revoked':
      return [isOff, 'Its login is revoked already; its id is free for another device then.'];
    case 'forgotten':
      return [
        isBack,
        'It was forgotten before: what it logs in with ends by nunect-hub revoke where the keys of the hub are.',
      ];
    default:
      return canForget
        ? [
            isBack,
            'Nothing shuts it out: the hub knows no login of its own that could be revoked, and that by which it comes stays valid.',
          ]
        : ['It is taken off the roster; whether it has a login that is revoked cannot be seen from here.'];
  }
}

/** The way to do it, by somebody who may. */
function forgetForm({ unit, canForget }: Forgetting): Html {
  const path = unitPath(unit.unit);
  if (unit.enrolment?.state === 'invited') return withdrawWords;
  return canForget
    ? html`<form class="fix" method="post" action="${path}/forget"><button class="p">Forget ${unit.unit}</button><a href="${path}">Keep it</a></form>`
    : html`<p>This page may not write to the hub. On the hub: <code>nunect-hub forget ${unit.unit}</code></p>`;
}

/** Asks whether it is to be forgotten, and says what that does. */
export function forgetPage(data: Forgetting): HubPage {
  const { unit } = data;
  const path = unitPath(unit.unit);
  const isHeard = !isSilent(unit);
  const isLost = isHeard && unit.enrolment?.state === 'bound';
  const isInvited = unit.enrolment?.state === 'invited';
  const what = isInvited
    ? []
    : [...forgettingWords(data, isHeard), 'Its records stay until the stream drops them for their age.'];
  return {
    title: `Forget ${unit.unit}?`,
    tone: isLost ? 'bad' : 'warn',
    view: 'fleet',
    about: placeOf(unit),
    here: `${path}/forget`,
    style: unitStyle,
    heading: unit.unit,
    main: html`<section class="card verdict ${isLost ? 'bad' : 'warn'}"><p class="state">${stateMark(unit.state)}</p><h2>Forget ${unit.unit}?</h2>${isLost ? html`<p><b>It is heard now, and would lose the hub.</b></p>` : html``}<ul>${what.map((text) => html`<li>${text}</li>`)}</ul>${forgetForm(data)}</section>`,
  };
}

/** What came of forgetting it, where that is not simply done. */
export const notForgottenPage = (
  unit: string,
  { state, why }: { readonly state: 'open' | 'refused'; readonly why: string },
): HubPage => ({
  title: `${unit}: ${state === 'open' ? 'forgotten, and not shut out yet' : 'not forgotten'}`,
  tone: 'bad',
  view: 'fleet',
  about: '',
  here: `${unitPath(unit)}/forget`,
  style: unitStyle,
  heading: unit,
  main: html`<section class="card verdict bad"><h2>${state === 'open' ? 'It is off the roster, and not shut out yet' : 'It is not forgotten'}</h2><p>${capital(why)}.</p>${state === 'open' ? html`<p>It gets no new login; the present one holds until its end. Where the keys of the hub are, this ends it:</p><div class="fix"><code>nunect-hub revoke</code><button type="button" class="copy">Copy</button></div>` : html``}<p><a href="/">The fleet</a></p></section>`,
});

/** There is no such unit; `asked` is what somebody typed. */
export const unknownUnitPage = (asked: string): HubPage => ({
  title: 'No such unit',
  tone: 'mild',
  view: 'fleet',
  about: '',
  here: unitPath(asked),
  style: unitStyle,
  heading: 'No such unit',
  main: html`<section class="card verdict mild"><h2>${shownId(asked)} is not known here</h2><p>No unit of that name has joined this hub, or it was forgotten. Names are told apart by capitals.</p><p><a href="/?q=${encodeURIComponent(shownId(asked))}">Search the fleet for it</a></p></section>`,
});
