// The status page in a real browser, in front of a real unit that goes through its states: what a person sees is
// what the daemons say, at every size and in both schemes, and nothing of it is fetched from anywhere else.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { Agent, get } from 'node:http';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import type { Browser, Page } from 'playwright-core';
import { prettyBytes, prettyNs } from '../../agent/lib/format.ts';
import { logTo } from '../../agent/lib/log.ts';
import type { StatusSnapshot } from '../../agent/status/snapshot.ts';
import { statusRoutes } from '../../agent/status/web/routes.ts';
import { serveWeb } from '../../agent/web/server.ts';
import type { Chronyd } from '../kit/clock/chrony.ts';
import { linuxptp, type Ptp4l } from '../kit/clock/ptp.ts';
import { statusComplaints } from '../kit/lib/schema.ts';
import { noNetns } from '../kit/net/netns.ts';
import { openPage, startBrowser, tooFaint } from '../kit/page/browser.ts';
import { fullSnapshot, historyOf } from '../kit/page/snapshot.ts';
import { documentedFields, fieldsOf } from '../kit/page/statusfields.ts';
import { newOwner } from '../kit/process/cleanup.ts';
import { eventually, tempDir } from '../kit/process/daemon.ts';
import { tool } from '../kit/process/tools.ts';
import { type FullSite, fullSite, hostileRefid } from '../kit/unit/fullsite.ts';

const skip = noNetns() ?? (tool('chromium') === undefined ? 'no chromium' : false);
const owner = newOwner();
const figures: string[] = [];
const sizes = [320, 360, 768, 1280];
const pictures = process.env['NUNECT_PICTURES']; // a folder for pictures, where somebody wants to look

const fields = new Set(documentedFields());

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const plain = (text: string): string => text.replaceAll('\u00a0', ' ');
const textOf = async (page: Page, selector: string): Promise<string> =>
  plain((await page.textContent(selector)) ?? '');
const shows = (page: Page, selector: string, wanted: RegExp, limit_ms = 20_000): Promise<unknown> =>
  eventually(
    `${wanted} in ${selector}`,
    async () => wanted.test(await textOf(page, selector)),
    limit_ms,
    100,
  ).catch(async (error: Error) => {
    throw new Error(`${error.message}; there is: ${await textOf(page, selector)}`);
  });

/** The clock in a sentence. */
const sentence = '#judgment summary span';

let browser: Browser;
before(async () => {
  if (skip === false) browser = await startBrowser(owner);
});
after(async () => {
  await owner.end();
  for (const line of figures) console.log(`figure: ${line}`);
});

/** All that the page shows as name and value. */
const factsOf = (page: Page, section: string): Promise<Record<string, string>> =>
  page.evaluate(
    `Object.fromEntries([...document.querySelectorAll('#${section} dl div')].map((d) => [d.children[0].textContent, d.children[1].textContent]))`,
  );

/** The page at every size in both schemes. */
async function inspect(url: string, stage: string): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    const { page, wrong } = await openPage(browser, url, { colorScheme });
    for (const width of sizes) {
      await page.setViewportSize({ width, height: 800 });
      const spill = await page.evaluate('document.documentElement.scrollWidth - innerWidth');
      assert.ok(Number(spill) <= 0, `${stage}: ${spill} px too wide at ${width}`);
      const cramped = await page.evaluate(
        `[...document.querySelectorAll('.axis, .key, .tiles p, h2')].filter((p) => p.scrollWidth > p.clientWidth).length`,
      );
      assert.equal(cramped, 0, `${stage}: words overlap at ${width}`);
      if (pictures !== undefined)
        await page.screenshot({
          path: join(pictures, `${stage}-${width}-${colorScheme}.png`),
          fullPage: true,
        });
    }
    assert.deepEqual(await tooFaint(page), [], `${stage}, ${colorScheme}`);
    assert.deepEqual(wrong, []);
    await page.context().close();
  }
}

describe('the status page', { skip, concurrency: 2 }, () => {
  describe('the page of a unit that goes through its states', { concurrency: 1 }, () => {
    let site: FullSite;
    let gm: Ptp4l;
    let ntp: Chronyd;
    let url = '';
    let watched: Awaited<ReturnType<typeof openPage>>;

    const told = async (): Promise<StatusSnapshot> => (await fetch(`${url}status.json`)).json() as never;

    before(async () => {
      site = await fullSite(owner);
      url = site.unit.statusUrl;
      watched = await openPage(browser, url);
    });

    test('unsynchronised: one word and one sentence say so, and what can be done', async () => {
      await shows(watched.page, '#clock', /unsynchronised/);
      await shows(watched.page, sentence, /^Not synchronised for \d+ s/);
      await shows(watched.page, '#link', /joined (since|for)/);
      await inspect(url, 'unsynced');
    });

    test('locked: the open page follows without being loaded anew', async () => {
      await watched.page.evaluate('window.mark = 1');
      ntp = await site.startNtp(false);
      ({ gm } = await site.startPtp());
      await site.unit.becomes('ptp locked', 0, 60_000);
      await shows(watched.page, sentence, /^Locked to PTP since \d\d:\d\d UTC, within \d/);
      assert.equal(await watched.page.evaluate('window.mark'), 1);
      assert.match(await textOf(watched.page, '#ntp'), /<s>&/);
      assert.equal(await watched.page.locator('#ntp s').count(), 0, `${hostileRefid} stays text`);
      await inspect(url, 'locked');
    });

    test('its numbers are those of status.json, and those of the daemons', async () => {
      const { page } = await openPage(browser, 'about:blank');
      const seen = await eventually(
        'three answers of one moment, in which the clock is bounded',
        async () => {
          const status = await told();
          if (status.clock?.error_bound_ns === undefined) return false; // a busy machine makes PTP acquire anew
          await page.goto(url);
          return (await told()).at_ms === status.at_ms && status;
        },
      );
      const [judged, link, ptp, device] = await Promise.all(
        ['judgment', 'server', 'ptp', 'device'].map((section) => factsOf(page, section)),
      );
      const bound = prettyNs(seen.clock?.error_bound_ns ?? Number.NaN);
      const trip = plain(prettyNs((seen.link.hub_rtt_us ?? Number.NaN) * 1000));
      assert.equal(await textOf(page, '#clock .big'), plain(`± ${bound}`));
      assert.deepEqual([await textOf(page, '#link .big'), await textOf(page, '#curves b')], [trip, trip]);
      assert.equal(await textOf(page, '#records .big'), String(seen.spool?.records));
      assert.equal(await textOf(page, '#apps .big'), String(seen.clients?.count));
      assert.equal(seen.clients?.count, 0, 'there is no app');
      assert.equal(judged?.['Offset'], prettyNs(seen.clock?.offset_ns ?? Number.NaN));
      assert.equal(judged?.['Within this of true time'], bound);
      assert.equal(
        judged?.['Within this of the grandmaster'],
        prettyNs(seen.clock?.error_rel_ns ?? Number.NaN),
      );
      assert.equal(link?.['Stored by the hub'], String(seen.spool?.stored));
      assert.equal(device?.['Agent memory'], prettyBytes(seen.self?.rss_bytes ?? Number.NaN));
      assert.equal(ptp?.['Path delay'], prettyNs(seen.ptp?.meanPathDelay_ns ?? Number.NaN));
      const pmc = ['-u', '-b', '0', '-s', site.ptpSocket, '-i', join(tempDir(owner, 'pmc'), 's')];
      const { stdout } = await promisify(execFile)(linuxptp('pmc'), [...pmc, 'GET PARENT_DATA_SET']);
      assert.equal(ptp?.['Grandmaster'], /grandmasterIdentity +(\S+)/.exec(stdout)?.[1]);
      assert.equal(ptp?.['Parent port'], /parentPortIdentity +(\S+)/.exec(stdout)?.[1]);
      const sources = (await ntp.chronyc('sources'))
        .trim()
        .split('\n')
        .map((line) => line.split(',')[2]);
      const rows = await page.locator('#ntp tbody th').allTextContents();
      assert.deepEqual(rows.sort(), sources.sort());
      assert.ok(rows.includes('127.0.0.2') && rows.includes(hostileRefid));
      assert.match(await textOf(page, '#server summary span'), /^demo-01 2\./);
      await page.context().close();
    });

    test('after a refresh the page is what the server would have sent as a whole', async () => {
      const { page } = watched;
      const response = await page.waitForResponse((one) => one.url().endsWith('/now'));
      const sent = JSON.stringify(await response.text());
      const differs = await eventually(
        'the page as it was sent',
        () =>
          page.evaluate(`(() => {
        const fresh = new DOMParser().parseFromString(${sent}, 'text/html');
        const shown = document.querySelector('main').cloneNode(true);
        for (const time of shown.querySelectorAll('time')) {
          time.removeAttribute('title'); // the time where the browser is, which the script adds
          time.textContent = time.textContent.split(' · ')[0];
        }
        return shown.outerHTML === fresh.querySelector('main').outerHTML && document.title === fresh.title;
      })()`) as Promise<boolean>,
        1500,
      );
      assert.equal(differs, true);
    });

    test('everything has an accessible name and its role', async () => {
      const { page } = watched;
      for (const name of [
        'Clock',
        'Hub',
        'Records waiting',
        'Apps on this leaf',
        'Curves',
        'What changed',
        'Details',
      ])
        assert.equal(await page.getByRole('region', { name, exact: true }).count(), 1, name);
      assert.equal(await page.getByRole('status').count(), 1);
      await page.evaluate(`for (const one of document.querySelectorAll('details')) one.open = true`);
      for (const name of ['Round trips', 'Ports', 'Sources'])
        assert.equal(await page.getByRole('table', { name, exact: true }).count(), 1, name);
      assert.equal(
        await page.getByRole('img', { name: /^Clock offset, last 15 min: ± .* full scale/ }).count(),
        1,
      );
      assert.equal(await page.getByRole('columnheader', { name: 'Median' }).count(), 1);
      assert.equal(await page.getByRole('rowheader', { name: 'leaf' }).count(), 1);
      assert.equal(await page.getByRole('heading', { level: 1, name: 'demo-01' }).count(), 1);
      const tree = await page.locator('body').ariaSnapshot();
      assert.doesNotMatch(tree, /^\s*- (img|link|table|region|group)\s*:?$/m, 'nothing without a name');
    });

    test('without scripts the same is seen, and the page loads itself anew', async () => {
      const off = await openPage(browser, url, { javaScriptEnabled: false });
      // a busy machine may lose the lock for a moment: then one of its own reloads shows the next
      const isLocked = async () => /^Locked to PTP since/.test(await textOf(off.page, sentence));
      await eventually('the lock', () => isLocked().catch(() => false), 90_000, 200); // a reload takes the element away
      const before_text = await textOf(off.page, '#asof');
      await eventually(
        'loaded anew',
        async () => (await textOf(off.page, '#asof')) !== before_text,
        90_000,
        200,
      );
      assert.deepEqual(off.wrong, []);
      assert.ok(off.asked.every((path) => path === '/'));
      await off.page.context().close();
    });

    test('fifty viewers see one look per second, and cost little', async () => {
      const span_s = 10;
      const pages = new Set<string>();
      let answers = 0;
      let again = 0;
      const agent = new Agent({ keepAlive: true, maxSockets: 50 });
      const once = (): Promise<void> =>
        new Promise((resolve, reject) => {
          get(`${url}now`, { agent }, (response) => {
            let body = '';
            response.setEncoding('utf8').on('data', (part: string) => {
              body += part;
            });
            response.on('end', () => {
              answers += 1;
              pages.add(body);
              resolve();
            });
          }).on('error', reject);
        });
      /** As a browser does when a connection that it kept was closed by the server just then. */
      const poll = (): Promise<void> =>
        once().catch(() => {
          again += 1;
          return once();
        });
      const cpuOf = async (work: () => Promise<unknown>): Promise<number> => {
        const before_ms = site.unit.cpu_ms();
        await work();
        return site.unit.cpu_ms() - before_ms;
      };
      const idle_ms = await cpuOf(() => pause(span_s * 1000));
      const begun = performance.now();
      const busy_ms = await cpuOf(() =>
        Promise.all(
          Array.from({ length: 50 }, async (_, i) => {
            await pause(i * 40);
            for (let turn = 0; turn < span_s / 2; turn++) {
              await poll();
              await pause(2000);
            }
          }),
        ),
      );
      agent.destroy();
      const took_s = (performance.now() - begun) / 1000;
      const perViewer = ((busy_ms / took_s - idle_ms / span_s) / 50) * 60;
      const size = Buffer.byteLength(await (await fetch(url)).text());
      figures.push(
        `page ${size} bytes; 50 viewers for ${span_s} s: ${answers} answers of ${pages.size} looks, CPU ${busy_ms} ms against ${idle_ms} ms idle: ${perViewer.toFixed(1)} ms per viewer and minute`,
      );
      assert.equal(answers, 250);
      assert.ok(again < 10, `${again} connections were cut`);
      assert.ok(pages.size <= took_s + 4, `${pages.size} looks in ${took_s} s`);
      assert.ok(size <= 24 * 1024, `${size} bytes`);
      assert.ok(perViewer < 60, `${perViewer} ms`);
    });

    test('hub gone: the link and the problem say so, with a command', async () => {
      await site.hub.server().end('SIGKILL');
      await shows(watched.page, '#link', /down/, 90_000);
      await shows(watched.page, '#verdict', /▲ The hub is not joined.*(leaf\.log|restart nats-server)/);
      assert.equal(await watched.page.title(), 'demo-01: degraded');
      await shows(watched.page, '#records', /Records waiting[1-9]\d*/);
      const undocumented = fieldsOf(await site.unit.status()).filter((field) => !fields.has(field));
      assert.deepEqual(undocumented, [], 'docs/status.md knows every field that a real unit has');
      assert.deepEqual(statusComplaints(await told()), []);
      await inspect(url, 'hub-gone');
      await site.hub.restart();
      await shows(watched.page, '#link', /joined (since|for)/, 90_000);
    });

    test('holdover: said with its source, and the bound grows', async () => {
      await eventually(
        'a lock of a minute',
        async () => {
          const { clock, at_ms } = await told();
          return clock?.quality === 'locked' && at_ms - clock.since_ms > 62_000;
        },
        180_000, // on a busy machine a lock is lost now and then, and begins anew
        1000,
      );
      const from_ms = performance.now();
      await gm.end();
      await site.unit.becomes('unsynced tracking holdover', from_ms, 20_000);
      await shows(watched.page, '#clock', /holdover/);
      await shows(
        watched.page,
        sentence,
        /^Holdover since .*: PTP lost, within \d.* of true time and growing$/,
      );
      await inspect(url, 'holdover');
    });

    test('agent killed while the page is open: the page says since when, and recovers by itself', async () => {
      assert.deepEqual(watched.wrong, [], 'nothing was wrong up to here');
      await site.unit.agent().end('SIGKILL');
      await shows(watched.page, '#gone', /^■ No answer since \d/);
      assert.equal(await watched.page.getByRole('alert').isVisible(), true);
      assert.deepEqual(await tooFaint(watched.page), []);
      if (pictures !== undefined) await watched.page.screenshot({ path: join(pictures, 'gone.png') });
      await site.unit.restartAgent();
      const bySocket = await new Promise<number | undefined>((resolve, reject) => {
        const socketPath = join(site.unit.stateDir, 'status.sock');
        get({ socketPath, path: '/healthz' }, ({ statusCode }) => resolve(statusCode)).on('error', reject);
      });
      assert.equal(bySocket, 200, 'the socket that was left behind is replaced');
      await shows(watched.page, '#gone', /^$/, 90_000);
      assert.equal(await watched.page.getByRole('alert').isVisible(), false);
    });
  });

  describe('the script of the page', { concurrency: 1 }, () => {
    const evil = `</title></style><script>window.hit=1</script><img src=x onerror="window.hit=1">`;

    /** A page of a made-up unit, whose time passes by hand. */
    async function open(snapshot: () => StatusSnapshot) {
      const log = logTo(() => {});
      const history = () => historyOf((i) => i % 7);
      const routes = statusRoutes({ snapshot, history, log }, { metrics: true });
      let answering = true;
      const server = await serveWeb(
        { name: 'status server', routes: (path) => (answering ? routes(path) : undefined), log },
        { listen: '127.0.0.1', port: 0, hosts: [] },
        new AbortController().signal,
      );
      owner.after(() => server.stop());
      const opened = await openPage(browser, 'about:blank');
      const { page, asked } = opened;
      await page.clock.install({ time: 0 });
      await page.clock.pauseAt(1000);
      const asks: number[] = [];
      let now_s = 0;
      let waiting = 0;
      page.on('request', (request) => {
        if (!request.url().endsWith('/now')) return;
        asks.push(now_s);
        waiting += 1;
      });
      const over = (): void => {
        waiting = Math.max(0, waiting - 1);
      };
      page.on('requestfinished', over);
      page.on('requestfailed', over);
      await page.goto(`http://127.0.0.1:${server.port}/`);
      return {
        page,
        asked,
        asks,
        answer: (whether: boolean) => {
          answering = whether;
        },
        async pass(seconds: number) {
          for (let i = 0; i < seconds; i++) {
            now_s += 1;
            await page.clock.runFor(1000);
            await pause(5); // the request is made, and answered, in real time
            await eventually('the answer', () => waiting === 0, 90_000, 5);
            await page.evaluate('new Promise((resolve) => queueMicrotask(resolve))');
          }
        },
      };
    }

    test('script in a name of anything stays text, also when the page refreshes', async () => {
      let name = 'demo-01';
      const site = await open(() => ({
        ...fullSnapshot,
        unit: name,
        problems: [name],
        troubles: [{ code: 'hub_down', key: 'k', weight: 'degraded', text: name, remedy: name }],
        ntp: { seen: 'fresh', sources: [{ name, mode: 'server', state: name, reach: 1 }] },
      }));
      name = evil;
      await site.pass(5);
      assert.equal(await site.page.title(), `${evil}: healthy`);
      assert.equal(await site.page.textContent('h1'), evil);
      assert.equal(await site.page.textContent('code'), evil);
      await site.page.reload();
      assert.equal(await site.page.textContent('h1'), evil);
      assert.equal(await site.page.evaluate('window.hit'), undefined);
      assert.equal(await site.page.locator('img').count(), 0);
    });

    test('it asks every 2 s, ever more seldom without an answer, and not while it is hidden', async () => {
      const site = await open(() => ({ ...fullSnapshot }));
      await site.pass(7);
      assert.deepEqual(site.asks.splice(0), [2, 4, 6]);
      site.answer(false);
      await site.pass(103);
      const [first = 0, ...rest] = site.asks.splice(0);
      const gaps = rest.map((at, i) => at - (rest[i - 1] ?? first));
      assert.deepEqual([first, ...gaps], [8, 4, 8, 16, 30, 30], 'gaps in seconds');
      site.answer(true);
      await site.pass(31);
      assert.equal(await site.page.locator('#gone').isVisible(), false);
      site.asks.splice(0);
      const hide = (hidden: boolean) =>
        site.page.evaluate(
          `Object.defineProperty(document, 'hidden', { value: ${hidden}, configurable: true }); document.dispatchEvent(new Event('visibilitychange'))`,
        );
      await hide(true);
      await site.pass(60);
      assert.ok(site.asks.length <= 1, `asked ${site.asks.length} times while hidden`);
      site.asks.splice(0);
      await hide(false);
      await site.pass(1);
      assert.equal(site.asks.length, 1, 'asks as soon as it is seen again');
    });

    test('text that is selected stays so when the figures around it change', async () => {
      let at_ms = fullSnapshot.at_ms;
      const site = await open(() => ({ ...fullSnapshot, at_ms, uptime_s: at_ms / 1000 }));
      await site.page.evaluate(`getSelection().selectAllChildren(document.querySelector('#verdict p'))`);
      at_ms += 60_000;
      await site.pass(3);
      assert.match(await textOf(site.page, '#asof'), /06:14:11/);
      assert.match(
        String(await site.page.evaluate('String(getSelection())')),
        /^Clock within 180.ns of true time/,
      );
    });

    test('a command is copied by its button, which needs no more than a page of plain HTTP may do', async () => {
      const remedy = "uci set a='x; y'; reload";
      const site = await open(() => ({
        ...fullSnapshot,
        status: 'degraded',
        troubles: [{ code: 'hub_down', key: 'k', weight: 'degraded', text: 'no hub', remedy }],
      }));
      await site.page.evaluate(
        `document.addEventListener('copy', () => { window.copied = String(getSelection()) })`,
      );
      await site.page.getByRole('button', { name: 'Copy' }).click();
      assert.equal(await site.page.evaluate('window.copied'), "uci set a='x; y'\nreload");
      assert.equal(await textOf(site.page, '.copy'), 'Copied');
    });

    test('what was unfolded stays so while the page follows, and local time stands beside that of the unit', async () => {
      let at_ms = fullSnapshot.at_ms;
      const note = { code: 'ptp_lost', weight: 'note', text: 'a note', remedy: 'pmc' } as const;
      const site = await open(() => {
        const troubles = at_ms === fullSnapshot.at_ms ? [] : [{ ...note, key: 'n' }];
        return { ...fullSnapshot, at_ms, troubles }; // which comes above what was unfolded
      });
      await site.page.locator('#ptp summary').click();
      for (let look = 0; look < 2; look += 1) {
        assert.match(await textOf(site.page, '#asof'), /^2026-11-21 06:1\d:11 UTC · \d\d:1\d:11 here$/);
        at_ms += 60_000;
        await site.pass(3);
      }
      assert.match(await textOf(site.page, '#asof'), /06:15:11 UTC/);
      assert.equal(await site.page.locator('#ptp').getAttribute('open'), '');
      assert.equal(await site.page.locator('#ptp summary:focus').count(), 1);
      assert.equal(await site.page.locator('#ntp').getAttribute('open'), null);
      assert.match((await site.page.locator('#changes time').first().getAttribute('title')) ?? '', /here$/);
    });

    test('the bundle sends the same script as the sources do, minified', () => {
      assert.match(readFileSync(join(__dirname, '../../dist/nunect-page.cjs'), 'utf8'), /visibilitychange/);
    });
  });
});
