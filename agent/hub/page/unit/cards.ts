// The cards below the curves: ask, certificates, versions and device, forget. Pure.
import { prettyBytes, prettyMoment, prettyNs, prettySpan } from '../../../lib/format.ts';
import { type Html, html } from '../../../web/html.ts';
import { perhaps, type Row } from '../../../web/pieces.ts';
import { type FleetUnit, hasEnded } from '../../fleet/model.ts';
import { counted, stateMark, unitPath } from '../look/marks.ts';
import { isSilent, type UnitPageData } from './data.ts';

/** Names and values; what is not known is left out. */
const factList = (rows: readonly Row[]): Html => {
  const there = rows.filter(([, value]) => value !== undefined && value !== '');
  return there.length === 0
    ? html``
    : html`<dl class="facts">${there.map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>`;
};

const us = (value: number): string => prettyNs(value * 1000);
const signed = (value_us: number): string => `${value_us < 0 ? '−' : '+'} ${us(Math.abs(value_us))}`;

type Asked = NonNullable<UnitPageData['asked']>['summary'];

function answerRows({ asked, answered, ...told }: Asked): Row[] {
  const { rtt_us, offset_us, path_us, forward_us, back_us, one_way_error_us, source, quality } = told;
  return [
    ['Answered', `${answered} of ${asked}`],
    ['Round trip', rtt_us && `${us(rtt_us.min)}, median ${us(rtt_us.median)}, most ${us(rtt_us.max)}`],
    [
      'One way, to it / back',
      forward_us !== undefined && back_us !== undefined && one_way_error_us !== undefined
        ? `${us(forward_us)} / ${us(back_us)} ± ${us(one_way_error_us)}`
        : told.clocks_contradict
          ? 'not possible by both clocks: one is farther off than it claims'
          : undefined,
    ],
    [
      "Its clock against the hub's",
      offset_us !== undefined && path_us !== undefined ? `${signed(offset_us)} ± ${us(path_us)}` : undefined,
    ],
    ['Its clock, as it says', [source, quality].filter(Boolean).join(' ') || undefined],
  ];
}

/** What it answers now. */
export function askCard({ unit, asked, at_ms }: UnitPageData): Html {
  const age =
    asked &&
    `${asked.summary.answered === 0 ? 'asked' : 'answer of'} ${prettySpan((at_ms - asked.at_ms) / 1000)} ago`;
  const found =
    asked === undefined
      ? html`<p class="sub">Round trip, both ways and its clock, measured when you ask.</p>`
      : asked.summary.answered === 0
        ? html`<p>${`No answer that can be used to ${counted(asked.summary.asked, 'question')}.`}</p>`
        : factList(answerRows(asked.summary));
  const cost = isSilent(unit)
    ? 'It is silent: this takes up to 12 s.'
    : 'A few small requests, about 4 KB on its link.';
  return html`<section class="card" id="ask"><div class="row"><h3>Ask it now</h3><span class="sub">${age}</span></div>${found}<form class="fix" method="post" action="${unitPath(unit.unit)}/ask"><button class="p">Ask now</button><span class="sub">${cost}</span></form></section>`;
}

const days = (left: number): string =>
  left < 0
    ? `ended ${prettySpan(-left * 86_400)} ago`
    : left < 0.1
      ? 'a few hours left'
      : left < 2
        ? `${prettySpan(left * 86_400)} left`
        : `${Math.floor(left)} d left`;
const dueState = (left: number): 'critical' | 'degraded' | 'healthy' =>
  left <= 0 ? 'critical' : left < 14 ? 'degraded' : 'healthy';

function dueRow(what: string, left: number, about: string): Html {
  const state = dueState(left);
  return html`<tr><th scope="row" class="w">${what}</th><td class="m hs">${about}</td><td class="n">${stateMark(state, days(left))}</td></tr>`;
}

const enrolmentWords = ({ enrolment }: FleetUnit, at_ms: number): string | undefined => {
  if (enrolment === undefined) return undefined;
  const { state, bound_ms } = enrolment;
  const words = {
    bound: 'Let in',
    invited: 'Invited',
    revoked: 'Revoked; let in',
    forgotten: 'Forgotten; let in',
  };
  return `${words[state]} ${prettyMoment(bound_ms, at_ms)}.`;
};

/** Certificates, and the login by which the hub lets it in. */
export function certificatesCard({ unit, at_ms }: UnitPageData): Html {
  const { expires, enrolment } = unit;
  const left = enrolment && (enrolment.until_ms - at_ms) / 86_400_000;
  const rows = [
    ...expires.map((one) =>
      dueRow(one.what, hasEnded(one) ? one.days_left : Math.max(one.days_left, 0.01), 'as the unit told'),
    ),
    ...(left === undefined || enrolment?.state !== 'bound' ? [] : [dueRow('login', left, 'by the hub')]),
  ];
  const list =
    rows.length === 0
      ? html`<p class="sub">${isSilent(unit) ? 'Not known: nothing of it has come since this page began to look.' : 'No record that has come here names any.'}</p>`
      : html`<table aria-label="Certificates and login"><thead class="hide"><tr><th scope="col">what</th><th scope="col" class="hs">known from</th><th scope="col">time left</th></tr></thead><tbody>${rows}</tbody></table>`;
  const isRenewing = enrolment?.state === 'bound' && !isSilent(unit);
  return html`<section class="card" id="certificates"><h3>Certificates and login</h3>${list}${isRenewing ? html`<p class="sub">The unit renews its login by itself.</p>` : html``}</section>`;
}

function deviceRows({ history, at_ms }: UnitPageData): Row[] {
  const { device } = history ?? {};
  if (device === undefined) return [];
  const { board, firmware, uptime_s, cores, memory_total_bytes, load, memory_free_bytes, celsius } = device;
  const hardware = [
    board,
    perhaps(cores, (number) => counted(number, 'core')),
    perhaps(memory_total_bytes, prettyBytes),
  ];
  const now = [
    perhaps(load, (value) => value.toFixed(2)),
    perhaps(memory_free_bytes, (bytes) => `${prettyBytes(bytes)} free`),
    perhaps(celsius, (value) => `${Math.round(value)} °C`),
  ];
  const join = (parts: readonly (string | undefined)[]): string => parts.filter(Boolean).join(' · ');
  return [
    ['System', join([firmware, perhaps(uptime_s, (s) => `up ${prettySpan(s)}`)])],
    ['Hardware', join(hardware)],
    ['Load, memory, heat', join(now)],
    ['As of', prettyMoment(device.at_ms, at_ms)],
  ];
}

/** Versions and device. */
export function deviceCard(data: UnitPageData): Html {
  const { unit, leaf, at_ms } = data;
  const rows: Row[] = [
    ['nunect', unit.version],
    ['Agent up', perhaps(isSilent(unit) ? undefined : unit.uptime_s, prettySpan)],
    ['Restarts of its agent', unit.restarts === 0 ? undefined : `${unit.restarts} since this page looks`],
    ...deviceRows(data),
    ['Address', leaf?.address],
    ['Interval', perhaps(unit.interval_s, (s) => `a record each ${prettySpan(s)}`)],
    ['Admission', enrolmentWords(unit, at_ms)],
  ];
  const there = rows.some(([, value]) => value !== undefined && value !== '');
  return html`<section class="card" id="device"><h3>Versions and device</h3>${there ? factList(rows) : html`<p class="sub">Nothing is known of it.</p>`}</section>`;
}

/** One that was never heard is on no roster: its token is what lets it in. */
export const withdrawWords: Html = html`<p>It was never heard, and there is nothing to forget: withdraw its token. On the hub: <code>nunect-hub token --list</code> names it, <code>nunect-hub token --withdraw ID</code> does it.</p>`;

/** The way to take it off the roster. */
export function forgetCard({ unit, canForget }: UnitPageData): Html {
  const { enrolment } = unit;
  if (enrolment?.state === 'invited')
    return html`<section class="card" id="forget"><h3>Not needed any more?</h3>${withdrawWords}</section>`;
  if (!canForget) return html``;
  const login = enrolment?.state === 'bound' ? ' and revokes its login' : '';
  return html`<section class="card" id="forget"><h3>Not needed any more?</h3><p class="sub">Forgetting it takes it off the roster${login}. Its records stay.</p><p class="fix"><a class="button" href="${unitPath(unit.unit)}/forget">Forget ${unit.unit}…</a></p></section>`;
}
