import type { HostFiles } from './hostfiles.ts';

/** Where free space matters on a unit. */
export const storagePaths = ['/', '/overlay', '/tmp'];

export interface Storage {
  readonly path: string;
  readonly total_bytes: number;
  /** What an unprivileged process may still write. */
  readonly available_bytes: number;
  /** As df counts it: the blocks reserved for root are neither used nor available. */
  readonly used_percent: number;
}

/** Space of the file systems that hold `paths`. Two paths on one file system are given once, by the first. */
export async function readStorage(files: HostFiles, paths: readonly string[]): Promise<Storage[]> {
  const one = async (path: string) => {
    const { fs, dev } = await files.space(path);
    const used = fs.blocks - fs.bfree;
    const space: Storage = {
      path,
      total_bytes: fs.blocks * fs.bsize,
      available_bytes: fs.bavail * fs.bsize,
      used_percent: Math.round((used / (used + fs.bavail)) * 1000) / 10,
    };
    return { dev, space };
  };
  const found = await Promise.all(paths.map((path) => one(path).catch(() => undefined)));

  const seen = new Set<number>();
  return found.flatMap((entry) => {
    if (entry === undefined || seen.has(entry.dev) || entry.space.total_bytes === 0) return [];
    seen.add(entry.dev);
    return [entry.space];
  });
}
