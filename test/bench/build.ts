// A build that is measured: what a unit would have of it, laid out as its package does.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { projectRoot } from '../kit/process/tools.ts';

/** The nunect of one checkout. */
export interface Build {
  readonly name: 'now' | 'before';
  readonly root: string;
  /** The last that changed what is shipped; with a + where something is changed that is not committed. */
  readonly commit: string;
  readonly version: string;
  readonly bundle: string;
  /** Starts it as on a unit: with the flags of node and whatever else its launcher has. */
  readonly launcher: string;
  /** In bytes: all JavaScript of the unit, and its package. */
  readonly size: { readonly bundle: number; readonly ipk: number };
  /** Whether its configuration knows an option. */
  knows(option: string): boolean;
}

/** What a checkout's build/packages/nunect.mjs says of the package. */
interface PackageTable {
  readonly nunect: {
    readonly version: string;
    readonly files: readonly (readonly [path: string, mode: number, source: string])[];
  };
}

/** What the package is made from: a commit of anything else is the same build. */
const shippedFrom = [
  'agent',
  'openwrt',
  ...['bundle', 'split', 'unitfiles'].map((name) => `build/${name}.mjs`),
  'package-lock.json',
];

const load = <T>(root: string, name: string): Promise<T> => import(join(root, 'build', name)) as Promise<T>; // plain programs

/** Lays the package of a checkout out in `dir`; its dist/ has to be built. */
async function layOut(name: Build['name'], root: string, dir: string): Promise<Build> {
  const { nunect } = await load<PackageTable>(root, 'packages/nunect.mjs');
  const { contentsOf } = await load<{
    contentsOf(one: unknown, architecture: string, dist: string): (source: string) => Buffer;
  }>(root, 'contents.mjs');
  const { ipk } = await load<{
    ipk(one: unknown, architecture: string, read: unknown, time: number): Buffer;
  }>(root, 'ipk.mjs');
  const read = contentsOf(nunect, 'all', 'dist');
  const place = join(dir, name);
  for (const [path, mode, source] of nunect.files) {
    const file = join(place, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, read(source), { mode });
  }
  const git = (...args: string[]): string =>
    execFileSync('git', ['-C', root, ...args], { encoding: 'utf8' }).trim();
  const isChanged = git('status', '--porcelain', '--untracked-files=no', '--', ...shippedFrom) !== '';
  const example = readFileSync(join(root, 'config/nunect'), 'utf8');
  return {
    name,
    root,
    commit: git('log', '-1', '--format=%h', '--abbrev=8', '--', ...shippedFrom) + (isChanged ? '+' : ''),
    version: nunect.version,
    bundle: join(place, 'usr/lib/nunect/nunect.cjs'),
    launcher: join(place, 'usr/bin/nunect'),
    size: {
      bundle: nunect.files
        .filter(([path]) => path.endsWith('.cjs'))
        .reduce((sum, [, , source]) => sum + read(source).length, 0),
      ipk: ipk(nunect, 'all', read, 0).length,
    },
    knows: (option) => new RegExp(`^\\t#?(?:option|list) ${option} `, 'm').test(example),
  };
}

/** The build of this checkout, and before it that of BENCH_BEFORE, another checkout with its dist/. */
export async function builds(dir: string): Promise<Build[]> {
  const before = process.env['BENCH_BEFORE'];
  if (before !== undefined && !existsSync(join(before, 'dist/nunect.cjs')))
    throw new Error(
      `BENCH_BEFORE '${before}' has no dist/nunect.cjs: name a checkout, and run make build there`,
    );
  return [
    ...(before === undefined ? [] : [await layOut('before', before, dir)]),
    await layOut('now', projectRoot, dir),
  ];
}
