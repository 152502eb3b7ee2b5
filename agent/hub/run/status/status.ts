import { statfsSync } from 'node:fs';
import { connected } from '../../../cli/connect/connect.ts';
import { readFlags } from '../../../cli/flags.ts';
import type { CommandIo } from '../../../cli/io.ts';
import { painter } from '../../../cli/terminal.ts';
import { certProbe } from '../../../device/certs.ts';
import { messageOf } from '../../../lib/errors.ts';
import { known } from '../../../lib/known.ts';
import { isObject } from '../../../lib/parse.ts';
import { systemTicker, type Ticker } from '../../../lib/ticker.ts';
import type { Link } from '../../../nats/link.ts';
import { askOver, askServers } from '../../asks/api.ts';
import { openBook } from '../../book/book.ts';
import { lastHeard, unboundUnits } from '../../book/roster.ts';
import { defaultHubDir, hubPaths } from '../../kit/hubdir.ts';
import { type HubHere, loadHub, natsCommand } from '../hubhere.ts';
import { type HubLinks, openHubLinks } from '../hublinks.ts';
import { readUpState, serverPid, upHolder } from '../runfiles.ts';
import { askHubEcho } from '../selfecho.ts';
import { healthFault } from '../serverasks.ts';
import { keptWords, mendedWords, shrinkCommand, streamThere } from '../streams/ensure.ts';
import { planStream } from '../streams/plan.ts';
import { streamFigures } from './figures.ts';
import {
  type HubHealth,
  type HubSeen,
  hubHealth,
  hubProblems,
  type StreamSeen,
  serverFigures,
} from './judge.ts';
import { hubStatusText } from './text.ts';

const usage = `usage: nunect-hub status [--json] [--dir DIR]

Shows whether the hub runs, who has joined, what its streams hold and for how long, and when certificates expire.
Exit code: 0 healthy, 1 degraded, 2 critical, 3 it does not run, or there is none that this user may look at.
  --json      print all of it as JSON
  --dir DIR   default: ${defaultHubDir}
`;

const flags = {
  dir: { type: 'string', default: defaultHubDir },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h' },
} as const;

const codes: Readonly<Record<HubHealth, number>> = { healthy: 0, degraded: 1, critical: 2, down: 3 };
/** For servers on other machines. */
const patience_ms = 2000;

async function upOf(dir: string): Promise<HubSeen['up']> {
  const by = await upHolder(dir);
  const state = readUpState(dir);
  if (by === undefined || 'pid' in by) return by && { ...by, state };
  return state && { pid: state.pid, state };
}

async function streamSeen(
  link: Link,
  here: HubHere,
  wanted: HubHere['streams'][number],
): Promise<StreamSeen> {
  const { account, name } = wanted;
  const info = await askOver(link)(`$JS.API.STREAM.INFO.${name}`);
  if (!info.ok) return { account, name, why: info.why };
  const there = streamThere(info.value);
  const { mended, kept } = planStream(wanted, there);
  const differs = [
    ...mended.map((one) => ({ text: `it is not as asked for yet: ${mendedWords(one)}` })),
    ...kept.map((one) => ({
      text: keptWords(one),
      ...known({ command: shrinkCommand(natsCommand(here, account), name, one) }),
    })),
  ];
  return {
    account,
    name,
    differs,
    refuses: there.config['discard'] === 'new',
    ...streamFigures(info.value),
  };
}

/** What the server says, once it answers; where `up` keeps it, that answers an echo, too. */
async function askAll(here: HubHere, links: HubLinks, ticker: Ticker, isKept: boolean) {
  const fault = await healthFault(links.sys, here);
  const count = Math.max(1, here.cluster.length);
  const echo = isKept ? await askHubEcho(links.fleet, here.server, ticker) : undefined; // alone, as it is timed
  const [answers, streams] = await Promise.all([
    askServers(links.sys, 'VARZ', count, patience_ms),
    Promise.all(here.streams.map((wanted) => streamSeen(links[wanted.account], here, wanted))),
  ]);
  const unbound = streams.some((one) => 'why' in one) ? undefined : await unboundIn(links);
  const servers = answers.flatMap((answer) => (isObject(answer) ? (serverFigures(answer) ?? []) : []));
  return { fault, echo, streams, servers, unbound };
}

/** Units that BOUND does not know; undefined where the streams cannot be read. */
async function unboundIn({ fleet, book: link }: HubLinks): Promise<readonly string[] | undefined> {
  try {
    const book = openBook(link);
    await book.catchUp();
    return unboundUnits(book.bindings(), await lastHeard(fleet), Date.now());
  } catch {
    return undefined; // what is wrong with the streams is told by themselves
  }
}

function freeBytes(path: string): number | undefined {
  try {
    const { bavail, bsize } = statfsSync(path);
    return bavail * bsize;
  } catch {
    return undefined;
  }
}

/** Looks at a hub from outside. */
async function see(here: HubHere, signal: AbortSignal): Promise<HubSeen> {
  const ticker = systemTicker();
  const [up, certificates] = await Promise.all([
    upOf(here.dir),
    certProbe({ wall_ms: Date.now }).read(
      here.tls.flatMap(({ cert, ca }) => [{ file: cert }, ...(ca === undefined ? [] : [{ file: ca }])]),
    ),
  ]);
  const { server, dir, cluster } = here;
  const free_bytes = freeBytes(hubPaths(dir).store);
  const found = { server, dir, cluster, up, server_pid: serverPid(here), free_bytes, certificates };
  const nothing = { fault: undefined, echo: undefined, servers: [], streams: [] };
  if (up === undefined && found.server_pid === undefined) return { ...found, ...nothing };
  const ended = new AbortController();
  const links = openHubLinks(here, 'nunect-hub status', ticker, ended.signal);
  try {
    const whys = await Promise.all(Object.values(links).map((link) => connected(link, ticker, signal)));
    const why = whys.find((one) => one !== undefined);
    if (why !== undefined) return { ...found, ...nothing, fault: `nats-server cannot be asked: ${why}` };
    return { ...found, ...(await askAll(here, links, ticker, up !== undefined)) };
  } finally {
    await Promise.all(Object.values(links).map((link) => link.stop()));
    ended.abort();
  }
}

/** `nunect-hub status`. Gives the exit code; wrong arguments throw a UsageError. */
export async function hubStatus(
  args: readonly string[],
  io: CommandIo,
  signal: AbortSignal,
): Promise<number> {
  const { dir, json, help } = readFlags(args, flags);
  if (help === true) {
    io.stdout(usage);
    return 0;
  }
  let seen: HubSeen;
  try {
    seen = await see(loadHub(dir), signal);
  } catch (error) {
    io.stderr(`nunect-hub status: ${messageOf(error)}\n`);
    return codes.down;
  }
  const problems = hubProblems(seen);
  const status = hubHealth(problems);
  io.stdout(
    json
      ? `${JSON.stringify({ status, problems, ...seen })}\n`
      : hubStatusText(seen, painter(process.stdout.isTTY)),
    !json,
  );
  return codes[status];
}
