import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Cleanup, undoLater } from '../process/cleanup.ts';
import { type Daemon, eventually } from '../process/daemon.ts';
import { projectRoot } from '../process/tools.ts';

/** A leaf that is started again whenever it ends, as procd does. */
export interface KeptLeaf extends Daemon {
  /** How often it was started. */
  starts(): number;
}

/** The starter that is installed as /usr/lib/nunect/leaf. */
const starter = join(projectRoot, 'openwrt/nunect/leaf');
const pauseMs = 200; // procd's is 5 s

/** Runs the leaf of a rendered directory by the installed starter; resolves when its server is ready. */
export async function keepLeaf(owner: Cleanup, dir: string, server: string): Promise<KeptLeaf> {
  let child: ChildProcess | undefined;
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
    child = spawn(starter, [dir, server], { stdio: ['ignore', 'pipe', 'pipe'] });
    child.stderr?.on('data', (text) => {
      printed += String(text);
    });
    child.once('exit', () => setTimeout(start, pauseMs));
  };
  undoLater(owner, () => {
    ended = true;
    child?.kill('SIGKILL');
  });
  start();
  await eventually(`the leaf in ${dir} is ready`, () => logged().includes('Server is ready')).catch(
    (error) => {
      throw new Error(`${error}\n${printed}${logged()}`);
    },
  );
  return {
    get pid() {
      return child?.pid ?? -1;
    },
    starts: () => starts,
    output: () => printed + logged(),
    kill: (signal) => void child?.kill(signal),
    async end(signal = 'SIGKILL') {
      ended = true;
      const last = child;
      last?.kill(signal);
      await eventually('the end of the leaf', () => last?.exitCode !== null || last?.signalCode !== null);
    },
  };
}
