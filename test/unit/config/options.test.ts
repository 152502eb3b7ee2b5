import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { formatProblem } from '../../../agent/config/problem.ts';
import { trafficProfileOf } from '../../../agent/config/traffic.ts';
import { iniExample, uciExample } from '../../../build/exampleconfig.ts';
import { optionsReference } from '../../../build/optionsreference.ts';
import { defaultTexts, table } from '../../../build/optiontable.ts';
import { projectRoot } from '../../kit/process/tools.ts';
import { loadIni, loadUci, said } from '../../kit/unit/config.ts';

const all = table.flatMap((section) => section.options.map((option) => ({ section, option })));

for (const { section, option } of all) {
  test(`${section.type}.${option.name}: its default is valid, garbage is not`, () => {
    for (const text of defaultTexts(option)) {
      const parsed = option.parse(text);
      assert.ok(parsed.ok, text);
      const wanted = Array.isArray(option.default) ? text : option.default;
      assert.deepEqual(parsed.value, wanted);
    }
    const garbage = option.parse('\u0001 gar\u0000bage\n');
    assert.ok(!garbage.ok && garbage.why !== '');
  });

  test(`${section.type}.${option.name}: is described in one plain line`, () => {
    assert.match(option.help, /^[A-Za-z][^\n]{4,139}\.$/);
    assert.notEqual(option.allowed, '');
    const unit = /_(s|ns|us|ppb|kb|mb)$/.exec(option.name)?.[1];
    const spelled = { s: 's', ns: 'ns', us: 'us', ppb: 'ppb', kb: 'KiB', mb: 'MiB' }[unit ?? ''];
    assert.equal(option.unit, spelled, 'the unit ends the name');
  });

  test(`${section.type}.${option.name}: a bad value is a problem with its line and keeps the default`, () => {
    const text = `config ${section.type} 'u'\n ${option.kind === 'list' ? 'list' : 'option'} ${option.name} 'S3CRET\u0001'\n`;
    const { config, problems } = loadUci(text);
    const [problem] = problems.filter((one) => one.option?.endsWith(`.${option.name}`));
    assert.equal(problem?.severity, 'error');
    assert.ok(problem.line !== undefined && problem.line > 0);
    assert.equal(problem.value, option.secret ? undefined : 'S3CRET...');
    if (option.secret) assert.doesNotMatch(problems.map(formatProblem).join(), /S3CRET/);
    if (!section.many && `${section.type}.${option.name}` !== 'agent.unit') {
      const values = config[section.type as 'hub'] as Readonly<Record<string, unknown>>;
      const { interval_s, ping_interval_s, compression } = trafficProfileOf('standard');
      const byProfile: Readonly<Record<string, unknown>> = { interval_s, ping_interval_s, compression };
      const isByProfile = option.unset !== undefined;
      assert.deepEqual(values[option.name], isByProfile ? byProfile[option.name] : option.default);
    }
  });
}

test('each range is kept to, and its ends are in it', () => {
  const ranged = all.flatMap(({ option }) =>
    option.range === undefined ? [] : [{ ...option, range: option.range }],
  );
  assert.ok(ranged.length > 20);
  for (const {
    parse,
    range: [min, max],
    name,
  } of ranged) {
    assert.deepEqual([parse(`${min}`).ok, parse(`${max}`).ok], [true, true], name);
    assert.deepEqual([parse(`${min - 1}`).ok, parse(`${max + 1}`).ok], [false, false], name);
    for (const text of ['1.5', '1e3', '0x10', ' 5', '', '5s']) assert.ok(!parse(text).ok, `${name} ${text}`);
  }
});

test('ports of an address are those that exist', () => {
  const url = all.find(({ section, option }) => section.type === 'hub' && option.name === 'url')?.option;
  const fits = (text: string): boolean | undefined => url?.parse(text).ok;
  for (const good of [
    'nats://h',
    'tls://h:1',
    'wss://h:65535/path',
    'tls://[2001:db8::1]:7422',
    'nats-leaf://10.0.0.1:7422',
  ]) {
    assert.equal(fits(good), true, good);
  }
  for (const wrong of [
    'tls://h:0',
    'tls://h:65536',
    'tls://h:99999',
    'tls://u:p@h',
    'h:7422',
    'http://h',
    'tls://',
    'tls://h?x',
  ]) {
    assert.equal(fits(wrong), false, wrong);
  }
});

const inForce = (text: string, sign: '#' | ';'): string =>
  text.replaceAll(sign === '#' ? /^(\s*)#(?! )/gm : /^;/gm, sign === '#' ? '$1' : '');

test('the shipped files mean the defaults, as they are and with every option put in force', () => {
  const defaults = loadUci('').config;
  for (const loaded of [loadUci(uciExample()), loadIni(iniExample())]) {
    assert.deepEqual(said(loaded), []);
    assert.deepEqual(loaded.config, defaults);
    assert.equal(loaded.set, 0);
  }
  for (const loaded of [loadUci(inForce(uciExample(), '#')), loadIni(inForce(iniExample(), ';'))]) {
    assert.deepEqual(
      said(loaded).map((line) => line.replace(/:\d+:/, ':')),
      ['f: user.radio: has neither password, password_file nor nkey; left out'],
    );
    assert.deepEqual({ ...loaded.config, probe: [] }, defaults);
    assert.equal(loaded.config.probe[0]?.unit, 'ship_02');
    assert.ok((loaded.set ?? 0) > 60);
  }
});

test('every option stands in the shipped files and in the reference', () => {
  const chapters = optionsReference().split(/^## /m);
  for (const { section, option } of all) {
    const chapter = chapters.find((text) => text.startsWith(section.type));
    assert.ok(chapter?.includes(`\n| \`${option.name}\` |`), option.name);
    assert.match(uciExample(), new RegExp(`^\t#(option|list) ${option.name} '`, 'm'));
    assert.match(iniExample(), new RegExp(String.raw`^;${option.name}(\[\])? =`, 'm'));
  }
});

test('the generated files are up to date', () => {
  const read = (path: string): string => readFileSync(join(projectRoot, path), 'utf8');
  assert.equal(read('config/nunect'), uciExample());
  assert.equal(read('config/nunect.ini.example'), iniExample());
  assert.equal(read('docs/options.md'), optionsReference());
});
