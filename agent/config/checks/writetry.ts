import { spawnSync } from 'node:child_process';
import { dirname } from 'node:path';
import type { Config } from '../options.ts';
import { fileProblem, type UnplacedProblem } from '../problem.ts';
import { stat } from './machinefiles.ts';
import { runAs } from './trust.ts';

/** Whether the agent can write spool.snapshot_file: tried beside it, as the user that the agent runs as. */
export function unwritable(
  { spool: { snapshot_file: file } }: Config,
  configFile: string,
): UnplacedProblem[] {
  if (file === undefined) return [];
  const words = ['-c', ': >"$1" && rm "$1"', 'sh', `${file}.try`];
  const { status, stderr } = spawnSync('/bin/sh', words, {
    ...runAs(configFile),
    cwd: '/',
    encoding: 'utf8',
    timeout: 5000,
  });
  if (status === 0 || status === null) return []; // null: there was no try
  const folder = dirname(file);
  const why =
    stat(folder).kind === 'missing'
      ? `there is no ${folder}`
      : (/[^:]*$/.exec(stderr.trim())?.[0].trim() ?? '');
  const message = `the agent cannot write it (${why}); on OpenWrt it can in /tmp and in /etc/nunect/spool`;
  return [fileProblem('spool.snapshot_file', file, message)];
}
