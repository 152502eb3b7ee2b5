import { setTimeout as pause } from 'node:timers/promises';
import { watchOwnClock } from '../clock/ownclock.ts';
import type { Timekeeper } from '../clock/timekeeper.ts';
import type { WallClock } from '../clock/wallclock.ts';
import { token } from '../config/rules.ts';
import { known } from '../lib/known.ts';
import { logTo } from '../lib/log.ts';
import { systemTicker, type Ticker } from '../lib/ticker.ts';
import { type Link, openLink } from '../nats/link.ts';
import type { Answer } from '../nats/outgoing.ts';
import { echoHeaders, oneWay } from '../peers/oneway.ts';
import { echoOf } from '../wire/subjects.ts';
import { cannotConnect, connected, connectFlags, connectUsage, linkOptions } from './connect/connect.ts';
import { type EchoSample, formatSample, formatSummary, summarise, whyNoOneWay } from './echostats.ts';
import { numberFlag, readArgs, wholeFlag } from './flags.ts';
import { type CommandIo, UsageError } from './io.ts';

const usageOf = (program: string): string => `usage: ${program} echo UNIT [options]

Sends echo requests to a unit, like ping. One-way times are shown while the clock of this machine (as its chronyd or
ptp4l reports it) and that of the unit are both known to be right, with the sum of their error bounds.
Exit code: 0 answered, 1 nothing answered, 2 wrong usage or no server.
  -c, --count N       number of requests (default: until interrupted; with --json 4)
  -i, --interval S    seconds between two requests (default 1)
  -W, --timeout S     seconds to wait for an answer (default 2)
  -s, --size N        bytes of payload (default 56)
${connectUsage}  --inbox-prefix P    inbox prefix for the answers (default _INBOX)
  --json              print one JSON object per echo, then the summary
`;

const flags = {
  count: { type: 'string', short: 'c' },
  interval: { type: 'string', short: 'i', default: '1' },
  timeout: { type: 'string', short: 'W', default: '2' },
  size: { type: 'string', short: 's', default: '56' },
  ...connectFlags,
  'inbox-prefix': { type: 'string', default: '_INBOX' },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h' },
} as const;

const readEchoArgs = (args: readonly string[]) => readArgs(args, flags);

function readCommand({ values, positionals }: ReturnType<typeof readEchoArgs>, program: string) {
  const [unit, ...others] = positionals;
  if (unit === undefined || others.length > 0) throw new UsageError('expected exactly one UNIT');
  if (!token.pattern.test(unit)) throw new UsageError(`unit '${unit}' must be ${token.allowed}`);
  const count = values.count ?? (values.json ? '4' : undefined);
  return {
    unit,
    json: values.json,
    count: count === undefined ? Infinity : wholeFlag(count, 'count', [1, 1e6]),
    interval_ms: numberFlag(values.interval, 'interval', [0.001, 3600]) * 1000,
    timeout_ms: numberFlag(values.timeout, 'timeout', [0.01, 60]) * 1000,
    payload: new Uint8Array(wholeFlag(values.size, 'size', [0, 64 * 1024 * 1024])).fill(0x2e),
    link: linkOptions(values, process.env, {
      name: `${program} echo`,
      inboxPrefix: values['inbox-prefix'],
    }),
  };
}

const lostWords: Readonly<Record<Exclude<Answer['kind'], 'reply'>, string>> = {
  no_responders: 'nothing answers: the unit is offline or its id is another',
  timeout: 'no answer in time',
  denied: 'not permitted',
  too_large: 'larger than the server allows',
  closed: 'the connection is down',
};

/** `echo UNIT` of `program`. Gives the exit code; wrong arguments throw a UsageError. */
export async function echo(
  args: readonly string[],
  io: CommandIo,
  signal: AbortSignal,
  program: string,
): Promise<number> {
  const read = readEchoArgs(args);
  if (read.values.help === true) {
    io.stdout(usageOf(program));
    return 0;
  }
  const command = readCommand(read, program);
  const ticker = systemTicker();
  const ownClock = watchOwnClock(ticker);
  const ended = new AbortController();
  const silent = logTo(() => {}); // what goes wrong with the connection is in its state
  const link = openLink({ ticker, log: silent }, command.link, ended.signal);
  try {
    const why = await connected(link, ticker, signal);
    if (why !== undefined) {
      io.stderr(`${program} echo: ${cannotConnect(command.link, why)}\n`);
      return 2;
    }
    return await askAll(command, { link, clock: ownClock.keeper, wall: ownClock.wall, ticker }, io, signal);
  } finally {
    await Promise.all([link.stop(), ownClock.stop()]);
    ended.abort();
  }
}

type Command = ReturnType<typeof readCommand>;

/** What an echo is asked and timed with. */
interface Asking {
  readonly link: Link;
  readonly clock: Timekeeper;
  readonly wall: WallClock;
  readonly ticker: Ticker;
}

async function askAll(command: Command, by: Asking, io: CommandIo, signal: AbortSignal): Promise<number> {
  const { unit, json, count, interval_ms } = command;
  const show = (object: object, line: string): void =>
    io.stdout(json ? `${JSON.stringify({ unit, ...object })}\n` : `${line}\n`);
  const samples: EchoSample[] = [];
  while (samples.length < count && !signal.aborted) {
    const begun_ms = by.ticker.now_ms();
    const sample = await ask(command, by, samples.length + 1);
    samples.push(sample);
    show(sample, formatSample(unit, sample));
    if (samples.length === count) break;
    const rest_ms = Math.max(0, interval_ms - (by.ticker.now_ms() - begun_ms));
    await pause(rest_ms, undefined, { signal }).catch(() => {}); // an end by signal is an end of the loop
  }
  const summary = summarise(samples);
  const why = samples.map(whyNoOneWay).at(-1);
  if (!json && why !== undefined) io.stdout(`no one-way times: ${why}\n`);
  show(summary, formatSummary(unit, summary));
  return summary.answered > 0 ? 0 : 1;
}

async function ask({ unit, payload, timeout_ms }: Command, by: Asking, seq: number): Promise<EchoSample> {
  const { link, clock, wall, ticker } = by;
  wall.check();
  const sent_us = wall.now_us();
  const begun_ms = ticker.now_ms();
  const answer = await link.request(echoOf(unit), payload, { timeout_ms });
  const rtt_us = Math.round((ticker.now_ms() - begun_ms) * 1000);
  const back_us = wall.now_us();
  if (answer.kind !== 'reply') return { seq, lost: lostWords[answer.kind] };
  const { message } = answer;
  const own = clock.summary();
  const { bound_ns, rel_ns } = echoHeaders(message);
  return {
    seq,
    rtt_us,
    bytes: message.data.length,
    seen: oneWay(message, { sent_us, back_us, rtt_us, clock: own }),
    own,
    ...known({ bound_ns, rel_ns }),
  };
}
