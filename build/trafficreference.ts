// docs/traffic.md, from the table that the code obeys.
import { type Traffic, type TrafficProfile, trafficProfiles, traffics } from '../agent/config/traffic.ts';
import { fullPause_ms, lookEvery_ms, mostChanges } from '../agent/status/pacing.ts';
import { mostListed } from '../agent/wire/listed.ts';

/**
 * KB an hour over the link to the hub, both ways, without TCP and IP: measured between real servers (nats-server 2.15.2) through a
 * counting proxy, over three to eight minutes, for a unit with chronyd and four sources, without PTP. Satellite is the sum of its parts, as
 * test/e2e/traffic.test.ts counts them: eight minutes have neither a full set nor minutes.
 */
const measured_kb: Readonly<Record<Traffic, number>> = { lan: 3450, standard: 455, wan: 192, satellite: 31 };

const all = traffics.map((name): [Traffic, TrafficProfile] => [name, trafficProfiles[name]]);

const span = (s: number): string =>
  s % 3600 === 0 ? `${s / 3600} h` : s % 60 === 0 ? `${s / 60} min` : `${s} s`;

const code = (text: string | number): string => `\`${text}\``;

/** The server takes a link for dead once two PINGs are unanswered when the next is due. */
const blackHole_s = ({ ping_interval_s }: TrafficProfile): string =>
  `${span(2 * ping_interval_s)} to ${span(3 * ping_interval_s)}`;

type Row = readonly [what: string, of: (profile: TrafficProfile, name: Traffic) => string];

const rows: readonly Row[] = [
  ['for', ({ link }) => link],
  ['`agent.interval_s`, where it is not set', ({ interval_s }) => String(interval_s)],
  [
    'slim at the interval',
    ({ slim }) =>
      slim.length === 0
        ? 'none'
        : slim.map((one) => (one === 'heartbeat' ? one : `metric.${one}`)).join(', '),
  ],
  [
    'acknowledged heartbeat',
    ({ asked_s, full_s }) =>
      asked_s > 0 ? `each ${span(asked_s)}` : full_s === 0 ? 'each' : 'in each full set',
  ],
  ['full set', ({ full_s }) => (full_s === 0 ? 'each interval' : `each ${span(full_s)}, and on a change`)],
  [
    'static facts',
    ({ facts_s }) => (facts_s === 0 ? 'in each full set' : 'at the start, daily, and on a change'),
  ],
  ['metric.minutes', ({ minutes_s }) => (minutes_s === 0 ? 'none' : `each ${span(minutes_s)}`)],
  ['`leaf.compression`, where it is not set', ({ compression }) => code(compression)],
  ['`leaf.ping_interval_s`, where it is not set', ({ ping_interval_s }) => String(ping_interval_s)],
  ['`interval_s` of a probe, where it is not set', ({ probe_interval_s }) => String(probe_interval_s)],
  ['a link that drops all data is noticed after', blackHole_s],
  [
    'kept in an outage',
    ({ slim, keepsSlim, minutes_s }) =>
      slim.length === 0
        ? 'all'
        : keepsSlim
          ? 'all: slim records are sent later as acknowledged ones'
          : `full sets${minutes_s === 0 ? '' : ', minutes'} and events`,
  ],
  [
    'missing after an outage',
    ({ slim, keepsSlim }) =>
      slim.length === 0
        ? 'nothing'
        : keepsSlim
          ? 'slim records sent before it was noticed'
          : 'slim records of the outage, and those sent before it was noticed',
  ],
  ['what no stream takes is sent again after at most', ({ retry_s }) => span(retry_s)],
  ['KB an hour, measured', (_profile, name) => String(measured_kb[name])],
];

const table = (lines: readonly (readonly string[])[]): string =>
  lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n');

const looks = all
  .filter(([, { interval_s }]) => lookEvery_ms(interval_s) < interval_s * 1000)
  .map(([name, { interval_s }]) => `${name} each ${span(lookEvery_ms(interval_s) / 1000)}`)
  .join(', ');

/** The text of docs/traffic.md. */
export const trafficReference = (): string => `# Traffic

Generated from \`agent/config/traffic.ts\` by \`npm run generate\`; do not edit.

\`agent.traffic\` says how much a unit sends over its link to the hub. A change takes effect at once.

${table([
  ['', ...all.map(([name]) => code(name))],
  Array.from({ length: all.length + 1 }, () => '---'),
  ...rows.map(([what, of]) => [what, ...all.map(([name, profile]) => of(profile, name))]),
])}

Measured without TCP and IP, both ways, for a unit with chronyd and four sources. The figure of \`lan\` is uncompressed: by
\`s2_auto\` a server compresses from a round trip of 10 ms on. A server older than 2.10 compresses
nothing, which is about twice as much. PTP adds 20 KB at \`standard\`. Peers come on top: a probe with its answer costs 0.3 KB, at either end.

Events (\`ops.status\`, \`ops.log\`, \`ops.metric.recorder\`, \`ops.time.config\`) are the same in each: acknowledged, and kept in
an outage. [subjects.md](subjects.md) has the fields of each record, and of its slim form.

## Full and slim

- A **full set** is one record each of heartbeat, rtt, time, nats and system, with one sequence. Each is kept until a stream at the hub
  acknowledges it, and is stored exactly once.
- A **slim** record is published plainly: without an id, and nobody acknowledges it. The stream at the hub takes it as any
  other. It does not wait behind records of its subject that wait for a stream: those are older. A slim heartbeat is sent as an
  acknowledged record now and then (see the table) while a stream stores them, so that it is noticed when none does any more. When
  it is not stored, the next slim record of each other subject is sent so, too, once: so it is known whether the stream takes those.
- A heartbeat of either form has all headers. Each has the next sequence, and \`interval_s\`: a consumer that obeys it needs to
  know of no profile.
- What a slim record lacks is as the last full set said, while slim heartbeats name it: \`full\` is its sequence.
- **A change** of health, problems, clock (source, quality, holdover, main reason) or link is told in a full set at once: within a
  second for the clock and the link, else by the next look at the unit, which is at each interval (${looks}). Of changes that do
  not end ${mostChanges.inRow} are told at once, at least ${span(fullPause_ms / 1000)} apart, then ${mostChanges.perFull} in the time from one full set to the next; meanwhile
  slim heartbeats name no full set.
- **The first set** after a start, after a change of options, and each time the way to the hub was made anew is full and has the
  static facts: board, firmware, cores, memory, sizes of storage, certificates. So a new consumer, or a hub that has lost its
  stream, knows all.
- Who joins between two full sets knows state, clock and figures at once, and the rest (problems in words, version) with the next
  one, or by asking: \`HEALTH_PROBE\` has both.
- The last heartbeat of a clean stop is full.
- Of more than ${mostListed} sources of chronyd or peers a record names ${mostListed}, and says how many more there are. The status page has all.

## Outages

- An outage is known when the local server has lost the link: at once where the link was closed, but the agent looks each 5 s;
  after some PINGs where it drops all data (see the table). Slim records that were sent before are lost, with what was on
  its way.
- What comes and goes is bounded by no profile, as events and log lines are sent in each: a link that is lost and made anew costs
  about 6 KB each time, half of it handshakes, a clock that loses its source and finds it again about 9 KB
  (\`agent.log_publish\` warn saves some of both).
- A stream that is full or missing is no outage: full sets and events are kept for it, as far as memory goes, and slim records
  are for those who listen then; the stream never has them. It is noticed by the next record that is acknowledged: a
  heartbeat (see the table), an event, or in satellite the minutes, and told when it was tried in vain for 15 s; until then
  the unit is told to be healthy.
- Without \`leaf.external_monitor_url\` a unit with \`leaf.mode\` external learns of an outage from the next full set only.
- Where the agent is killed, the minutes that are not sent yet are lost: at most a quarter of an hour. A stop sends them.
- With \`leaf.mode\` off the agent is itself a client of the hub: nothing is compressed, and the requests to its own
  echo go over the link at each interval. Its PINGs are as far apart as those of a leaf. The figures above are those of a leaf.
- How long an outage may last is \`spool.capacity_s\`, by what would be kept now.
`;
