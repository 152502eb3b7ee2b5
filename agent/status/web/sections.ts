import { prettyBytes, prettyNs, prettySpan, prettyText } from '../../lib/format.ts';
import { sinceWords } from './clocksection.ts';
import { type Html, html } from './html.ts';
import { facts, note, perhaps, type Row, section, type Tone, table, toned } from './pieces.ts';
import type { PtpStatus, RttStatus, Seen, SpoolStatus, StatusSnapshot } from './snapshot.ts';

const micro = (us: number | undefined): string | undefined => perhaps(us, (value) => prettyNs(value * 1000));
const percent = (value: number): string => `${value} %`;

/** The link to the hub in one sentence, with how good that is. */
function linkState(snapshot: StatusSnapshot): readonly [Tone, string] {
  const { link } = snapshot;
  const hubSince = perhaps(link.hub_since_ms, (ms) => ` ${sinceWords(ms, snapshot)}`) ?? '';
  if (!link.connected) return ['bad', `No local server ${sinceWords(link.since_ms, snapshot)}`];
  if (link.hub_up === undefined)
    return ['warn', `Local server ${sinceWords(link.since_ms, snapshot)}, hub not known`];
  return link.hub_up ? ['good', `Hub joined${hubSince}`] : ['bad', `Hub not joined${hubSince}`];
}

const minutes = (seconds: number): string =>
  seconds < 60 ? 'less than a minute' : `${Math.floor(seconds / 60)} min`;

/** What waits for the hub, in minutes. */
const backlog = ({ records, bytes: size, oldest_age_s, capacity_s }: SpoolStatus): string => {
  const waiting =
    records === 0 ? ['none'] : [`${records} records`, prettyBytes(size), perhaps(oldest_age_s, minutes)];
  return [waiting.filter(Boolean).join(', '), perhaps(capacity_s, (s) => `capacity ${minutes(s)}`)]
    .filter(Boolean)
    .join('; ');
};

const roundTrips = (rtt: readonly RttStatus[]): Html =>
  table(
    'Round trips',
    ['To', 'Median', 'p99', 'Loss'],
    rtt.map(({ to, p50_us, p99_us, loss }) => [
      to,
      micro(p50_us),
      micro(p99_us),
      perhaps(loss, (share) => percent(Math.round(share * 1000) / 10)),
    ]),
  );

/** The leaf link, what waits for it, and round trips over it. */
export const linkSection = (snapshot: StatusSnapshot): Html => {
  const { link, spool, rtt, at_ms } = snapshot;
  const ago = (ms: number): string => prettySpan((at_ms - ms) / 1000);
  return section(
    'link',
    'Leaf link',
    html`<p class="state">${toned(...linkState(snapshot))}</p>`,
    facts([
      ['Round trip to the hub', micro(link.hub_rtt_us)],
      [link.hub_up === false ? 'Down for' : 'Up for', perhaps(link.hub_since_ms, ago)],
      ['Waiting', perhaps(spool, backlog)],
      ['Stored by the hub', spool?.stored],
      ['Published without being stored', spool?.published || undefined],
      ['Dropped', spool?.dropped],
      ['Local server', [link.server, link.server_version].filter(Boolean).join(' ') || undefined],
    ]),
    note(perhaps(link.last_error, (text) => `Last error: ${text}`)),
    roundTrips(rtt),
  );
};

const whyNotFresh = ({ seen, why }: Seen): string | undefined =>
  seen === 'fresh'
    ? undefined
    : `${seen === 'stale' ? 'Stale data' : 'No data'}: ${why ?? 'no reason known'}`;

const ptpFacts = (ptp: PtpStatus, at_ms: number): Html =>
  facts([
    ['Grandmaster', ptp.gmIdentity],
    [
      'Last grandmaster',
      perhaps(
        ptp.lost_master,
        (lost) => `${lost.gmIdentity}, lost ${prettySpan((at_ms - lost.until_ms) / 1000)} ago`,
      ),
    ],
    ['Parent port', ptp.parentPortIdentity],
    ['Steps removed', ptp.stepsRemoved],
    ['Offset', perhaps(ptp.master_offset_ns, prettyNs)],
    ['Path delay', perhaps(ptp.meanPathDelay_ns, prettyNs)],
    ['Domain', ptp.domainNumber],
    ['Timestamping', ptp.timestamping?.toLowerCase()],
  ]);

/** Grandmaster, parent and ports, as ptp4l reports them. */
export const ptpSection = ({ ptp, at_ms }: StatusSnapshot): Html =>
  section(
    'ptp',
    'PTP',
    ...(ptp === undefined
      ? [note('Not monitored.')]
      : [
          note(whyNotFresh(ptp)),
          ptpFacts(ptp, at_ms),
          table(
            'Ports',
            ['Port', 'State'],
            ptp.ports.map(({ portIdentity, portState }) => [portIdentity, portState]),
          ),
        ]),
  );

/** The sources of chronyd. */
export const ntpSection = ({ ntp }: StatusSnapshot): Html =>
  section(
    'ntp',
    'NTP',
    ...(ntp === undefined
      ? [note('Not monitored.')]
      : [
          note(whyNotFresh(ntp)),
          facts([
            ['Source', ntp.selected ?? (ntp.seen === 'fresh' ? 'none selected' : undefined)],
            ['Stratum', ntp.stratum],
            ['Offset', perhaps(ntp.offset_ns, prettyNs)],
          ]),
          table(
            'Sources',
            ['Source', 'State', 'Reach', 'Offset'],
            ntp.sources.map(({ name, state, reach, offset_ns }) => [
              name,
              state.replaceAll('_', ' '),
              reach.toString(8).padStart(3, '0'),
              perhaps(offset_ns, prettyNs),
            ]),
          ),
        ]),
  );

/** The device, and what the agent costs it. */
export const unitSection = ({
  system,
  self,
  version,
  uptime_s,
  certificates,
  tenant,
}: StatusSnapshot): Html =>
  section(
    'unit',
    'Unit',
    facts([
      ['Tenant', tenant],
      ['Board', system?.board?.model ?? system?.board?.name],
      ['Firmware', perhaps(system?.firmware, (f) => [f.name, f.version].filter(Boolean).join(' '))],
      ['Up', perhaps(system?.uptime_s, prettySpan)],
      ...(system?.temperatures ?? []).map((t): Row => [t.sensor, `${t.celsius.toFixed(1)} °C`]),
      ['Load', perhaps(system?.load, (load) => load.map((value) => value.toFixed(2)).join(' '))],
      ['CPU', perhaps(system?.cpu_percent, percent)],
      [
        'Memory free',
        perhaps(system?.memory, (m) => `${prettyBytes(m.available_bytes)} of ${prettyBytes(m.total_bytes)}`),
      ],
      ...(system?.storage ?? []).map(
        (s): Row => [
          `Free in ${s.path}`,
          `${prettyBytes(s.available_bytes)} of ${prettyBytes(s.total_bytes)}`,
        ],
      ),
      ...certificates.map((c): Row => [c.file, 'error' in c ? c.error : `${c.days_left} days left`]),
      ['Agent', `${version}, up ${prettySpan(uptime_s)}`],
      ['Agent memory', perhaps(self, (s) => prettyBytes(s.rss_bytes))],
      ['Agent share of a core', perhaps(self?.cpu_percent, percent)],
    ]),
  );

const weightTones = { critical: 'bad', degraded: 'warn', setup: 'mild', note: 'mild' } as const;

/** What is wrong, the gravest first, each with the command that helps. */
export const problemSection = ({ troubles }: StatusSnapshot): Html =>
  section(
    'problems',
    'Problems',
    troubles.length === 0
      ? html`<p class="state">${toned('good', 'None')}</p>`
      : html`<ul>${troubles.map(
          ({ weight, text, remedy }) =>
            html`<li>${toned(weightTones[weight], weight)} ${prettyText(text)}<code>${remedy}</code></li>`,
        )}</ul>`,
  );
