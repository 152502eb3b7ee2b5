import { existsSync } from 'node:fs';
import {
  cannotConnect,
  connected,
  connectFlags,
  connectUsage,
  linkOptions,
} from '../../cli/connect/connect.ts';
import { numberFlag, readFlags } from '../../cli/flags.ts';
import { type CommandIo, UsageError } from '../../cli/io.ts';
import { messageOf } from '../../lib/errors.ts';
import { visible } from '../../lib/format.ts';
import { formatEntry, logTo } from '../../lib/log.ts';
import { systemTicker, type Ticker } from '../../lib/ticker.ts';
import { heartbeatsDenied } from '../fleet/listen.ts';
import { defaultHubDir, hubPaths } from '../kit/hubdir.ts';
import { loadHub } from '../run/hubhere.ts';
import { hubLinkOptions, openHubLinks, openQuietLink } from '../run/hublinks.ts';
import type { PageOptions } from './options.ts';
import { readPageOptions, startPage } from './running.ts';
import type { LookedHub } from './sources.ts';

const usage = `usage: nunect-hub page [--dir DIR | options]

Shows the fleet, each unit, the hub and its alerts as web pages, until it is stopped, and tells alerts. 'nunect-hub up' does the
same for the hub that it runs: this is for a hub that something else runs, or for another machine.
Who may look is not asked: it listens on 127.0.0.1, and a proxy in front of it asks for a login. docs/page.md has examples.
Exit code: 0 stopped; 1 it cannot listen; 2 for wrong usage, no server, or no permission to listen to units.
  --dir DIR           folder of the hub (default ${defaultHubDir}, where there is one and nothing below says otherwise);
                      without it servers, streams and who was let in are shown as far as the login may ask
  --config FILE       default: page.json in the folder of the hub
  --listen ADDRESS, --port N
                      before those of the file
  --state DIR         where the alerts keep what they have told; without it, and without --dir, nobody is alerted
${connectUsage}`;

const flags = {
  dir: { type: 'string' },
  config: { type: 'string' },
  listen: { type: 'string' },
  port: { type: 'string' },
  state: { type: 'string' },
  ...connectFlags,
  help: { type: 'boolean', short: 'h' },
} as const;

type Values = ReturnType<typeof readFlags<typeof flags>>;

/** The folder of the hub that is meant; undefined where it is reached by what the flags of a connection say. */
function folderOf(values: Values, env: NodeJS.ProcessEnv): string | undefined {
  const named = Object.keys(connectFlags).filter((name) => values[name as keyof Values] !== undefined);
  if (values.dir !== undefined && named.length > 0)
    throw new UsageError(`only one of --dir and --${named[0]} can be meant`);
  if (values.dir !== undefined || named.length > 0) return values.dir;
  const isElsewhere = env['NATS_URL'] !== undefined || Boolean(env['NATS_CONTEXT']);
  return !isElsewhere && existsSync(hubPaths(defaultHubDir).hub) ? defaultHubDir : undefined;
}

function readOptions(values: Values, dir: string | undefined): PageOptions {
  const { config, listen, port } = values;
  const path = config ?? (dir === undefined ? undefined : hubPaths(dir).page);
  const options = readPageOptions(path, config !== undefined);
  return {
    ...options,
    ...(listen === undefined ? {} : { listen }),
    ...(port === undefined ? {} : { port: numberFlag(port, 'port', [0, 65_535]) }),
  };
}

/** The hub, with all links that it is looked at by. */
function openHub(values: Values, dir: string | undefined, ticker: Ticker, signal: AbortSignal) {
  const name = 'nunect-hub page';
  if (dir === undefined) {
    const options = linkOptions(values, process.env, { name, inboxPrefix: '_INBOX' });
    const link = openQuietLink(options, ticker, signal);
    const hub: LookedHub = { name: options.servers.join(', '), link, options };
    return { hub, links: [link] };
  }
  const here = loadHub(dir);
  const links = openHubLinks(here, name, ticker, signal);
  const options = hubLinkOptions(here, 'fleet', name);
  const hub: LookedHub = { name: here.server, link: links.fleet, options, kit: { here, links } };
  return { hub, links: Object.values(links) };
}

const untilStopped = (stop: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const keepAlive = setInterval(() => {}, 2 ** 30); // timers and links of ours hold no process
    const finish = (): void => {
      clearInterval(keepAlive);
      resolve();
    };
    if (stop.aborted) finish();
    else stop.addEventListener('abort', finish, { once: true });
  });

/** `nunect-hub page`. Gives the exit code; wrong arguments throw a UsageError, what is wrong with a file an Error. */
export async function page(args: readonly string[], io: CommandIo, stop: AbortSignal): Promise<number> {
  const values = readFlags(args, flags);
  if (values.help === true) {
    io.stdout(usage);
    return 0;
  }
  const fail = (code: number, why: string): number => {
    io.stderr(`nunect-hub page: ${visible(why)}\n`);
    return code;
  };
  const dir = folderOf(values, process.env);
  const options = readOptions(values, dir);
  const log = logTo((entry) => entry.level !== 'debug' && io.stderr(`${formatEntry(entry)}\n`), 'page');
  const ticker = systemTicker();
  const ending = new AbortController();
  const { hub, links } = openHub(values, dir, ticker, ending.signal);
  try {
    const lacking = await connected(hub.link, ticker, stop);
    const why =
      lacking === undefined ? await heartbeatsDenied(hub.link) : cannotConnect(hub.options, lacking);
    if (why !== undefined) return fail(2, why);
    const stateFolder = values.state ?? (dir === undefined ? undefined : hubPaths(dir).run);
    const running = await startPage(hub, options, { ticker, log, stateFolder });
    try {
      const { url } = await running.listen();
      io.stdout(`${url}\n`);
      await untilStopped(stop);
    } catch (error) {
      return fail(1, messageOf(error));
    } finally {
      await running.stop();
    }
    return 0;
  } finally {
    await Promise.all(links.map((link) => link.stop()));
    ending.abort();
  }
}
