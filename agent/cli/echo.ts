import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { watchClock } from '../clock/part.ts';
import type { Timekeeper } from '../clock/timekeeper.ts';
import { type WallClock, wallClock } from '../clock/wallclock.ts';
import { defaultsOf } from '../config/options.ts';
import { token } from '../config/rules.ts';
import { known } from '../lib/known.ts';
import { logTo } from '../lib/log.ts';
import { systemTicker, type Ticker } from '../lib/ticker.ts';
import { type Link, openLink } from '../nats/link.ts';
import type { Answer } from '../nats/outgoing.ts';
import { echoHeaders, oneWay } from '../peers/oneway.ts';
import { echoOf } from '../wire/subjects.ts';
import { cannotConnect, connected, connectFlags, connectUsage, linkOptions } from './connect.ts';
import { type EchoSample, formatSample, formatSummary, summarise, whyNoWays } from './echostats.ts';
import { numberFlag, readArgs } from './flags.ts';
import { type CommandIo, UsageError } from './io.ts';

const usage = `usage: nunect echo UNIT [options]

Asks a unit for its echo, like ping. One-way times are shown once the clock of this machine (by its chronyd or
ptp4l) and that of the unit are both known to be right, with the error that both may have together.
Exit code: 0 answered, 1 nothing answered, 2 wrong usage or no server.
  -c, --count N       how many (default: until interrupted; with --json 4)
  -i, --interval S    seconds between two (default 1)
  -W, --timeout S     seconds to wait for an answer (default 2)
  -s, --size N        bytes of payload (default 56)
${connectUsage}  --inbox-prefix P    where the answer is sent (default _INBOX)
  --json              one JSON object per echo, and the summary as the last
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

const readEchoArgs = (args: readonly string[]) => readArgs(args, flags, usage);

const number = (text: string, name: string, least: number, most: number): number =>
  numberFlag(text, name, [least, most], usage);

function whole(text: string, name: string, least: number, most: number): number {
  const value = number(text, name, least, most);
  if (Number.isInteger(value)) return value;
  throw new UsageError(`--${name} '${text}' must be a whole number\n${usage}`);
}

function readCommand({ values, positionals }: ReturnType<typeof readEchoArgs>) {
  const [unit, ...others] = positionals;
  if (unit === undefined || others.length > 0) throw new UsageError(`one unit is needed\n${usage}`);
  if (!token.pattern.test(unit)) throw new UsageError(`unit '${unit}' must be ${token.allowed}`);
  const count = values.count ?? (values.json ? '4' : undefined);
  return {
    unit,
    json: values.json,
    count: count === undefined ? Infinity : whole(count, 'count', 1, 1e6),
    interval_ms: number(values.interval, 'interval', 0.001, 3600) * 1000,
    timeout_ms: number(values.timeout, 'timeout', 0.01, 60) * 1000,
    payload: new Uint8Array(whole(values.size, 'size', 0, 64 * 1024 * 1024)).fill(0x2e),
    link: linkOptions(values, process.env, {
      name: 'nunect echo',
      inboxPrefix: values['inbox-prefix'],
    }),
  };
}

const lostWords: Readonly<Record<Exclude<Answer['kind'], 'reply'>, string>> = {
  no_responders: 'nobody answers there: the unit is offline or its id is another',
  timeout: 'no answer in time',
  denied: 'not permitted to ask',
  too_large: 'larger than the server takes',
  closed: 'the connection is down',
};

const sleep = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, Math.max(0, ms));
    const wake = (): void => {
      clearTimeout(timer);
      resolve();
    };
    if (signal.aborted) wake();
    else signal.addEventListener('abort', wake, { once: true });
  });

/** `nunect echo UNIT`. Gives the exit code; wrong arguments throw a UsageError. */
export async function echo(args: readonly string[], io: CommandIo, signal: AbortSignal): Promise<number> {
  const read = readEchoArgs(args);
  if (read.values.help === true) {
    io.stdout(usage);
    return 0;
  }
  const command = readCommand(read);
  const ticker = systemTicker();
  const wall = wallClock({ hrtime_ns: process.hrtime.bigint, dateNow_ms: Date.now });
  const runDir = mkdtempSync(join(tmpdir(), 'nunect-'));
  const ended = new AbortController();
  const clock = watchClock(
    { spawn: (program, rest) => spawn(program, [...rest]), ticker, wall, random: Math.random, runDir },
    defaultsOf('time'),
    ended.signal,
  );
  const silent = logTo(() => {}); // what goes wrong with the connection is in its state
  const link = openLink({ ticker, log: silent }, command.link, ended.signal);
  try {
    const why = await connected(link, ticker, signal);
    if (why !== undefined) {
      io.stderr(`nunect echo: ${cannotConnect(command.link, why)}\n`);
      return 2;
    }
    return await askAll(command, { link, clock, wall, ticker }, io, signal);
  } finally {
    await Promise.all([link.stop(), clock.stop()]);
    ended.abort();
    rmSync(runDir, { recursive: true, force: true });
  }
}

type Command = ReturnType<typeof readCommand>;

interface Means {
  readonly link: Link;
  readonly clock: Timekeeper;
  readonly wall: WallClock;
  readonly ticker: Ticker;
}

async function askAll(command: Command, means: Means, io: CommandIo, signal: AbortSignal): Promise<number> {
  const { unit, json, count, interval_ms } = command;
  const show = (object: object, line: string): void =>
    io.stdout(json ? `${JSON.stringify({ unit, ...object })}\n` : `${line}\n`);
  const samples: EchoSample[] = [];
  while (samples.length < count && !signal.aborted) {
    const begun_ms = means.ticker.now_ms();
    const sample = await ask(command, means, samples.length + 1);
    samples.push(sample);
    show(sample, formatSample(unit, sample));
    if (samples.length < count) await sleep(interval_ms - (means.ticker.now_ms() - begun_ms), signal);
  }
  const summary = summarise(samples);
  const why = samples.map(whyNoWays).at(-1);
  if (!json && why !== undefined) io.stdout(`no one-way times: ${why}\n`);
  show(summary, formatSummary(unit, summary));
  return summary.answered > 0 ? 0 : 1;
}

async function ask({ unit, payload, timeout_ms }: Command, means: Means, seq: number): Promise<EchoSample> {
  const { link, clock, wall, ticker } = means;
  wall.check();
  const sent_us = wall.now_us();
  const begun_ms = ticker.now_ms();
  const answer = await link.request(echoOf(unit), payload, { timeout_ms });
  const rtt_us = Math.round((ticker.now_ms() - begun_ms) * 1000);
  const back_us = wall.now_us();
  if (answer.kind !== 'reply') return { seq, lost: lostWords[answer.kind] };
  const { message } = answer;
  const own = clock.summary();
  return {
    seq,
    rtt_us,
    bytes: message.data.length,
    seen: oneWay(message, { sent_us, back_us, rtt_us, clock: own }),
    own,
    ...known({ bound_ns: echoHeaders(message).bound_ns }),
  };
}
