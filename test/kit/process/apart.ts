import { spawnSync } from 'node:child_process';
import { tool } from './tools.ts';

const words = ['--pid', '--mount', '--net', '--ipc', '--fork', '--kill-child', '--mount-proc'];
const inside = 'ip link set lo up; mkdir -p /run/netns; mount -t tmpfs none /run/netns; exec "$@"';

/**
 * Runs this program again in namespaces of its own, as test/job.sh has it, and gives its exit code: its mounts,
 * ports and clock daemons are nobody else's. Undefined in that second run, and where the machine has no namespaces.
 */
function runApart(): number | undefined {
  const unshare = tool('unshare');
  if (process.env['NUNECT_APART'] === '1' || unshare === undefined) return undefined;
  if (spawnSync(unshare, [...words, 'true'], { stdio: 'ignore' }).status !== 0) return undefined;
  const self = [process.execPath, ...process.execArgv, ...process.argv.slice(1)];
  const { status } = spawnSync(unshare, [...words, 'sh', '-c', inside, 'sh', ...self], {
    stdio: 'inherit',
    env: { ...process.env, NUNECT_APART: '1' },
  });
  return status ?? 1;
}

/** Runs a program apart, and ends it once its `main` has, with the code that this gives, whatever is still open. */
export function programApart(main: () => Promise<unknown>): void {
  const status = runApart();
  if (status !== undefined) process.exit(status);
  main().then(
    (code) => process.exit(typeof code === 'number' ? code : undefined),
    (error: unknown) => {
      console.error(error instanceof Error ? error.message : error);
      process.exit(1);
    },
  );
}
