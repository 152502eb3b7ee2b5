import { runChild, type Spawn } from '../../lib/child.ts';
import type { Asked } from './client.ts';
import { parseChronyc } from './csv.ts';
import type { ChronydSigns, IsFileUsable } from './signs.ts';

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
