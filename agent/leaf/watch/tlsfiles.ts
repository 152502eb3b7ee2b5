import { createHash, createPrivateKey, X509Certificate } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { messageOf } from '../../lib/errors.ts';
import type { Ticker } from '../../lib/ticker.ts';

/** The files of one TLS block; a certificate goes with its key. */
export interface TlsFiles {
  readonly ca?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
}

export interface TlsFileWatch {
  stop(): void;
}

export interface TlsFileDeps {
  readonly ticker: Ticker;
  /** Called when files have other contents, and these belong together. */
  renewed(files: readonly string[]): void;
  /** Called once when contents changed but cannot be used, with what is wrong. */
  unfit(why: string): void;
}

const stampOf = async (file: string): Promise<string> => {
  try {
    const { mtimeMs, size, ino } = await stat(file);
    return `${mtimeMs} ${size} ${ino}`;
  } catch {
    return 'gone';
  }
};

/** What is wrong with the files of a block, as half-written ones are; undefined when nothing is. */
async function faultOf({ ca, cert, key }: TlsFiles): Promise<string | undefined> {
  try {
    if (ca !== undefined) new X509Certificate(await readFile(ca));
    if (cert === undefined || key === undefined) return undefined;
    const fits = new X509Certificate(await readFile(cert)).checkPrivateKey(
      createPrivateKey(await readFile(key)),
    );
    return fits ? undefined : `${cert} and ${key} do not belong together`;
  } catch (error) {
    return `${[ca, cert, key].filter(Boolean).join(', ')}: ${messageOf(error)}`;
  }
}

const hashOf = async (file: string): Promise<string> =>
  createHash('sha256')
    .update(await readFile(file).catch(() => ''))
    .digest('hex');

/** Looks at the files each `everyMs`, at their contents only when date, size or inode changed. */
export function watchTlsFiles(
  { ticker, renewed, unfit }: TlsFileDeps,
  opts: { readonly blocks: readonly TlsFiles[]; readonly everyMs: number },
): TlsFileWatch {
  const files = [...new Set(opts.blocks.flatMap(({ ca, cert, key }) => [ca, cert, key]))].filter(
    (file) => file !== undefined,
  );
  const stamps = new Map<string, string>();
  const hashes = new Map<string, string>();
  let faults = 0;
  let busy = true;
  let stopped = false;

  const read = async (of: readonly string[]): Promise<string[]> => {
    const found = await Promise.all(of.map(hashOf));
    return of.filter((file, at) => hashes.get(file) !== found[at]);
  };
  async function look(): Promise<void> {
    const now = await Promise.all(files.map(stampOf));
    const touched = files.filter((file, at) => stamps.get(file) !== now[at]);
    if (touched.length === 0) return;
    const changed = await read(touched);
    const [fault] = (await Promise.all(opts.blocks.map(faultOf))).flatMap((one) => one ?? []);
    if (stopped) return;
    if (fault !== undefined && changed.length > 0) {
      faults += 1;
      if (faults === 2) unfit(fault); // at the first look it may just be half written
      return;
    }
    faults = 0;
    for (const [at, file] of files.entries()) stamps.set(file, now[at] ?? '');
    for (const file of changed) hashes.set(file, await hashOf(file));
    if (changed.length > 0) renewed(changed);
  }
  async function begin(): Promise<void> {
    for (const file of files) {
      stamps.set(file, await stampOf(file));
      hashes.set(file, await hashOf(file));
    }
    busy = false;
  }

  const cancel = ticker.every(opts.everyMs, () => {
    if (busy) return;
    busy = true;
    void look().finally(() => {
      busy = false;
    });
  });
  if (files.length > 0) void begin();
  return {
    stop() {
      stopped = true;
      cancel();
    },
  };
}
