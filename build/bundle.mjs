// Builds the programs, each with its source map and the licences of what is in it: dist/nunect.cjs for the unit and
// dist/nunect-hub.cjs for the operator. Same sources, same bytes, wherever the tree lies.
//   node build/bundle.mjs [--out dist]
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';
import { leaveOut } from './leaveout.mjs';
import { thirdParty } from './licences.mjs';

/** Main file, name, and file with the licences. */
const programs = [
  ['agent/main.ts', 'nunect', 'THIRD_PARTY.txt'],
  ['agent/hub/main.ts', 'nunect-hub', 'THIRD_PARTY-hub.txt'],
];

const failed = () => process.exit(1); // esbuild has said what is wrong and where

const root = resolve(import.meta.dirname, '..');
const { values } = parseArgs({ options: { out: { type: 'string', default: 'dist' } } });
const out = resolve(root, values.out);
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

async function bundle(entry, name, licences) {
  const program = join(out, `${name}.cjs`);
  const { metafile, outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: [entry],
    outfile: program,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs', // as ESM, the CommonJS dependencies fail at run time: "Dynamic require of crypto"
    banner: { js: '#!/usr/bin/env node' },
    define: { NUNECT_VERSION: JSON.stringify(version) },
    minify: true,
    sourcemap: 'linked',
    sourcesContent: false,
    legalComments: 'none', // the file of licences has the full texts
    preserveSymlinks: true, // paths in the map do not depend on where node_modules really lies
    alias: { tweetnacl: join(root, 'build/tweetnacl.cjs') },
    plugins: leaveOut,
    metafile: true,
    write: false,
  }).catch(failed);
  mkdirSync(out, { recursive: true });
  for (const file of outputFiles) writeFileSync(file.path, file.contents);
  chmodSync(program, 0o755);
  writeFileSync(join(out, licences), thirdParty(root, Object.keys(metafile.inputs)));
}

await Promise.all(programs.map((program) => bundle(...program)));
