import { createHash } from 'node:crypto';
import { neededCopies } from '../../config/checks/contents.ts';
import type { Config } from '../../config/options.ts';
import type { ReadBytes } from '../../config/secrets.ts';
import type { LeafFiles } from './files.ts';

/** The config with the paths of files that can be read by nats-server and nats.js, and which of them are copies. */
export interface HandedOver {
  readonly config: Config;
  /** By the path of the original. */
  readonly copies?: Readonly<Record<string, string>>;
}

/**
 * Writes a copy of each file that its readers cannot read as it is. Its name changes with its contents: a leaf.conf belongs to the
 * copies it was made with, and one that names others is another one.
 */
export function handOver(files: LeafFiles, config: Config, read: ReadBytes): HandedOver {
  const made = neededCopies(config, read).map(({ option, path, text }) => {
    const name = `${option}-${createHash('sha256').update(text).digest('hex').slice(0, 16)}`;
    return { option, path, copy: files.writeCopy(name, text) };
  });
  if (made.length === 0) return { config };
  const inSection = (section: 'hub' | 'leaf') => ({
    ...config[section],
    ...Object.fromEntries(
      made
        .filter(({ option }) => option.startsWith(`${section}.`))
        .map(({ option, copy }) => [option.slice(section.length + 1), copy]),
    ),
  });
  return {
    config: { ...config, hub: inSection('hub'), leaf: inSection('leaf') } as Config,
    copies: Object.fromEntries(made.map(({ path, copy }) => [path, copy])),
  };
}
