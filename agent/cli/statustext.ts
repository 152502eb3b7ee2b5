import type { Finding } from '../health/finding.ts';
import { prettyBytes, prettyMoment, prettyNs, prettySpan, visible } from '../lib/format.ts';
import { hourWords, sumWords } from '../status/linkbytewords.ts';
import type { StatusSnapshot } from '../status/snapshot.ts';
import { commandLines, type Hue, type Paint, wrap } from './terminal.ts';

const hues: Readonly<Record<StatusSnapshot['status'] | Finding['weight'], Hue>> = {
  healthy: 'green',
  degraded: 'yellow',
  critical: 'red',
  not_set_up: 'dim',
  setup: 'dim',
  note: 'dim',
};
const label = 9;
const since = (from_ms: number, at_ms: number): string => prettySpan((at_ms - from_ms) / 1000);
const joined = (...parts: readonly (string | undefined | false)[]): string =>
  parts.filter((part) => typeof part === 'string' && part !== '').join(', ');

function hubLine({ link, at_ms }: StatusSnapshot): string | undefined {
  const { hub_up, hub_since_ms, hub_rtt_us, traffic } = link;
  if (hub_up === undefined) return undefined;
  const how = hub_up ? 'joined' : 'not joined';
  const span = hub_since_ms === undefined ? '' : ` for ${since(hub_since_ms, at_ms)}`;
  return joined(
    `${how}${span}`,
    hub_up && hub_rtt_us !== undefined && `rtt ${prettyNs(hub_rtt_us * 1000)}`,
    traffic && `traffic ${traffic}`,
  );
}

/** What the link to the hub has carried. */
const bytesLine = ({ link: { bytes }, at_ms }: StatusSnapshot): string | undefined =>
  bytes &&
  [
    `${sumWords(bytes.hour)} in ${hourWords(bytes, at_ms)}`,
    `${sumWords(bytes.month)} since ${prettyMoment(bytes.month.since_ms, at_ms)}`,
  ].join('; ');

function serverLine({ link, at_ms }: StatusSnapshot): string {
  const { connected, since_ms, server_version, server } = link;
  const state = `${connected ? 'connected' : 'not connected'} for ${since(since_ms, at_ms)}`;
  return joined(state, server, server_version && `nats-server ${server_version}`);
}

function clockLine({ clock }: StatusSnapshot): string | undefined {
  if (clock === undefined) return undefined;
  const { source, quality, offset_ns, error_bound_ns, error_rel_ns, holdover } = clock;
  return joined(
    `${source} ${quality}`,
    holdover !== undefined && `holdover from ${holdover.source}`,
    offset_ns !== undefined && `offset ${prettyNs(offset_ns)}`,
    error_bound_ns !== undefined && `error at most ${prettyNs(error_bound_ns)}`,
    error_rel_ns !== undefined && `at most ${prettyNs(error_rel_ns)} against the grandmaster`,
  );
}

const spoolLine = ({ spool }: StatusSnapshot): string | undefined =>
  spool &&
  joined(
    `${spool.stored} stored`,
    spool.published > 0 && `${spool.published} published without being stored`,
    spool.dropped > 0 && `${spool.dropped} dropped`,
    `${spool.records} waiting (${joined(spool.records > 0 && prettyBytes(spool.bytes), `state: ${spool.state}`)})`,
  );

const perSecond = (rate: number | undefined, way: string): string | undefined =>
  rate === undefined ? undefined : `${rate} msg/s ${way}`;
/** Who uses the leaf; nothing where its server does not tell. */
const appsLine = ({ clients }: StatusSnapshot): string | undefined =>
  clients &&
  joined(
    `${clients.count} on this leaf`,
    perSecond(clients.in_msgs_per_s, 'in'),
    perSecond(clients.out_msgs_per_s, 'out'),
    (clients.slow_consumers ?? 0) > 0 && `${clients.slow_consumers} slow since its start`,
  );

function deviceLine({ system }: StatusSnapshot): string | undefined {
  if (system === undefined) return undefined;
  const { load, memory, temperatures } = system;
  const hottest = Math.max(...temperatures.map(({ celsius }) => celsius));
  return joined(
    load && `load ${load[0]}`,
    memory && `memory ${memory.used_percent} % used`,
    Number.isFinite(hottest) && `${Math.round(hottest)} °C`,
  );
}

/** What the agent itself costs. */
const agentLine = ({ self }: StatusSnapshot): string | undefined =>
  self &&
  joined(
    self.cpu_percent !== undefined && `${self.cpu_percent} % of a core`,
    self.wakeups_per_s !== undefined && `${self.wakeups_per_s} wake-ups/s`,
    prettyBytes(self.rss_bytes),
  );

/** The word that begins a line: the agent at the socket may be another program. */
const tag = (word: keyof typeof hues, paint: Paint): string =>
  `${paint(hues[word], visible(word).padEnd(label - 1))} `;

/** What is wrong, with the command for it. */
const findingLines = ({ weight, text, remedy }: Finding, paint: Paint): string =>
  `${tag(weight, paint)}${wrap(text, label, label)}\n${commandLines(remedy, label)}`;

/** The state of a unit for a terminal of 80 columns. */
export function statusText(snapshot: StatusSnapshot, paint: Paint): string {
  const { unit, status, uptime_s, version, troubles } = snapshot;
  const rows: [string, string | undefined][] = [
    ['hub', hubLine(snapshot)],
    ['bytes', bytesLine(snapshot)],
    ['leaf', serverLine(snapshot)],
    ['clock', clockLine(snapshot)],
    ['records', spoolLine(snapshot)],
    ['apps', appsLine(snapshot)],
    ['device', deviceLine(snapshot)],
    ['agent', agentLine(snapshot)],
  ];
  const shown = rows.flatMap(([name, text]) =>
    text === undefined ? [] : [`${paint('dim', name.padEnd(label))}${wrap(text, label, label)}\n`],
  );
  const about = wrap(`${unit}, nunect ${version}, up ${prettySpan(uptime_s)}`, label, label);
  return [
    `${tag(status, paint)}${about}\n`,
    ...shown,
    ...troubles.map((finding) => findingLines(finding, paint)),
  ].join('');
}
