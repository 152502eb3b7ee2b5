import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Cleanup, newOwner, undoLater } from '../process/cleanup.ts';
import { type Daemon, daemon, eventually } from '../process/daemon.ts';
import { projectRoot } from '../process/tools.ts';

/** A leaf that is started again whenever it ends, as procd does. */
export interface KeptLeaf extends Daemon {
  /** How often it was started. */
  starts(): number;
}

/** The starter that is installed as /usr/lib/nunect/leaf. */
const starter = join(projectRoot, 'openwrt/nunect/leaf');

/**
 * Runs the leaf of a rendered directory by the installed starter; resolves when its server is ready. procd starts it
 * again 5 s after each end, which is long for a test.
 */
export async function keepLeaf(
  owner: Cleanup,
  dir: string,
  server: string,
  pauseMs = 200,
): Promise<KeptLeaf> {
  const servers = newOwner();
  let child: Daemon | undefined;
  let ended = false;
  let starts = 0;
  let printed = '';
  const logged = (): string => {
    const file = join(dir, 'state/leaf.log');
    return existsSync(file) ? readFileSync(file, 'utf8') : '';
  };
  const start = (): void => {
    if (ended) return;
    starts += 1;
    printed += child?.output() ?? '';
    child = daemon(servers, starter, [dir, server]);
    void child.exited.then(() => setTimeout(start, pauseMs));
  };
  const end = async (signal: NodeJS.Signals = 'SIGKILL'): Promise<void> => {
    ended = true;
    await child?.end(signal);
  };
  undoLater(owner, end);
  start();
  await eventually(`the leaf in ${dir} is ready`, () => logged().includes('Server is ready')).catch(
    (error) => {
      throw new Error(`${error}\n${child?.output()}${logged()}`);
    },
  );
  return {
    get pid() {
      return child?.pid ?? -1;
    },
    starts: () => starts,
    output: () => printed + (child?.output() ?? '') + logged(),
    kill: (signal) => child?.kill(signal),
    /** Of the server that runs now. */
    get exited() {
      return child?.exited ?? Promise.resolve(null);
    },
    end,
    endGently: () => end('SIGTERM'),
  };
}
