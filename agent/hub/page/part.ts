// The page as a part of `nunect-hub up`.
import { connected } from '../../cli/connect/connect.ts';
import { messageOf } from '../../lib/errors.ts';
import { endingTicker } from '../../lib/ticker.ts';
import { hubPaths } from '../kit/hubdir.ts';
import { hubLinkOptions, openHubLinks } from '../run/hublinks.ts';
import type { HubPart } from '../run/runninghub.ts';
import { readPageOptions, startPage } from './running.ts';

const again_ms = 10_000;

/** Shows fleet and hub, and alerts, as long as the hub runs. What is wrong with it keeps no unit out: it is told, and tried again. */
export const pagePart: HubPart = {
  name: 'page',
  async start({ here, ticker: outer, log, tell }) {
    const ticker = endingTicker(outer);
    const ending = new AbortController();
    const paths = hubPaths(here.dir);
    const links = openHubLinks(here, 'nunect-hub page', ticker, ending.signal);
    const end = async (): Promise<void> => {
      await Promise.all(Object.values(links).map((link) => link.stop()));
      ending.abort();
      ticker.end();
    };
    try {
      await Promise.all(Object.values(links).map((link) => connected(link, ticker, ending.signal)));
      const options = readPageOptions(paths.page, false);
      const looked = {
        name: here.server,
        link: links.fleet,
        options: hubLinkOptions(here, 'fleet', 'nunect-hub page'),
        kit: { here, links },
      };
      const page = await startPage(looked, options, { ticker, log, tell, stateFolder: paths.run });
      let said: string | undefined;
      const listen = async (): Promise<void> => {
        try {
          const { url } = await page.listen();
          said = undefined;
          log.info('page', { url });
        } catch (error) {
          const why = messageOf(error);
          if (why !== said) log.error(why);
          said = why;
          tell(why);
          ticker.after(again_ms, () => void listen());
        }
      };
      await listen();
      return {
        async stop() {
          await page.stop();
          await end();
        },
      };
    } catch (error) {
      const why = messageOf(error);
      log.error(why);
      tell(why);
      return { stop: end };
    }
  },
};
