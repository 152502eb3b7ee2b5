import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Cleanup } from '../process/cleanup.ts';
import { tempDir } from '../process/daemon.ts';
import { projectRoot } from '../process/tools.ts';

/** A time that is nobody's. */
export const packageEpoch = 1_700_000_000;

/** A package that was built and taken apart with the machine's own tar. */
export interface OpenedIpk {
  readonly file: string;
  /** Where its outer members, `data` and `control` lie unpacked. */
  readonly dir: string;
}

/** Runs a program of build/ at the time of `packageEpoch`; gives what it printed, also when it failed. */
export function runBuild(name: string, args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const options = {
    env: { ...process.env, SOURCE_DATE_EPOCH: String(packageEpoch), ...env },
    encoding: 'utf8',
  } as const;
  return spawnSync(process.execPath, [join(projectRoot, 'build', name), ...args], options);
}

/** Unpacks an .ipk beside itself with the machine's own tar. */
export function unpackIpk(file: string, dir: string): OpenedIpk {
  const unpack = (archive: string, into: string): void => {
    mkdirSync(into, { recursive: true });
    execFileSync('tar', ['-xpzf', archive, '-C', into]);
  };
  unpack(file, dir);
  for (const part of ['data', 'control']) unpack(join(dir, `${part}.tar.gz`), join(dir, part));
  return { file, dir };
}

/** Builds the package of the bundle in a directory and unpacks it. */
export function openIpk(owner: Cleanup, bundleDir: string): OpenedIpk {
  const dir = tempDir(owner, 'ipk');
  const { status, stderr } = runBuild('packages.mjs', [
    '--only',
    'nunect',
    '--dist',
    bundleDir,
    '--out',
    dir,
  ]);
  if (status !== 0) throw new Error(`packages.mjs: ${stderr}`);
  const name = readdirSync(dir).find((one) => one.endsWith('.ipk')) ?? '';
  return unpackIpk(join(dir, name), dir);
}
