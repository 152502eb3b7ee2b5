import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { type FifoWriter, fifoWriter } from '../../../agent/clock/orders/fifo.ts';
import { type AppliedTime, timeFiles } from '../../../agent/clock/setup/applied.ts';
import type { Cleanup } from '../process/cleanup.ts';
import { type Daemon, daemon, tempDir } from '../process/daemon.ts';
import { need, projectRoot } from '../process/tools.ts';

const script = join(projectRoot, 'openwrt/nunect/time');

/** What is applied in most tests: software stamps feed a chronyd that can be told to withhold PTP. */
export const appliedTime = (changes: Partial<AppliedTime> = {}): AppliedTime => ({
  role: 'client',
  runs: ['ptp4l'],
  feed: 'chronyd',
  gate: 'selectopts',
  hardware: false,
  grace_s: 60,
  domain: 0,
  transportSpecific: 0,
  ports: [{ name: 'wan', transport: 'UDPv4' }],
  notes: [],
  ...changes,
});

/** A run directory with what `nunect time apply` makes, and the script of root that works by it. */
export interface TimePlace {
  readonly runDir: string;
  /** The folder that the script is given. */
  readonly dir: string;
  /** The end of the agent; closed when its owner ends. */
  readonly fifo: FifoWriter;
  write(file: 'applied' | 'ptp4lConf' | 'phc2sysArgs' | 'chronydSocket', text: string): void;
  /** Makes a program that the script finds before those of the host. */
  stub(name: string, body: string): void;
  /** Starts the script under BusyBox; `before` are words that run it elsewhere. */
  start(args: readonly string[], before?: readonly string[]): Daemon;
}

/** `programs`: what the script shall find of chrony and linuxptp; `only`: nothing else but these, and what BusyBox is. */
export function timePlace(
  owner: Cleanup,
  opts: { readonly programs?: readonly string[]; readonly only?: readonly string[] } = {},
): TimePlace {
  const runDir = tempDir(owner, 'time');
  const dir = join(runDir, timeFiles.dir);
  const bin = join(runDir, 'bin');
  mkdirSync(dir);
  mkdirSync(bin);
  for (const name of ['sed', 'head', 'tr', 'tail', 'grep', 'cut', 'sleep', 'cat', 'mv'])
    symlinkSync(need('busybox'), join(bin, name));
  for (const name of opts.only ?? []) symlinkSync(need(name), join(bin, name));
  const folders = [bin, ...(opts.programs ?? []).map(dirname)];
  const path = [...folders, ...(opts.only === undefined ? [process.env['PATH'] ?? ''] : [])].join(delimiter);
  execFileSync('mkfifo', ['-m', '666', join(runDir, timeFiles.orders)]);
  const fifo = fifoWriter(join(runDir, timeFiles.orders));
  owner.after(() => fifo.close());
  return {
    runDir,
    dir,
    fifo,
    write: (file, text) => writeFileSync(join(runDir, timeFiles[file]), text),
    stub(name, body) {
      rmSync(join(bin, name), { force: true }); // it may be a link to a program of this machine
      writeFileSync(join(bin, name), `#!/bin/sh\n${body}\n`, { mode: 0o755, flag: 'wx' });
    },
    start(args, before = []) {
      const [command = '', ...words] = [...before, need('busybox'), 'sh', script, ...args];
      return daemon(owner, command, words, { env: { PATH: path } });
    },
  };
}

/** Whether a process may set the clock, and whether it may ever get the right to. */
export function clockRights(pid: number): { readonly effective: boolean; readonly bounding: boolean } {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const has = (set: string): boolean => {
    const bits = BigInt(`0x${new RegExp(`^${set}:\\s*(\\w+)`, 'm').exec(status)?.[1]}`);
    return ((bits >> 25n) & 1n) === 1n;
  };
  return { effective: has('CapEff'), bounding: has('CapBnd') };
}
