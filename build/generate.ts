import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { clockReference } from './clockreference.ts';
import { iniExample, uciExample } from './exampleconfig.ts';
import { lucioptions } from './lucioptions.ts';
import { lucipot } from './lucipot.ts';
import { optionsReference } from './optionsreference.ts';
import { subjectsReference } from './subjects-reference.ts';

/** Every checked-in file that is generated, and its generator. */
const generated: readonly { readonly path: string; make(): string }[] = [
  { path: 'config/nunect', make: uciExample },
  { path: 'config/nunect.ini.example', make: iniExample },
  { path: 'docs/options.md', make: optionsReference },
  { path: 'openwrt/luci-app-nunect/htdocs/luci-static/resources/nunect/options.js', make: lucioptions },
  { path: 'openwrt/luci-app-nunect/po/templates/nunect.pot', make: lucipot },
  { path: 'docs/subjects.md', make: subjectsReference },
  { path: 'docs/clock.md', make: clockReference },
];

const root = resolve(__dirname, '..');

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

const stale = generated
  .map(({ path, make }) => ({ path, file: join(root, path), text: make() }))
  .filter(({ file, text }) => textOf(file) !== text);

if (process.argv.includes('--check')) {
  for (const { path } of stale) console.error(`${path} is out of date: run npm run generate`);
  process.exitCode = stale.length === 0 ? 0 : 1;
} else {
  for (const { path, file, text } of stale) {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
    console.log(`wrote ${path}`);
  }
}
