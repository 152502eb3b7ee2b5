// Builds the client library for apps: dist/nunect-client/nunect-client.js, one ES module for Node and browsers that imports
// nothing, and its types.
//   node build/client.mjs [--out dist]
import { execFileSync } from 'node:child_process';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';
import { root } from './source.mjs';

const { values } = parseArgs({ options: { out: { type: 'string', default: 'dist' } } });
const out = join(resolve(root, values.out), 'nunect-client');

await build({
  absWorkingDir: root,
  entryPoints: ['config/clients/nunect-client/src/index.ts'],
  outfile: join(out, 'nunect-client.js'),
  bundle: true,
  minify: true,
  format: 'esm',
  platform: 'neutral',
  target: 'es2022',
  logLevel: 'error',
});
const types = ['-p', 'config/clients/nunect-client', '--outDir', join(out, 'types')];
execFileSync(join(root, 'node_modules/.bin/tsc'), types, { cwd: root, stdio: 'inherit' });
