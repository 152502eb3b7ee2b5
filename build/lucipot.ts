import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { lucioptions } from './lucioptions.ts';

const app = resolve(__dirname, '../openwrt/luci-app-nunect');
const views = 'htdocs/luci-static/resources/view/nunect';
const card = 'htdocs/luci-static/resources/view/status/include/60_nunect.js';
const share = 'root/usr/share';

/** The texts in `_('...')` of a script, unescaped. */
const textsOf = (script: string): string[] =>
  [...script.matchAll(/\b_\('((?:[^'\\]|\\.)*)'\)/g)].map(([, text = '']) => text.replace(/\\(.)/g, '$1'));

/** All values of a key in a JSON document; LuCI translates titles of menus and descriptions of permissions. */
const valuesOf = (key: string, json: string): string[] => {
  const found: string[] = [];
  JSON.parse(json, (name, value) => {
    if (name === key && typeof value === 'string') found.push(value);
    return value;
  });
  return found;
};

const quoted = (text: string): string => JSON.stringify(text);

/** po/templates/nunect.pot: every translatable text of luci-app-nunect, with the files that contain it. */
export function lucipot(): string {
  const read = (path: string): string => readFileSync(join(app, path), 'utf8');
  const menu = `${share}/luci/menu.d/luci-app-nunect.json`;
  const rights = `${share}/rpcd/acl.d/luci-app-nunect.json`;
  const texts: readonly (readonly [path: string, texts: readonly string[]])[] = [
    ['htdocs/luci-static/resources/nunect/options.js', textsOf(lucioptions())],
    [`${views}/settings.js`, textsOf(read(`${views}/settings.js`))],
    [`${views}/status.js`, textsOf(read(`${views}/status.js`))],
    [card, textsOf(read(card))],
    [menu, valuesOf('title', read(menu))],
    [rights, valuesOf('description', read(rights))],
  ];
  const places = new Map<string, Set<string>>();
  for (const [path, all] of texts)
    for (const text of all) places.set(text, (places.get(text) ?? new Set()).add(path));
  const entry = ([text, paths]: readonly [string, ReadonlySet<string>]): string =>
    `${[...paths].map((path) => `#: ${path}\n`).join('')}msgid ${quoted(text)}\nmsgstr ""\n`;
  const sorted = [...places].sort(([a], [b]) => (a < b ? -1 : 1));
  return `msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8"\n\n${sorted.map(entry).join('\n')}`;
}
