// Builds dist/nunect.cjs, its source map and THIRD_PARTY.txt. Same sources, same bytes, wherever the tree lies.
//   node build/bundle.mjs [--entry agent/main.ts] [--out dist]
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';
import { esModule } from './esmodule.mjs';
import { thirdParty } from './licences.mjs';

/** Encryption by curve keys, which nkeys offers besides signatures; nothing of the agent calls it. */
const curve = 'export const curveKeyLen = 32, CurveKP = undefined;';

const natsModules = {
  name: 'nats-modules',
  setup: ({ onLoad }) =>
    onLoad({ filter: /\/@nats-io\/.*\.js$/ }, ({ path }) => ({
      contents: path.endsWith('nkeys/lib/curve.js') ? curve : esModule(readFileSync(path, 'utf8'), path),
    })),
};

/** The one reader that the agent uses of systeminformation needs little of what comes with it. */
const smallUtil = {
  name: 'small-util',
  setup: ({ onLoad }) =>
    onLoad({ filter: /systeminformation\/lib\/util\.js$/ }, () => ({
      contents: readFileSync(join(root, 'build/siutil.cjs'), 'utf8'),
    })),
};

const failed = () => process.exit(1); // esbuild has said what is wrong and where

const root = resolve(import.meta.dirname, '..');
const { values } = parseArgs({
  options: {
    entry: { type: 'string', default: 'agent/main.ts' },
    out: { type: 'string', default: 'dist' },
  },
});
const out = resolve(root, values.out);
const program = join(out, 'nunect.cjs');
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

const { metafile, outputFiles } = await build({
  absWorkingDir: root,
  entryPoints: [values.entry],
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
  legalComments: 'none', // THIRD_PARTY.txt has the full texts
  preserveSymlinks: true, // paths in the map do not depend on where node_modules really lies
  alias: { tweetnacl: join(root, 'build/tweetnacl.cjs') },
  plugins: [natsModules, smallUtil],
  metafile: true,
  write: false,
}).catch(failed);

mkdirSync(out, { recursive: true });
for (const file of outputFiles) writeFileSync(file.path, file.contents);
chmodSync(program, 0o755);
writeFileSync(join(out, 'THIRD_PARTY.txt'), thirdParty(root, Object.keys(metafile.inputs)));
