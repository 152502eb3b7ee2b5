// A package for `npm install -g ./FILE`, as `npm pack` would write it.
import { gzip } from './source.mjs';
import { tar } from './tar.mjs';

/** Name of the tarball. */
export const tarballName = ({ name, version }) => `${name}-${version}.tgz`;

/**
 * The tarball, byte for byte the same each time. `read` gives the content of a file by its path in the project, `epoch`
 * is the time of everything in it, in s.
 */
export function tarball({ sources, ...manifest }, read, epoch) {
  const files = sources.map(([path, mode, source]) => ({ path, mode, content: read(source) }));
  const about = Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`);
  const entries = [{ path: 'package.json', mode: 0o644, content: about }, ...files];
  return gzip(
    tar(
      entries.map((entry) => ({ ...entry, path: `package/${entry.path}` })),
      epoch,
    ),
  );
}
