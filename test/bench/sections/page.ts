import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { openPage, startBrowser } from '../../kit/page/browser.ts';
import { newOwner } from '../../kit/process/cleanup.ts';
import { eventually } from '../../kit/process/daemon.ts';
import { figure } from '../figures.ts';
import { startHubSite, startPageProgram, startUnits } from '../scale/site.ts';
import { by, pause, type Section } from '../section.ts';

const count = 1000;

/**
 * Notes in the page when each answer of /now had come and when the DOM changed last after it, in ms of the page's own clock: a
 * frame that changes nothing any more ends it.
 */
const watchUpdates = `(() => {
  const seen = (window.updates = []);
  new PerformanceObserver((list) => {
    for (const { name, responseEnd } of list.getEntries())
      if (new URL(name).pathname.startsWith('/now')) seen.push({ end: responseEnd });
  }).observe({ type: 'resource', buffered: true });
  const begin = () =>
    new MutationObserver(() => (window.changed = performance.now())).observe(document.documentElement, {
      ...{ subtree: true, childList: true, attributes: true, characterData: true },
    });
  document.addEventListener('DOMContentLoaded', begin);
})()`;

/** First contentful paint of a page that nobody has opened before, ms. */
async function firstPaint(page: Page): Promise<number> {
  return eventually('it is painted', async () => {
    const [entry] = (await page.evaluate(
      `performance.getEntriesByName('first-contentful-paint').map((one) => one.startTime)`,
    )) as number[];
    return entry;
  });
}

/** From the end of each answer to the last change that it made, ms. */
async function updatesOf(page: Page, wanted: number): Promise<number[]> {
  const took: number[] = [];
  for (let seen = 0; took.length < wanted; ) {
    const now = await eventually('it is fetched again', async () => {
      const ends = (await page.evaluate('window.updates.map(({ end }) => end)')) as number[];
      return ends.length > seen && ends;
    });
    seen = now.length;
    await pause(1); // the next answer comes in 2 s, and what it changes is changed by then
    const changed = (await page.evaluate('window.changed ?? 0')) as number;
    if (changed > (now.at(-1) ?? 0)) took.push(changed - (now.at(-1) ?? 0));
  }
  return took;
}

/** The fleet's page with 1,000 rows in Chromium: hub, page and browser share the cores. */
export const page: Section = async (bench) => {
  const owner = newOwner();
  try {
    const site = await startHubSite(owner, { isCluster: false, isIsolated: false });
    await startUnits(owner, site, { count, traffic: 'standard', by: 'together' });
    const { url } = await startPageProgram(owner, site, join(bench.build.root, 'dist/nunect-hub.cjs'));
    const path = `${url}/?n=${count}`;
    await eventually('all units are listed', async () => {
      const text = await (await fetch(path)).text();
      return text.split('id="u-').length - 1 >= count;
    });
    const browser = await startBrowser(owner);
    const paints: number[] = [];
    for (let round = 0; round <= by(bench, { quick: 7, full: 20 }); round++) {
      const { page: opened } = await openPage(browser, path);
      const took = await firstPaint(opened);
      if (round > 0) paints.push(took); // the first has warmed up browser and server
      await opened.context().close();
    }
    const context = await browser.newContext();
    await context.addInitScript(watchUpdates);
    const opened = await context.newPage();
    await opened.goto(path);
    const updates = await updatesOf(opened, 20);
    return [
      figure('page.paint', 'the page of 1,000 units, all listed: first contentful paint', 'ms', paints),
      figure('page.update', 'from the answer of /now to the last change of the page', 'ms', updates),
      figure('page.update.worst', 'the worst of these', 'ms', [Math.max(...updates)]),
    ];
  } finally {
    await owner.end();
  }
};
