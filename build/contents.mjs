// What a package of the table is made of on this machine.
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { bunProgram, lackOfBun } from './bunfetch.mjs';
import { goBuild, lackOfGo } from './gobuild.mjs';
import { natsServer } from './packages/natsserver.mjs';
import { nunectRuntime } from './packages/nunectruntime.mjs';
import { root, sourcesWith } from './source.mjs';

/** Why a package cannot be built here, and what to do; undefined where it can. */
export function lackFor(one, dist) {
  if (one === natsServer) return lackOfGo();
  return one === nunectRuntime ? lackOfBun(dist) : undefined;
}

/** Reads the files of a package for one architecture by their path in the project; its program is built for that. */
export function contentsOf(one, architecture, dist) {
  const read = sourcesWith(dist);
  if (one === nunectRuntime) return (path) => (path === 'dist/bun' ? bunProgram(dist) : read(path));
  if (one !== natsServer) return read;
  const program = goBuild(architecture, join(resolve(root, dist), 'go'));
  return (path) => (path === 'dist/nats-server' ? readFileSync(program) : read(path));
}

/** Name of the .ipk of a package for one architecture. */
export const ipkName = ({ name, version }, architecture) => `${name}_${version}_${architecture}.ipk`;
