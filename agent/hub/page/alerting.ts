// The alerts of a hub beside its page: who tells them, and what they see.
import { statfsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { isHeld, spawnWith, tryLock } from '../../device/lock.ts';
import { messageOf } from '../../lib/errors.ts';
import { known } from '../../lib/known.ts';
import type { Log } from '../../lib/log.ts';
import type { Ticker } from '../../lib/ticker.ts';
import type { Link } from '../../nats/link.ts';
import { startAlerts } from '../alerts/alerts.ts';
import type { Sight } from '../alerts/conditions.ts';
import type { AlertOptions } from '../alerts/options.ts';
import { alertStore } from '../alerts/statefile.ts';
import type { AlertsView } from '../alerts/view.ts';
import { doubtWords } from './fleet/words.ts';
import { alertSightOf } from './sight.ts';
import type { Sources } from './sources.ts';
import { takeTurns } from './turns.ts';

export interface AlertingDeps {
  readonly ticker: Ticker;
  readonly wall_ms: () => number;
  readonly log: Log;
  readonly link: Link;
  readonly sources: Sources;
  /** Folder of their state: two that tell the same have one and the same. */
  readonly folder: string;
  /** Where the streams lie, where that is on this machine. */
  readonly storeFolder?: string;
  /** The servers of the hub in their order, and this one: the first that is there tells. */
  readonly servers: readonly string[];
  readonly own: string;
  /** Who tells, for signs of life. */
  readonly teller: string;
  /** What is wrong with the options, though they can be. */
  readonly doubts: readonly string[];
  /** Says, and has `status` show, why nobody is alerted, or not for sure; or that all is well. Else it is logged. */
  tell?(why: string | undefined): void;
}

export interface Alerting {
  /** The alerts, where they are told from here. */
  view(): AlertsView | undefined;
  /** Why nobody is alerted from here, where that is so. */
  why(): string | undefined;
  stop(): Promise<void>;
}

/** Share of the disk of that folder that is taken, 0 to 1; undefined where it does not say. */
function diskUsed(folder: string | undefined): number | undefined {
  if (folder === undefined) return undefined;
  try {
    const { blocks, bfree, bavail } = statfsSync(folder);
    const used = blocks - bfree;
    return blocks > 0 ? used / (used + bavail) : undefined; // as df counts: what is kept for root is no room
  } catch {
    return undefined;
  }
}

/** So long a linked server may see no units until another one tells instead. */
const blind_ms = 60_000;

/** What is seen now. Without the link or the roster nothing is known of who is missing, which is not the same as: nobody is. */
function see({ sources, storeFolder }: AlertingDeps): Sight {
  const { connected: isLinked, units } = sources.moment();
  const hub = sources.hub.view();
  const { doubt } = sources.measuring.state();
  return {
    isLinked,
    ...(isLinked && sources.isRosterRead() ? { units } : {}),
    hub: {
      ...alertSightOf(hub),
      clock_doubt: doubt !== undefined && doubtWords(doubt),
      ...known({ disk_used: diskUsed(storeFolder) }),
    },
  };
}

/** Nobody is alerted from here. */
export const silentAlerting = (why: string): Alerting => ({
  view: () => undefined,
  why: () => why,
  stop: async () => {},
});

/** The lock on their state, or why there is none. */
async function lockState(folder: string, log: Log): Promise<(() => void) | { readonly why: string }> {
  try {
    if (!statSync(folder).isDirectory()) return { why: `${folder} is no folder` };
    const lock = await tryLock(spawnWith, join(folder, 'alerts.lock'));
    if (isHeld(lock)) return { why: `process ${lock.heldBy ?? 'of another'} tells them, by ${folder}` };
    if (lock.lacking !== undefined) log.warn(lock.lacking);
    return lock.release;
  } catch (error) {
    return { why: messageOf(error) };
  }
}

/** Looks, and tells where it is this server's turn. */
function startTelling(
  deps: AlertingDeps,
  options: AlertOptions,
  tell: (why: string | undefined) => void,
): Alerting {
  const { ticker, wall_ms, log, link, folder, servers, own, teller } = deps;
  let seen_ms = ticker.now_ms();
  const alertDeps = {
    ...{ ticker, wall_ms, log, random: Math.random, store: alertStore(folder), link, teller, tell },
    see(): Sight {
      const sight = see(deps);
      if (sight.units !== undefined || !sight.isLinked) seen_ms = ticker.now_ms();
      return sight;
    },
  };
  const isShared = servers.length > 1;
  const alerts = startAlerts(alertDeps, options, !isShared);
  let isMine = !isShared;
  const turns = isShared
    ? takeTurns({
        ...{ ticker, link, servers, own },
        sees: () => ticker.now_ms() - seen_ms < blind_ms,
        changed(next) {
          isMine = next;
          log.info(isMine ? 'alerts are told from here' : 'alerts are told by another server');
          alerts.setTurn(isMine);
        },
      })
    : undefined;
  return {
    view: () => (isMine ? alerts.view() : undefined),
    why: () => (isMine ? undefined : `they are told by ${turns?.teller() ?? 'another server'}`),
    async stop() {
      turns?.stop();
      await alerts.stop();
    },
  };
}

const again_ms = 10_000;

/** Starts them, once no other process of this machine tells them; on another server of the hub they wait for their turn. */
export async function startAlerting(deps: AlertingDeps, options: AlertOptions): Promise<Alerting> {
  const { ticker, log, folder, doubts } = deps;
  let said: string | undefined;
  const tell = (found: string | undefined): void => {
    const all = [...doubts, ...(found === undefined ? [] : [found])];
    const text = all.length === 0 ? undefined : all.join('; ');
    if (text === said) return;
    said = text;
    if (deps.tell !== undefined) deps.tell(text);
    else if (text !== undefined) log.error(text);
  };
  let telling: Alerting | undefined;
  let release: (() => void) | undefined;
  let why: string | undefined;
  let isStopped = false;
  let cancel = (): void => {};
  const start = async (): Promise<void> => {
    const lock = await lockState(folder, log);
    if (typeof lock !== 'function') {
      why = lock.why;
      if (isStopped) return;
      tell(`nobody is alerted from here: ${why}`);
      cancel = ticker.after(again_ms, () => {
        starting = start();
      });
    } else if (isStopped) lock();
    else {
      release = lock;
      if (why !== undefined) log.info('alerts are told from here now');
      why = undefined;
      tell(undefined);
      telling = startTelling(deps, options, tell);
    }
  };
  let starting = start();
  await starting;
  return {
    view: () => telling?.view(),
    why: () => (telling === undefined ? why : telling.why()),
    async stop() {
      isStopped = true;
      cancel();
      await starting;
      await telling?.stop();
      release?.();
    },
  };
}
