import { type Html, html } from './html.ts';
import type { ClockStatus, LinkStatus, StatusSnapshot } from './snapshot.ts';
import { style } from './style.ts';
import { bytes, nanoseconds, timeSpan, utc } from './words.ts';

type Tone = 'good' | 'warn' | 'bad';

/** Shape beside colour and word, for those who do not see one of them. */
const shapes: Readonly<Record<Tone, string>> = { good: '●', warn: '▲', bad: '■' };

const state = (tone: Tone, sentence: string): Html =>
  html`<p class="state ${tone}"><span aria-hidden="true">${shapes[tone]}</span> ${sentence}</p>`;

type Row = readonly [string, string | number | undefined];

/** A definition list of what is known. */
const facts = (rows: readonly Row[]): Html => {
  const there = rows.filter(([, value]) => value !== undefined);
  return there.length === 0
    ? html``
    : html`<dl>${there.map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>`;
};

const note = (text: string | undefined): Html =>
  text === undefined ? html`` : html`<p class="note">${text}</p>`;

/** A box with a title, unless there is nothing to put in it. */
const section = (title: string, ...content: readonly Html[]): Html =>
  content.every((part) => part.html === '') ? html`` : html`<section><h2>${title}</h2>${content}</section>`;

/** A table whose first column names the row. */
const table = (head: readonly string[], rows: readonly (readonly (string | undefined)[])[]): Html =>
  rows.length === 0
    ? html``
    : html`<div class="scroll"><table><tr>${head.map((cell) => html`<th scope="col">${cell}</th>`)}</tr>${rows.map(
        (row) => html`<tr>${row.map((cell) => html`<td>${cell ?? '–'}</td>`)}</tr>`,
      )}</table></div>`;

const perhaps = <T>(value: T | undefined, words: (value: T) => string): string | undefined =>
  value === undefined ? undefined : words(value);

const sourceNames = { ptp: 'PTP', ntp: 'NTP', unsynced: 'nothing' } as const;
const qualityTones = { locked: 'good', tracking: 'warn', acquiring: 'warn', freerun: 'bad' } as const;

/** The clock in one sentence. */
function clockSentence(clock: ClockStatus, at_ms: number): string {
  const since = timeSpan((at_ms - clock.since_ms) / 1000);
  const bound =
    clock.error_bound_ns === undefined
      ? 'error not bounded'
      : `error below ${nanoseconds(clock.error_bound_ns)}`;
  if (clock.holdover) {
    const lost = timeSpan((at_ms - clock.holdover.since_ms) / 1000);
    return `Holdover: ${sourceNames[clock.holdover.source]} was lost ${lost} ago, ${bound}`;
  }
  switch (clock.quality) {
    case 'locked':
      return `Locked to ${sourceNames[clock.source]} for ${since}, ${bound}`;
    case 'tracking':
      return `Following ${sourceNames[clock.source]} for ${since}, ${bound}`;
    case 'acquiring':
      return `Getting the time from ${sourceNames[clock.source]} for ${since}`;
    case 'freerun':
      return `Not synchronised for ${since}`;
  }
}

const clockSection = (clock: ClockStatus | undefined, at_ms: number): Html =>
  clock === undefined
    ? section('Clock', state('warn', 'Not known yet'))
    : section(
        'Clock',
        state(qualityTones[clock.quality], clockSentence(clock, at_ms)),
        facts([
          ['Offset', perhaps(clock.offset_ns, nanoseconds)],
          ['Error bound', perhaps(clock.error_bound_ns, nanoseconds)],
          ['Against the grandmaster', perhaps(clock.error_rel_ns, nanoseconds)],
        ]),
        note(clock.evidence),
        note(clock.reasons.join(', ').replaceAll('_', ' ')),
      );

/** The way to the hub in one sentence, with how good that is. */
function linkState(link: LinkStatus, at_ms: number): readonly [Tone, string] {
  const since = timeSpan((at_ms - link.since_ms) / 1000);
  const hubSince = perhaps(link.hub_since_ms, (ms) => ` for ${timeSpan((at_ms - ms) / 1000)}`) ?? '';
  if (!link.connected) return ['bad', `No local server for ${since}`];
  if (link.hub_up === undefined) return ['warn', `Local server for ${since}, hub not known`];
  return link.hub_up ? ['good', `Hub reached${hubSince}`] : ['bad', `Hub not reached${hubSince}`];
}

const linkSection = ({ link, spool, at_ms }: StatusSnapshot): Html =>
  section(
    'Link',
    state(...linkState(link, at_ms)),
    facts([
      ['Round trip to the hub', perhaps(link.hub_rtt_us, (us) => nanoseconds(us * 1000))],
      ['Server', [link.server, link.server_version].filter(Boolean).join(' ') || undefined],
      ['Waiting for the hub', perhaps(spool, (s) => `${s.records} records, ${bytes(s.bytes)}`)],
      ['Oldest of them', perhaps(spool?.oldest_age_s, timeSpan)],
      ['Stored, dropped', perhaps(spool, (s) => `${s.stored}, ${s.dropped}`)],
    ]),
    note(perhaps(link.last_error, (text) => `Last error: ${text}`)),
  );

const timeSection = ({ ptp, ntp }: StatusSnapshot): Html =>
  section(
    'Time sources',
    facts([
      [
        'PTP',
        perhaps(ptp, (p) =>
          p.seen === 'fresh'
            ? p.ports.map((port) => port.portState).join(', ') || 'no port'
            : `${p.seen}: ${p.why ?? 'no reason known'}`,
        ),
      ],
      ['Grandmaster', ptp?.gmIdentity],
      ['Offset', perhaps(ptp?.master_offset_ns, nanoseconds)],
      ['Path delay', perhaps(ptp?.meanPathDelay_ns, nanoseconds)],
      [
        'NTP',
        perhaps(ntp, (n) =>
          n.seen === 'fresh'
            ? (n.selected ?? 'no source selected')
            : `${n.seen}: ${n.why ?? 'no reason known'}`,
        ),
      ],
      ['Stratum', ntp?.stratum],
    ]),
    table(
      ['Source', 'State', 'Offset'],
      (ntp?.sources ?? []).map((s) => [
        s.name,
        s.state.replaceAll('_', ' '),
        perhaps(s.offset_ns, nanoseconds),
      ]),
    ),
  );

const rttSection = ({ rtt }: StatusSnapshot): Html => {
  const time = (us: number | undefined): string | undefined =>
    perhaps(us, (value) => nanoseconds(value * 1000));
  return section(
    'Round trips',
    table(
      ['To', 'Median', '99 %', 'Loss'],
      rtt.map((w) => [
        w.to,
        time(w.p50_us),
        time(w.p99_us),
        perhaps(w.loss, (loss) => `${Math.round(loss * 1000) / 10} %`),
      ]),
    ),
  );
};

const unitSection = ({ system, self, version, uptime_s, certificates }: StatusSnapshot): Html =>
  section(
    'Unit',
    facts([
      ['Board', system?.board?.model ?? system?.board?.name],
      ['Firmware', perhaps(system?.firmware, (f) => [f.name, f.version].filter(Boolean).join(' '))],
      ['Up', perhaps(system?.uptime_s, timeSpan)],
      ['Load', perhaps(system?.load, (load) => load.map((value) => value.toFixed(2)).join(' '))],
      ['Processor', perhaps(system?.cpu_percent, (percent) => `${percent} %`)],
      [
        'Memory free',
        perhaps(system?.memory, (m) => `${bytes(m.available_bytes)} of ${bytes(m.total_bytes)}`),
      ],
      ...(system?.temperatures ?? []).map((t): Row => [t.sensor, `${t.celsius.toFixed(1)} °C`]),
      ...(system?.storage ?? []).map(
        (s): Row => [`Free in ${s.path}`, `${bytes(s.available_bytes)} of ${bytes(s.total_bytes)}`],
      ),
      ...certificates.map((c): Row => [c.file, 'error' in c ? c.error : `${c.days_left} days left`]),
      ['Agent', `${version}, up ${timeSpan(uptime_s)}`],
      ['Its memory', perhaps(self, (s) => bytes(s.rss_bytes))],
      ['Its share of a core', perhaps(self?.cpu_percent, (percent) => `${percent} %`)],
    ]),
  );

const problemSection = (problems: readonly string[]): Html =>
  problems.length === 0
    ? html``
    : html`<section class="wide"><h2>Problems</h2><ul>${problems.map((text) => html`<li>${text}</li>`)}</ul></section>`;

const statusTones = { healthy: 'good', degraded: 'warn', critical: 'bad' } as const;

/** The state of the unit as one HTML page that needs nothing else: no script, no font, no further request. */
export function renderPage(snapshot: StatusSnapshot): string {
  const { unit, status, at_ms, problems } = snapshot;
  const tone = statusTones[status];
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<meta http-equiv="refresh" content="10"><title>${unit}: ${status}</title><style>${{ html: style }}</style></head>
<body><main><header><h1><span class="${tone}"><span aria-hidden="true">${shapes[tone]}</span> ${status}</span> ${unit}</h1>
<p>as of ${utc(at_ms)} by the clock of the unit</p></header>
${problemSection(problems)}
${clockSection(snapshot.clock, at_ms)}
${linkSection(snapshot)}
${timeSection(snapshot)}
${rttSection(snapshot)}
${unitSection(snapshot)}
<footer>nunect ${snapshot.version} · <a href="/status.json">status.json</a></footer>
</main></body></html>
`.html;
}
