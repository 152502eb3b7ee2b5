// A hub that is watched as its page does it, by the logins in its folder.
import { loadHub } from '../../../agent/hub/run/hubhere.ts';
import { type HubLinks, openHubLinks } from '../../../agent/hub/run/hublinks.ts';
import type { HubView } from '../../../agent/hub/servers/model.ts';
import { type HubWatch, watchHub } from '../../../agent/hub/servers/watch.ts';
import { systemTicker } from '../../../agent/lib/ticker.ts';
import type { Cleanup } from '../process/cleanup.ts';
import { eventually } from '../process/daemon.ts';

const ticker = systemTicker();

/** The links of the hub's own users. */
export function hubLinksOf(owner: Cleanup, dir: string): HubLinks {
  const controller = new AbortController();
  const links = openHubLinks(loadHub(dir), 'hubservers.test', ticker, controller.signal);
  owner.after(async () => {
    controller.abort();
    await Promise.all(Object.values(links).map((link) => link.stop()));
  });
  return links;
}

/** Watches the hub of a folder; `expected` are its servers. */
export function watchedHub(owner: Cleanup, dir: string, expected: readonly string[] = []): HubWatch {
  const links = hubLinksOf(owner, dir);
  const watch = watchHub({ sys: links.sys, accounts: links, ticker, wall_ms: Date.now }, expected);
  owner.after(() => watch.stop());
  return watch;
}

/** The view once it is so; else fails with what it is. */
export const viewThat = (watch: HubWatch, what: string, isSo: (view: HubView) => boolean): Promise<HubView> =>
  eventually(
    what,
    () => {
      const view = watch.look();
      return isSo(view) ? view : undefined;
    },
    60_000,
  ).catch((error) => {
    throw new Error(`${error.message}: ${JSON.stringify(watch.view(), undefined, 1).slice(0, 6000)}`);
  });
