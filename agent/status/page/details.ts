// What is folded away: each with a line that sums it up.
import type { LinkBytes } from '../../leaf/watch/linkbook.ts';
import { prettyBytes, prettyMoment, prettyNs, prettySpan, prettyText } from '../../lib/format.ts';
import { type Html, html } from '../../web/html.ts';
import { facts, fold, note, nothing, perhaps, type Row, table } from '../../web/pieces.ts';
import { hourWords, sumWords } from '../linkbytewords.ts';
import type { PtpStatus, Seen, StatusSnapshot } from '../snapshot.ts';
import { clockSentence, termWords } from './clockwords.ts';

const micro = (us: number | undefined): string | undefined => perhaps(us, (value) => prettyNs(value * 1000));
const percent = (value: number): string => `${value} %`;
const joined = (...parts: readonly (string | undefined | false)[]): string =>
  parts.filter((part) => part !== undefined && part !== false && part !== '').join(' · ');

/** The clock: the sentence, the evidence, and what the bound is made of. */
export function clockDetails(snapshot: StatusSnapshot): Html {
  const { clock } = snapshot;
  if (clock === undefined) return fold('judgment', 'Clock', 'not known yet');
  return fold(
    'judgment',
    'Clock',
    clockSentence(clock, snapshot),
    html`<p>${prettyText(clock.evidence)}</p>`,
    facts([
      ['Offset', perhaps(clock.offset_ns, prettyNs)],
      ['Within this of true time', perhaps(clock.error_bound_ns, prettyNs)],
      ['Within this of the grandmaster', perhaps(clock.error_rel_ns, prettyNs)],
      ['Made of', termWords(clock)],
      ['Reasons', clock.reasons.join(', ').replaceAll('_', ' ') || undefined],
    ]),
  );
}

function byteRows(bytes: LinkBytes | undefined, at_ms: number): Row[] {
  if (bytes === undefined) return [];
  const { hour, month, last_month } = bytes;
  return [
    [`Link, last ${hourWords(bytes, at_ms)}`, sumWords(hour)],
    [`Link, since ${prettyMoment(month.since_ms, at_ms)}`, sumWords(month)],
    ['Link, the month before', perhaps(last_month, sumWords)],
  ];
}

/** The leaf link and its server. */
export function linkDetails({ link, spool, at_ms }: StatusSnapshot): Html {
  const ago = (ms: number): string => prettySpan((at_ms - ms) / 1000);
  const server = [link.server, link.server_version].filter(Boolean).join(' ');
  return fold(
    'server',
    'Leaf',
    link.connected ? joined(server, `up ${ago(link.since_ms)}`) : `no local server for ${ago(link.since_ms)}`,
    facts([
      ['Round trip to the hub', micro(link.hub_rtt_us)],
      [link.hub_up === false ? 'Hub down for' : 'Hub joined for', perhaps(link.hub_since_ms, ago)],
      ['Changes of the link to the hub', link.hub_changes],
      ['Traffic to the hub', link.traffic],
      ...byteRows(link.bytes, at_ms),
      ['Records', spool?.state],
      ['Stored by the hub', spool?.stored],
      ['Published without being stored', spool?.published || undefined],
      ['Dropped', spool?.dropped],
      ['Room for', perhaps(spool?.capacity_s, prettySpan)],
    ]),
    note(perhaps(link.last_error, (text) => `Last error: ${text}`)),
  );
}

/** Who uses this leaf. */
export function clientDetails({ clients }: StatusSnapshot): Html {
  if (clients === undefined) return nothing;
  const rate = (per_s: number | undefined): string | undefined => perhaps(per_s, (value) => value.toFixed(1));
  return fold(
    'clients',
    'Apps on this leaf',
    clients.count === 0 ? 'none' : String(clients.count),
    table(
      'Apps on this leaf',
      ['App', 'User', 'msg/s in', 'msg/s out', 'Waiting'],
      clients.busiest.map((one) => [
        one.name ?? one.address,
        one.user,
        rate(one.in_msgs_per_s),
        rate(one.out_msgs_per_s),
        prettyBytes(one.pending_bytes),
      ]),
    ),
  );
}

/** Round trips over the leaf. */
export const tripDetails = ({ rtt }: StatusSnapshot): Html =>
  rtt.length === 0
    ? nothing
    : fold(
        'trips',
        'Round trips',
        joined(...rtt.slice(0, 3).map(({ to, p50_us }) => perhaps(micro(p50_us), (time) => `${to} ${time}`))),
        table(
          'Round trips',
          ['To', 'Median', 'p99', 'Loss'],
          rtt.map(({ to, p50_us, p99_us, loss }) => [
            to,
            micro(p50_us),
            micro(p99_us),
            perhaps(loss, (share) => percent(Math.round(share * 1000) / 10)),
          ]),
        ),
      );

const whyNotFresh = ({ seen, why }: Seen): string | undefined =>
  seen === 'fresh'
    ? undefined
    : `${seen === 'stale' ? 'Stale data' : 'No data'}: ${why ?? 'no reason known'}`;

/** Whom it followed last, while it follows nobody. */
const lostWords = ({ lost_master }: PtpStatus, at_ms: number): string | undefined =>
  perhaps(
    lost_master,
    (lost) => `${lost.gmIdentity}, lost ${prettySpan((at_ms - lost.until_ms) / 1000)} ago`,
  );

/** Grandmaster, parent and ports, as ptp4l reports them. */
export function ptpDetails({ ptp, at_ms }: StatusSnapshot): Html {
  if (ptp === undefined) return fold('ptp', 'PTP', 'not monitored');
  const lost = lostWords(ptp, at_ms);
  const ports = ptp.ports.map(({ portState }) => portState).join(', ');
  const line = joined(
    whyNotFresh(ptp) ?? (ports === '' ? undefined : `port ${ports}`),
    ptp.gmIdentity,
    perhaps(lost, (words) => `last grandmaster ${words}`),
  );
  return fold(
    'ptp',
    'PTP',
    line,
    facts([
      ['Grandmaster', ptp.gmIdentity],
      ['Last grandmaster', lost],
      ['Parent port', ptp.parentPortIdentity],
      ['Steps removed', ptp.stepsRemoved],
      ['Offset', perhaps(ptp.master_offset_ns, prettyNs)],
      ['Path delay', perhaps(ptp.meanPathDelay_ns, prettyNs)],
      ['Domain', ptp.domainNumber],
      ['Timestamping', ptp.timestamping?.toLowerCase()],
    ]),
    table(
      'Ports',
      ['Port', 'State'],
      ptp.ports.map(({ portIdentity, portState }) => [portIdentity, portState]),
    ),
  );
}

/** The sources of chronyd. */
export function ntpDetails({ ntp }: StatusSnapshot): Html {
  if (ntp === undefined) return fold('ntp', 'NTP', 'not monitored');
  const source = ntp.selected ?? (ntp.seen === 'fresh' ? 'none selected' : undefined);
  return fold(
    'ntp',
    'NTP',
    whyNotFresh(ntp) ??
      joined(
        source,
        perhaps(ntp.stratum, (stratum) => `stratum ${stratum}`),
      ),
    facts([
      ['Source', source],
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
  );
}

/** Certificates and credentials, by the days that they are valid for. */
export function certificateDetails({ certificates }: StatusSnapshot): Html {
  if (certificates.length === 0) return nothing;
  const rows = certificates.map(
    (one): Row => [one.file, 'error' in one ? one.error : `${one.days_left} days left`],
  );
  const [first] = rows;
  return fold(
    'certificates',
    'Certificates',
    first &&
      joined(`${first[0].replace(/^.*\//, '')} ${first[1]}`, rows.length > 1 && `${rows.length} in all`),
    facts(rows),
  );
}

/** The device, and what the agent costs it. */
export function deviceDetails({ system, self, version, uptime_s, tenant }: StatusSnapshot): Html {
  const free = perhaps(
    system?.memory,
    (m) => `${prettyBytes(m.available_bytes)} of ${prettyBytes(m.total_bytes)}`,
  );
  const load = perhaps(system?.load, (all) => all.map((value) => value.toFixed(2)).join(' '));
  const [hottest] = (system?.temperatures ?? []).toSorted((a, b) => b.celsius - a.celsius);
  return fold(
    'device',
    'Device',
    joined(
      perhaps(load, (words) => `load ${words.split(' ')[0]}`),
      perhaps(system?.memory, (m) => `${prettyBytes(m.available_bytes)} free`),
      perhaps(hottest, ({ celsius }) => `${Math.round(celsius)} °C`),
    ),
    facts([
      ['Tenant', tenant],
      ['Board', system?.board?.model ?? system?.board?.name],
      ['Firmware', perhaps(system?.firmware, (f) => [f.name, f.version].filter(Boolean).join(' '))],
      ['Up', perhaps(system?.uptime_s, prettySpan)],
      ...(system?.temperatures ?? []).map((t): Row => [t.sensor, `${t.celsius.toFixed(1)} °C`]),
      ['Load', load],
      ['CPU', perhaps(system?.cpu_percent, percent)],
      ['Memory free', free],
      ...(system?.storage ?? []).map(
        (s): Row => [
          `Free in ${s.path}`,
          `${prettyBytes(s.available_bytes)} of ${prettyBytes(s.total_bytes)}`,
        ],
      ),
      ['Agent', `${version}, up ${prettySpan(uptime_s)}`],
      ['Agent memory', perhaps(self, (s) => prettyBytes(s.rss_bytes))],
      ['Agent share of a core', perhaps(self?.cpu_percent, percent)],
      ['Agent wake-ups', perhaps(self?.wakeups_per_s, (n) => `${n}/s`)],
    ]),
  );
}
