import { existsSync } from 'node:fs';
import { readFlags } from '../../cli/flags.ts';
import type { CommandIo } from '../../cli/io.ts';
import { isHeld, spawnWith, tryLock } from '../../device/lock.ts';
import { defaultHubDir } from '../kit/hubdir.ts';
import { endServer, signalTo, soWithin } from './ending.ts';
import { loadHub } from './hubhere.ts';
import { readUpState, runPath, serverPid } from './runfiles.ts';

const usage = `usage: nunect-hub down [--dir DIR]

Stops the hub that 'nunect-hub up' runs, and its nats-server; what units record meanwhile they keep and send later.
Under a supervisor such as systemd stop its service instead: it would start the hub again.
Exit code: 0 nothing runs any more; 1 it could not be stopped; 2 for wrong usage.
  --dir DIR   default: ${defaultHubDir}
`;

const flags = {
  dir: { type: 'string', default: defaultHubDir },
  help: { type: 'boolean', short: 'h' },
} as const;

/** More than nats-server and the links take together. */
const patience_ms = 60_000;

/** Who holds the lock; throws where that cannot be known. */
async function holder(dir: string): Promise<{ readonly pid: number } | undefined> {
  if (!existsSync(runPath(dir, 'lock'))) return undefined; // it never ran
  const lock = await tryLock(spawnWith, runPath(dir, 'lock'));
  if (isHeld(lock)) return { pid: Number(lock.heldBy) };
  lock.release();
  if (lock.lacking !== undefined) throw new Error(lock.lacking);
  return undefined;
}

/** `nunect-hub down`. Gives the exit code; wrong arguments throw a UsageError. */
export async function down(args: readonly string[], io: CommandIo): Promise<number> {
  const { dir, help } = readFlags(args, flags);
  if (help === true) {
    io.stdout(usage);
    return 0;
  }
  const here = loadHub(dir);
  const by = await holder(dir);
  const isElsewhere = by !== undefined && readUpState(dir)?.starts === 0; // with --no-server
  if (
    by !== undefined &&
    !(signalTo(by.pid, 'SIGTERM') && (await soWithin(patience_ms, () => isFree(dir))))
  ) {
    io.stderr(`nunect-hub down: process ${by.pid} runs the hub of ${dir} and does not end\n`);
    return 1;
  }
  const find = (): number | undefined => (isElsewhere ? undefined : serverPid(here));
  const left = find();
  await endServer(find);
  if (find() !== undefined) {
    io.stderr(`nunect-hub down: nats-server, process ${left}, does not end\n`);
    return 1;
  }
  io.stdout(by === undefined && left === undefined ? `the hub of ${dir} does not run\n` : 'stopped\n');
  return 0;
}

const isFree = async (dir: string): Promise<boolean> => (await holder(dir)) === undefined;
