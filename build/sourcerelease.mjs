// The source release, <out>/nunect-<version>.tar.gz: what openwrt/nunect/Makefile builds the package from, with any node
// and without a network. It has the sources of this checkout, the packages that the bundle is made of, and esbuild as
// WebAssembly, which runs on every host.
//   node build/sourcerelease.mjs [--dist dist] [--out dist/packages] [--esbuild node_modules/esbuild]
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { termsIn } from './licences.mjs';
import { lackOfPackage, packageFile } from './npmfetch.mjs';
import { nunect } from './packages/nunect.mjs';
import { gzip, root, sourceTime } from './source.mjs';
import { tar, treeOf } from './tar.mjs';

const { values } = parseArgs({
  options: {
    dist: { type: 'string', default: 'dist' },
    out: { type: 'string', default: 'dist/packages' },
    esbuild: { type: 'string' }, // a folder that has it installed, for tests: its program is found by ESBUILD_BINARY_PATH
  },
});

/** The version of esbuild that package.json pins, as WebAssembly. */
const esbuildWasm = {
  name: 'esbuild-wasm',
  version: '0.28.2',
  // of the registry: npm view esbuild-wasm@0.28.2 dist.integrity
  integrity:
    'sha512-GccVwhv3mmOUVQHCQm2Ox/rby8n/EqUwvZxE6Pjfikrq/lWw9g9WX/u9EykWnpot3Ko6j426DgQdea2xWKIAQA==',
};
const esbuildFiles = [
  'LICENSE.md',
  'bin/esbuild',
  'esbuild.wasm',
  'lib/main.js',
  'package.json',
  'wasm_exec.js',
  'wasm_exec_node.js',
];

const parts =
  'agent build config openwrt/nunect procd LICENSE README.md CHANGELOG.md package.json tsconfig.json';

const file = (path, content, mode = 0o644) => ({ path, mode: mode & 0o100 ? 0o755 : 0o644, content });
const fromDisk = (path, at = path) =>
  file(path, readFileSync(resolve(root, at)), statSync(resolve(root, at)).mode);

/** What git knows of these parts, as it lies in the checkout. */
const sources = () =>
  execFileSync('git', ['ls-files', '-z', '--', ...parts.split(' ')], { cwd: root, encoding: 'utf8' })
    .split('\0')
    .filter((path) => path !== '')
    .map((path) => fromDisk(path));

/** The packages that are in the bundle: their code and their terms. */
function libraries() {
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
  const folders = Object.keys(packages).filter(
    (path) => path !== '' && !packages[path].dev && !packages[path].optional,
  );
  for (const folder of folders)
    if (termsIn(join(root, folder)).length === 0) throw new Error(`${folder} ships no licence text`);
  return folders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
      .filter(
        (entry) =>
          entry.isFile() && /\.[cm]?js$|^package\.json$|^(licen[cs]e|copying|notice)/i.test(entry.name),
      )
      .map((entry) =>
        fromDisk(join(folder, relative(join(root, folder), join(entry.parentPath, entry.name)))),
      ),
  );
}

function bundler() {
  const at = (path) => `node_modules/esbuild/${path}`;
  if (values.esbuild !== undefined)
    return ['lib/main.js', 'package.json'].map((path) => fromDisk(at(path), join(values.esbuild, path)));
  const { devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const folder = join(resolve(root, values.dist), 'esbuild');
  const lack =
    devDependencies.esbuild === esbuildWasm.version
      ? lackOfPackage(folder, esbuildWasm)
      : `package.json has esbuild ${devDependencies.esbuild}, build/sourcerelease.mjs ${esbuildWasm.version}`;
  if (lack !== undefined) {
    console.error(`source-release: ${lack}`);
    process.exit(1);
  }
  return esbuildFiles.map((path) =>
    file(at(path), packageFile(folder, esbuildWasm, path), path.startsWith('bin/') ? 0o755 : 0o644),
  );
}

const name = `nunect-${nunect.version.replace(/-r\d+$/, '')}`;
const entries = [...sources(), ...libraries(), ...bundler()].map((one) => ({
  ...one,
  path: `${name}/${one.path}`,
}));
const content = gzip(tar(treeOf(entries), sourceTime()));
const target = join(resolve(root, values.out), `${name}.tar.gz`);
mkdirSync(resolve(target, '..'), { recursive: true });
writeFileSync(target, content);
const sha256 = createHash('sha256').update(content).digest('hex');
console.log(`${sha256}  ${relative(process.cwd(), target)} (${content.length} bytes)`);
