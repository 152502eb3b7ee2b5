import {
  cannotConnect,
  connected,
  connectFlags,
  connectUsage,
  linkOptions,
} from '../../cli/connect/connect.ts';
import { numberFlag, readFlags } from '../../cli/flags.ts';
import { type CommandIo, UsageError } from '../../cli/io.ts';
import { logTo } from '../../lib/log.ts';
import { systemTicker } from '../../lib/ticker.ts';
import { openLink } from '../../nats/link.ts';
import { heartbeatsDenied, type Listening, listen } from '../fleet/listen.ts';
import { plainText } from '../fleet/record/values.ts';
import { pressed, type ViewState } from './keys.ts';
import { openScreen, type Screen, type Terminal } from './screen.ts';
import { fleetSnapshot } from './snapshot.ts';
import { orders } from './sorting.ts';
import { tableLines } from './table.ts';
import { keyLines, unitLines } from './unitview.ts';
import { viewOf } from './view.ts';

const usage = `usage: nunect-hub top [options]

Shows all units of a hub in a live table: health, clock and its error bound, round trip to the hub, records that
wait, age of the last record. OFFLINE: no record for three of the unit's own intervals, also where that was before the
table began, by stream UNITS of a hub that nunect-hub init has made. AWAY: the same of an app. After a name, ↻n: its agent
was restarted n times since the table began; !: its records name another unit.
Keys: q quits, s sorts by the next column, the space bar shows the next page, arrows and Enter show one unit in full,
? shows all keys.
Exit code: 0; with --once 1 when there was no unit; 2 for wrong usage, no server, or no permission to listen.
  -s, --sort FIELD    ${orders.join(', ')} (default: state, the worst first)
  -f, --filter TEXT   only units with TEXT in their id, state, clock, version, tenant or problems
  -i, --interval S    seconds between two tables (default 2); with --once how long to listen (default 6:
                      units by agent.traffic wan or satellite need 16 or 63)
  --once              show one table with all units, and end
  --json              show JSON instead, one line for each table
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

function readOptions(values: ReturnType<typeof readFlags<typeof flags>>) {
  const { sort, once, json } = values;
  if (!orders.includes(sort)) throw new UsageError(`--sort '${sort}' must be one of ${orders.join(', ')}`);
  return {
    sort,
    once,
    json,
    filter: plainText(values.filter, 64) ?? '',
    interval_ms: numberFlag(values.interval ?? (once ? '6' : '2'), 'interval', [0.1, 3600]) * 1000,
    link: linkOptions(values, process.env, { name: 'nunect-hub top', inboxPrefix: '_INBOX' }),
  };
}

type TopOptions = ReturnType<typeof readOptions>;

/** `nunect-hub top`. Gives the exit code; wrong arguments throw a UsageError. */
export async function top(
  args: readonly string[],
  io: CommandIo,
  signal: AbortSignal,
  terminal: Terminal,
): Promise<number> {
  const values = readFlags(args, flags);
  if (values.help === true) {
    io.stdout(usage);
    return 0;
  }
  const options = readOptions(values);
  const ticker = systemTicker();
  const ended = new AbortController();
  const silent = logTo(() => {}); // what goes wrong with the connection is in its state
  const link = openLink({ ticker, log: silent }, options.link, ended.signal);
  try {
    const why = await connected(link, ticker, signal);
    const listening = listen(link, ticker, options.link);
    const failure = why === undefined ? await heartbeatsDenied(link) : cannotConnect(options.link, why);
    if (failure === undefined) return await showAll(options, listening, signal, terminal);
    io.stderr(`nunect-hub top: ${plainText(failure, 500)}\n`);
    return 2;
  } finally {
    await link.stop();
    ended.abort();
  }
}

/** Shows the view, and gives it with where its page ends. */
function draw(options: TopOptions, listening: Listening, screen: Screen, state: ViewState): ViewState {
  const { json, once, filter } = options;
  const view = viewOf(listening, state.order, filter);
  if (json) {
    screen.show([JSON.stringify(fleetSnapshot(view))]);
    return state;
  }
  const { columns, rows } = screen.size();
  const { from, selected, shows } = state;
  const unit = view.shown.find((one) => one.unit === selected);
  if (screen.live && (shows === 'keys' || (shows === 'unit' && unit !== undefined))) {
    const lines = shows === 'keys' || unit === undefined ? keyLines : unitLines(unit, columns);
    screen.show(lines.slice(0, rows).map((line) => [...line].slice(0, columns).join('')));
    return state;
  }
  const space = { columns, colour: screen.colour, ...(screen.live ? { rows, from, selected } : {}) };
  const { lines, end, next } = tableLines(view, space);
  screen.show(screen.live || once ? lines : [...lines, '']);
  return { ...state, end, next };
}

/** Shows the table until the operator, the signal or the reader ends it; once where that is asked for. */
function showAll(
  options: TopOptions,
  listening: Listening,
  signal: AbortSignal,
  terminal: Terminal,
): Promise<number> {
  const { once, json, interval_ms } = options;
  let state: ViewState = { order: options.sort, shows: 'table', from: 0, end: 0, next: 0 };
  return new Promise((resolve, reject) => {
    const redraw = (): void => {
      state = draw(options, listening, screen, state);
    };
    const screen = openScreen(terminal, !once && !json, {
      resized: redraw,
      gone: finish,
      key(key) {
        const ids = viewOf(listening, state.order, options.filter).shown.map(({ unit }) => unit);
        const turned = pressed(state, key, ids);
        if (turned === undefined) return finish();
        state = turned;
        redraw();
      },
    });
    const timer = setInterval(() => {
      redraw();
      if (once) finish();
    }, interval_ms);
    const quit = (): void => finish();
    signal.addEventListener('abort', quit, { once: true });

    function finish(error?: Error): void {
      clearInterval(timer);
      signal.removeEventListener('abort', quit);
      screen.close();
      const { fleet, ticker } = listening;
      if (error !== undefined) reject(error);
      else resolve(once && fleet.units(ticker.now_ms()).length === 0 ? 1 : 0);
    }

    if (signal.aborted) finish();
    else if (screen.live) redraw();
  });
}
