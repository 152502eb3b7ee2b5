// Builds dist/nunect.cjs, its source map and THIRD_PARTY.txt. Same sources, same bytes, wherever the tree lies.
//   node build/bundle.mjs [--entry agent/main.ts] [--out dist]
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';
import { thirdParty } from './licences.mjs';

/** Parts of nats-core and nkeys that the agent never reaches: benchmarks, websockets, curve keys. */
const unreached = /@nats-io\/(nats-core\/lib\/(bench|ws_transport)|nkeys\/lib\/curve)\.js$/;
const leaveOut = {
  name: 'leave-out',
  setup: ({ onLoad }) => onLoad({ filter: unreached }, () => ({ contents: '' })),
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
  plugins: [leaveOut, smallUtil],
  metafile: true,
  write: false,
}).catch(failed);

mkdirSync(out, { recursive: true });
for (const file of outputFiles) writeFileSync(file.path, file.contents);
chmodSync(program, 0o755);
writeFileSync(join(out, 'THIRD_PARTY.txt'), thirdParty(root, Object.keys(metafile.inputs)));
