// The docs are made from the code where they can be; the rest of what they say is checked against it here.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { reasons } from '../../agent/clock/verdict/reasons.ts';
import { parsePageOptions } from '../../agent/hub/page/options.ts';
import { publishedBy, subjectsOf } from '../../agent/wire/subjects.ts';
import { clockReference } from '../../build/clockreference.ts';
import { documented } from '../../build/recordfields.ts';
import { subjectsReference } from '../../build/subjects-reference.ts';
import { blocksOf } from '../kit/lib/docblocks.ts';
import { projectRoot } from '../kit/process/tools.ts';
import { loadUci, said } from '../kit/unit/config.ts';

const read = (path: string): string => readFileSync(join(projectRoot, path), 'utf8');
const clock = clockReference();

describe('docs/clock.md', () => {
  test('has every reason code with its meaning, and no placeholder is left', () => {
    for (const [code, { advice }] of Object.entries(reasons)) {
      const row = clock.split('\n').find((line) => line.startsWith(`| \`${code}\` |`));
      assert.ok(row?.includes(advice.slice(0, 20).replace(/[<>*_]/g, '\\$&')), code);
      assert.equal(row?.replaceAll('\\|', '').split('|').length, 7, row);
    }
    assert.doesNotMatch(clock, /\{\{|undefined/);
  });

  test('names only reason codes, options and terms that there are, and every term', () => {
    const options = read('agent/config/options.ts');
    for (const [, name = ''] of clock.matchAll(/`time\.(\w+)`/g))
      assert.match(options, new RegExp(`\\b${name}: `), name);
    const text = clock.slice(0, clock.indexOf('## Reasons'));
    for (const [, code = ''] of text.matchAll(/`((?:ptp|ntp|phc2sys|refclock|utc|tai|gm)_[a-z_]+)`/g))
      assert.ok(code in reasons || code === 'gm_accuracy', code);
    const [, terms = ''] = /type OwnTermName =([^;]+);/.exec(read('agent/clock/types.ts')) ?? [];
    const names = [...terms.matchAll(/'(\w+)'/g)].map(([, name = '']) => name);
    assert.ok(names.length > 10);
    for (const term of names) assert.ok(clock.includes(`\`${term}\``), term);
  });

  for (const file of ['docs/clock.md', 'config/clients/README.md']) {
    for (const [index, uci] of blocksOf(file, 'uci').entries()) {
      test(`example ${index + 1} of ${file} is taken by the loader without a word`, () => {
        assert.deepEqual(said(loadUci(uci)), []);
      });
    }
  }
});

describe('docs/page.md and docs/alerts.md', () => {
  const secret = () => 'https://alerts.example.org/api/v2/alerts';

  test('have examples of page.json that the page takes', () => {
    const examples = ['docs/page.md', 'docs/alerts.md'].map((file) => blocksOf(file, 'json'));
    assert.deepEqual(
      examples.map(({ length }) => length),
      [1, 1],
    );
    for (const text of examples.flat()) {
      const found = parsePageOptions(text, secret);
      assert.ok(found.ok, found.ok ? '' : found.why);
    }
  });

  test('show proxies as the whole examples have them', () => {
    for (const [language, file] of [
      ['caddy', 'Caddyfile'],
      ['nginx', 'nginx.conf'],
    ] as const) {
      const whole = read(`config/hub/examples/${file}`);
      const [shown = '', ...more] = blocksOf('docs/page.md', language);
      assert.deepEqual(more, []);
      const lines = shown.split('\n').map((line) => line.trim());
      assert.ok(lines.length > 5);
      for (const line of lines) assert.ok(whole.includes(line), line);
    }
  });
});

describe('docs/subjects.md', () => {
  const text = subjectsReference();

  test('has every subject that a unit publishes, with at least one field', () => {
    for (const subject of publishedBy(subjectsOf('<unit>', '<role>')))
      assert.ok(
        documented.some(
          ({ subjects, fields }) => subjects.includes(subject) && Object.keys(fields).length > 1,
        ),
        subject,
      );
  });

  test('every table row has as many cells as its head', () => {
    for (const block of text.split('\n\n').filter((part) => part.startsWith('| '))) {
      const cells = block.split('\n').map((line) => line.split(' | ').length);
      assert.equal(new Set(cells).size, 1, block.slice(0, 200));
    }
  });

  test('every field has its help, and a name ends with the unit that its help speaks of', () => {
    for (const { fields } of documented)
      for (const [path, { help }] of Object.entries(fields)) {
        assert.notEqual(help, '');
        if (/Unix ms/.test(help)) assert.match(path, /(^ts|_ms)$/, path);
      }
  });
});

describe('docs/architecture.md', () => {
  const text = read('docs/architecture.md');

  test('names only files that there are', () => {
    const paths = [...text.matchAll(/`((?:agent|build|procd|test)\/[\w./-]+)`/g)].map(
      ([, path = '']) => path,
    );
    assert.ok(paths.length > 40);
    for (const path of paths) assert.ok(existsSync(join(projectRoot, path)), path);
  });

  test('lists every module', () => {
    for (const one of readdirSync(join(projectRoot, 'agent'), { withFileTypes: true }))
      if (one.isDirectory()) assert.ok(text.includes(`| \`agent/${one.name}/\` |`), one.name);
  });
});
