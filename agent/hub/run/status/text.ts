import { commandLines, type Hue, type Paint, wrap } from '../../../cli/terminal.ts';
import { formatUtc, prettyBytes } from '../../../lib/format.ts';
import { type HubHealth, type HubSeen, hubHealth, hubProblems, type StreamSeen } from './judge.ts';

const label = 10;
const hues: Readonly<Record<HubHealth, Hue>> = {
  healthy: 'green',
  degraded: 'yellow',
  critical: 'red',
  down: 'red',
};

/** For terminals, which may break a line anywhere. */
const bytes = (count: number): string => prettyBytes(count).replaceAll('\u00a0', ' ');
const days = (count: number): string => `${count} ${count === 1 ? 'day' : 'days'}`;

function streamText(one: StreamSeen): string {
  if ('why' in one) return one.why;
  const { messages, bytes: size, max_bytes, max_age_s, first_ms, days_kept, days_until_full } = one;
  const room = max_bytes === undefined ? '' : ` of ${bytes(max_bytes)}`;
  return [
    `${messages} ${messages === 1 ? 'message' : 'messages'}, ${bytes(size)}${room}`,
    ...(first_ms === undefined ? [] : [`the oldest of ${formatUtc(first_ms)}`]),
    ...(days_kept === undefined ? [] : [`at this rate each is kept for ${days(days_kept)}`]),
    ...(days_until_full === undefined
      ? []
      : [days_until_full === 0 ? 'full: the oldest go' : `full in ${days(days_until_full)}`]),
    ...(days_kept === undefined && max_age_s !== undefined
      ? [`each is kept for ${days(Math.round(max_age_s / 8640) / 10)}`]
      : []),
  ].join('; ');
}

function serverRows({ servers, server, echo, up, cluster }: HubSeen): [string, string][] {
  const own = servers.find((one) => one.name === server);
  const others = servers.filter((one) => one.name !== server && cluster.includes(one.name));
  const leafs = servers.reduce((sum, one) => sum + one.leafs, 0);
  const clients = servers.reduce((sum, one) => sum + one.clients, 0);
  const { starts, last_end } = up?.state ?? {};
  const ended =
    last_end === undefined
      ? ''
      : `; started ${starts} times, it ended last at ${formatUtc(last_end.at_ms)}: ${last_end.why}`;
  return [
    ...(own === undefined
      ? []
      : [
          [
            'server',
            `nats-server ${own.version} for ${own.uptime}, ${bytes(own.memory_bytes)} of memory${ended}`,
          ] as [string, string],
        ]),
    ...(echo !== undefined && 'rtt_ms' in echo
      ? [['echo', `${echo.rtt_ms.toFixed(1)} ms`] as [string, string]]
      : []),
    ...others.map(({ name, version, uptime }): [string, string] => [
      'server',
      `${name}: nats-server ${version} for ${uptime}`,
    ]),
    ...(servers.length === 0
      ? []
      : [
          [
            'joined',
            `${leafs} ${leafs === 1 ? 'unit' : 'units'} by a leaf, ${clients} other connections`,
          ] as [string, string],
        ]),
  ];
}

const certificateRows = ({ certificates }: HubSeen): [string, string][] =>
  certificates.map((one) => [
    'expires',
    'error' in one ? `${one.file}: ${one.error}` : `${one.file} in ${days(one.days_left)}`,
  ]);

/** A stream, what of it is not as asked for, and what would change that. */
function streamLines(one: StreamSeen, show: (name: string, text: string) => string): string {
  const line = show(one.name, `${one.account.toUpperCase()}: ${streamText(one)}`);
  if ('why' in one) return line;
  const differing = one.differs.map(
    ({ text, command }) => show('', text) + (command === undefined ? '' : commandLines(command, label)),
  );
  return line + differing.join('');
}

/** What `nunect-hub status` shows. */
export function hubStatusText(seen: HubSeen, paint: Paint): string {
  const problems = hubProblems(seen);
  const health = hubHealth(problems);
  const show = (name: string, text: string): string =>
    `${paint('dim', name.padEnd(label))}${wrap(text, label, label)}\n`;
  const head = `${paint(hues[health], health.padEnd(label))}${wrap(`hub ${seen.server}`, label, label)}\n`;
  return [
    head,
    ...problems.map(({ text }) => show('problem', text)),
    ...serverRows(seen).map(([name, text]) => show(name, text)),
    ...seen.streams.map((one) => streamLines(one, show)),
    ...certificateRows(seen).map(([name, text]) => show(name, text)),
  ].join('');
}
