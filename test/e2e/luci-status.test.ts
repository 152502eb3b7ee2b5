// The status view of luci-app-nunect in Chromium, in front of a real agent: LuCI (a stand-in of its API, and its own code
// for each checkout in NUNECT_LUCI) asks the real plugin under busybox ash, which asks the agent.
import assert from 'node:assert/strict';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { luciSources, startLuci } from '../kit/openwrt/lucisite.ts';
import { type RpcdStage, rpcdStage } from '../kit/openwrt/rpcd.ts';
import type { UbusReply } from '../kit/openwrt/ucistore.ts';
import { openPage, startBrowser } from '../kit/page/browser.ts';
import { newOwner } from '../kit/process/cleanup.ts';
import { eventually, tempDir } from '../kit/process/daemon.ts';
import { lacking, natsServers } from '../kit/process/tools.ts';
import { type Hub, type RunningUnit, startHub, startUnit } from '../kit/unit/site.ts';

const { debian, newest } = natsServers();
const server = newest ?? debian;
const skip = lacking('chromium', 'busybox') || (server === undefined && 'no nats-server');
const markup = '<img src=x onerror=window.pwned=1>';
const pictures = process.env['NUNECT_PICTURES']; // a folder for pictures, where somebody wants to look

const owner = newOwner();
let browser: Browser;
let hub: Hub;
let unit: RunningUnit;
let stage: RpcdStage;

before(async () => {
  if (skip !== false || server === undefined) return;
  const dir = (): string => tempDir(owner, 'luci');
  browser = await startBrowser(owner);
  hub = await startHub(owner, dir(), server);
  unit = await startUnit(owner, {
    dir: dir(),
    unit: 'demo-01',
    server,
    hubPort: hub.leafPort,
    interval_s: 1,
  });
  stage = rpcdStage(owner);
  stage.rendered(dirname(unit.config)); // where agent.json is
});
after(() => owner.end());

const askPlugin = async (method: string, args: object = {}): Promise<UbusReply> => {
  const { stdout } = await stage.run(['call', method], JSON.stringify(args));
  return [0, JSON.parse(stdout)];
};
const text = async (page: Page, part: string): Promise<string> =>
  (await page.locator(`[data-part="${part}"]`).allTextContents()).join(' ');
const shows = (page: Page, part: string, wanted: RegExp): Promise<unknown> =>
  eventually(`${wanted} in ${part}`, async () => wanted.test(await text(page, part)), 90_000);

for (const source of luciSources())
  describe(`the status view in ${source.name}`, { skip, timeout: 120_000 }, () => {
    it('shows what the agent says, then that it stopped and how to start it, then the agent again', async (t) => {
      const site = await startLuci(t, source, (object, method, args) =>
        object === 'nunect' ? askPlugin(method, args) : [2],
      );
      const running = (code: number) => stage.program('etc/init.d/nunect', `exit ${code}`);
      running(0);
      stage.program('usr/bin/nunect', 'exit 3');
      const { page, wrong } = await openPage(browser, site.url('nunect/status'));
      t.after(() => page.context().close());
      await shows(page, 'link', /Hub\s*joined, for/);
      const { clock } = (await unit.status()) as unknown as { clock: { source: string; quality: string } };
      assert.match(await text(page, 'unit'), /demo-01/);
      assert.ok((await text(page, 'clock')).includes(`${clock.source} ${clock.quality}`));
      await shows(page, 'spool', /[1-9]\d* stored, 0 dropped/);
      await shows(page, 'rtt', /leaf\s*\d[\d.]* (µs|ms), p50/);
      assert.match(await text(page, 'health'), /^(● Everything works|▲ A part does not work)/);
      await shows(page, 'tiles', /Clock.*Hub.*Records waiting.*Apps on this leaf/);
      const image = await page.locator('[data-part="curve"] img').getAttribute('src');
      assert.match(decodeURIComponent(image ?? ''), /^data:image\/svg\+xml,<svg xmlns/);
      const asked = join(dirname(unit.config), 'asked');
      rmSync(asked, { force: true });
      for (const name of ['nunect', 'nunect-leaf'])
        stage.program(`etc/init.d/${name}`, `[ "$1" = running ] || echo "${name} $1" >>${asked}`);
      const done: string[] = [];
      for (const name of ['start', 'restart', 'stop']) {
        await page.locator(`[data-action="${name}"]`).click();
        done.push(`nunect ${name}`, `nunect-leaf ${name}`);
        await eventually(
          name,
          () => existsSync(asked) && readFileSync(asked, 'utf8') === `${done.join('\n')}\n`,
        );
      }
      assert.deepEqual(await askPlugin('service', { action: 'restart; reboot' }), [
        0,
        { error: 'the actions are start, stop and restart' },
      ]);
      running(0);
      if (pictures)
        await page.screenshot({ path: join(pictures, `luci-up-${source.real}.png`), fullPage: true });

      await unit.agent().end('SIGTERM');
      running(1);
      await shows(page, 'health', /not running.*\/etc\/init\.d\/nunect enable; \/etc\/init\.d\/nunect start/);
      assert.equal(await text(page, 'clock'), ''); // nothing of before stays
      if (pictures) await page.screenshot({ path: join(pictures, `luci-down-${source.real}.png`) });

      running(0);
      await unit.restartAgent();
      await shows(page, 'unit', /demo-01/);
      assert.deepEqual(wrong, []);
    });

    it('has no buttons for a login that may only look', async (t) => {
      const site = await startLuci(t, source, (_object, method) => askPlugin(method), false);
      const { page } = await openPage(browser, site.url('nunect/status'));
      t.after(() => page.context().close());
      await page.locator('[data-part="health"]').waitFor();
      assert.equal(await page.locator('[data-action]').count(), 0);
    });

    it('shows names from outside as text, an answer that it cannot read, and a router without the plugin', async (t) => {
      const [, real] = (await askPlugin('status')) as [number, { status: object; page: object }];
      let answer: UbusReply = [0];
      const site = await startLuci(t, source, (object) => (object === 'nunect' ? answer : [2]));
      const { page } = await openPage(browser, site.url('nunect/status'));
      t.after(() => page.context().close());
      const look = async (reply: UbusReply): Promise<void> => {
        answer = reply;
        await page.reload();
        await page.locator('#nunect-status').waitFor();
      };
      const hostile = {
        ...real.status,
        unit: markup,
        status: markup,
        problems: [markup],
        troubles: ['a', 'b'].map((key) => ({ key, weight: 'degraded', text: markup, remedy: markup })),
        ntp: { seen: 'fresh', selected: markup, sources: [{ name: markup, state: markup }] },
        rtt: [{ to: markup, last_us: 1 }],
      };
      await look([0, { ...real, status: hostile }]);
      for (const part of ['health', 'problems', 'unit', 'ntp', 'rtt'])
        assert.ok((await text(page, part)).includes(markup), part);
      assert.equal(await page.locator('img[src=x]').count(), 0);
      assert.equal(await page.evaluate('window.pwned'), undefined);

      await look([0, { agent: 'up', status: { rtt: 1 } }]);
      assert.match(await text(page, 'health'), /cannot be read/);
      await look([4]);
      assert.match(await text(page, 'health'), /\/etc\/init\.d\/rpcd restart/);
      await look([0, { ...real, page: { enabled: true, address: '0.0.0.0', port: 8224 } }]);
      assert.equal(
        await page.locator('a', { hasText: 'Status page' }).getAttribute('href'),
        'http://127.0.0.1:8224/',
      );
      await look([0, { ...real, page: { enabled: true, address: '127.0.0.1', port: 8224 } }]);
      assert.equal(await page.locator('a', { hasText: 'Status page' }).count(), 0);
    });
  });
