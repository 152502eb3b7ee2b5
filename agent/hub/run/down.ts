import { readFlags } from '../../cli/flags.ts';
import type { CommandIo } from '../../cli/io.ts';
import { defaultHubDir } from '../kit/hubdir.ts';
import { endServer, signalTo, soWithin } from './ending.ts';
import { loadHub } from './hubhere.ts';
import { readUpState, serverPid, upHolder } from './runfiles.ts';

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
/** `up` has locked its file before its number is in it. */
const naming_ms = 2000;

/** The process of `up`; throws where that cannot be known. */
async function holder(dir: string): Promise<{ readonly pid: number | undefined } | undefined> {
  const by = await upHolder(dir);
  if (by !== undefined && 'lacking' in by) throw new Error(by.lacking);
  return by;
}

/** Ends `up`; gives whether it has ended, and which process it is. */
async function endUp(
  dir: string,
): Promise<{ readonly hasEnded: boolean; readonly pid?: number | undefined }> {
  const hasEnded = async (): Promise<boolean> => (await holder(dir)) === undefined;
  let by: Awaited<ReturnType<typeof holder>>;
  await soWithin(naming_ms, async () => {
    by = await holder(dir);
    return by === undefined || by.pid !== undefined;
  });
  const pid = by?.pid;
  if (pid === undefined || !signalTo(pid, 'SIGTERM')) return { hasEnded: await hasEnded(), pid };
  return { hasEnded: await soWithin(patience_ms, hasEnded), pid };
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
  const { hasEnded, pid } = await endUp(dir);
  if (!hasEnded) {
    io.stderr(`nunect-hub down: process ${pid} runs the hub of ${dir} and does not end\n`);
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
