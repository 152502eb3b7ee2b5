// Builds the programs, each with its source maps and the licences of what is in it: for the unit dist/nunect.cjs with the
// files that it loads when they are needed, for the operator dist/nunect-hub.cjs. Same sources, same bytes, wherever the tree
// lies.
//   node build/bundle.mjs [--out dist]
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';
import { leaveOut } from './leaveout.mjs';
import { thirdParty } from './licences.mjs';
import { buildSplit } from './split.mjs';
import { partFor, partOf, unitFiles } from './unitfiles.mjs';

function failed(error) {
  if (error.errors === undefined) throw error;
  process.exit(1); // esbuild has said what is wrong and where
}

const root = resolve(import.meta.dirname, '..');
const { values } = parseArgs({ options: { out: { type: 'string', default: 'dist' } } });
const out = resolve(root, values.out);
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

const options = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'cjs', // as ESM, the CommonJS dependencies fail at run time: "Dynamic require of crypto"
  define: { NUNECT_VERSION: JSON.stringify(version) },
  minify: true,
  sourcemap: 'linked',
  sourcesContent: false,
  legalComments: 'none', // the file of licences has the full texts
  preserveSymlinks: true, // paths in the map do not depend on where node_modules really lies
  alias: { '@nats-io/nkeys': join(root, 'agent/lib/nkeys/nkeys.ts') },
  plugins: leaveOut,
  metafile: true,
  write: false,
};
const shebang = '#!/usr/bin/env node';

function write(program, outputFiles, licences, inputs) {
  mkdirSync(out, { recursive: true });
  for (const file of outputFiles) writeFileSync(file.path, file.contents);
  chmodSync(join(out, `${program}.cjs`), 0o755);
  writeFileSync(join(out, licences), thirdParty(root, inputs));
}

async function unit() {
  const given = { ...options, outdir: out, banner: shebang };
  const { outputFiles, inputs } = await buildSplit('agent/main.ts', 'nunect', { partOf, partFor }, given);
  const made = outputFiles.map(({ path }) => basename(path)).filter((name) => name.endsWith('.cjs'));
  const listed = unitFiles.map((name) => `${name}.cjs`);
  if (made.sort().join() !== listed.sort().join())
    throw new Error(`the unit's program came out as ${made.join(', ')}: list that in build/unitfiles.mjs`);
  write('nunect', outputFiles, 'THIRD_PARTY.txt', inputs);
}

/** esbuild writes all as ASCII but what stands in tagged templates, such as those of a page: there it is escaped in the source. */
const asciiTemplates = {
  name: 'ascii-templates',
  setup({ onLoad }) {
    onLoad({ filter: /[/\\]agent[/\\](hub|web)[/\\].*\.ts$/ }, ({ path }) => ({
      loader: 'ts',
      contents: readFileSync(path, 'utf8').replace(
        /[^\0-~]/g,
        (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
      ),
    }));
  },
};

async function hub() {
  const { metafile, outputFiles } = await build({
    ...options,
    plugins: [...options.plugins, asciiTemplates],
    entryPoints: ['agent/hub/main.ts'],
    outfile: join(out, 'nunect-hub.cjs'),
    banner: { js: shebang },
  });
  write('nunect-hub', outputFiles, 'THIRD_PARTY-hub.txt', Object.keys(metafile.inputs));
}

await Promise.all([unit(), hub()]).catch(failed);
