import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Locator, Page } from 'playwright-core';
import { eventually } from '../process/daemon.ts';
import { projectRoot } from '../process/tools.ts';

/** One option as the settings form knows it. */
export interface FormOption {
  readonly name: string;
  readonly kind: 'bool' | 'int' | 'choice' | 'text' | 'list';
  readonly tab?: string;
  readonly title: string;
  readonly presets?: readonly string[];
  readonly range?: readonly [number, number];
  readonly choices?: readonly string[];
  readonly pattern?: RegExp;
  readonly secret?: boolean;
  readonly when?: Readonly<Record<string, string>>;
  readonly wrong: string;
  readonly help: string;
}

/** One section type of it. */
export interface FormSection {
  readonly type: string;
  readonly many: boolean;
  readonly title: string;
  readonly help: string;
  readonly tabs: readonly { readonly key: string; readonly title: string }[];
  readonly options: readonly FormOption[];
}

const resources = 'openwrt/luci-app-nunect/htdocs/luci-static/resources';

/** The module nunect.options as a browser reads it; `translate` is LuCI's _(). */
export function formTable(translate = (text: string): string => text): readonly FormSection[] {
  const source = readFileSync(join(projectRoot, resources, 'nunect/options.js'), 'utf8');
  const baseclass = { extend: (properties: { sections: FormSection[] }) => properties };
  return new Function('_', 'baseclass', source)(translate, baseclass).sections;
}

const idOf = (section: string, option: string): string => `cbid.nunect.${section}.${option}`;

/** Drives the settings view as a person does, in LuCI as in its stand-in. */
export interface SettingsForm {
  /** Brings an option into view and gives its element. */
  field(type: string, section: string, option: FormOption): Promise<Locator>;
  set(type: string, section: string, option: FormOption, values: readonly string[]): Promise<void>;
  /** Adds a section; where that opens a dialog, `fill` has it before itself. */
  add(type: string, name: string, fill: () => Promise<void>): Promise<void>;
  /** Saves; gives what is said against it. */
  save(): Promise<string | undefined>;
  closeDialog(): Promise<void>;
}

export function settingsForm(page: Page, real: boolean): SettingsForm {
  const click = (selector: string): Promise<void> =>
    page.evaluate(`document.querySelector(${JSON.stringify(selector)}).click()`);
  const dialog = page.locator('.modal');

  const form: SettingsForm = {
    async field(type, section, option) {
      const wanted = `[data-field="${idOf(section, option.name)}"]`;
      if (!real) return page.locator(wanted);
      if (await dialog.isVisible()) return dialog.locator(wanted);
      await click(`.cbi-tabmenu > li[data-tab="${type}"] > a`);
      if (option.tab !== undefined)
        await click(`#cbi-nunect-${type} .cbi-tabmenu > li[data-tab="${option.tab}"] > a`);
      return page.locator(wanted);
    },
    async set(type, section, option, values) {
      const field = await form.field(type, section, option);
      const widget = field.locator(`[id="widget.${idOf(section, option.name)}"]`);
      const [value = ''] = values;
      if (option.kind === 'bool')
        await field.locator('input[type=checkbox]').setChecked(value === '1', { force: true });
      else if (option.kind === 'choice') await widget.selectOption(value);
      else if (option.kind === 'list')
        for (const one of values) {
          const entry = field.locator('.cbi-dynlist .add-item input');
          await entry.fill(one);
          await entry.press('Enter');
        }
      else if (real && (await widget.count()) === 0)
        await page.evaluate(
          `L.dom.callClassMethod(document.getElementById(${JSON.stringify(idOf(section, option.name))}), 'setValue', ${JSON.stringify(value)})`,
        ); // a file or a network: picked, not typed
      else if (real) {
        await widget.fill(value);
        await widget.blur();
      } else
        await page.evaluate(
          `document.getElementById('widget.${idOf(section, option.name)}').value = ${JSON.stringify(value)}`,
        );
    },
    async add(type, name, fill) {
      if (real) await click(`.cbi-tabmenu > li[data-tab="${type}"] > a`);
      const box = page.locator(`#cbi-nunect-${type}`);
      await box.locator('.cbi-section-create-name').fill(name);
      await box.locator('.cbi-section-create-name').blur();
      await box.locator('.cbi-button-add').click();
      if (real) await dialog.locator('.cbi-button-positive').last().waitFor();
      await fill();
      if (!real) return;
      await dialog.locator('.cbi-button-positive').last().click();
      await dialog.waitFor({ state: 'hidden' });
    },
    async save() {
      const button = page.locator('.cbi-button-save');
      await button.click(); // which disables it until all is done
      await eventually('the form is saved or refused', () => button.isEnabled(), 20_000);
      return (await dialog.isVisible()) ? ((await dialog.textContent()) ?? '') : undefined;
    },
    async closeDialog() {
      if (real) await dialog.locator('button').first().click();
      else await dialog.evaluate((node) => node.remove());
      await dialog.waitFor({ state: 'hidden' });
    },
  };
  return form;
}
