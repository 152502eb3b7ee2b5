import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { reasonOf } from '../lib/errors.ts';
import type { Ticker } from '../lib/ticker.ts';

/** The files of one TLS block; a certificate goes with its key. */
export interface TlsFiles {
  readonly ca?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
}

/** Files that have other contents than those in use. */
export interface UnusedFile {
  readonly file: string;
  readonly why: string;
}

export interface TlsFileWatch {
  /** What was renewed, but cannot be used as it is; undefined where nothing was. */
  unused(): UnusedFile | undefined;
  stop(): void;
}

export interface TlsFileDeps {
  readonly ticker: Ticker;
  /** Called when files have other contents, and these belong together. */
  renewed(files: readonly string[]): void;
  /** Called once when contents changed but cannot be used, with what is wrong. */
  unfit(why: string): void;
}

const stampOf = (file: string): string => {
  try {
    const { mtimeMs, size, ino } = statSync(file); // which the kernel has in memory
    return `${mtimeMs} ${size} ${ino}`;
  } catch {
    return 'gone';
  }
};

/** What is wrong with the files of a block, as half-written ones are; undefined when nothing is. */
async function faultOf(files: TlsFiles): Promise<UnusedFile | undefined> {
  try {
    const { tlsFaults } = await import('../config/checks/tlsfilecheck.ts');
    const read = async (path: string | undefined) => (path === undefined ? undefined : await readFile(path));
    const [ca, cert, key] = await Promise.all([files.ca, files.cert, files.key].map(read));
    const fault = tlsFaults({ ca, cert, key }, false).find(({ severity }) => severity === 'error');
    return fault && { file: files[fault.file] ?? '', why: fault.why };
  } catch (error) {
    const { path = '' } = error as NodeJS.ErrnoException;
    return { file: path, why: `cannot be read: ${reasonOf(error)}` };
  }
}

const hashOf = async (file: string): Promise<string> =>
  createHash('sha256')
    .update(await readFile(file).catch(() => ''))
    .digest('hex');

/** What is known of the files, and whether a look is under way. */
interface Watched {
  readonly deps: TlsFileDeps;
  readonly blocks: readonly TlsFiles[];
  readonly files: readonly string[];
  readonly stamps: Map<string, string>;
  readonly hashes: Map<string, string>;
  /** Looks in a row that found files that do not fit. */
  faults: number;
  unused?: UnusedFile | undefined;
  isBusy: boolean;
  isStopped: boolean;
}

/** Those whose contents are others than before. */
async function changedOf({ hashes }: Watched, files: readonly string[]): Promise<string[]> {
  const now = await Promise.all(files.map(hashOf));
  return files.filter((file, at) => hashes.get(file) !== now[at]);
}

async function look(watched: Watched): Promise<void> {
  const { deps, files, blocks, stamps, hashes } = watched;
  const now = files.map(stampOf);
  const touched = files.filter((file, at) => stamps.get(file) !== now[at]);
  if (touched.length === 0) return;
  const changed = await changedOf(watched, touched);
  const [fault] = (await Promise.all(blocks.map(faultOf))).flatMap((one) => one ?? []);
  if (watched.isStopped) return;
  if (fault !== undefined && changed.length > 0) {
    watched.faults += 1;
    if (watched.faults < 2) return; // it may just be half written
    if (watched.faults === 2) deps.unfit(`${fault.file} ${fault.why}`);
    watched.unused = fault;
    return;
  }
  watched.faults = 0;
  watched.unused = undefined;
  for (const [at, file] of files.entries()) stamps.set(file, now[at] ?? '');
  for (const file of changed) hashes.set(file, await hashOf(file));
  if (changed.length > 0) deps.renewed(changed);
}

async function begin({ files, stamps, hashes }: Watched): Promise<void> {
  for (const file of files) {
    stamps.set(file, stampOf(file));
    hashes.set(file, await hashOf(file));
  }
}

/** One at a time. */
function run(watched: Watched, step: (watched: Watched) => Promise<void>): void {
  if (watched.isBusy) return;
  watched.isBusy = true;
  void step(watched).finally(() => {
    watched.isBusy = false;
  });
}

/** Looks at the files of TLS blocks, and at others, each `everyMs`, at their contents only when date, size or inode changed. */
export function watchTlsFiles(
  deps: TlsFileDeps,
  {
    blocks,
    files = [],
    everyMs,
  }: { readonly blocks: readonly TlsFiles[]; readonly files?: readonly string[]; readonly everyMs: number },
): TlsFileWatch {
  const named = new Set([...blocks.flatMap(({ ca, cert, key }) => [ca, cert, key]), ...files]);
  const watched: Watched = {
    deps,
    blocks,
    files: [...named].filter((file) => file !== undefined),
    stamps: new Map(),
    hashes: new Map(),
    faults: 0,
    isBusy: false,
    isStopped: false,
  };
  run(watched, begin);
  const cancel = deps.ticker.every(everyMs, () => run(watched, look));
  return {
    unused: () => watched.unused,
    stop() {
      watched.isStopped = true;
      cancel();
    },
  };
}
