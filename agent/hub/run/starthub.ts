// Starts a hub, has it read its folder again, and stops it in order.
import { messageOf } from '../../lib/errors.ts';
import type { Log } from '../../lib/log.ts';
import type { Ticker } from '../../lib/ticker.ts';
import type { Link } from '../../nats/link.ts';
import type { LinkOptions } from '../../nats/session.ts';
import { type HubAccount, hubAccounts } from '../kit/accounts.ts';
import { keepAccounts } from './accounts/keep.ts';
import { soWithin } from './ending.ts';
import type { HubHere } from './hubhere.ts';
import { type HubLinks, hubLinkOptions, openQuietLink } from './hublinks.ts';
import { removeUpState } from './runfiles.ts';
import { beginSteps, type Hub, type HubDeps, noteState } from './runninghub.ts';
import { answerHubEcho } from './selfecho.ts';
import { reloadServer } from './serverasks.ts';
import { keepServer, type ServerEnd, type ServerKeeper } from './serverkeeper.ts';
import { serverTalk } from './servertalk.ts';

/** A hub that runs. */
export interface RunningHub {
  /** Reads all of its directory again. Never rejects. */
  reload(): Promise<void>;
  /** Resolves with the reason when the server ends before it was healthy once: to start it again would not help. */
  readonly failed: Promise<string>;
  /** An error of ours that nothing has caught: it is told until the end. */
  fault(error: unknown): void;
  stop(): Promise<void>;
}

/** Whether the server is to be started again. */
function ended(hub: Hub, { why }: ServerEnd, pause_ms: number): boolean {
  hub.steps.abort();
  const last_end = { at_ms: Date.now(), why };
  noteState(hub, { phase: 'restarting', why: `nats-server ${why}`, last_end, restart_needed: undefined });
  if (hub.wasHealthy) hub.deps.log.error(`nats-server ${why}; it is started again in ${pause_ms / 1000} s`);
  return hub.wasHealthy;
}

/** Account and name of each link; the last one answers echoes. */
const logins: readonly (readonly [HubAccount, string])[] = [
  ...hubAccounts.map((account) => [account, 'up'] as const),
  ['fleet', 'echo'],
];
const linksOf = ({ links, responder }: Pick<Hub, 'links' | 'responder'>): Link[] => [
  ...hubAccounts.map((account) => links[account]),
  responder,
];
const optionsOf = (here: HubHere) =>
  logins.map(([account, what]) => hubLinkOptions(here, account, `nunect-hub ${what}`));

/** For servers that take over accounts, and connections that come back. */
const patience_ms = 15_000;

/**
 * Brings the accounts of the folder to the servers. Where our logins are new: first that of the system, by the old one, which
 * is void with it; whoever else has it can bring nothing from then on. Gives why it failed.
 */
async function takeAccounts(hub: Hub): Promise<string | undefined> {
  const { links, accounts, here, connect } = hub;
  let options: LinkOptions[];
  try {
    options = optionsOf({ ...here, connect });
  } catch (error) {
    return messageOf(error);
  }
  const logins = JSON.stringify(options);
  if (logins === hub.logins) return accounts.bring();
  if (links.sys.state().connected) await accounts.bring(['sys']); // its answer may come too late for us
  for (const [at, link] of linksOf(hub).entries()) link.configure(options[at] as LinkOptions);
  hub.logins = logins;
  let lacking: string | undefined;
  await soWithin(patience_ms, async () => {
    lacking = await accounts.bring();
    return lacking === undefined;
  });
  return lacking;
}

const renamed = 'the hub has another name now, which needs a restart';

async function reload(hub: Hub): Promise<void> {
  const { log, testConf } = hub.deps;
  const { here } = hub;
  try {
    hub.here = hub.deps.load();
  } catch (error) {
    return log.error(`reload: ${messageOf(error)}; all goes on as it was`);
  }
  const wrong = await testConf();
  if (wrong !== undefined) {
    noteState(hub, { restart_needed: `nats.conf is not valid: ${wrong}` });
    return log.error(`reload: the config is not valid, the old one stays: ${wrong}`);
  }
  const isRenamed = hub.here.server !== here.server;
  if (isRenamed) hub.here = here; // nobody answers by the new name yet
  // before the config: up to 2.14 nats-server ends our connections for that, and we come back as the accounts have it
  const lacking = await takeAccounts(hub);
  if (lacking !== undefined) log.error(`reload: the servers do not take the accounts: ${lacking}`);
  const refusal = isRenamed ? renamed : await reloadServer(hub.links.sys, hub.here, () => connectAnew(hub));
  noteState(hub, { restart_needed: refusal });
  if (refusal === undefined) log.info('reload: nats-server uses the config as it is now');
  else log.error(`reload: ${refusal}`);
  hub.steps.abort();
  await hub.stepping;
  const isSame = (a: object, b: object): boolean => JSON.stringify(a) === JSON.stringify(b);
  if (!isSame({ ...hub.here, page: '' }, { ...here, page: '' }))
    await stopParts(hub); // the steps start them anew, with what is new
  else if (hub.here.page !== here.page) await rereadParts(hub);
  beginSteps(hub);
}

async function rereadParts(hub: Hub): Promise<void> {
  for (const [part, running] of hub.running) {
    try {
      await running.reread?.();
    } catch (error) {
      hub.running.delete(part); // it is started anew
      hub.deps.log.error(`${part.name}: ${messageOf(error)}`);
      await running.stop();
    }
  }
}

async function stopParts(hub: Hub): Promise<void> {
  await hub.stepping;
  for (const [part, running] of [...hub.running].reverse()) {
    hub.running.delete(part);
    try {
      await running.stop();
    } catch (error) {
      hub.deps.log.error(`${part.name} did not stop in order: ${messageOf(error)}`);
    }
  }
}

async function stop(hub: Hub): Promise<void> {
  hub.isStopping = true;
  hub.steps.abort();
  hub.accounts.stop();
  await stopParts(hub);
  await Promise.all(linksOf(hub).map((link) => link.stop()));
  hub.ending.abort();
  await hub.keeper?.stop();
  hub.talk.stop();
  removeUpState(hub.here.dir);
}

function fault(hub: Hub, error: unknown): void {
  const why = `a fault of the program itself, of which a part may stand still until up is started again: ${messageOf(error)}`;
  hub.deps.log.error(why, { at: String(error instanceof Error && error.stack) });
  noteState(hub, { part_problems: { ...hub.state.part_problems, up: why } });
}

/** By what `here` has now: logins, address and CA. */
function connectAnew(hub: Hub): void {
  try {
    const options = optionsOf(hub.here);
    for (const [at, link] of linksOf(hub).entries()) link.configure(options[at] as LinkOptions);
    hub.connect = hub.here.connect;
    hub.logins = JSON.stringify(options);
  } catch (error) {
    hub.deps.log.error(messageOf(error));
  }
}

/** Of a stream that could not be written. Up to 2.12 nats-server calls itself healthy all the same, and may store nothing more. */
const unstored = /failed to store a msg|write error/;
/** Each record may be told. */
const again_ms = 10_000;

function heardError(hub: Hub, text: string): void {
  const now_ms = Date.now();
  if (now_ms - (hub.state.unstored?.at_ms ?? 0) < again_ms) return;
  if (unstored.test(text)) noteState(hub, { unstored: { at_ms: now_ms, why: text } });
}

/** Of connections that nats-server itself has closed, as at its end. */
const ownEnd = /use of closed network connection$/;
/** With a proxy in front it also says that its websockets go without TLS. */
const withProxy = /use of closed network connection$|^Websocket not configured with TLS/;

/** All links, in the order of `logins`. */
function openLinks(here: HubHere, ticker: Ticker, signal: AbortSignal) {
  const options = optionsOf(here);
  const opened = options.map((one) => openQuietLink(one, ticker, signal));
  const links = Object.fromEntries(hubAccounts.map((account, at) => [account, opened[at]])) as HubLinks;
  return {
    links,
    responder: opened[hubAccounts.length] as Link,
    connect: here.connect,
    logins: JSON.stringify(options),
  };
}

/** Starts the server by `program`. */
const startServer = (hub: Hub, program: string, log: Log, fail: (why: string) => void): ServerKeeper =>
  keepServer(
    {
      ticker: hub.deps.ticker,
      spawn: hub.deps.spawn,
      log,
      talk: hub.talk,
      started() {
        noteState(hub, { unstored: undefined });
        connectAnew(hub);
        beginSteps(hub);
      },
      ended(end, pause_ms) {
        if (!hub.wasHealthy) fail(end.why);
        return ended(hub, end, pause_ms);
      },
    },
    [program, '-c', hub.here.conf],
  );

/** Follows a server that something else runs: whenever it is back, all is gone through again. */
function followServer(hub: Hub): void {
  hub.links.sys.onChange(({ connected }) => {
    if (connected || hub.isStopping || hub.state.phase !== 'ready') return;
    noteState(hub, { phase: 'waiting', why: 'the connection to nats-server was lost' });
    beginSteps(hub);
  });
  beginSteps(hub);
}

/**
 * Starts the server by `program`, and all that belongs to it; without a program only that. Throws where the folder does not
 * have what it must.
 */
export function startHub(deps: HubDeps, program: string | undefined): RunningHub {
  const here = deps.load();
  const log = deps.log.part('nats-server');
  const ending = new AbortController();
  const opened = openLinks(here, deps.ticker, ending.signal);
  let fail = (_why: string): void => {};
  const failed = new Promise<string>((resolve) => {
    fail = resolve;
  });
  const hub: Hub = {
    deps,
    here,
    ...opened,
    accounts: keepAccounts({ ticker: deps.ticker, log, sys: opened.links.sys, here: () => hub.here }),
    ending,
    running: new Map(),
    keeper: undefined,
    state: { phase: 'waiting', since_ms: Date.now(), why: 'nats-server is being started' },
    steps: new AbortController(),
    stepping: Promise.resolve(),
    isStopping: false,
    wasHealthy: false,
    wasReady: false,
    said: new Map(),
    talk: serverTalk(
      deps.ticker,
      log,
      here.logFile,
      here.file.tls.by === 'proxy' ? withProxy : ownEnd,
      (text) => heardError(hub, text),
    ),
  };
  answerHubEcho(opened.responder, here.server);
  if (program === undefined) followServer(hub);
  else hub.keeper = startServer(hub, program, log, fail);
  let reloads = Promise.resolve();
  return {
    failed,
    reload() {
      reloads = reloads.then(() => reload(hub));
      return reloads;
    },
    fault: (error) => fault(hub, error),
    stop: () => stop(hub),
  };
}
