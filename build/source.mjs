// Where the content of packages comes from, and its time.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';

/** Root of the project. */
export const root = resolve(import.meta.dirname, '..');

/** Reads files of the project by their path in it; those under dist/ from `dist`, wherever that was built. */
export const sourcesWith = (dist) => (path) =>
  readFileSync(path.startsWith('dist/') ? join(resolve(root, dist), path.slice(5)) : join(root, path));

/**
 * Time of everything in a package, in s: SOURCE_DATE_EPOCH, else that of the last commit that changed one of `paths`, so
 * that a package that did not change stays the same bytes.
 */
export function sourceTime(paths = []) {
  const given = process.env.SOURCE_DATE_EPOCH;
  if (given !== undefined) {
    if (!/^\d{1,11}$/.test(given)) throw new Error(`SOURCE_DATE_EPOCH '${given}' must be seconds since 1970`);
    return Number(given);
  }
  const options = { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] };
  const commitTime = (...of) => execFileSync('git', ['log', '-1', '--format=%ct', '--', ...of], options);
  try {
    return Number(commitTime(...paths) || commitTime());
  } catch (error) {
    throw new Error('git does not tell the time of the commit: set SOURCE_DATE_EPOCH', { cause: error });
  }
}

/** Like `gzip -9n`: neither name nor time; the byte for the system is unix whatever zlib was built for. */
export function gzip(content) {
  const packed = gzipSync(content, { level: 9 });
  packed[9] = 3;
  return packed;
}
