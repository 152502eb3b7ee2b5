// The page of a hub and its alerts, from the connections up.
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { type OwnClock, watchOwnClock } from '../../clock/ownclock.ts';
import { messageOf } from '../../lib/errors.ts';
import { readIfThere } from '../../lib/files.ts';
import { known } from '../../lib/known.ts';
import type { Log } from '../../lib/log.ts';
import { endingTicker, type Ticker } from '../../lib/ticker.ts';
import { packingSend } from '../../web/packing.ts';
import { serveWeb, type WebServer } from '../../web/server.ts';
import { hubPaths } from '../kit/hubdir.ts';
import { pageActions } from './actions.ts';
import { type Alerting, silentAlerting, startAlerting } from './alerting.ts';
import { type PageOptions, parsePageOptions } from './options.ts';
import { pageRoutes } from './routes.ts';
import { type LookedHub, openSources } from './sources.ts';
import { keepDays } from './unit/past/keep.ts';
import { keepOffsets } from './unit/past/offsets.ts';
import { keepProblems } from './unit/problems.ts';

export interface PageDeps {
  readonly ticker: Ticker;
  readonly log: Log;
  /** Where the alerts keep their state; without it nobody is alerted. */
  readonly stateFolder: string | undefined;
  /** Says, and has `status` show, why nobody is alerted, or not for sure; or that all is well. Else it is logged. */
  tell?(why: string | undefined): void;
}

export interface RunningPage {
  /** Listens, or throws why it cannot. */
  listen(): Promise<{ readonly url: string }>;
  stop(): Promise<void>;
}

/** Reads page.json. Throws with the file, what is wrong in it and what is allowed; without a file all is as by default. */
export function readPageOptions(path: string | undefined, isAsked: boolean): PageOptions {
  let text: string | undefined;
  try {
    text = path === undefined ? undefined : isAsked ? readFileSync(path, 'utf8') : readIfThere(path);
  } catch (error) {
    throw new Error(`${path} cannot be read: ${messageOf(error)}`, { cause: error });
  }
  const options = parsePageOptions(text ?? '{}', (file) => readFileSync(file, 'utf8'));
  if (!options.ok) throw new Error(`${path}: ${options.why}`);
  return options.value;
}

/** From one look at what was measured to the next. */
const note_ms = 60_000;
/** What a form of ours may send. */
const mostForm = 1024;
const mostConnections = 256;
/** All metrics of 10,000 units are 16 MB. */
const answer_ms = 60_000;

const bracketed = (address: string): string => (address.includes(':') ? `[${address}]` : address);

async function alertingOf(
  { alerts }: PageOptions,
  folder: string | undefined,
  deps: Omit<Parameters<typeof startAlerting>[0], 'folder'>,
): Promise<Alerting> {
  const silent = (why: string): Alerting => {
    deps.log.info(`nobody is alerted from here: ${why}`);
    return silentAlerting(why);
  };
  if (alerts === undefined) return silent('page.json says "alerts": false');
  if (folder === undefined) return silent('there is no folder for their state: --state names one');
  return startAlerting({ ...deps, folder }, alerts);
}

const storeOf = ({ kit }: LookedHub) =>
  kit === undefined ? {} : { storeFolder: hubPaths(kit.here.dir).store };

/** The servers that may tell, and this one. */
function tellersOf({ name, kit }: LookedHub) {
  const { cluster = [], server: own = name } = kit?.here ?? {};
  const teller = kit === undefined ? `page on ${hostname()}` : own;
  return { servers: cluster.length > 0 ? cluster : [own], own, teller };
}

/** What would alert for ever. */
function doubtsOf({ kit }: LookedHub, { alerts }: PageOptions): readonly string[] {
  const { days } = kit?.here.file ?? {};
  const login_days = alerts?.limits.login_days ?? 0;
  return days === undefined || login_days < days
    ? []
    : [
        `alerts.login_days: ${login_days} must be less than the ${days} days of a login: each alerts for ever`,
      ];
}

/** Starts to look, and to alert; it serves once `listen` is called. `hub`'s links are the caller's to stop. */
export async function startPage(hub: LookedHub, options: PageOptions, deps: PageDeps): Promise<RunningPage> {
  const { log } = deps;
  const ticker = endingTicker(deps.ticker);
  const wall_ms = Date.now;
  const own: OwnClock = watchOwnClock(ticker);
  const ending = new AbortController();
  const { signal } = ending;
  const sources = openSources(hub, { ticker, own, wall_ms, limits: options.limits }, signal);
  const { link, kit } = hub;
  const alertDeps = {
    ...{ ticker, wall_ms, log, link, sources, ...tellersOf(hub), ...storeOf(hub) },
    ...{ doubts: doubtsOf(hub, options), ...known({ tell: deps.tell }) },
  };
  const alerting = await alertingOf(options, deps.stateFolder, alertDeps);
  const kitOf = kit && { ...kit, signal };
  const { measuring } = sources;
  const actions = pageActions({ measuring, wall_ms, log, ...(kitOf && { kit: kitOf }) });
  const offsets = keepOffsets();
  ticker.every(note_ms, () => offsets.note(sources.moment().units));
  const days = keepDays(link, ticker, wall_ms);
  const problems = keepProblems(link, ticker, wall_ms);
  const kept = { days, offsets, problems, alertOptions: options.alerts, limits: options.limits };
  const routes = pageRoutes({ ...kept, hub, sources, actions, alerting, ticker, wall_ms, log });
  let server: WebServer | undefined;
  return {
    async listen() {
      const { listen, port, hosts } = options;
      const web = {
        name: 'web server',
        routes,
        log,
        mostForm,
        send: packingSend(),
        mostConnections,
        answer_ms,
      };
      server = await serveWeb(web, { listen, port, hosts }, signal);
      return { url: `http://${bracketed(listen)}:${server.port}/` };
    },
    async stop() {
      await server?.stop();
      await alerting.stop();
      sources.stop();
      await own.stop();
      ending.abort();
      ticker.end();
    },
  };
}
