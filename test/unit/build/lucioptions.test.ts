// What the LuCI app has beside its views: the option table in the form's terms, its texts, its menu and its rights.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { table } from '../../../build/optiontable.ts';
import { formTable } from '../../kit/openwrt/luciform.ts';
import { projectRoot } from '../../kit/process/tools.ts';

const app = join(projectRoot, 'openwrt/luci-app-nunect');
const json = (path: string) => JSON.parse(readFileSync(join(app, path), 'utf8'));
const sections = formTable();

/** Texts near the edges of every rule. */
const texts = [
  ...[
    '',
    'a',
    'a b',
    'a.b',
    '.a',
    'a.',
    'a..b',
    '>',
    '*',
    'a.>',
    'a.>.b',
    'a*',
    '/',
    '/x',
    'x/y',
    '/ü',
    '\u0085',
  ],
  ...[
    '127.0.0.1',
    '256.0.0.1',
    '::',
    '::1',
    'fe80::1',
    ':',
    'host',
    '-host',
    'host-',
    'a'.repeat(64),
    'a'.repeat(65),
  ],
  ...[
    'nats://h',
    'nats://h:0',
    'nats://h:65536',
    'tls://h:65535',
    'http://h',
    'wss://h/p?q',
    'nats://u:p@h',
    'ws://[::1]:80',
  ],
  ...['http://h:1', 'http://h/', 'https://h', 'https://h/x', `U${'A'.repeat(55)}`, `U${'A'.repeat(54)}1`],
  ...[
    '\0',
    'a\n',
    'a\t',
    '\u{1f600}',
    'x'.repeat(256),
    'x'.repeat(257),
    `/${'x'.repeat(254)}`,
    `/${'x'.repeat(255)}`,
  ],
];

describe('the option table in the form', () => {
  it('has every option of every section, with the help of the table', () => {
    const names = (all: readonly { type: string; options: readonly { name: string }[] }[]) =>
      all.flatMap(({ type, options }) => options.map(({ name }) => `${type}.${name}`));
    assert.deepEqual(names(sections), names(table));
  });

  it('judges each text as the agent does', () => {
    let judged = 0;
    for (const { type, options } of table)
      for (const rule of options) {
        const option = sections
          .find((one) => one.type === type)
          ?.options.find(({ name }) => name === rule.name);
        if (option?.pattern === undefined) continue;
        for (const text of texts) {
          judged += 1;
          assert.equal(
            option.pattern.test(text),
            rule.parse(text).ok,
            `${type}.${rule.name} ${JSON.stringify(text)}`,
          );
        }
      }
    assert.ok(judged > 1000, String(judged));
  });

  it('takes several addresses of the hub in one value, as the agent does, and says what an address must be', () => {
    const hub = sections.find(({ type }) => type === 'hub');
    const url = hub?.options.find(({ name }) => name === 'url');
    for (const text of ['tls://a,tls://b', 'TLS://a:1 , ws://b/c']) assert.ok(url?.pattern?.test(text), text);
    for (const text of ['tls://a,b', 'tls://a tls://b']) assert.ok(!url?.pattern?.test(text), text);
    assert.match(url?.wrong ?? '', /^scheme must be one of nats, .* without user or password$/);
  });

  it('has a rule for each option that is not a switch, and masks the secrets', () => {
    for (const { type, options } of sections)
      for (const { name, kind, pattern, range, choices, secret } of options) {
        assert.ok(kind === 'bool' || (pattern ?? range ?? choices) !== undefined, `${type}.${name}`);
        assert.equal(secret === true, /(password|token)$/.test(name), `${type}.${name}`);
      }
  });

  it('has no markup that is not from the table, and all of it can be translated', () => {
    const seen: string[] = [];
    const marked = formTable((text) => {
      seen.push(text);
      return `_${text}`;
    });
    for (const { title, help, tabs, options } of marked)
      for (const text of [
        title,
        help,
        ...tabs.map((tab) => tab.title),
        ...options.flatMap((one) => [one.title, one.help, one.wrong]),
      ])
        assert.equal(text.charAt(0), '_', text);
    for (const { help, title } of sections.flatMap(({ options }) => options))
      assert.doesNotMatch(title + help, /[<>]/);
    const pot = readFileSync(join(app, 'po/templates/nunect.pot'), 'utf8');
    for (const text of seen) assert.ok(pot.includes(`msgid ${JSON.stringify(text)}\n`), text);
  });

  it('shows each option in a tab that its section has', () => {
    for (const { tabs, options } of sections)
      for (const { tab } of options)
        assert.ok(tabs.length === 0 ? tab === undefined : tabs.some(({ key }) => key === tab), tab);
  });
});

describe('menu and rights', () => {
  const menu = json('root/usr/share/luci/menu.d/luci-app-nunect.json');
  const rights = json('root/usr/share/rpcd/acl.d/luci-app-nunect.json');

  it('leads to views that are there, each behind a right that is there', () => {
    const actions = Object.values<{ action: { type: string; path?: string }; depends?: { acl: string[] } }>(
      menu,
    );
    for (const { action, depends } of actions) {
      if (action.type === 'view')
        assert.ok(existsSync(join(app, `htdocs/luci-static/resources/view/${action.path}.js`)), action.path);
      for (const group of depends?.acl ?? []) assert.ok(rights[group] !== undefined, group);
    }
    assert.equal(actions.filter(({ action }) => action.type === 'view').length, 2);
  });

  it('lets a login see the status without the settings, which hold passwords', () => {
    assert.deepEqual(rights['luci-app-nunect-status'].read, { ubus: { nunect: ['status', 'curve'] } });
    assert.equal(rights['luci-app-nunect-status'].write, undefined);
    assert.deepEqual(rights['luci-app-nunect'].read.uci, ['nunect']);
    assert.deepEqual(rights['luci-app-nunect'].write, {
      ubus: { nunect: ['service'] },
      'cgi-io': ['upload'],
      file: { '/etc/nunect/uploads/*': ['write'] }, // from which no program is taken
      uci: ['nunect'],
    });
  });
});

describe('the package luci-app-nunect', () => {
  it('has all that is in the folder but what an SDK needs', async () => {
    const { luciAppNunect } = await import(join(projectRoot, 'build/packages/luciappnunect.mjs'));
    const sources = luciAppNunect.files.map(([, , source]: readonly string[]) =>
      join(projectRoot, source ?? ''),
    );
    const there = readdirSync(app, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .filter((file) => !file.startsWith(join(app, 'po')) && file !== join(app, 'Makefile'));
    assert.deepEqual(sources.sort(), there.sort());
    const modes = Object.fromEntries(
      luciAppNunect.files.map(([path, mode]: readonly [string, number]) => [path, mode]),
    );
    assert.equal(modes['/usr/libexec/rpcd/nunect'], 0o755);
    assert.equal(modes['/www/luci-static/resources/view/nunect/status.js'], 0o644);
  });
});
