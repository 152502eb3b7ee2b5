// Bun's program out of its npm package, which lies in <dist>/bun.
import { join, resolve } from 'node:path';
import { lackOfPackage, packageFile } from './npmfetch.mjs';
import { bunTarball } from './packages/nunectruntime.mjs';
import { root } from './source.mjs';

const folderIn = (dist) => join(resolve(root, dist), 'bun');

/** Why Bun cannot be packaged here, and what to do; undefined where its tarball lies there, fetched if need be. */
export const lackOfBun = (dist) => lackOfPackage(folderIn(dist), bunTarball);

/** Content of the program; `lackOfBun` has seen to the tarball. */
export const bunProgram = (dist) => packageFile(folderIn(dist), bunTarball, 'bin/bun');
