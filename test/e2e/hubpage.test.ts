// The page of a hub in a real browser, as part of `nunect-hub up`, in front of simulated units whose states are the test's own:
// what stands there is so, at every size and in both schemes, with and without scripts; nothing is fetched from elsewhere, what
// units write stays text, and nobody else's page can forget a unit.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { NatsConnection } from '@nats-io/transport-node';
import type { Browser, Page } from 'playwright-core';
import { hubPaths } from '../../agent/hub/kit/hubdir.ts';
import { streamInfo } from '../kit/hub/fleet.ts';
import { type HubProgram, hubProgram } from '../kit/hub/hubprogram.ts';
import { clientLink } from '../kit/hub/simlink.ts';
import { usualState } from '../kit/hub/simrecords.ts';
import { type SimUnit, type SimUnits, simUnits } from '../kit/hub/simunits.ts';
import { fleetComplaints } from '../kit/lib/schema.ts';
import { openPage, startBrowser, tooFaint, type WatchedPage } from '../kit/page/browser.ts';
import { newOwner } from '../kit/process/cleanup.ts';
import { type Daemon, eventually } from '../kit/process/daemon.ts';
import { reservePort } from '../kit/process/ports.ts';
import { natsServers, tool, withoutNewest } from '../kit/process/tools.ts';

const skip = withoutNewest() || (tool('chromium') === undefined ? 'no chromium' : false);
const owner = newOwner();
const program = natsServers().newest ?? '';
const pictures = process.env['NUNECT_PICTURES']; // a folder for pictures, where somebody wants to look
const sizes = [360, 768, 1280];
const interval_s = 1;
const hostile = `<img src=x onerror="window.hacked=1">'"><script>window.hacked=1</script>`;

/** Figures that no unit can mean. */
const endless = {
  ...{ active_source: 'ntp', clock_quality: 'locked', ntp_current_server: hostile, since_ms: 0 },
  ...{ error_bound_ns: 1e300, hub_rtt_us: 1e300, certificates: [{ file: 'x', days_left: -1e300 }] },
  spool: { pending: 1e300, capacity_s: 1e300, dropped: { a: 1e308, b: 1e308 }, state: 'refused' },
};

let hub: HubProgram;
let up: Daemon;
let url = '';
let site: NatsConnection;
let sims: SimUnits;
let browser: Browser;

const sim = (index: number): SimUnit => sims.units[index] ?? assert.fail(String(index));
const words = (text: string | null): string => (text ?? '').replaceAll('\u00a0', ' ');
const shows = (page: Page, wanted: RegExp, selector = 'main'): Promise<unknown> =>
  eventually(
    `${wanted} in ${selector}`,
    async () => wanted.test(words(await page.textContent(selector))),
    30_000,
    100,
  ).catch(async (error: Error) => {
    throw new Error(`${error.message}; there is: ${words(await page.textContent(selector)).slice(0, 3000)}`);
  });
/** Where the page of that `up` is. */
const pageOf = (running: Daemon): Promise<string> =>
  eventually('the page is served', () => /page url=(http:\S+)/.exec(running.output())?.[1], 60_000);

before(async () => {
  if (skip !== false) return;
  hub = await hubProgram(owner, program);
  await hub.done('init', '--host', '127.0.0.1', '--store', '1');
  writeFileSync(hubPaths(hub.dir).page, JSON.stringify({ port: await reservePort() }));
  up = await hub.up();
  site = await hub.connect('hub-fleet');
  sims = simUnits([clientLink(site)], {
    ...{ count: 24, prefix: 'mast-', spread_ms: 500 },
    state: (index) => ({ interval_s, ...(index === 1 ? { tenant: hostile } : {}) }),
  });
  owner.after(() => sims.end());
  await eventually(
    'all are of the roster',
    async () => (await streamInfo(site, 'UNITS')).state.messages === 24,
  );
  sim(0).set({ status: 'critical', problems: [`disk is full ${hostile}`] });
  sim(1).set({
    clock: {
      ...usualState(1).clock,
      ...{ ntp_server: hostile, evidence: hostile },
    },
  });
  for (const kind of ['time', 'nats'])
    site.publish(`ops.metric.${kind}.mast-00001`, JSON.stringify({ ts: 1e300, ...endless }));
  sim(2).kill();
  sim(4).stop();
  sim(5).set({
    ...{ version: '0.1.0-dev.20261129+abcdef0123456789abcd', backlog: 9e15, hub_rtt_us: 3.5e9 },
    clock: { ...usualState(5).clock, error_bound_ns: 3.1e16 },
  });
  url = await pageOf(up);
  browser = await startBrowser(owner);
});
after(() => owner.end());

/** A page at every size, in both schemes. */
async function inspect(path: string, name: string): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    const { page, wrong } = await openPage(browser, `${url}${path}`, { colorScheme });
    for (const width of sizes) {
      await page.setViewportSize({ width, height: 800 });
      if (pictures !== undefined)
        await page.screenshot({
          path: join(pictures, `${name}-${width}-${colorScheme}.png`),
          fullPage: true,
        });
      const spill = await page.evaluate('document.documentElement.scrollWidth - innerWidth');
      assert.ok(Number(spill) <= 0, `${name}: ${spill} px too wide at ${width}`);
      const outside = await page.evaluate(
        `[...document.querySelectorAll('.card :is(p, h2, h3, dd, .big)')].filter((e) => e.scrollWidth > e.clientWidth + 1 && !e.closest('.scroll, .hide')).map((e) => e.outerHTML.slice(0, 120)).slice(0, 3)`,
      );
      assert.deepEqual(outside, [], `${name}: beside its card at ${width}`);
      const over = await page.evaluate(
        `[...document.querySelectorAll(':is(td, th):not(.hide *)')].filter((e) => e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).overflowX === 'visible' && !e.closest('.scroll, thead')).map((e) => e.outerHTML.slice(0, 120)).slice(0, 3)`,
      );
      assert.deepEqual(over, [], `${name}: over the next cell at ${width}`);
    }
    assert.deepEqual(await tooFaint(page, 8), [], `${name}, ${colorScheme}`);
    assert.deepEqual(wrong, [], name);
    assert.equal(await page.evaluate('window.hacked'), undefined, name);
    await page.context().close();
  }
}

interface Got {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
}

/** As a program asks that is no browser. */
const ask = (path: string, method = 'GET', headers: Record<string, string> = {}): Promise<Got> =>
  new Promise((resolve, reject) => {
    const sent = request(`${url}${path}`, { method, headers, agent: false }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (part: string) => {
        body += part;
      });
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body }),
      );
    });
    sent.on('error', reject).end();
  });

describe('the page of a hub', { skip }, () => {
  let watched: WatchedPage;

  test('the worst comes first, and who is silent is told', async () => {
    watched = await openPage(browser, url);
    const { page } = watched;
    await shows(page, /mast-00002[\s\S]*Silent/);
    await shows(page, /disk is full/i);
    const order = await page.$$eval('[id^="u-"]', (rows) => rows.map(({ id }) => id));
    assert.deepEqual(order.slice(0, 2), ['u-mast-00000', 'u-mast-00002']);
    assert.equal(order.length, 24);
  });

  test('an open page follows without being loaded anew, and keeps what is focused', async () => {
    const { page, wrong } = watched;
    await page.evaluate('window.mark = 1');
    await page.focus('#u-mast-00010 a');
    sim(10).set({ status: 'critical', problems: ['supply 9.1 V'] });
    await shows(page, /supply 9\.1 V/i);
    await eventually('its row moves up', async () => {
      const order = await page.$$eval('[id^="u-"]', (rows) => rows.map(({ id }) => id));
      return order.indexOf('u-mast-00010') < 3;
    });
    assert.equal(await page.evaluate('window.mark'), 1);
    assert.match(String(await page.evaluate('document.activeElement.textContent')), /mast-00010/);
    sim(10).set({ status: 'healthy', problems: [] });
    await eventually('it is over', async () =>
      /healthy/.test((await page.textContent('#u-mast-00010')) ?? ''),
    );
    assert.deepEqual(wrong, []);
  });

  test('each view has an address of its own, also with words that nobody knows', async () => {
    for (const [query, least, most] of [
      ['?state=critical', 1, 1],
      ['?q=mast-0001', 10, 10],
      ['?tenant=rail', 1, 23],
      ['?sort=name&n=1000', 24, 24],
      [`?state=${encodeURIComponent(hostile)}&sort=x&n=-5&page=99999999999`, 0, 24],
    ] as const) {
      const { page, wrong } = await openPage(browser, `${url}${query}`);
      const rows = await page.$$('[id^="u-"]');
      assert.ok(rows.length >= least && rows.length <= most, `${query}: ${rows.length}`);
      assert.equal(await page.evaluate('window.hacked'), undefined);
      assert.deepEqual(wrong, [], query);
      await page.context().close();
    }
  });

  test('every page, at every size, in both schemes: nothing spills, nothing is faint, nothing runs', async () => {
    for (const [path, name] of [
      ['', 'fleet'],
      ['units/mast-00000', 'unit-critical'],
      ['units/mast-00001', 'unit-hostile'],
      ['units/mast-00002', 'unit-silent'],
      ['units/mast-00002/forget', 'forget'],
      ['hub', 'hub'],
      ['alerts', 'alerts'],
    ] as const)
      await inspect(path, name);
  });

  test('it is whole without scripts', async () => {
    const { page } = await openPage(browser, url, { javaScriptEnabled: false });
    assert.match(words(await page.textContent('h2')), /units heard/);
    assert.match(words(await page.textContent('main')), /mast-00002/);
    await page.click('#u-mast-00003 a');
    assert.match(words(await page.textContent('h1')), /mast-00003/);
    await page.click('button:has-text("now")');
    await page.waitForURL(/units\/mast-00003#ask/);
    assert.match(words(await page.textContent('#ask')), /[\d.]+ (µs|ms)/);
    await page.context().close();
  });

  test('programs get the same: fleet.json by its schema, a unit, the hub, metrics, health', async () => {
    const fleet = JSON.parse((await ask('fleet.json')).body);
    assert.deepEqual(fleetComplaints(fleet), []);
    assert.doesNotMatch(JSON.stringify(fleet), /e\+\d/, 'no figure without end');
    assert.equal(fleet.counts.by_state.offline, 1);
    assert.equal(JSON.parse((await ask('units/mast-00000.json')).body).unit.state, 'critical');
    const { servers, streams } = JSON.parse((await ask('hub.json')).body);
    assert.equal(servers[0].state, 'healthy');
    assert.ok(streams.some(({ name }: { name: string }) => name === 'UNITS'));
    assert.match((await ask('metrics')).body, /^nunect_heard\{.*instance="mast-00002".*\} 0$/m);
    assert.deepEqual([(await ask('healthz')).status, (await ask('units/nobody')).status], [200, 404]);
    assert.doesNotMatch(JSON.stringify(await ask('hub/raw/connections')), /eyJ[\w-]{20}|nkey":"U/);
  });

  test('a unit is forgotten by a form of this page only', async () => {
    const path = 'units/mast-00002/forget';
    const refused = [
      await ask(path, 'POST', { origin: 'http://evil.example' }),
      await ask(path, 'POST', { 'sec-fetch-site': 'cross-site', origin: url.slice(0, -1) }),
      await ask(path, 'POST'),
      await ask(path, 'DELETE'),
      await ask('', 'GET', { host: 'evil.example' }),
    ];
    assert.deepEqual(
      refused.map(({ status }) => status),
      [403, 403, 403, 405, 421],
    );
    const { page } = await openPage(browser, `${url}units/mast-00002`, { javaScriptEnabled: false });
    await page.click('text=/Forget mast-00002/');
    await page.click('button:has-text("Forget")');
    await page.waitForURL(url);
    assert.doesNotMatch(words(await page.textContent('#units')), /mast-00002/);
    await page.context().close();
  });

  test('a mistake in page.json is told at a reload, and what was there before holds', async () => {
    const path = hubPaths(hub.dir).page;
    const before = readFileSync(path, 'utf8');
    const statusWords = async (): Promise<string> => (await hub.run('status')).stdout.replace(/\s+/g, ' ');
    const other = createServer().listen(0, '127.0.0.1');
    owner.after(() => other.close());
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    const starts = (): number => up.output().split(' page: page url=').length;
    const shown = starts();
    for (const [wrong, what] of [
      [before.replace('port', 'prt'), /prt is not known/],
      [before.replace(/\d+/, String(port)), /something else listens there: give another 'port'/],
      [before.replace('{', '{\n"listen": "127.0.0.1"'), /it is no JSON: line 2, column \d+/],
    ] as const) {
      writeFileSync(path, wrong);
      up.kill('SIGHUP');
      await eventually('status tells it', async () => what.test(await statusWords()));
      assert.match(await statusWords(), /; what was there before holds/);
      assert.equal((await ask('healthz')).status, 200);
    }
    assert.equal(starts(), shown, 'nothing was begun anew');
    other.close();
    writeFileSync(path, before.replace('{', '{ "clock_limits": { "any_ns": 100000 },'));
    up.kill('SIGHUP');
    await eventually('the limit holds', async () => {
      const found = await ask('fleet.json').catch(() => undefined);
      const { units = [] } = JSON.parse(found?.body ?? '{}') as {
        units?: { clock?: { limit_ns: number } }[];
      };
      return units.some(({ clock }) => clock?.limit_ns === 100_000);
    });
    assert.equal(starts(), shown + 1);
    assert.doesNotMatch(await statusWords(), /what was there before/);
  });

  test('who was silent before the hub was started again is listed as silent', async () => {
    sim(5).kill();
    await shows(watched.page, /mast-00005[\s\S]*Silent/);
    up.kill('SIGTERM');
    await up.exited;
    await shows(watched.page, /No answer since/, '#gone');
    const lock = join(hubPaths(hub.dir).run, 'alerts.lock');
    rmSync(lock, { force: true });
    mkdirSync(lock); // nobody can lock that
    up = await hub.up();
    await pageOf(up);
    const { page } = await openPage(browser, url);
    await shows(page, /mast-00005[\s\S]*Silent/);
    assert.match(words(await page.textContent('#u-mast-00005')), /offline/);
    assert.match(words(await page.textContent('#u-mast-00004')), /stopped/);
    const isTold = async (): Promise<boolean> =>
      /nobody is alerted from here/.test((await hub.run('status')).stdout.replace(/\s+/g, ' '));
    assert.equal(await isTold(), true);
    rmSync(lock, { recursive: true });
    await eventually('somebody is alerted', async () => !(await isTold()));
  });
});
