import { accessSync, constants } from 'node:fs';
import { runChild, type Spawn } from '../../lib/child.ts';
import type { Asked } from './client.ts';
import { parseChronyc } from './csv.ts';

/** Whether a file is there and we may use it: a socket that we may not use does not reach chronyd. */
export type IsFileUsable = (path: string) => boolean;

/** By the file system: a command socket must be writable, a pid file readable. */
export const isFileUsable: IsFileUsable = (path) => {
  try {
    accessSync(path, path.endsWith('.sock') ? constants.W_OK : constants.R_OK);
    return true;
  } catch {
    return false;
  }
};

/** Signs of a chronyd that does not answer UDP: its command socket, its pid file. */
export interface ChronydSigns {
  readonly sockets: readonly string[];
  readonly pidFiles: readonly string[];
}

/** Where OpenWrt and Debian put them. */
export const usualSigns: ChronydSigns = {
  sockets: ['/var/run/chrony/chronyd.sock', '/run/chrony/chronyd.sock'],
  pidFiles: ['/var/run/chrony/chronyd.pid', '/run/chrony/chronyd.pid', '/var/run/chronyd.pid'],
};

/** chronyc itself waits 7 s for a hung daemon; this is some requests of 200 ms, with room to start. */
const chronycMs = 3000;
const reports = ['tracking', 'sources -a'];

/**
 * Runs chronyc once, over the first command socket that is there, else over what chronyc finds by itself.
 * Undefined when there is no sign of a chronyd.
 */
export async function askChronyc(
  deps: { readonly spawn: Spawn; readonly isUsable: IsFileUsable },
  program: string,
  signs: ChronydSigns,
): Promise<Asked | undefined> {
  const socket = signs.sockets.find(deps.isUsable);
  if (socket === undefined && !signs.pidFiles.some(deps.isUsable)) return undefined;
  const where = socket === undefined ? [] : ['-h', socket];
  const args = ['-c', '-n', ...where, '-m', 'timeout 200', 'retries 0', ...reports];
  const { stdout, stderr, failed } = await runChild(deps.spawn, program, args, chronycMs);
  if (failed === 'ENOENT') return { failure: { why: 'not_installed', detail: program } };
  const read = parseChronyc(stdout);
  if (read.ok) return { value: read.value };
  const detail = `${program}: ${failed ?? (stdout === '' ? stderr.trim() : read.why)}`;
  if (read.code === 501) return { failure: { why: 'unauthorised', detail } };
  const silent = read.code !== undefined || stdout === '';
  return { failure: { why: silent ? 'no_reply' : 'garbled', detail } };
}
