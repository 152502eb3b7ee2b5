// A hub that `up` runs, and the steps to READY after each start of its nats-server.
import { setTimeout as pause } from 'node:timers/promises';
import type { Spawn } from '../../lib/child.ts';
import { messageOf } from '../../lib/errors.ts';
import { known } from '../../lib/known.ts';
import type { Log } from '../../lib/log.ts';
import type { Stoppable } from '../../lib/parts.ts';
import type { Ticker } from '../../lib/ticker.ts';
import { version } from '../../lib/version.ts';
import type { Link } from '../../nats/link.ts';
import { askOver } from '../asks/api.ts';
import type { AccountKeeper } from './accounts/keep.ts';
import { type HubHere, natsCommand } from './hubhere.ts';
import type { HubLinks } from './hublinks.ts';
import { type UpState, writeUpState } from './runfiles.ts';
import { askHubEcho } from './selfecho.ts';
import { healthFault } from './serverasks.ts';
import type { ServerKeeper } from './serverkeeper.ts';
import type { ServerTalk } from './servertalk.ts';
import { ensureStream, keptWords, mendedWords, shrinkCommand } from './streams/ensure.ts';
import type { StreamPlan } from './streams/plan.ts';

/** A part that runs. */
export interface RunningPart extends Stoppable {
  /** Of all that it was started with, page.json alone has changed; a part without this does not read it. */
  reread?(): Promise<void>;
}

/** What runs beside the server, such as the issuer. */
export interface HubPart {
  readonly name: string;
  /** It runs whether nats-server is well or not, as it tells of that; any other from when the streams are there. */
  readonly isEarly?: true;
  /** Again after a stop. A failure is tried again. */
  start(given: {
    readonly here: HubHere;
    readonly links: HubLinks;
    readonly ticker: Ticker;
    readonly log: Log;
    /** Has `status` show what is wrong with it, or no longer. */
    tell(problem: string | undefined): void;
  }): RunningPart | Promise<RunningPart>;
}

export interface HubDeps {
  readonly ticker: Ticker;
  readonly spawn: Spawn;
  readonly log: Log;
  /** The hub of that folder as it is now; throws with what is wrong with it. */
  load(): HubHere;
  /** What is wrong with the config of nats-server as it is now. */
  testConf(): Promise<string | undefined>;
  readonly parts: readonly HubPart[];
  /** The first time, and whenever it is ready again after it was not. */
  ready(state: { readonly isFirst: boolean; readonly rtt_ms: number }): void;
}

const pauses_ms = { first: 200, longest: 10_000 } as const;

/** Of `UpState`, what changes while it runs. */
interface OwnState extends Pick<UpState, 'phase' | 'since_ms' | 'last_end'> {
  readonly unstored?: UpState['unstored'] | undefined;
  readonly why?: string | undefined;
  readonly restart_needed?: string | undefined;
  readonly part_problems?: Readonly<Record<string, string>>;
}

/** A hub that runs, with what it has come to. */
export interface Hub {
  readonly deps: HubDeps;
  here: HubHere;
  readonly links: HubLinks;
  readonly responder: Link;
  readonly accounts: AccountKeeper;
  /** How the links connect, which changes once the server has its new config, and the logins that they have. */
  connect: HubHere['connect'];
  logins: string;
  readonly running: Map<HubPart, RunningPart>;
  readonly ending: AbortController;
  keeper: ServerKeeper | undefined;
  state: OwnState;
  /** Ends the steps of the present start. */
  steps: AbortController;
  /** Resolves once those have ended: two at a time would start a part twice. */
  stepping: Promise<void>;
  isStopping: boolean;
  wasHealthy: boolean;
  wasReady: boolean;
  /** What was said of each stream last. */
  readonly said: Map<string, string>;
  readonly talk: ServerTalk;
}

/** Writes down what has changed, for `nunect-hub status`. */
export function noteState(hub: Hub, change: Partial<OwnState>): void {
  const isOther = change.phase !== undefined && change.phase !== hub.state.phase;
  hub.state = { ...hub.state, ...(isOther ? { since_ms: Date.now() } : {}), ...change };
  const state = { ...hub.state, pid: process.pid, version, starts: hub.keeper?.starts() ?? 0 };
  try {
    writeUpState(hub.here.dir, known(state) as UpState);
  } catch (error) {
    sayOnce(hub, 'state', `what 'nunect-hub status' reads cannot be written: ${messageOf(error)}`);
  }
}

function sayOnce(hub: Hub, about: string, text: string): void {
  if (hub.said.get(about) !== text) hub.deps.log.warn(text);
  hub.said.set(about, text);
}

/** What was mended, and, once, what stays otherwise than wanted. */
function sayDifferences(
  hub: Hub,
  about: string,
  { name, account }: HubHere['streams'][number],
  { mended, kept }: Pick<StreamPlan, 'mended' | 'kept'>,
): void {
  for (const one of mended) hub.deps.log.info(`${about}: ${mendedWords(one)}`);
  for (const one of kept) {
    const command = shrinkCommand(natsCommand(hub.here, account), name, one);
    const how = command === undefined ? '' : `; to have it all the same: ${command}`;
    sayOnce(hub, `${about} ${one.field}`, `${about}: ${keptWords(one)}${how}`);
  }
}

/** Said to nobody. */
const superseded = 'others are taken in their place';

/** Makes or mends the streams; gives what is in the way. */
async function streamsFault(hub: Hub): Promise<string | undefined> {
  const { here, links, deps } = hub;
  for (const wanted of here.streams) {
    if (hub.steps.signal.aborted) return superseded;
    const about = `stream ${wanted.name} of ${wanted.account.toUpperCase()}`;
    const outcome = await ensureStream(askOver(links[wanted.account]), wanted);
    if ('why' in outcome) return `${about}: ${outcome.why}`;
    if (outcome.state === 'there') sayDifferences(hub, about, wanted, outcome);
    else deps.log.info(`${about} is made`);
  }
  return undefined;
}

async function partsFault(hub: Hub, isEarly: boolean): Promise<string | undefined> {
  const { deps, here, links, running } = hub;
  for (const part of deps.parts) {
    if (running.has(part) || (part.isEarly === true) !== isEarly) continue;
    if (hub.steps.signal.aborted) return superseded;
    try {
      const log = deps.log.part(part.name);
      const tell = (problem: string | undefined): void => {
        const { [part.name]: _, ...others } = hub.state.part_problems ?? {};
        noteState(hub, {
          part_problems: problem === undefined ? others : { ...others, [part.name]: problem },
        });
      };
      running.set(part, await part.start({ here, links, ticker: deps.ticker, log, tell }));
    } catch (error) {
      return `${part.name} cannot start: ${messageOf(error)}`;
    }
  }
  return undefined;
}

/** The steps to READY in their order; gives what is in the way of the first that is not done, else the echo's round trip. */
async function step(hub: Hub): Promise<string | number> {
  const { links, here, deps } = hub;
  const early = await partsFault(hub, true);
  const unwell = await healthFault(links.sys, here);
  if (unwell !== undefined) return unwell;
  hub.wasHealthy = true;
  const lacking = early ?? (await streamsFault(hub)) ?? (await partsFault(hub, false));
  if (lacking !== undefined) return lacking;
  const echo = await askHubEcho(links.fleet, here.server, deps.ticker);
  return 'why' in echo ? `its own echo: ${echo.why}` : echo.rtt_ms;
}

/** Takes the steps again and again, until all are done. */
async function becomeReady(hub: Hub, signal: AbortSignal): Promise<void> {
  for (let wait_ms: number = pauses_ms.first; !signal.aborted; ) {
    const result = await step(hub);
    if (signal.aborted) return;
    if (typeof result === 'number') {
      hub.said.delete('waiting');
      if (hub.state.phase !== 'ready') hub.deps.ready({ isFirst: !hub.wasReady, rtt_ms: result });
      noteState(hub, { phase: 'ready', why: undefined });
      hub.wasReady = true;
      return;
    }
    noteState(hub, { phase: 'waiting', why: result });
    if (wait_ms > 1000) sayOnce(hub, 'waiting', `not ready yet: ${result}`);
    await pause(wait_ms, undefined, { signal }).catch(() => {});
    wait_ms = Math.min(pauses_ms.longest, wait_ms * 1.5);
  }
}

/** Begins with the steps to READY, from the first. */
export function beginSteps(hub: Hub): void {
  hub.steps.abort();
  if (hub.isStopping) return;
  hub.steps = new AbortController();
  const { signal } = hub.steps;
  hub.stepping = hub.stepping
    .then(() => becomeReady(hub, signal))
    .catch((error: unknown) => hub.deps.log.error(`the steps to READY failed: ${messageOf(error)}`));
}
