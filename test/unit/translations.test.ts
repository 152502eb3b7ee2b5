// Every translation is of a text that there is, and has the same places for values.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { projectRoot } from '../kit/process/tools.ts';

const po = join(projectRoot, 'openwrt/luci-app-nunect/po');

/** msgid -> msgstr. */
function textsOf(path: string): Map<string, string> {
  const text = readFileSync(path, 'utf8');
  const pairs = [...text.matchAll(/^msgid (".*")\nmsgstr (".*")$/gm)];
  return new Map(
    pairs.map(([, id = '""', str = '""']) => [JSON.parse(id) as string, JSON.parse(str) as string]),
  );
}

const places = (text: string): string[] =>
  [...text.matchAll(/%[sd.\d]*[sdf]/g)].map(([place]) => place).sort();

for (const language of readdirSync(po).filter((name) => name !== 'templates'))
  test(`${language}: what people look at is translated, and nothing else is in there`, () => {
    const ids = textsOf(join(po, 'templates/nunect.pot'));
    const translated = textsOf(join(po, language, 'nunect.po'));
    translated.delete('');
    assert.ok(translated.size > 150, `${translated.size} texts`);
    for (const [id, text] of translated) {
      assert.ok(ids.has(id), `'${id}' is in no view`);
      assert.ok(text !== '', id);
      assert.deepEqual(places(text), places(id), id);
    }
    const seen = ['Everything works', 'Not set up', 'Records waiting', 'Restart', 'Lock limit, NTP (µs)'];
    assert.deepEqual(
      seen.filter((id) => !translated.has(id)),
      [],
    );
  });
