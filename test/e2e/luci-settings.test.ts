// The settings of luci-app-nunect in Chromium: against a stand-in of LuCI's API, and against LuCI's own client code for
// each checkout named in NUNECT_LUCI (separated by colons), such as a clone of https://github.com/openwrt/luci.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it, type TestContext } from 'node:test';
import type { Browser } from 'playwright-core';
import { parseUci } from '../../agent/config/formats/uci.ts';
import { table } from '../../build/optiontable.ts';
import { type FormOption, formTable, type SettingsForm, settingsForm } from '../kit/openwrt/luciform.ts';
import { luciSources, startLuci } from '../kit/openwrt/lucisite.ts';
import { type UbusReply, type UciStore, uciStore } from '../kit/openwrt/ucistore.ts';
import { openPage, startBrowser, type WatchedPage } from '../kit/page/browser.ts';
import { eventually, tempDir } from '../kit/process/daemon.ts';
import { lacking } from '../kit/process/tools.ts';
import { nunect } from '../kit/unit/site.ts';

const skip = lacking('chromium');
const sections = formTable();
const optionOf = (path: string): FormOption => {
  const [type, name] = path.split('.');
  const found = sections.find((one) => one.type === type)?.options.find((one) => one.name === name);
  assert.ok(found, path);
  return found;
};

let browser: Browser;
before(async () => {
  if (skip === false) browser = await startBrowser({ after: () => {} });
});
after(() => browser?.close());

/** What a valid value of an option may look like. */
const samples = [
  'sample_1',
  `nunect-${'a'.repeat(60)}`,
  'priority1 120',
  '/etc/nunect/sample.pem',
  '127.0.0.9',
  'tls://hub.example.org:7422',
  `U${'A'.repeat(55)}`,
  'http://127.0.0.1:8222',
  'https://app.example.org',
];

/** A value that is allowed and not the default, by the agent's own table. */
function sampleOf(type: string, { name, kind, presets = [], range, choices }: FormOption): string {
  if (kind === 'bool') return presets[0] === '1' ? '0' : '1';
  if (kind === 'choice') return choices?.find((choice) => choice !== presets[0]) ?? '';
  if (range !== undefined) return String(range[1]);
  const rule = table.find((one) => one.type === type)?.options.find((one) => one.name === name);
  return samples.find((text) => rule?.parse(text).ok && !presets.includes(text)) ?? '';
}

for (const source of luciSources())
  describe(`settings in ${source.name}`, { skip, timeout: 180_000 }, () => {
    async function open(
      t: TestContext,
      config: string,
      checked: UbusReply = [4],
    ): Promise<{ store: UciStore; form: SettingsForm; watched: WatchedPage }> {
      const file = join(tempDir(t, 'luci'), 'nunect');
      writeFileSync(file, config);
      const store = uciStore(file);
      const site = await startLuci(t, source, (object, method, args) =>
        object === 'uci' ? store.call(method, args) : checked,
      );
      const watched = await openPage(browser, site.url('nunect/settings'));
      t.after(() => watched.page.context().close());
      await watched.page.locator('.cbi-button-save').waitFor();
      return { store, form: settingsForm(watched.page, source.real), watched };
    }
    const valuesOf = (store: UciStore, section: string): Record<string, string[]> => {
      const found = parseUci(store.text()).sections.find((one) => one.name === section);
      return Object.fromEntries(
        (found?.options ?? []).map((option) => [option.name, option.values.map(({ text }) => text)]),
      );
    };
    const check = async (t: TestContext, store: UciStore) => {
      const file = join(tempDir(t, 'luci'), 'nunect');
      writeFileSync(file, store.text());
      return nunect(['check', '--config', file]);
    };
    const plain =
      "config agent 'agent'\n\nconfig hub 'hub'\n\nconfig leaf 'leaf'\n\nconfig time 'time'\n\nconfig ptp 'ptp'\n\nconfig status 'status'\n\nconfig spool 'spool'\n";

    it('a device, and a network that cannot be listed, stay when something else is saved', async (t) => {
      const { store, form } = await open(
        t,
        "config agent 'agent'\n\nconfig leaf 'leaf'\n\toption interface 'br-lan'\n\nconfig status 'status'\n\toption interface 'lan'\n",
      );
      await form.set('agent', 'agent', optionOf('agent.unit'), ['ship_07']);
      assert.equal(await form.save(), undefined);
      assert.deepEqual(valuesOf(store, 'agent'), { unit: ['ship_07'] });
      assert.deepEqual(valuesOf(store, 'leaf'), { interface: ['br-lan'] });
      assert.deepEqual(valuesOf(store, 'status'), { interface: ['lan'] });
    });

    it('ports are offered for PTP, bridges are not, and what is not among them stays', async (t) => {
      const { store, form } = await open(t, "config ptp 'ptp'\n\tlist interface 'br-lan'\n");
      const interfaces = optionOf('ptp.interface');
      const field = await form.field('ptp', 'ptp', interfaces);
      if (!source.real) {
        const offered = field.locator('datalist option');
        await eventually('the devices', async () => (await offered.count()) > 0);
        assert.deepEqual(
          await offered.evaluateAll((nodes) => nodes.map((node) => node.getAttribute('value'))),
          ['wan'],
        );
      }
      await form.set('ptp', 'ptp', interfaces, ['lan1']);
      assert.equal(await form.save(), undefined);
      assert.deepEqual(valuesOf(store, 'ptp'), { interface: ['br-lan', 'lan1'] });
    });

    it('what would be set up for the clock is shown when it is asked for', async (t) => {
      const said = '## /var/run/nunect/time/ptp4l.conf\n<b>wan</b>';
      const { watched } = await open(t, plain, [0, { code: 0, output: said }]);
      const part = watched.page.locator('[data-part=clock]');
      assert.equal(await part.locator('pre').isVisible(), false);
      await part.locator('button').click();
      await part.locator('pre').waitFor();
      assert.equal(await part.locator('pre').textContent(), said);
    });

    it('what is saved is what nunect check accepts and means the values of the form', async (t) => {
      const { store, form, watched } = await open(t, plain);
      const password = 'a"b\\c\'d <&> ü';
      await form.add('user', 'radio', async () => {
        await form.set('user', 'radio', optionOf('user.password'), [password]);
        await form.set('user', 'radio', optionOf('user.subscribe'), ['voice.>', 'chat.*']);
      });
      await form.save();
      await form.set('agent', 'agent', optionOf('agent.unit'), ['ship_07']);
      await form.set('agent', 'agent', optionOf('agent.interval_s'), ['10']);
      await form.set('hub', 'hub', optionOf('hub.url'), [
        'tls://hub.example.org:7422',
        'tls://b.example.org',
      ]);
      await form.set('hub', 'hub', optionOf('hub.user'), ['ship']);
      await form.set('hub', 'hub', optionOf('hub.password'), ['$ecret']);
      await form.set('hub', 'hub', optionOf('hub.ignore_discovered'), ['0']);
      await form.set('time', 'time', optionOf('time.asymmetry_ns'), ['-1']);
      await form.set('leaf', 'leaf', optionOf('leaf.compression'), ['off']);
      assert.equal(await form.save(), undefined);
      assert.deepEqual(valuesOf(store, 'agent'), { unit: ['ship_07'], interval_s: ['10'] });
      assert.deepEqual(valuesOf(store, 'hub'), {
        url: ['tls://hub.example.org:7422', 'tls://b.example.org'],
        user: ['ship'],
        password: ['$ecret'],
        ignore_discovered: ['0'],
      });
      assert.deepEqual(valuesOf(store, 'leaf'), { compression: ['off'] });
      assert.deepEqual(valuesOf(store, 'user'), {});
      assert.deepEqual(valuesOf(store, 'radio'), { password: [password], subscribe: ['voice.>', 'chat.*'] });
      const { code, stdout, stderr } = await check(t, store);
      assert.equal(code, 0, stdout + stderr);
      assert.deepEqual(watched.wrong, []);
    });

    it('every option of the table can be set, and none that is hidden is lost', async (t) => {
      const { store, form } = await open(t, plain);
      const rows = { user: 'app', probe: 'peer' } as const;
      for (const [type, name] of Object.entries(rows))
        await form.add(type, name, async () => {
          for (const option of sections.find((one) => one.type === type)?.options ?? [])
            await form.set(type, name, option, [sampleOf(type, option)]);
          if (!source.real) await form.save();
        });
      for (const mode of ['managed', 'external']) {
        await form.set('leaf', 'leaf', optionOf('leaf.mode'), [mode]);
        for (const { type, many, options } of sections)
          for (const option of options) {
            const isShown =
              mode === 'external' ? option.when?.['mode'] === mode : option.when?.['mode'] !== 'external';
            if (many || option === optionOf('leaf.mode') || !isShown) continue;
            await form.set(type, type, option, [sampleOf(type, option)]);
          }
        assert.equal(await form.save(), undefined);
      }
      for (const { type, options } of sections)
        for (const option of options) {
          const saved = valuesOf(store, rows[type as keyof typeof rows] ?? type)[option.name];
          const wanted = option === optionOf('leaf.mode') ? 'external' : sampleOf(type, option);
          assert.deepEqual(saved, [wanted], `${type}.${option.name}`);
        }
    });

    it('an unchanged form changes nothing: no default is written, no other spelling or empty list is lost', async (t) => {
      const config = `config agent 'main'
	option enabled 'off'
	option log_level 'warn'

config hub 'hub'
	list reply_subject ''
	list url 'tls://hub.example.org'
	option password 's3cret'

config user 'app'
	option password 'pässword'
	list publish 'a.>'
`;
      const { store, form } = await open(t, config);
      const meaning = (text: string) =>
        parseUci(text).sections.map(({ type, name, options }) => ({
          type,
          name,
          options: options.map((one) => [one.name, one.values.map(({ text: value }) => value)]),
        }));
      const before_ = meaning(config);
      assert.equal(await form.save(), undefined);
      const saved = meaning(store.text());
      assert.deepEqual(
        saved.slice(0, 3).map(({ options }) => Object.fromEntries(options)),
        before_.map(({ options }) => {
          const { enabled, ...rest } = Object.fromEntries(options) as Record<string, string[]>;
          return enabled === undefined ? rest : { enabled: ['0'], ...rest };
        }),
      );
      assert.deepEqual(
        saved.slice(3).map(({ type, options }) => [type, options]),
        ['leaf', 'time', 'ptp', 'status', 'spool'].map((type) => [type, []]),
      );
    });

    it('a password is not put into the page, an empty field keeps it, and it can be removed', async (t) => {
      const { store, form, watched } = await open(
        t,
        `config hub 'hub'\n\toption user 'u'\n\toption password 'tOpsecret'\n`,
      );
      const password = optionOf('hub.password');
      const field = await form.field('hub', 'hub', password);
      const shown = (): Promise<string[]> =>
        watched.page.evaluate(
          `[document.documentElement.outerHTML, ...[...document.querySelectorAll('input')].map((input) => input.value)]`,
        );
      assert.doesNotMatch((await shown()).join('\n'), /tOpsecret/);
      assert.match((await field.locator('input').first().getAttribute('placeholder')) ?? '', /is set/);
      assert.equal(await form.save(), undefined);
      assert.deepEqual(valuesOf(store, 'hub')['password'], ['tOpsecret']);
      await form.set('hub', 'hub', password, ['another']);
      assert.equal(await form.save(), undefined);
      assert.deepEqual(valuesOf(store, 'hub')['password'], ['another']);
      await (await form.field('hub', 'hub', password)).locator('input[type=checkbox]').check();
      assert.equal(await form.save(), undefined);
      assert.equal(valuesOf(store, 'hub')['password'], undefined);
      assert.deepEqual(valuesOf(store, 'hub')['user'], ['u']);
    });

    const refused: readonly (readonly [path: string, value: string])[] = [
      ['agent.interval_s', '0'],
      ['agent.interval_s', '3.5'],
      ['agent.unit', 'a.b'],
      ['leaf.listen', '256.1.1.1'],
      ['leaf.tls_cert', 'relative.pem'],
      ['status.interface', 'a b'],
    ];
    it('what nunect check refuses is refused in the form, and nothing is saved', async (t) => {
      const { store, form } = await open(t, plain);
      for (const [path, value] of refused) {
        const [type = ''] = path.split('.');
        await form.set(type, type, optionOf(path), [value]);
        const complaint = await form.save();
        assert.ok(complaint?.includes(optionOf(path).title), `${path} '${value}': ${complaint}`);
        await form.closeDialog();
        await form.set(type, type, optionOf(path), ['']);
      }
      assert.equal(parseUci(store.text()).sections.flatMap(({ options }) => options).length, 0);
    });

    it('markup in a stored value, or in what nunect check says of it, stays text', async (t) => {
      const markup = '<img src=x onerror=window.pwned=1>';
      const { watched } = await open(
        t,
        `config agent 'agent'\n\toption tenant '${markup}'\n\nconfig user 'app'\n\toption name '${markup}'\n\tlist publish '${markup}'\n`,
        [0, { code: 1, output: `line 2: ${markup}` }],
      );
      assert.match((await watched.page.locator('[data-part=check]').textContent()) ?? '', /line 2: <img/);
      await watched.page.waitForTimeout(200);
      assert.equal(await watched.page.evaluate('window.pwned'), undefined);
      assert.equal(await watched.page.locator('img[src=x]').count(), 0);
    });
  });
