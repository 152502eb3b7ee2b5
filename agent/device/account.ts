import { readIfThere } from '../lib/files.ts';

/** User of agent and leaf, and group that may read what root renders, so that the agent and the leaf need not be root. */
const account = 'nunect';

/** Id of that group or user, when this process may give files to it. */
export function sharedId(file: '/etc/group' | '/etc/passwd'): number | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const line = readIfThere(file)
    ?.split('\n')
    .find((one) => one.startsWith(`${account}:`));
  const id = Number(line?.split(':')[2] ?? Number.NaN);
  return Number.isInteger(id) ? id : undefined;
}
