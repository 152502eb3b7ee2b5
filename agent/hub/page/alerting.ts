// The alerts of a hub beside its page: who tells them, and what they see.
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { isHeld, type Lock, spawnWith, tryLock } from '../../device/lock.ts';
import type { Log } from '../../lib/log.ts';
import type { Ticker } from '../../lib/ticker.ts';
import type { Link } from '../../nats/link.ts';
import { type Alerts, startAlerts } from '../alerts/alerts.ts';
import type { Sight } from '../alerts/conditions.ts';
import type { AlertOptions } from '../alerts/options.ts';
import { alertStore } from '../alerts/statefile.ts';
import { alertSightOf } from './sight.ts';
import type { Sources } from './sources.ts';

export interface AlertingDeps {
  readonly ticker: Ticker;
  readonly wall_ms: () => number;
  readonly log: Log;
  readonly link: Link;
  readonly sources: Sources;
  /** Folder of their state: two that tell the same have one and the same. */
  readonly folder: string;
}

/** Alerts that run; or why nobody is alerted from here. */
export type Alerting =
  | { readonly alerts: Alerts; stop(): Promise<void> }
  | { readonly why: string; stop(): Promise<void> };

/** What is seen now. Without the link or the roster nothing is known of who is missing, which is not the same as: nobody is. */
function see({ link, sources }: AlertingDeps): Sight {
  const isLinked = link.state().connected;
  const hub = sources.hub.view();
  return {
    isLinked,
    ...(isLinked && sources.isRosterRead() ? { units: sources.moment().units } : {}),
    ...(hub.trouble === undefined ? { hub: alertSightOf(hub) } : {}),
  };
}

const silent = (why: string): Alerting => ({ why, stop: async () => {} });

/** Starts them, unless another process of this machine tells them already. */
export async function startAlerting(deps: AlertingDeps, options: AlertOptions): Promise<Alerting> {
  const { ticker, wall_ms, log, link, folder } = deps;
  let lock: Lock | { readonly heldBy: string | undefined };
  try {
    if (!statSync(folder).isDirectory()) return silent(`${folder} is no folder`);
    lock = await tryLock(spawnWith, join(folder, 'alerts.lock'));
  } catch (error) {
    return silent(error instanceof Error ? error.message : String(error));
  }
  if (isHeld(lock))
    return silent(`they are told by process ${lock.heldBy ?? 'of another'}, which has ${folder}`);
  if (lock.lacking !== undefined) log.warn(lock.lacking);
  const alerts = startAlerts(
    { ticker, wall_ms, log, random: Math.random, store: alertStore(folder), link, see: () => see(deps) },
    options,
  );
  const { release } = lock;
  return {
    alerts,
    async stop() {
      await alerts.stop();
      release();
    },
  };
}
