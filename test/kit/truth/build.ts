import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { noNetns } from '../net/netns.ts';
import type { Cleanup } from '../process/cleanup.ts';
import { tempDir } from '../process/daemon.ts';
import { tool } from '../process/tools.ts';

/** What the C files of ./native become. */
export interface Truthlab {
  /** For LD_PRELOAD. */
  readonly library: string;
  readonly program: string;
}

/** Why no truth lab can be run on this machine; false where one can. */
export function noTruthlab(): string | false {
  if (tool('gcc') === undefined) return 'no C compiler on this machine: apt-get install build-essential';
  return noNetns() ?? false;
}

/** Compiles it into a folder that is removed when the owner ends. */
export function buildTruthlab(owner: Cleanup): Truthlab {
  const dir = tempDir(owner, 'truthlab');
  const built = { library: join(dir, 'truthlab.so'), program: join(dir, 'truthlab') };
  const gcc = (output: string, ...args: string[]): void => {
    const all = ['-O2', '-Wall', '-Wextra', '-Werror', '-o', output, ...args, '-ldl', '-lm'];
    execFileSync('gcc', all, { stdio: 'pipe', cwd: join(__dirname, 'native') });
  };
  gcc(built.library, '-shared', '-fPIC', 'preload.c');
  gcc(built.program, 'truthlab.c', 'ntp.c', 'gm.c', 'gnss.c');
  return built;
}
