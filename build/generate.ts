import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { nunect } from '../agent/commands.ts';
import { nunectHub } from '../agent/hub/commands.ts';
import { bashCompletion, manPage } from './clireference.ts';
import { clockReference } from './clockreference.ts';
import { iniExample, uciExample } from './exampleconfig.ts';
import { lucioptions } from './lucioptions.ts';
import { lucipot } from './lucipot.ts';
import { optionsReference } from './optionsreference.ts';
import { performanceReference } from './performancereference.ts';
import { fleetSchema, hubSchema, recordSchemas, schemaText, statusSchema } from './schemas.ts';
import { subjectsReference } from './subjects-reference.ts';
import { trafficReference } from './trafficreference.ts';

/** Every checked-in file that is generated, and its generator. */
const generated: readonly { readonly path: string; make(): string | Promise<string> }[] = [
  { path: 'config/nunect', make: uciExample },
  { path: 'config/nunect.ini.example', make: iniExample },
  { path: 'docs/options.md', make: optionsReference },
  { path: 'openwrt/luci-app-nunect/htdocs/luci-static/resources/nunect/options.js', make: lucioptions },
  { path: 'openwrt/luci-app-nunect/po/templates/nunect.pot', make: lucipot },
  { path: 'docs/subjects.md', make: subjectsReference },
  { path: 'docs/traffic.md', make: trafficReference },
  { path: 'docs/clock.md', make: clockReference },
  { path: 'docs/performance.md', make: performanceReference },
  ...[nunect, nunectHub].flatMap((program) => [
    { path: `docs/man/${program.name}.1`, make: () => manPage(program) },
    { path: `config/completion/${program.name}.bash`, make: () => bashCompletion(program) },
  ]),
];

/** What records and status.json look like, for programs. */
const schemas = [
  ...Object.entries(recordSchemas()),
  ['statuspage', statusSchema()] as const,
  ['fleet', fleetSchema()] as const,
  ['hub', hubSchema()] as const,
].map(([name, schema]) => ({
  path: `docs/schema/${name}.json`,
  make: () => schemaText(schema),
}));

const root = resolve(__dirname, '..');

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

async function findStale() {
  const made = [...generated, ...schemas].map(async ({ path, make }) => ({
    path,
    file: join(root, path),
    text: await make(),
  }));
  return (await Promise.all(made)).filter(({ file, text }) => textOf(file) !== text);
}

async function generate(isCheck: boolean): Promise<void> {
  for (const { path, file, text } of await findStale()) {
    if (isCheck) {
      console.error(`${path} is out of date: run npm run generate`);
      process.exitCode = 1;
      continue;
    }
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
    console.log(`wrote ${path}`);
  }
}

void generate(process.argv.includes('--check'));
