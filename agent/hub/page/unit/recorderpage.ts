// The flight recorder around a change, second by second. Pure.
import { formatUtc, prettyBytes, prettyNs } from '../../../lib/format.ts';
import type { ParseResult } from '../../../lib/parse.ts';
import { type Html, html } from '../../../web/html.ts';
import type { FleetUnit } from '../../fleet/model.ts';
import type { HubPage } from '../look/frame.ts';
import { counted, placeOf, unitPath } from '../look/marks.ts';
import { capital } from './data.ts';
import type { RecordedSecond, Recording } from './recorder.ts';
import { unitStyle } from './style.ts';

const width = 720;
const height = 120;
const tenth = (value: number): number => Math.round(value * 10) / 10;

/** The first line that is cut where a second has no value. */
function pathOf(
  seconds: readonly RecordedSecond[],
  x: (second: RecordedSecond) => number,
  y: (second: RecordedSecond) => number | undefined,
): string {
  let isDrawing = false;
  let path = '';
  for (const second of seconds) {
    const at = y(second);
    if (at !== undefined) path += `${isDrawing ? 'L' : 'M'}${tenth(x(second))} ${tenth(at)}`;
    isDrawing = at !== undefined;
  }
  return path;
}

/** The offset about zero, between the bounds that the clock claimed. */
function curve({ seconds, changes }: Recording): Html {
  const [first, last] = [seconds[0], seconds.at(-1)];
  const sizes = seconds.flatMap(({ offset_ns, error_bound_ns, error_rel_ns }) =>
    [offset_ns, error_bound_ns ?? error_rel_ns].flatMap((ns) => (ns === undefined ? [] : [Math.abs(ns)])),
  );
  if (first === undefined || last === undefined || sizes.length === 0)
    return html`<p class="sub">Neither offset nor bound was known in this time.</p>`;
  const scale = Math.max(...sizes, 1);
  const span = Math.max(1, last.mono_ms - first.mono_ms);
  const xOf = (mono_ms: number): number => Math.max(0, Math.min(1, (mono_ms - first.mono_ms) / span)) * width;
  const yOf = (ns: number): number => height / 2 - (ns / scale) * (height / 2 - 4);
  const x = ({ mono_ms }: RecordedSecond): number => xOf(mono_ms);
  const boundOf = ({ error_bound_ns, error_rel_ns }: RecordedSecond) => error_bound_ns ?? error_rel_ns;
  const bound = (sign: number) => (second: RecordedSecond) => {
    const ns = boundOf(second);
    return ns === undefined ? undefined : yOf(sign * ns);
  };
  const offset = ({ offset_ns }: RecordedSecond) => (offset_ns === undefined ? undefined : yOf(offset_ns));
  const marks = changes.map(({ mono_ms }) => `M${tenth(xOf(mono_ms))} 0v${height}`).join('');
  return html`<div class="row"><span class="key"><span><i class="f-ptp"></i>offset</span><span><i class="k-rel"></i>bound</span></span><span class="sub">± ${prettyNs(scale)} full scale</span></div><svg viewBox="0 0 ${width} ${height}" height="150" preserveAspectRatio="none" role="img" aria-label="Offset between its bounds, at most ${prettyNs(scale)}; ${counted(changes.length, 'change')} marked"><path class="zero" d="M0 ${height / 2}h${width}"/><path class="lim" d="${marks}"/><path class="ln rel" d="${pathOf(seconds, x, bound(1))}"/><path class="ln rel" d="${pathOf(seconds, x, bound(-1))}"/><path class="ln" d="${pathOf(seconds, x, offset)}"/></svg><div class="axis"><span>${timeOf(first)}</span><span>${timeOf(last)} by its own clock</span></div>`;
}

/** `14:02:11`, by the clock of the unit, whatever it showed. */
function timeOf({ wall_ms }: RecordedSecond): string {
  const date = new Date(wall_ms);
  return Number.isNaN(date.getTime()) ? '?' : date.toISOString().slice(11, 19);
}

const columns: readonly (readonly [string, (second: RecordedSecond) => string | undefined])[] = [
  ['source', ({ source, holdover }) => source && `${source}${holdover ? ' holdover' : ''}`],
  ['quality', ({ quality }) => quality],
  ['offset', ({ offset_ns }) => (offset_ns === undefined ? undefined : prettyNs(offset_ns))],
  ['bound', ({ error_bound_ns }) => (error_bound_ns === undefined ? undefined : prettyNs(error_bound_ns))],
  ['vs GM', ({ error_rel_ns }) => (error_rel_ns === undefined ? undefined : prettyNs(error_rel_ns))],
  ['PTP port', ({ port_state }) => port_state],
  ['NTP source', ({ ntp_source }) => ntp_source],
  ['its age', ({ ntp_last_rx_s }) => (ntp_last_rx_s === undefined ? undefined : `${ntp_last_rx_s} s`)],
  ['hub', ({ hub_up }) => (hub_up === undefined ? undefined : hub_up ? 'up' : 'down')],
  ['round trip', ({ hub_rtt_us }) => (hub_rtt_us === undefined ? undefined : prettyNs(hub_rtt_us * 1000))],
];

/** Each second with what was known of it; a column of which nothing was known is left out. */
function table({ seconds }: Recording): Html {
  const shown = columns.filter(([, words]) => seconds.some((second) => words(second) !== undefined));
  return html`<div class="scroll" role="group" aria-label="Each second" tabindex="0"><table><caption>Each second, by its own clock</caption><thead><tr><th scope="col">time</th>${shown.map(([name]) => html`<th scope="col">${name}</th>`)}</tr></thead><tbody>${seconds.map(
    (second) =>
      html`<tr><th scope="row" class="nw">${timeOf(second)}</th>${shown.map(([, words]) => html`<td class="nw">${words(second) ?? '–'}</td>`)}</tr>`,
  )}</tbody></table></div>`;
}

function recordingCard(recording: Recording): Html {
  const { changes, seconds, bytes, at_ms } = recording;
  const evidence = changes.flatMap((change) => change.evidence ?? []);
  return html`<section class="card"><h2>Around ${counted(changes.length, 'change')} of its clock</h2>${evidence.map((text) => html`<p>${capital(text)}</p>`)}${curve(recording)}<p class="sub">${counted(seconds.length, 'second')}, ${prettyBytes(bytes)} of the hub's stream, which got it ${formatUtc(at_ms)}. The unit sent it by itself, and was asked nothing.</p></section><section class="card">${table(recording)}</section>`;
}

/** What a unit has recorded around the change at that moment, Unix ms; or why that is not there. */
export function recorderPage(unit: FleetUnit, at_ms: number, found: ParseResult<Recording>): HubPage {
  const path = unitPath(unit.unit);
  const why = found.ok ? '' : found.why;
  const none = html`<section class="card verdict mild"><h2>No recording of ${formatUtc(at_ms)}</h2><p>${capital(why)}.</p><p>A unit records each second, and sends what was around a change of its clock: within a quarter of an hour, and not of each change where there are many.</p></section>`;
  return {
    title: `${unit.unit}: flight recorder`,
    tone: 'mild',
    view: 'fleet',
    about: [placeOf(unit), 'flight recorder'].filter(Boolean).join(' · '),
    here: `${path}/recorder?at=${Math.round(at_ms)}`,
    style: unitStyle,
    heading: unit.unit,
    main: html`${found.ok ? recordingCard(found.value) : none}`,
    links: html`<a href="${path}">Back to the unit</a>`,
  };
}
