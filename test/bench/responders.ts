// What stands beside the agent: processes that do as little as can be done for the same.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import { budgets } from '../kit/budgets.ts';
import type { Cleanup } from '../kit/process/cleanup.ts';
import { type Daemon, daemon, eventually } from '../kit/process/daemon.ts';
import { runtime, tool } from '../kit/process/tools.ts';
import type { Stage } from './stage.ts';

/** The subjects that the responders answer. */
export const goSubject = 'ops.echo.bench-go';
export const minimalSubject = 'ops.echo.bench-js';

/** A node process that does nothing but stay. */
export const bareNode = (owner: Cleanup): Daemon =>
  daemon(owner, runtime(), ['-e', 'setInterval(() => {}, 5000)']);

/** A node process that does nothing but wake as often as the agent may, and read as much of /proc as that does then. */
export const pacedNode = (owner: Cleanup): Daemon =>
  daemon(owner, runtime(), [
    '-e',
    `const { readFileSync } = require('node:fs');
    const read = () => readFileSync('/proc/loadavg');
    setInterval(() => { read(); read(); }, ${1000 / budgets.wakeUpsPerSecond});`,
  ]);

/** Bundles minimal.ts as the agent is bundled, and gives what starts it; with an interval it publishes at that too. */
export function minimalResponder({ owner, dir, peerUrl }: Stage, interval_s?: number): () => Daemon {
  const program = join(dir, 'minimal.cjs');
  buildSync({
    entryPoints: [join(__dirname, 'minimal.ts')],
    outfile: program,
    bundle: true,
    minify: true,
    platform: 'node',
    target: 'node20',
    logLevel: 'error',
  });
  const interval = interval_s === undefined ? [] : [String(interval_s)];
  return () => daemon(owner, runtime(), [program, peerUrl, minimalSubject, ...interval]);
}

/** Builds the Go responder into the folder of the stage; ready when resolved. Undefined where there is no Go. */
export async function goResponder({ owner, dir, peerUrl }: Stage): Promise<Daemon | undefined> {
  const go = tool('go');
  if (go === undefined) return undefined;
  const program = join(dir, 'responder');
  const env = { ...process.env, CGO_ENABLED: '0', GOFLAGS: '-mod=readonly' };
  execFileSync(go, ['build', '-o', program, '.'], { cwd: join(__dirname, 'responder'), env });
  const responder = daemon(owner, program, [peerUrl, goSubject]);
  await eventually('the Go responder', () => responder.output().includes('READY'));
  return responder;
}
