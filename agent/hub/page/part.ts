// The page as a part of `nunect-hub up`.
import { connected } from '../../cli/connect/connect.ts';
import { messageOf } from '../../lib/errors.ts';
import { endingTicker } from '../../lib/ticker.ts';
import { hubPaths } from '../kit/hubdir.ts';
import { type HubLinks, hubLinkOptions, openHubLinks } from '../run/hublinks.ts';
import type { HubPart } from '../run/runninghub.ts';
import type { PageOptions } from './options.ts';
import { type RunningPage, readPageOptions, startPage } from './running.ts';

const again_ms = 10_000;
/** Of its connections. */
const name = 'nunect-hub page';

type Given = Parameters<HubPart['start']>[0];

/** By folder: the last options without a mistake. */
const lastGood = new Map<string, PageOptions>();

/** What page.json says now; where that is a mistake, what it said before. Throws where there was nothing before. */
function optionsOf(dir: string, wrong: (why: string) => void): PageOptions {
  const before = lastGood.get(dir);
  try {
    const options = readPageOptions(hubPaths(dir).page, false);
    lastGood.set(dir, options);
    return options;
  } catch (error) {
    if (before === undefined) throw error;
    wrong(messageOf(error));
    return before;
  }
}

/** What is wrong with the page, by what it is about; all of it is told together. */
function faultsOf({ log, tell }: Pick<Given, 'log' | 'tell'>) {
  const found = new Map<string, string>();
  return (about: string, why: string | undefined): void => {
    if (why !== undefined && found.get(about) !== why) log.error(why);
    if (why === undefined) found.delete(about);
    else found.set(about, why);
    tell(found.size === 0 ? undefined : [...found.values()].join('; '));
  };
}

/** Listens; while that fails it is tried again. */
async function listenOn(page: RunningPage, given: Given, fault: ReturnType<typeof faultsOf>): Promise<void> {
  try {
    const { url } = await page.listen();
    given.log.info('page', { url });
    fault('listen', undefined);
  } catch (error) {
    fault('listen', messageOf(error));
    given.ticker.after(again_ms, () => void listenOn(page, given, fault));
  }
}

async function startOn(links: HubLinks, given: Given): Promise<RunningPage> {
  const { here, ticker, log } = given;
  const fault = faultsOf(given);
  const options = optionsOf(here.dir, (why) => fault('page.json', `${why}; what was there before holds`));
  const login = hubLinkOptions(here, 'fleet', name);
  const looked = { name: here.server, link: links.fleet, options: login, kit: { here, links } };
  const page = await startPage(looked, options, { ticker, log, stateFolder: hubPaths(here.dir).run });
  await listenOn(page, given, fault);
  return page;
}

/** Shows fleet and hub, and alerts, as long as the hub runs. What is wrong with it keeps no unit out: it is told, and tried again. */
export const pagePart: HubPart = {
  name: 'page',
  async start(outer) {
    const { here, log, tell } = outer;
    const ticker = endingTicker(outer.ticker);
    const ending = new AbortController();
    const links = openHubLinks(here, name, ticker, ending.signal);
    const all = Object.values(links);
    const end = async (): Promise<void> => {
      await Promise.all(all.map((link) => link.stop()));
      ending.abort();
      ticker.end();
    };
    try {
      await Promise.all(all.map((link) => connected(link, ticker, ending.signal)));
      const page = await startOn(links, { ...outer, ticker });
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
