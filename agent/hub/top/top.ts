import {
  cannotConnect,
  connected,
  connectFlags,
  connectUsage,
  linkOptions,
  shownServers,
} from '../../cli/connect.ts';
import { numberFlag, readFlags } from '../../cli/flags.ts';
import { type CommandIo, UsageError } from '../../cli/io.ts';
import { logTo } from '../../lib/log.ts';
import { systemTicker, type Ticker } from '../../lib/ticker.ts';
import { type Link, openLink } from '../../nats/link.ts';
import type { LinkOptions } from '../../nats/session.ts';
import { matches, orders, sorted } from './columns.ts';
import { emptyFleet, type Fleet } from './fleet.ts';
import { openScreen, type Terminal } from './screen.ts';
import { snapshot } from './snapshot.ts';
import { table, type View } from './table.ts';
import { heardSubjects, type Part, plainText, toldBy } from './unitrecord.ts';

const usage = `usage: nunect-hub top [options]

A live table of all units that are heard at a hub: health, clock and its error bound, round trip to the hub, records
that wait, age of the last word. OFFLINE: nothing was heard for three of the unit's own intervals. Behind a name, ↻n:
its agent was started anew n times meanwhile; !: it says that it is another unit.
Keys: q quits, s sorts by the next column, the space bar shows further units.
Exit code: 0; with --once 1 when no unit was heard; 2 wrong usage, no server, or not permitted to listen.
  -s, --sort FIELD    ${orders.join(', ')} (default state: the worst first)
  -f, --filter TEXT   only units with TEXT in their id, state, clock, version, tenant or problems
  -i, --interval S    seconds between two tables (default 2); with --once how long to listen (default 6)
  --once              one table with all units, and the end
  --json              JSON instead: a line with all units for each table
${connectUsage}`;

const flags = {
  sort: { type: 'string', short: 's', default: 'state' },
  filter: { type: 'string', short: 'f', default: '' },
  interval: { type: 'string', short: 'i' },
  once: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  ...connectFlags,
  help: { type: 'boolean', short: 'h' },
} as const;

function readCommand(values: ReturnType<typeof readFlags<typeof flags>>) {
  const { sort, once, json } = values;
  if (!orders.includes(sort))
    throw new UsageError(`--sort '${sort}' must be one of ${orders.join(', ')}\n${usage}`);
  return {
    sort,
    once,
    json,
    filter: plainText(values.filter, 64) ?? '',
    interval_ms: numberFlag(values.interval ?? (once ? '6' : '2'), 'interval', [0.1, 3600], usage) * 1000,
    link: linkOptions(values, process.env, { name: 'nunect-hub top', inboxPrefix: '_INBOX' }),
  };
}

type Command = ReturnType<typeof readCommand>;

/** More units than this are not shown: they would take more memory than anybody expects. */
const mostUnits = 10_000;

interface Heard {
  readonly fleet: Fleet;
  /** Records that could not be understood, or are of no unit. */
  unreadable: number;
}

/** How often the server is asked for a PONG: what was sent before has been heard by then. */
const proof_ms = 1000;

/** Hears all units from now on. */
function listen(link: Link, ticker: Ticker): Heard {
  const heard: Heard = { fleet: emptyFleet(mostUnits), unreadable: 0 };
  ticker.every(proof_ms, async () => {
    const rtt_us = await link.flushRtt_us(proof_ms);
    if (rtt_us !== undefined) heard.fleet.judge(ticker.now_ms());
  });
  for (const [part, subject] of Object.entries(heardSubjects)) {
    link.subscribe(subject, (message) => {
      const told = toldBy(part as Part, message);
      if (told === undefined) heard.unreadable += 1;
      else heard.fleet.hear(told, ticker.now_ms());
    });
  }
  return heard;
}

/** What stands in the table right now. */
function viewOf(
  link: Link,
  ticker: Ticker,
  heard: Heard,
  options: LinkOptions,
  how: { order: string; filter: string },
): View {
  const now_ms = ticker.now_ms();
  const at_ms = Date.now();
  const { fleet, unreadable } = heard;
  const units = fleet.units(now_ms);
  const { connected: isConnected, since_ms, lastError } = link.state();
  const for_ms = now_ms - since_ms;
  const lost = {
    since_ms: at_ms - for_ms,
    for_s: for_ms / 1000,
    why: plainText(lastError, 200) ?? 'no answer',
  };
  return {
    server: shownServers(options),
    at_ms,
    ...(isConnected ? {} : { lost }),
    notes: [
      ...link.denied().map((what) => `the server does not permit this: ${what}`),
      ...(fleet.more() ? [`there are more than ${mostUnits} units: the others are not shown`] : []),
      ...(unreadable === 0 ? [] : [`${unreadable} records could not be understood`]),
    ],
    units,
    shown: sorted(
      units.filter((unit) => matches(unit, how.filter)),
      how.order,
    ),
    ...how,
  };
}

/** How long the server's refusal of a subscription may take after it has answered a PING. */
const settle_ms = 100;

/** Why this user hears no heartbeats; undefined when he does. */
async function whyDeaf(link: Link): Promise<string | undefined> {
  await link.flushRtt_us(2000);
  await new Promise<void>((resolve) => void setTimeout(resolve, settle_ms));
  const denied = `subscription ${heardSubjects.heartbeat}`;
  return link.denied().includes(denied) ? `the server does not permit this user: ${denied}` : undefined;
}

/** `nunect-hub top`. Gives the exit code; wrong arguments throw a UsageError. */
export async function top(
  args: readonly string[],
  io: CommandIo,
  signal: AbortSignal,
  terminal: Terminal,
): Promise<number> {
  const values = readFlags(args, flags, usage);
  if (values.help === true) {
    io.stdout(usage);
    return 0;
  }
  const command = readCommand(values);
  const ticker = systemTicker();
  const ended = new AbortController();
  const silent = logTo(() => {}); // what goes wrong with the connection is in its state
  const link = openLink({ ticker, log: silent }, command.link, ended.signal);
  try {
    const why = await connected(link, ticker, signal);
    const heard = listen(link, ticker);
    const trouble = why === undefined ? await whyDeaf(link) : cannotConnect(command.link, why);
    if (trouble === undefined) return await showAll(command, { link, ticker, heard }, signal, terminal);
    io.stderr(`nunect-hub top: ${plainText(trouble, 500)}\n`);
    return 2;
  } finally {
    await link.stop();
    ended.abort();
  }
}

interface Means {
  readonly link: Link;
  readonly ticker: Ticker;
  readonly heard: Heard;
}

/** q, Ctrl-C, Ctrl-D. */
const quitKeys = ['q', 'Q', '\x03', '\x04'];

/** Shows the table until somebody wants an end. */
function showAll(
  command: Command,
  { link, ticker, heard }: Means,
  signal: AbortSignal,
  terminal: Terminal,
): Promise<number> {
  const { filter, once, json, interval_ms } = command;
  let order = command.sort;
  let [from, next] = [0, 0];
  return new Promise((resolve, reject) => {
    const screen = openScreen(terminal, !once && !json, { key, resized: draw, gone: finish });
    const timer = setInterval(() => {
      draw();
      if (once) finish();
    }, interval_ms);
    const quit = (): void => finish();
    signal.addEventListener('abort', quit, { once: true });

    function finish(error?: Error): void {
      clearInterval(timer);
      signal.removeEventListener('abort', quit);
      screen.close();
      if (error !== undefined) reject(error);
      else resolve(once && heard.fleet.units(ticker.now_ms()).length === 0 ? 1 : 0);
    }

    function draw(): void {
      const view = viewOf(link, ticker, heard, command.link, { order, filter });
      if (json) return void screen.show([JSON.stringify(snapshot(view))]);
      const { columns, rows } = screen.size();
      const place = screen.live ? { rows, from } : {};
      const made = table(view, { columns, colour: screen.colour, ...place });
      next = made.next;
      screen.show(screen.live || once ? made.lines : [...made.lines, '']);
    }

    function key(pressed: string): void {
      if (quitKeys.includes(pressed)) {
        finish();
        return;
      }
      if (pressed === 's') order = orders[(orders.indexOf(order) + 1) % orders.length] ?? order;
      from = pressed === ' ' ? next : 0;
      draw();
    }

    if (signal.aborted) finish();
    else if (screen.live) draw();
  });
}
