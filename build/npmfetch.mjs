// Packages of npm that a build takes as they are: each is fetched once and taken only with the pinned hash.
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** Where npm puts a package `{name, version, integrity}`, and whoever has no network may put it by hand. */
const tarballIn = (folder, { name, version }) =>
  join(folder, `${name.replace('@', '').replace('/', '-')}-${version}.tgz`);

const hashOf = (file) => `sha512-${createHash('sha512').update(readFileSync(file)).digest('base64')}`;

/** Why a package cannot be had, and what to do; undefined where its tarball lies in the folder, fetched if need be. */
export function lackOfPackage(folder, { name, version, integrity }) {
  const file = tarballIn(folder, { name, version });
  if (!existsSync(file)) {
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

/** Content of a file of the package; `lackOfPackage` has seen to the tarball. */
export const packageFile = (folder, one, path) =>
  execFileSync('tar', ['-xzOf', tarballIn(folder, one), `package/${path}`], { maxBuffer: 2 ** 28 });
