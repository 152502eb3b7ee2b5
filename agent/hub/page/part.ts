// The page as a part of `nunect-hub up`.
import { messageOf } from '../../lib/errors.ts';
import { endingTicker } from '../../lib/ticker.ts';
import { hubPaths } from '../kit/hubdir.ts';
import { hubLinkOptions, openHubLinks } from '../run/hublinks.ts';
import type { HubPart } from '../run/runninghub.ts';
import { listenFault, listenWords } from './address.ts';
import type { PageOptions } from './options.ts';
import { type RunningPage, readPageOptions, startPage } from './running.ts';

const again_ms = 10_000;
/** Of its connections. */
const name = 'nunect-hub page';

type Given = Parameters<HubPart['start']>[0];

/** By folder: the last options without a mistake, for a page that is started anew. */
const lastGood = new Map<string, PageOptions>();

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

/** A page that follows page.json; there is none before the first that is without a mistake. */
interface FollowedPage {
  /** Shows what page.json says; where that is a mistake or cannot be, all stays as it was, and it is told. */
  show(): Promise<void>;
  stop(): Promise<void>;
}

/** What page.json says now. Throws where that is a mistake, or somewhere else than what is shown and cannot be listened on. */
async function wantedOptions(path: string, shown: PageOptions | undefined): Promise<PageOptions> {
  const options = readPageOptions(path, false);
  const isElsewhere = shown && (options.listen !== shown.listen || options.port !== shown.port);
  const why = isElsewhere ? await listenFault(options) : undefined;
  if (why !== undefined) throw new Error(`${path}: ${why}`);
  return options;
}

type Tell = NonNullable<Parameters<typeof startPage>[2]['tell']>;

function followPage(
  given: Given,
  start: (options: PageOptions, tell: Tell) => Promise<RunningPage>,
): FollowedPage {
  const { here, log, ticker } = given;
  const fault = faultsOf(given);
  let page: RunningPage | undefined;
  let shown: PageOptions | undefined;

  /** Listens; while that fails it is tried again. */
  async function listenOn(one: RunningPage, options: PageOptions): Promise<void> {
    try {
      const { url } = await one.listen();
      if (page !== one) return;
      log.info('page', { url });
      fault('listen', undefined);
    } catch (error) {
      if (page !== one) return;
      fault('listen', listenWords(options, error));
      ticker.after(again_ms, () => page === one && void listenOn(one, options));
    }
  }

  async function stop(): Promise<void> {
    const one = page;
    page = undefined;
    await one?.stop();
  }

  return {
    async show() {
      let options = shown ?? lastGood.get(here.dir);
      try {
        options = await wantedOptions(hubPaths(here.dir).page, shown);
        lastGood.set(here.dir, options);
        fault('page.json', undefined);
      } catch (error) {
        const isThere = options === undefined ? '' : '; what was there before holds';
        fault('page.json', `${messageOf(error)}${isThere}`);
        if (options === undefined || page !== undefined) return;
      }
      await stop();
      shown = options;
      fault('alerts', undefined);
      page = await start(options, (why) => fault('alerts', why));
      await listenOn(page, options);
    },
    stop,
  };
}

/** Shows fleet and hub, and alerts, as long as the hub runs. What is wrong with it keeps no unit out: it is told, and tried again. */
export const pagePart: HubPart = {
  name: 'page',
  isEarly: true,
  async start(outer) {
    const { here, log } = outer;
    const ticker = endingTicker(outer.ticker);
    const ending = new AbortController();
    const links = openHubLinks(here, name, ticker, ending.signal);
    const all = Object.values(links);
    const login = hubLinkOptions(here, 'fleet', name);
    const looked = { name: here.server, link: links.fleet, options: login, kit: { here, links } };
    const stateFolder = hubPaths(here.dir).run;
    const page = followPage({ ...outer, ticker }, (options, tell) =>
      startPage(looked, options, { ticker, log, stateFolder, tell }),
    );
    try {
      await page.show();
    } catch (error) {
      log.error(messageOf(error));
      outer.tell(messageOf(error));
    }
    return {
      reread: page.show,
      async stop() {
        await page.stop();
        await Promise.all(all.map((link) => link.stop()));
        ending.abort();
        ticker.end();
      },
    };
  },
};
