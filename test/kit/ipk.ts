import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Cleanup } from './cleanup.ts';
import { tempDir } from './daemon.ts';
import { projectRoot } from './tools.ts';

/** A time that is nobody's. */
export const packageEpoch = 1_700_000_000;

/** A package that was built and taken apart with the machine's own tar. */
export interface OpenedIpk {
  readonly file: string;
  /** Where its outer members, `data` and `control` lie unpacked. */
  readonly dir: string;
}

/** Builds the package of the bundle in a directory and unpacks it. */
export function openIpk(owner: Cleanup, bundleDir: string): OpenedIpk {
  const dir = tempDir(owner, 'ipk');
  execFileSync('node', [join(projectRoot, 'build/ipk.mjs'), '--bundle', bundleDir, '--out', dir], {
    env: { ...process.env, SOURCE_DATE_EPOCH: String(packageEpoch) },
  });
  const [name = ''] = readdirSync(dir);
  const unpack = (archive: string, into: string): void => {
    mkdirSync(into, { recursive: true });
    execFileSync('tar', ['-xpzf', archive, '-C', into]);
  };
  const file = join(dir, name);
  unpack(file, dir);
  for (const part of ['data', 'control']) unpack(join(dir, `${part}.tar.gz`), join(dir, part));
  return { file, dir };
}
