// Bun's program out of its npm package, which is fetched once into <dist>/bun and taken only with the pinned hash.
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { bunTarball } from './packages/nunectruntime.mjs';
import { root } from './source.mjs';

const { name, version, integrity } = bunTarball;

/** Where npm puts it, and whoever has no network may put it by hand. */
const tarballIn = (dist) =>
  join(resolve(root, dist), 'bun', `${name.replace('@', '').replace('/', '-')}-${version}.tgz`);

const hashOf = (file) => `sha512-${createHash('sha512').update(readFileSync(file)).digest('base64')}`;

/** Why Bun cannot be packaged here, and what to do; undefined where its tarball lies there, fetched if need be. */
export function lackOfBun(dist) {
  const file = tarballIn(dist);
  if (!existsSync(file)) {
    const folder = join(file, '..');
    mkdirSync(folder, { recursive: true });
    const args = ['pack', `${name}@${version}`, '--silent', '--pack-destination', folder];
    const { error, status, stderr } = spawnSync('npm', args, { encoding: 'utf8' });
    const advice = `Fetch ${name}@${version} where there is a network (npm pack) and put it at ${file}`;
    if (error !== undefined) return `there is no npm here. ${advice}`;
    if (status !== 0) return `npm says: ${stderr.trim().split('\n')[0]}. ${advice}`;
  }
  if (hashOf(file) === integrity) return undefined;
  rmSync(file);
  return `${file} was not the release that is pinned and is removed; run it again`;
}

/** Content of the program; `lackOfBun` has seen to the tarball. */
export const bunProgram = (dist) =>
  execFileSync('tar', ['-xzOf', tarballIn(dist), 'package/bin/bun'], { maxBuffer: 2 ** 28 });
